"""What the commands below `evaluate` share: where the data are, and where the numbers go."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from ecgcli.errors import OutputError

DATA = click.argument(
    "folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path)
)


def json_option(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return the option that takes the file of the numbers."""
    return click.option(
        *names,
        "file",
        metavar="FILE",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Write the same numbers as JSON.",
    )


JOBS = click.option(
    "--jobs",
    metavar="N",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Number of worker processes.",
)


def check(file: Path | None) -> None:
    """Say before the work that its result cannot be written."""
    if file is not None and not file.parent.is_dir():
        raise OutputError(f"there is no folder {file.parent} to write {file.name} into")


def write(file: Path | None, numbers: Mapping[str, Any]) -> None:
    """Write the numbers if they are to be written."""
    if file is not None:
        try:
            file.write_text(json.dumps(numbers, indent=1, allow_nan=False) + "\n", encoding="utf-8")
        except OSError as error:
            raise OutputError(f"{file} cannot be written: {error.strerror}") from error
