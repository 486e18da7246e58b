"""One record measured and nothing more: read, analyse, one line of JSON, perhaps a file.

The counterpart of `pipeline` for `ecgcli measure`; it runs in a worker process, and what it does
depends on the recording and the settings alone.
"""

from __future__ import annotations

from pathlib import Path

from ecgcli.batch import outputs
from ecgcli.batch.outcome import Outcome
from ecgcli.batch.settings import Settings
from ecgcli.errors import Category, RecordError
from ecgcli.exports import measurements
from ecgcli.records.find import Source

PROCESS = "ecgcli.batch.measuring:process"
KIND = "json"
HEAD_BYTES = 4096


def process(source: Source, settings: Settings) -> Outcome:
    """Measure one recording; write its file where `settings.formats` asks for one.

    Returns:
        An outcome whose row is the line of JSON.

    Raises:
        RecordError: The recording cannot be read.
        OutputError: The file cannot be written.
    """
    # Not at the top: the supervising process takes `keep` from here and needs no numpy.
    from ecgcli.records.read import ReadOptions, read
    from ecgcli.signals.analyse import analyse

    record = read(source, ReadOptions(settings.rate_hz, settings.unit))
    analysis = analyse(record)
    line = measurements.dumps(measurements.document(analysis, record=str(source.output)))
    keep(source, settings, line)
    return Outcome(content_hash=record.content_hash, row=line, grade=analysis.quality.grade.value)


def keep(source: Source, settings: Settings, line: str) -> None:
    """Write a record's line as its file, where the settings ask for files.

    Raises:
        OutputError: The file cannot be written.
        RecordError: A file that no run of `measure` wrote has its name: a sidecar, a report.
    """
    if KIND not in settings.formats:
        return
    file = outputs.target(settings.out, source.output, KIND)
    if not _is_free(file):
        raise RecordError(
            Category.UNSUPPORTED,
            "another file has the name of its measurements",
            "choose another output directory",
        )
    outputs.write_together({file: line.encode() + b"\n"})


def _is_free(file: Path) -> bool:
    """Say whether there is no file yet, or one of an earlier run."""
    mark = f'"generator":"{measurements.GENERATOR}"'.encode()
    try:
        with file.open("rb") as stream:
            return mark in stream.read(HEAD_BYTES)
    except FileNotFoundError:
        return True
    except OSError:  # a folder, say: writing will tell
        return True
