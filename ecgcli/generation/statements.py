"""The catalogue's statements as this room needs them: looked up, checked in tables, put in order.

It loads the catalogue late, because that brings NumPy along; it knows no phrases.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

from ecgcli.clinical import tables

if TYPE_CHECKING:
    from ecgcli.clinical.catalogue import Entry


@cache
def entries() -> dict[str, Entry]:
    """Return the catalogue by code, in its own order."""
    from ecgcli.clinical.catalogue import catalogue

    return catalogue()


def codes(row: tables.Row, column: str) -> tuple[str, ...]:
    """Return the statements that a cell names.

    Raises:
        tables.TableError: One is not in the catalogue.
    """
    from ecgcli.clinical import catalogue

    return catalogue.codes(row, column)


def in_order(codes: Iterable[str]) -> tuple[str, ...]:
    """Return statements in the order of the catalogue."""
    return tuple(sorted(codes, key=lambda code: entries()[code].order))
