"""The worklist: one HTML file over all records of a run, most urgent first.

It knows rows and how they are written into the page one by one, so that memory does not grow with
their number; sorting, filtering and drawing are the page's own script (index.js).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TextIO
from urllib.parse import quote

from ecgcli.reports import answer_view, thumbnail
from ecgcli.reports.html_report import style_hash
from ecgcli.reports.quantities import QUANTITIES, rounded
from ecgcli.reports.templates import fill
from ecgcli.reports.text import clean
from ecgcli.signals.results import Grade

if TYPE_CHECKING:
    from ecgcli.reports.document import Report
    from ecgcli.signals.results import Analysis

Status = Literal["done", "failed", "not an ECG"]
PLACE = "@@ROWS@@"
LONGEST = 300  # characters of a conclusion, a reason or a name that a list shows


@dataclass(frozen=True, slots=True)
class WorklistRow:
    """One record in the worklist and in findings.csv; plain values, so that a journal can keep it.

    Attributes:
        path: The source, relative to the folder that was given, for people.
        status: "done", "failed", or "not an ECG" for a file that is none.
        output: Where its outputs lie below the worklist, without extension; "" if it has none.
        formats: Which outputs it has: "html", "pdf", "json".
        grade: "usable", "usable in part" or "not usable"; "" where it was not judged.
        urgency: That of its most urgent statement, "" where nothing is stated.
        critical: Whether it has a critical value.
        conclusion: One line.
        codes: Codes of its statements, in order.
        measurements: Values by field of `Measurements`; missing ones are `None`.
        age_years: Age.
        sex: "female", "male" or "".
        patient_id: As the file says, or "".
        patient_name: As the file says, or "".
        acquired: ISO 8601, or "".
        thumbnail: See `thumbnail.encode`.
        category: Why it failed, as a word.
        reason: Why it failed.
        remedy: What the file's owner can do.
        log_id: The keyed hash by which logs name it.
        claims: How many claims of a language model have which verdict, and how many of its
            findings need review; empty where none was asked.
        mark: What its report is marked with, "SYNTHETIC" say, or "".
    """

    path: str
    status: Status
    output: str = ""
    formats: tuple[str, ...] = ()
    grade: str = ""
    urgency: str = ""
    critical: bool = False
    conclusion: str = ""
    codes: tuple[str, ...] = ()
    measurements: dict[str, float | None] = field(default_factory=dict)
    age_years: float | None = None
    sex: str = ""
    patient_id: str = ""
    patient_name: str = ""
    acquired: str = ""
    thumbnail: str = ""
    category: str = ""
    reason: str = ""
    remedy: str = ""
    log_id: str = ""
    claims: dict[str, int] = field(default_factory=dict)
    mark: str = ""

    def dumps(self) -> str:
        """Return the row as one line of JSON, for a journal."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def loads(cls, line: str) -> WorklistRow:
        """Return the row that `dumps` wrote."""
        values: dict[str, Any] = json.loads(line)
        values["formats"] = tuple(values["formats"])
        values["codes"] = tuple(values["codes"])
        return cls(**values)


def row(
    report: Report,
    analysis: Analysis,
    *,
    path: str,
    output: str,
    formats: tuple[str, ...],
    log_id: str = "",
) -> WorklistRow:
    """Return the row of a record that was processed.

    Args:
        report: Its report.
        analysis: What the report was made from, for the thumbnail.
        path: The source, relative to the folder given.
        output: Where its outputs lie below the worklist, without extension.
        formats: Which outputs were written.
        log_id: The keyed hash by which logs name it.
    """
    m = report.measurements
    values = {q.field: rounded(q.of(m).value, q.of(m).unit) for q in QUANTITIES} if m else {}
    patient, at = report.patient, report.record.acquired
    return WorklistRow(
        path=path,
        status="done",
        output=output,
        formats=formats,
        grade=report.quality.grade.value,
        urgency=report.urgency.value if report.urgency else "",
        critical=bool(report.critical),
        conclusion=report.conclusion,
        codes=tuple(statement.code for statement in report.statements or ()),
        measurements=values,
        age_years=patient.age_years,
        sex=patient.sex or "",
        patient_id=patient.id or "",
        patient_name=patient.name or "",
        acquired=at.isoformat(" ", "seconds") if at else "",
        thumbnail=thumbnail.encode(analysis),
        log_id=log_id,
        claims=answer_view.tally(report.answer) if report.answer is not None else {},
        mark=report.mark or "",
    )


def write(rows: Iterable[WorklistRow], stream: TextIO) -> None:
    """Write the worklist; the same rows in the same order give the same bytes.

    Rows may come in any order: the page sorts them by urgency, then as they came.

    Args:
        rows: One per record; read once.
        stream: Text in UTF-8.
    """
    page = fill("index.html", style=style_hash("index.css"), script=style_hash("index.js"))
    head, tail = page.split(PLACE)
    stream.write(head)
    separator = "\n"
    for line in _lines(rows):
        stream.write(separator)
        stream.write(line)
        separator = ",\n"
    stream.write(tail)


def _lines(rows: Iterable[WorklistRow]) -> Iterator[str]:
    for entry in rows:
        text = json.dumps(_cells(entry), ensure_ascii=False, separators=(",", ":"))
        # Inside <script> only "<" could end or change anything; the separators of lines are
        # escaped for readers that take JSON for JavaScript.
        yield (
            text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
        )


# The script reads cells by these positions (index.js).
def _cells(entry: WorklistRow) -> list[Any]:
    values = entry.measurements
    age = entry.age_years
    return [
        _kind(entry),
        clean(entry.patient_name, LONGEST),
        clean(entry.patient_id, LONGEST),
        _age(age),
        entry.sex[:1],
        clean(entry.acquired, LONGEST),
        clean(_finding(entry), LONGEST),
        clean(entry.remedy, LONGEST),
        [
            _whole(values.get(name))
            for name in ("ventricular_rate", "pr_interval", "qrs_duration", "qtc_fridericia")
        ],
        entry.thumbnail,
        clean(entry.path, LONGEST),
        quote(os.fsencode(entry.output)),
        "".join(letter for letter, name in FORMATS if name in entry.formats),
        entry.log_id,
        1 if entry.grade == Grade.IN_PART.value else 0,
    ]


FORMATS = (("h", "html"), ("p", "pdf"), ("j", "json"))
# In the order of the worklist. What could not be interpreted may be anything: it stands before
# what was found to be borderline or normal.
KINDS = ("critical", "urgent", "abnormal", "not interpreted", "borderline", "normal", "not an ECG")


def _kind(entry: WorklistRow) -> int:
    if entry.status == "not an ECG":
        return KINDS.index("not an ECG")
    if entry.status == "done" and entry.critical:
        return KINDS.index("critical")
    if entry.status == "done" and entry.urgency in KINDS:
        return KINDS.index(entry.urgency)
    return KINDS.index("not interpreted")


def _finding(entry: WorklistRow) -> str:
    if entry.status == "done":
        found = f"{entry.mark}: {entry.conclusion}" if entry.mark else entry.conclusion
        wrong = entry.claims.get(answer_view.CONTRADICTED, 0)
        if not wrong:
            return found
        claims = "1 claim" if wrong == 1 else f"{wrong} claims"
        return f"{found} – {claims} of the language model contradicted"
    return f"{entry.category.capitalize()}: {entry.reason}" if entry.category else entry.reason


def _age(years: float | None) -> str:
    if years is None:
        return ""
    return f"{int(years + 1e-6)}" if years >= 2 else f"{int(years * 12 + 1e-6)} mo"


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)
