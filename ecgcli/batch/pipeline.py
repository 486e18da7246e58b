"""One record through all rooms: read, analyse, interpret, report, write.

It knows the order and nothing of what happens in between; it runs in a worker process, and what it
does depends on the recording and the settings alone.
"""

from __future__ import annotations

import importlib
import pickle
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from ecgcli import __version__
from ecgcli.batch import outputs, questions
from ecgcli.batch.outcome import Outcome, Pending, Told
from ecgcli.batch.settings import NONE, Settings
from ecgcli.clinical.checked import Checked
from ecgcli.clinical.claims import verify
from ecgcli.clinical.explained import explained
from ecgcli.clinical.interpret import interpret
from ecgcli.engines import device
from ecgcli.engines.opinion import FOR_ADULTS, Opinion, is_child, opinion
from ecgcli.errors import AnswerError
from ecgcli.models import statements
from ecgcli.records.find import Source
from ecgcli.records.read import ReadOptions, read
from ecgcli.records.record import Record
from ecgcli.reports import worklist
from ecgcli.reports.document import Provenance, Report, build
from ecgcli.reports.sheet import Sheet, lay_out
from ecgcli.reports.spans import bracketed
from ecgcli.signals.analyse import analyse
from ecgcli.signals.condition import LOW_PASS_HZ, WANDER_HZ
from ecgcli.signals.results import Analysis

if TYPE_CHECKING:
    from ecgcli.clinical.statement import Interpretation

FILTER = (
    f"zero-phase {WANDER_HZ:g}-{LOW_PASS_HZ:g} Hz, the baseline followed between the beats;"
    " mains subtracted where there is any"
)
ENGINE = "criteria"
MODEL = "statements"
DRAWN = frozenset({"html", "pdf"})
"""Formats that show the sheet, which is laid out once for all of them."""


def prepare(settings: Settings) -> None:
    """Load what the settings need, so that what is missing is found before the first record.

    Raises:
        ImportError, OSError: A library is missing.
        ModelError: The statement model does not load, or not on this device.
    """
    for kind in settings.formats:
        renderer(kind)
    if settings.model != NONE:
        device.network(settings.device)
    if "pdf" in settings.formats:
        importlib.import_module("weasyprint")  # which needs Pango; the renderer loads it late


@dataclass(frozen=True, slots=True)
class _Read:
    """A recording that was read, analysed and judged by the statement network."""

    record: Record
    analysis: Analysis
    opinion: Opinion | None
    seconds: dict[str, float]


def process(source: Source, settings: Settings, told: Told | None = None) -> Outcome:
    """Interpret one recording and write its reports.

    Where a language model is asked, the first call ends with the question and the second, with the
    answer, goes on from there.

    Args:
        source: The recording; its `output` is where the reports go.
        settings: Those of the run.
        told: The answer.

    Raises:
        RecordError: The recording cannot be processed.
        OutputError: A report cannot be written.
    """
    if told is None:
        read_ = _look(source, settings)
        if settings.asks and read_.analysis.measurements is not None:
            with timed(read_.seconds, "question"):
                question = questions.question(read_.analysis, settings)
            return Outcome(pending=Pending(question, pickle.dumps(read_)))
        return _report(source, settings, read_, None)
    kept: _Read = pickle.loads(told.kept)
    try:
        answer = questions.answer(told, settings)
    except AnswerError as error:
        question = questions.question(kept.analysis, settings)
        return Outcome(pending=Pending(question, told.kept, (*told.again, str(error))))
    with timed(kept.seconds, "verify"):
        checked = verify(answer, kept.analysis, kept.opinion)
    return _report(source, settings, kept, checked)


def _look(source: Source, settings: Settings) -> _Read:
    seconds: dict[str, float] = {}
    embedded = settings.model != NONE
    with timed(seconds, "read"):
        record = read(source, ReadOptions(settings.rate_hz, settings.unit))
        record = assume(record, settings)
        if embedded and is_child(record.patient):
            record = replace(record, notes=(*record.notes, FOR_ADULTS))
    with timed(seconds, "analyse"):
        analysis = analyse(record)
    with timed(seconds, "judge"):
        seen = opinion(analysis, device.network(settings.device)) if embedded else None
    return _Read(record, analysis, seen, seconds)


def _report(source: Source, settings: Settings, seen: _Read, checked: Checked | None) -> Outcome:
    """State, render and write."""
    analysis, seconds = seen.analysis, seen.seconds
    with timed(seconds, "interpret"):
        said = interpret(analysis, seen.opinion) if analysis.measurements is not None else None
        if said is not None and seen.opinion is not None:
            said = explained(said, seen.opinion)
        report = build(analysis, said, provenance(settings), seen.opinion, checked)
    files = rendered(settings.formats, report, analysis, said, settings.paper, seconds)
    with timed(seconds, "write"):
        outputs.write_together(
            {outputs.target(settings.out, source.output, kind): files[kind] for kind in files}
        )
    row = worklist.row(report, analysis, path="", output="", formats=())
    return Outcome(
        content_hash=seen.record.content_hash,
        outputs={kind: len(content) for kind, content in files.items()},
        row=row.dumps(),
        grade=report.quality.grade.value,
        seconds=seconds,
        claims=row.claims,
    )


def rendered(
    kinds: Iterable[str],
    report: Report,
    analysis: Analysis,
    said: Interpretation | None,
    paper: Literal["a4", "letter"],
    seconds: dict[str, float],
) -> dict[str, bytes]:
    """Return the files of a report, by kind.

    Args:
        kinds: Some of `settings.FORMATS`.
        report: The report.
        analysis: What it was made from.
        said: What is stated; what drives it is bracketed on the sheet.
        paper: Page of the PDF.
        seconds: To this the time of each kind is added.
    """
    sheet: Sheet | None = None
    if DRAWN.intersection(kinds):
        with timed(seconds, "sheet"):
            sheet = bracketed(lay_out(analysis), said)
    files: dict[str, bytes] = {}
    for kind in kinds:
        with timed(seconds, kind):
            files[kind] = _render(kind, report, analysis, paper, sheet)
    return files


def assume(record: Record, settings: Settings) -> Record:
    """Return the record with the age and sex to be assumed where the file states none."""
    patient, notes = record.patient, record.notes
    if patient.age_years is None and settings.age_years is not None:
        patient = replace(patient, age_years=settings.age_years)
        notes += (f"The file states no age; {settings.age_years:g} years are assumed (--age).",)
    if patient.sex is None and settings.sex is not None:
        patient = replace(patient, sex=settings.sex)
        notes += (f"The file states no sex; {settings.sex} is assumed (--sex).",)
    return replace(record, patient=patient, notes=notes)


def provenance(settings: Settings) -> Provenance:
    """Return what a report says of its making: what two equal reports have in common."""
    return Provenance(
        software_version=__version__,
        engine=ENGINE,
        engine_version=__version__,  # the tables of criteria come with the program
        filter=FILTER,
        settings_hash=settings.fingerprint(),
        model=MODEL if settings.model != NONE else None,
        model_version=statements.shipped().card["hash"] if settings.model != NONE else None,
        language_model=settings.asked_model() if settings.asks else None,
    )


def renderer(kind: str) -> Callable[..., bytes]:
    """Return what renders a kind of report."""
    # Not at the top: who wants no PDF needs no Pango.
    render: Callable[..., bytes] = importlib.import_module(f"ecgcli.reports.{kind}_report").render
    return render


def _render(
    kind: str,
    report: Report,
    analysis: Analysis,
    paper: Literal["a4", "letter"],
    sheet: Sheet | None,
) -> bytes:
    render = renderer(kind)
    if kind == "json":
        return render(report)
    if kind == "html":
        return render(report, analysis, sheet=sheet)
    return render(report, analysis, paper, sheet=sheet)


@contextmanager
def timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    """Note how long a block takes."""
    start = time.perf_counter()
    yield
    seconds[stage] = time.perf_counter() - start
