"""Requests of a run: from one text with options, or from a file of them.

It knows lines, CSV and which column is which option; what a text means is `reading`'s.
"""

from __future__ import annotations

import csv
import difflib
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ecgcli.clinical.catalogue import catalogue
from ecgcli.errors import UsageError
from ecgcli.generation.reading import read

if TYPE_CHECKING:
    from pathlib import Path

    from ecgcli.generation.request import Request
    from ecgcli.models.generator.weights import Weights
    from ecgcli.records.record import Sex

PROMPT, STATEMENT, COUNT, SEX = "prompt", "statement", "n", "sex"
NUMBERS = {
    "age": "age_years",
    "heart_rate": "heart_rate",
    "pr": "pr_ms",
    "qrs": "qrs_ms",
    "qt": "qt_ms",
    "qtc": "qtc_ms",
    "axis": "axis_deg",
}
"""Columns that hold a number, by which argument of `reading.read` they are."""
COLUMNS = (PROMPT, STATEMENT, COUNT, *NUMBERS, SEX)
REMARK = "#"


@dataclass(frozen=True, slots=True)
class Prompt:
    """One request and how many recordings of it.

    Attributes:
        request: What is asked for.
        count: How many.
        line: Where it stands in a file, from 1; 0 where there is none.
    """

    request: Request
    count: int = 1
    line: int = 0


@dataclass(frozen=True, slots=True)
class Given:
    """What is asked for beside a text.

    Attributes:
        statements: Codes of the catalogue.
        numbers: Values by argument of `reading.read`.
        sex: Sex of the patient.
        count: How many recordings.
    """

    statements: tuple[str, ...] = ()
    numbers: Mapping[str, float] | None = None
    sex: Sex | None = None
    count: int = 1

    def prompt(self, text: str, line: int = 0) -> Prompt:
        """Return a text together with all that.

        Raises:
            UsageError: There is no such statement.
            RequestError: It cannot be taken as it is.
        """
        codes = [_code(word) for word in self.statements]
        whole = ", ".join(part for part in (text.strip(), *codes) if part)
        values: dict[str, Any] = dict(self.numbers or {})
        return Prompt(read(whole, sex=self.sex, **values), self.count, line)


def read_prompts(file: Path, given: Given) -> list[Prompt]:
    """Return the requests of a file, in its sequence.

    Either one text a line, or CSV whose first line names its columns, "prompt" among them where
    the file's name does not end in ".csv". Empty lines and those that begin with "#" say nothing.

    Args:
        file: Text in UTF-8.
        given: What holds for every line that does not say otherwise.

    Raises:
        UsageError: The file cannot be read, holds no request, or one that cannot be taken; with the
            line.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is no text in UTF-8") from error
    first = next((row for row in text.splitlines() if _says(row)), "")
    head = _cells(first)
    rows = _table if PROMPT in head or file.suffix.casefold() == ".csv" else _lines
    found = []
    for line, words, asked in rows(file, text, given):
        try:
            found.append(asked.prompt(words, line))
        except UsageError as error:
            raise UsageError(f"{file}, line {line}: {error}") from error
    if not found:
        raise UsageError(f"{file} holds no request")
    return found


def _says(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith(REMARK)


def _cells(line: str) -> list[str]:
    return [cell.strip().casefold().replace("-", "_") for cell in line.split(",")]


def _lines(file: Path, text: str, given: Given) -> Iterator[tuple[int, str, Given]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if _says(line):
            yield number, line, given


def _table(file: Path, text: str, given: Given) -> Iterator[tuple[int, str, Given]]:
    reader = csv.reader(io.StringIO(text), skipinitialspace=True)
    head: list[str] | None = None
    try:
        for row in reader:
            if not any(cell.strip() for cell in row) or row[0].startswith(REMARK):
                continue
            if head is None:
                head = _head(file, ",".join(row))
                continue
            if len(row) != len(head):
                raise UsageError(
                    f"{file}, line {reader.line_num}: {len(row)} cells under {len(head)} columns"
                    " (a text that holds a comma stands in quotation marks)"
                )
            cells = dict(zip(head, (cell.strip() for cell in row), strict=True))
            try:
                yield reader.line_num, cells.get(PROMPT, ""), _given(cells, given)
            except ValueError as error:
                raise UsageError(f"{file}, line {reader.line_num}: {error}") from error
    except csv.Error as error:
        raise UsageError(f"{file}, line {reader.line_num}: {error}") from error


def _head(file: Path, line: str) -> list[str]:
    head = _cells(line)
    for name in head:
        if name not in COLUMNS or head.count(name) > 1:
            why = "stands twice" if name in COLUMNS else "is no column"
            raise UsageError(f"{file}: {name!r} {why}; there are {', '.join(COLUMNS)}")
    return head


def _given(cells: Mapping[str, str], given: Given) -> Given:
    """Return what a row says; an empty cell says nothing.

    Raises:
        ValueError: A cell holds no number, or no sex.
    """
    numbers = dict(given.numbers or {})
    for column, argument in NUMBERS.items():
        if cells.get(column):
            numbers[argument] = _number(column, cells[column])
    changed = replace(given, numbers=numbers)
    if cells.get(STATEMENT):
        changed = replace(changed, statements=tuple(cells[STATEMENT].split()))
    if cells.get(SEX):
        changed = replace(changed, sex=_sex(cells[SEX]))
    if cells.get(COUNT):
        if not cells[COUNT].isdecimal() or int(cells[COUNT]) < 1:
            raise ValueError(f"{COUNT} is {cells[COUNT]!r}, which is no number from 1 on")
        changed = replace(changed, count=int(cells[COUNT]))
    return changed


def _number(column: str, cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        raise ValueError(f"{column} is {cell!r}, which is no number") from None


def _sex(cell: str) -> Sex:
    for known in ("female", "male"):
        if cell.casefold() in (known, known[0]):
            return known
    raise ValueError(f"{SEX} is {cell!r}, which is neither female nor male")


def _code(word: str) -> str:
    known = {code.casefold(): code for code in catalogue()}
    if word.casefold() not in known:
        close = difflib.get_close_matches(word.casefold(), known)
        meant = f" (did you mean {', '.join(known[one] for one in close)}?)" if close else ""
        raise UsageError(f"there is no statement {word!r}{meant}; --list names those there are")
    return known[word.casefold()]


def refuse_unlearned(prompts: Iterable[Prompt], weights: Weights) -> None:
    """Refuse what a generator has not learned, before anything is generated.

    Raises:
        UsageError: With the line, where there is one.
    """
    import numpy as np

    from ecgcli.generation.condition import condition

    for prompt in prompts:
        try:
            condition(prompt.request, weights, np.random.default_rng(0))
        except UsageError as error:
            where = f"line {prompt.line}: " if prompt.line else ""
            raise UsageError(f"{where}{error}") from error
