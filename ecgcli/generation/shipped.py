"""Reading of the tables in `data` beside this module.

It knows where they are and how a cell lists phrases; it does not know what any of them mean.
"""

from __future__ import annotations

import re
from importlib.resources import files
from itertools import product

from ecgcli.clinical import tables

_CHOICE = re.compile(r"\[([^]]*)\]")


def read(name: str, columns: tuple[str, ...]) -> tuple[tables.Row, ...]:
    """Return the rows of a table that is shipped in `ecgcli/generation/data`.

    Raises:
        tables.TableError: The header or the number of cells in a row does not fit.
    """
    text = files("ecgcli.generation").joinpath("data", name).read_text("utf-8")
    return tables.parse(name, text, columns)


def phrases(cell: str) -> tuple[str, ...]:
    """Return all phrases of a cell, in its order: "[old|] MI; AMI" is "old MI", "MI" and "AMI"."""
    patterns = (part.strip() for part in cell.split(";"))
    return tuple(phrase for pattern in patterns for phrase in _expanded(pattern))


def _expanded(pattern: str) -> list[str]:
    """Return a pattern once for each choice of its alternatives; an empty one leaves them out."""
    parts = _CHOICE.split(pattern)  # outside, inside, outside, ...
    options = [part.split("|") if at % 2 else [part] for at, part in enumerate(parts)]
    return [" ".join("".join(choice).split()) for choice in product(*options)]
