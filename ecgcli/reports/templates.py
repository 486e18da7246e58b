"""The Jinja2 environment that all reports are made with.

It knows where the templates lie (in the package when installed, in the repository's top folder in
a clone) and that everything put into them is escaped.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

import ecgcli


@cache
def folder() -> Path:
    """Return the folder of the templates.

    Raises:
        FileNotFoundError: The installation is broken.
    """
    package = Path(ecgcli.__file__).parent
    for place in (package / "templates", package.parent / "templates"):
        if (place / "report.pdf.html").is_file():
            return place
    raise FileNotFoundError("the templates are missing: install ecgcli again")


@cache
def environment() -> Environment:
    """Return the environment: autoescape always on, an unknown name is an error."""
    made = Environment(
        loader=FileSystemLoader(folder()),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals["source"] = _source
    return made


@cache
def template(name: str) -> Template:
    """Return a template by its file name."""
    return environment().get_template(name)


@cache
def _source(name: str) -> Markup:
    """Return one of our own files (CSS, JavaScript) to be put into a page as it is."""
    return Markup(text(name))


@cache
def text(name: str) -> str:
    """Return the text of a file beside the templates."""
    return (folder() / name).read_text(encoding="utf-8")


def font(name: str) -> Path:
    """Return the path of a font that is shipped."""
    return Path(str(files("ecgcli.reports") / "fonts" / name))


def fill(template_name: str, /, **values: Any) -> str:
    """Fill a template."""
    return template(template_name).render(**values)
