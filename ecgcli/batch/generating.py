"""One order carried out: drawn, checked, reported and written.

The counterpart of `pipeline` for `ecgcli generate`; it runs in a worker process, and what it does
depends on the order, the settings and the models alone.
"""

from __future__ import annotations

import hashlib
import importlib
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ecgcli import __version__
from ecgcli.batch import outputs, pipeline
from ecgcli.batch.ordering import WFDB, Generating
from ecgcli.batch.outcome import Outcome
from ecgcli.batch.pipeline import timed
from ecgcli.batch.settings import FORMATS as REPORTS
from ecgcli.clinical.explained import explained
from ecgcli.engines.picture import picture
from ecgcli.errors import Category, RecordError
from ecgcli.generation.order import Order
from ecgcli.generation.sample import NOTE, Sample, sample
from ecgcli.models import statements
from ecgcli.models.generator import weights
from ecgcli.models.generator.draw import Generator
from ecgcli.records.record import SYNTHETIC
from ecgcli.records.write_wfdb import write_wfdb
from ecgcli.reports import synthetic, worklist
from ecgcli.reports.document import build

if TYPE_CHECKING:
    from ecgcli.records.find import Source
    from ecgcli.reports.synthetic import Synthetic

LONGEST = 240
"""Characters of a line of the header; readers of old take no more than 255."""
TOLD = 4
"""Things not as asked that a reason names."""


def prepare(settings: Generating) -> None:
    """Load what the settings need, so that what is missing is found before the first order.

    Raises:
        ImportError, OSError: A library is missing.
        ModelError: The generator or the statement model does not load.
    """
    for kind in set(REPORTS).intersection(settings.formats) - {"json"}:
        pipeline.renderer(kind)
    if "pdf" in settings.formats:
        importlib.import_module("weasyprint")
    statements.shipped()
    generator(settings.generator)


@cache
def generator(file: Path | None) -> Generator:
    """Return the networks of a file, loaded once a process."""
    return Generator(weights.named(file))


def process(source: Source, settings: Generating) -> Outcome:
    """Generate one recording and write its files.

    Args:
        source: The order; its `output` is where the files go.
        settings: Those of the run.

    Raises:
        RecordError: No drawing is as asked, or nothing can be written under its name.
        OutputError: A file cannot be written.
    """
    content = source.path.read_bytes()
    order = Order.loads(content)
    if source.output.name != order.name:  # a record's name and its file's have to be the same
        raise RecordError(
            Category.UNSUPPORTED,
            "another recording has its name in the output directory",
            "choose another output directory",
        )
    seconds: dict[str, float] = {}
    with timed(seconds, "generate"):
        made = sample(
            order.request,
            generator(settings.generator),
            seed=order.seed,
            number=order.number,
            duration_s=order.duration_s,
            rate=order.rate_hz,
            candidates=order.candidates,
            name=order.name,
        )
    document = synthetic.document(
        order.request,
        made,
        candidates=order.candidates,
        best_effort=order.best_effort,
        model=order.model,
        software=__version__,
    )
    if made.seen is None or not (made.check.passed or order.best_effort):
        raise _not_as_asked(document)
    files, row = _files(made, document, settings, seconds)
    with timed(seconds, "write"):
        outputs.write_together(
            {outputs.target(settings.out, source.output, kind): files[kind] for kind in files}
        )
    return Outcome(
        content_hash=hashlib.sha256(content).hexdigest(),
        outputs={kind: len(data) for kind, data in files.items()},
        row=row.dumps(),
        grade=made.seen.analysis.quality.grade.value,
        seconds=seconds,
    )


def _files(
    made: Sample, document: Synthetic, settings: Generating, seconds: dict[str, float]
) -> tuple[dict[str, bytes], worklist.WorklistRow]:
    """Return what is written of a recording, by ending, and its line in the worklist."""
    assert made.seen is not None
    analysis, said = made.seen.analysis, made.seen.said
    pages = [kind for kind in settings.formats if kind in REPORTS and kind != "json"]
    if pages and said is not None and made.seen.opinion is not None:
        with timed(seconds, "explain"):  # shown on pages only
            said = explained(said, made.seen.opinion)
    report = build(
        analysis, said, pipeline.provenance(settings), made.seen.opinion, generated=document
    )
    files: dict[str, bytes] = {}
    if set(WFDB) <= set(settings.formats):
        with timed(seconds, "wfdb"):
            files |= _wfdb(made, document)
    if "json" in settings.formats:
        files["json"] = synthetic.render(document)
    if "png" in settings.formats:
        with timed(seconds, "png"):
            files["png"] = picture(analysis, document.mark)
    files |= pipeline.rendered(pages, report, analysis, said, settings.paper, seconds)
    return files, worklist.row(report, analysis, path="", output="", formats=())


def _wfdb(made: Sample, document: Synthetic) -> dict[str, bytes]:
    """Return the files of the WFDB record, by ending."""
    with tempfile.TemporaryDirectory() as folder:
        header = write_wfdb(made.record, Path(folder), comments=_comments(document))
        return {kind: header.with_suffix(f".{kind}").read_bytes() for kind in WFDB}


def _comments(document: Synthetic) -> list[str]:
    """Return the lines of the header that say what the recording is."""
    lines = [NOTE]
    if not document.check.passed:
        lines.append(f"{SYNTHETIC}, not as asked: {_unmet(document)}")
    lines += [f"Prompt: {document.prompt}"] if document.prompt else []
    lines += [
        f"Read as: {document.sentence}",
        f"Seed: {document.seed}",
        f"Number: {document.number}",
        f"Drawing: {document.candidate}",
        f"Generator: {document.model}",
        f"Software: ecgcli {document.software_version}",
    ]
    return [line if len(line) <= LONGEST else f"{line[: LONGEST - 3]}..." for line in lines]


def _unmet(document: Synthetic) -> str:
    unmet = document.check.unmet
    told = [f"{one.text}: asked {one.requested}, found {one.measured}" for one in unmet[:TOLD]]
    more = [f"and {len(unmet) - TOLD} more"] if len(unmet) > TOLD else []
    return "; ".join([*told, *more])


def _not_as_asked(document: Synthetic) -> RecordError:
    """Return why nothing is written; numbers and statements only, for it is logged."""
    drawings = "1 drawing" if document.tried == 1 else f"{document.tried} drawings"
    return RecordError(
        Category.NOT_AS_ASKED,
        f"of {drawings} the best has {_unmet(document)}",
        "ask for less, take another --seed or more --candidates, or --best-effort to have it",
    )
