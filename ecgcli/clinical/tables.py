"""Reading of the tables beside this module: CSV, a header that must fit, errors that name the cell.

It knows files, rows and columns; it does not know what any of them mean.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from io import StringIO

from ecgcli.errors import EcgcliError


class TableError(EcgcliError):
    """A clinical table is wrong; the program does not start with one that it only half understands.

    The message names the table, the line, the column and what is wrong.
    """


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table, which knows where it stands."""

    table: str
    line: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column]

    def error(self, column: str, problem: str) -> TableError:
        """Return the error that says what is wrong in a cell of this row."""
        return TableError(f"{self.table}, line {self.line}, column {column}: {problem}")

    def required(self, column: str) -> str:
        """Return a cell that must not be empty."""
        if not self.cells[column]:
            raise self.error(column, "is empty")
        return self.cells[column]

    def number(self, column: str) -> float | None:
        """Return a cell as a number, `None` where it is empty."""
        text = self.cells[column]
        if not text:
            return None
        try:
            return float(text)
        except ValueError:
            raise self.error(column, f"{text!r} is not a number") from None

    def choice(self, column: str, allowed: Iterable[str]) -> str:
        """Return a cell that must be one of some words."""
        words = tuple(allowed)
        text = self.cells[column]
        if text not in words:
            raise self.error(column, f"{text!r} is none of {', '.join(map(repr, words))}")
        return text

    def age(self, column: str) -> float | None:
        """Return an age such as "11 d", "3 mo" or "18 y" in years, `None` where it is empty."""
        text = self.cells[column]
        if not text:
            return None
        amount, _, unit = text.partition(" ")
        if unit not in YEARS or not amount.replace(".", "", 1).isdigit():
            raise self.error(column, f"{text!r} is no age such as '11 d', '3 mo' or '18 y'")
        return float(amount) * YEARS[unit]


YEARS = {"h": 1 / 8766, "d": 1 / 365.25, "mo": 1 / 12, "y": 1.0}
"""Length of the units of age in years; a month is a twelfth of a year."""


def read(name: str, columns: tuple[str, ...]) -> tuple[Row, ...]:
    """Return the rows of a table that is shipped in `ecgcli/clinical/data`."""
    return parse(name, files("ecgcli.clinical").joinpath("data", name).read_text("utf-8"), columns)


def parse(name: str, text: str, columns: tuple[str, ...]) -> tuple[Row, ...]:
    """Return the rows of a CSV text.

    Args:
        name: What errors call the table.
        text: The CSV, with a header line.
        columns: The header that it must have, in this order.

    Raises:
        TableError: The header or the number of cells in a row does not fit.
    """
    reader = csv.reader(StringIO(text), strict=True)
    header = tuple(next(reader, ()))
    if header != columns:
        raise TableError(f"{name}, line 1: the columns must be {', '.join(columns)}")
    rows = []
    for cells in reader:
        if len(cells) != len(columns):
            raise TableError(
                f"{name}, line {reader.line_num}: {len(cells)} cells instead of {len(columns)}"
            )
        stripped = (cell.strip() for cell in cells)
        rows.append(Row(name, reader.line_num, dict(zip(columns, stripped, strict=True))))
    return tuple(rows)
