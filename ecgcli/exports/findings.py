"""findings.csv: one row per record, for spreadsheets and statistics programs.

It knows the columns and how a cell is kept from being taken for a formula; the rows are the
worklist's.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import TextIO

from ecgcli.reports.quantities import QUANTITIES
from ecgcli.reports.text import clean
from ecgcli.reports.worklist import WorklistRow

UNITS = {
    "ventricular_rate": "per_min",
    "rr_variation": "percent",
    "p_wave_share": "percent",
    "p_axis": "deg",
    "qrs_axis": "deg",
    "t_axis": "deg",
    "sokolow_lyon": "mv",
    "cornell": "mv",
    "cornell_product": "mv_ms",
    "peguero": "mv",
    "r_transition": "v",
    "r_progression": "mv",
    "atrial_rate": "per_min",
    "f_wave_v1": "mv",
    "f_wave_ii": "mv",
    "f_wave_frequency": "hz",
    "f_wave_concentration": "percent",
}
MEASUREMENTS = {q.field: f"{q.field}_{UNITS.get(q.field, 'ms')}" for q in QUANTITIES}
CLAIMS = ("supported", "not_checkable", "contradicted", "needs_review")
"""Of a language model's claims, see `reports.answer_view.tally`."""
COLUMNS = (
    "path",
    "status",
    "grade",
    "urgency",
    "critical",
    "conclusion",
    "codes",
    *MEASUREMENTS.values(),
    "patient_id",
    "age_years",
    "sex",
    "acquired",
    "output",
    "category",
    "reason",
    "remedy",
    "log_id",
    *(f"claims_{name}" for name in CLAIMS),
    "mark",
)
# What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection).
FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def write(rows: Iterable[WorklistRow], stream: TextIO) -> None:
    """Write the rows as RFC 4180, with a heading, as they come.

    Text that a spreadsheet would take for a formula gets an apostrophe before it; numbers are
    written as numbers, with a point.

    Args:
        rows: One per record; read once.
        stream: Text in UTF-8, opened with newline="".
    """
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow(_cells(row))


def _cells(row: WorklistRow) -> list[str]:
    return [
        safe(row.path),
        row.status,
        row.grade,
        row.urgency,
        "yes" if row.critical else "no" if row.status == "done" else "",
        safe(row.conclusion if row.status == "done" else ""),
        safe(" ".join(row.codes)),
        *(_number(row.measurements.get(field)) for field in MEASUREMENTS),
        safe(row.patient_id),
        _number(row.age_years),
        row.sex,
        safe(row.acquired),
        safe(row.output),
        safe(row.category),
        safe(row.reason),
        safe(row.remedy),
        safe(row.log_id),
        *(_number(row.claims.get(name)) for name in CLAIMS),
        safe(row.mark),
    ]


def safe(text: str) -> str:
    """Return text that no spreadsheet takes for a formula."""
    text = clean(text)
    return "'" + text if text.startswith(FORMULA) else text


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.10g}"
