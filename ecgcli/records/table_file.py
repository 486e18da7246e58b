"""Tables of numbers: CSV (and TSV, semicolons, decimal commas) and NumPy's NPY.

A table says neither rate nor unit: they come from a sidecar (see `sidecar`) or from options. Leads
are named by the sidecar or by the table's header line, never by their position.
"""

from __future__ import annotations

import csv
import io
import math
import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ecgcli.errors import Category, RecordError
from ecgcli.records.build import (
    MAX_FILE_BYTES,
    MAX_SAMPLES,
    Found,
    check_size,
    millivolts_per,
    too_many_samples,
)
from ecgcli.records.leads import standard_name
from ecgcli.records.libraries import COPY_AGAIN, guarded, os_error
from ecgcli.records.record import Patient
from ecgcli.records.sidecar import read_sidecar

NPY_MAGIC = b"\x93NUMPY"
_NO_SIGNAL = re.compile(
    r"(?:time|t|seconds?|sec|s|ms|samples?|index|n|#|)(?: ?[\[(].*[\])])?", re.I
)
_WITH_UNIT = re.compile(r"(.*?)\s*[\[(]\s*([µμa-zA-Z]+)\s*[\])]")


def read(
    path: Path, format: str, sidecar: Path | None, rate: float | None, unit: str | None
) -> Found:
    """Read a table; `rate` (Hz) and `unit` are used where there is no sidecar.

    Raises:
        RecordError: Whatever is wrong with it or its sidecar.
    """
    said = read_sidecar(sidecar) if sidecar is not None else None
    rate = said.rate if said is not None else rate
    unit = said.unit if said is not None else unit
    factor = millivolts_per(unit) if unit else None
    if rate is None or factor is None:
        raise RecordError(
            Category.INCOMPLETE,
            "the table states neither its sampling rate nor its unit",
            "put a sidecar with rate_hz and unit next to it, or give --rate and --unit",
        )
    leads = list(said.leads) if said is not None else []
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise RecordError(
                Category.UNSAFE,
                f"the table is larger than {MAX_FILE_BYTES / 1e6:.0f} MB",
                "cut the recording into pieces",
            )
        names, rows, units = _npy(path, leads) if format == "npy" else _csv(path, leads)
    except OSError as error:
        raise os_error(error) from None
    check_size(rate, rows.shape[1], 1)
    if any(word and millivolts_per(word) != factor for word in units):
        raise RecordError(
            Category.INCOMPLETE,
            "the table's header and the stated unit contradict each other",
            "state the unit once, or the same unit in both places",
        )
    return Found(
        format=format,
        rate=rate,
        names=names,
        rows=list(rows * factor),
        patient=said.patient if said else Patient(),
        acquired=said.acquired if said else None,
        device=said.device if said else None,
        notes=list(said.notes) if said else [],
    )


def header_of(text: str) -> list[str] | None:
    """Return the cells of a table's first line if they are names, `None` if they are numbers."""
    line = next((line for line in text.splitlines() if line.strip()), "")
    cells = [cell.strip().strip('"').strip() for cell in line.split(_delimiter(text))]
    return None if any(_number(cell.replace(",", ".")) is not None for cell in cells) else cells


def names_a_lead(header: list[str]) -> bool:
    """Say whether one of a table's columns is a standard lead."""
    return any(standard_name(_split_unit(cell)[0]) for cell in header)


def looks_like_table(text: str) -> bool:
    """Say whether the first lines of a text (the last may be cut off) are a table of numbers."""
    lines = [line for line in text.splitlines() if line.strip()]
    body = lines[1:-1] if len(lines) > 2 else lines[1:]
    if not body:
        return False
    delimiter = _delimiter(text)
    widths = set()
    for line in body[:20]:
        cells = [cell.strip() for cell in line.split(delimiter)]
        if any(cell and _number(cell.replace(",", ".")) is None for cell in cells):
            return False
        widths.add(len(cells))
    return len(widths) == 1


def _csv(path: Path, leads: list[str]) -> tuple[list[str], NDArray[np.float64], list[str]]:
    """Return names, (columns, samples) and the units that the header states."""
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    delimiter = _delimiter(text[:10_000])
    header = header_of(text[:10_000])
    if header is not None:
        text = text.lstrip().partition("\n")[2]
    if delimiter != ",":
        text = text.replace(",", ".")
    table = _numbers(text, delimiter)
    if header is None:
        if len(leads) != table.shape[1]:
            raise _wrong_count(len(leads), table.shape[1])
        return leads, table.T, []
    if len(header) != table.shape[1]:
        raise RecordError(
            Category.DAMAGED, "the table's header has another number of columns", COPY_AGAIN
        )
    columns = [i for i, cell in enumerate(header) if not _NO_SIGNAL.fullmatch(cell)]
    if leads and len(leads) != len(columns):
        raise _wrong_count(len(leads), len(columns))
    cells = [_split_unit(header[i]) for i in columns]
    names = leads or [name for name, _ in cells]
    return names, table.T[columns], [unit for _, unit in cells]


def _numbers(text: str, delimiter: str) -> NDArray[np.float64]:
    """Parse lines of numbers to (lines, cells); an empty cell is NaN."""
    with guarded():
        try:
            table = np.loadtxt(
                io.StringIO(text), delimiter=delimiter, ndmin=2, comments=None, quotechar='"'
            )
        except ValueError:
            rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if row]
            if len({len(row) for row in rows}) > 1:
                raise
            table = np.array(
                [[float(cell) if cell.strip() else math.nan for cell in row] for row in rows]
            )
    if table.ndim != 2 or not table.size:
        raise RecordError(Category.DAMAGED, "the table holds no numbers", COPY_AGAIN)
    return table


def _npy(path: Path, leads: list[str]) -> tuple[list[str], NDArray[np.float64], list[str]]:
    with guarded():
        # A map first: its shape is known before anything of that size is allocated.
        mapped = np.load(path, mmap_mode="r", allow_pickle=False)
        if mapped.size > MAX_SAMPLES:
            raise too_many_samples(int(mapped.size))
        if mapped.dtype.kind not in "iuf" or mapped.ndim != 2:
            raise RecordError(
                Category.UNSUPPORTED,
                "the array is no two-dimensional array of numbers",
                "save one recording as (leads, samples)",
            )
        table = np.array(mapped, dtype=np.float64)
    if not leads:
        raise RecordError(
            Category.INCOMPLETE,
            "nothing names the leads of the array",
            "put a sidecar with leads, rate_hz and unit next to it",
        )
    if table.shape[0] == len(leads):
        return leads, table, []
    if table.shape[1] == len(leads):
        return leads, table.T, []
    raise _wrong_count(len(leads), min(table.shape))


def _delimiter(text: str) -> str:
    """Tell the delimiter: a semicolon or a tab decides, since a comma may be a decimal one."""
    line = next((line for line in text.splitlines() if line.strip()), "")
    return next((mark for mark in (";", "\t") if mark in line), ",")


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


def _split_unit(cell: str) -> tuple[str, str]:
    """Part "V1 [uV]" into name and unit."""
    match = _WITH_UNIT.fullmatch(cell)
    if match and millivolts_per(match[2]) is not None:
        return match[1], match[2]
    return cell, ""


def _wrong_count(named: int, there: int) -> RecordError:
    return RecordError(
        Category.INCOMPLETE,
        f"{named} leads are named for {there} signals",
        "name each signal once, in order",
    )
