"""The command `measure`: what was measured in each recording, as JSON or as a table."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO

import click

from ecgcli.batch.settings import Settings, absolute
from ecgcli.cli import common
from ecgcli.cli.interpret import check_paths
from ecgcli.errors import Category, ExitCode, OutputError, RecordError, UsageError

if TYPE_CHECKING:
    from ecgcli.batch.outcome import Failure, Outcome
    from ecgcli.batch.stopping import Stopping
    from ecgcli.batch.tally import Tally
    from ecgcli.records.find import Source

STDOUT = "-"


@click.command("measure")
@click.argument(
    "paths",
    metavar="PATH...",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path),
    callback=check_paths,
)
@click.option(
    "--json",
    "json_to",
    metavar="FILE",
    type=click.Path(dir_okay=False, allow_dash=True),
    help="Write one JSON object per record and line to FILE; - is standard output.",
)
@click.option(
    "--out",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write one JSON file per record into DIR; made where it is missing.",
)
@click.option(
    "--table", is_flag=True, help="Show a table; without --json and --out that is the default."
)
@common.jobs
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    metavar="HZ",
    help="Sampling rate of CSV files without a sidecar.",
)
@click.option("--unit", metavar="UNIT", help="Unit of CSV files without a sidecar: uV, mV or V.")
@click.pass_context
def measure(
    ctx: click.Context,
    /,
    paths: tuple[Path, ...],
    json_to: str | None,
    out: Path | None,
    table: bool,
    jobs: int,
    rate: float | None,
    unit: str | None,
) -> None:
    """Measure the ECGs in files and folders: quality, intervals, axes, amplitudes, fiducial points.

    Nothing is interpreted and nothing is remembered: every run measures everything. The JSON is
    described by `ecgcli schema measure`; it holds nothing of the patient. Records come in a fixed
    order, and each is the same whatever stands beside it. One that cannot be read gives an object
    with an error, and the exit code 3.
    """
    if table and json_to == STDOUT:
        raise UsageError("--table and --json - both want standard output")
    if (rate is None) != (unit is None):
        raise UsageError("--rate and --unit explain a CSV file only together")
    table = table or (json_to is None and out is None)
    settings = Settings(
        paths=tuple(absolute(path) for path in paths),
        out=absolute(out) if out else Path(os.devnull),
        formats=("json",) if out else (),
        jobs=jobs,
        rate_hz=rate,
        unit=unit,
        quiet=table and sys.stdout is not None and sys.stdout.isatty(),  # no bar across the rows
    )
    from ecgcli.batch.stopping import Stopped, Stopping

    with Stopping() as stopping:
        try:
            ctx.exit(_run(settings, json_to, table, stopping))
        except Stopped:
            ctx.exit(stopping.exit_code or ExitCode.INTERRUPTED)


def _run(settings: Settings, json_to: str | None, table: bool, stopping: Stopping) -> ExitCode:
    from ecgcli.batch import measuring
    from ecgcli.batch.inorder import in_order
    from ecgcli.batch.log import Log
    from ecgcli.batch.progress import display
    from ecgcli.batch.stopping import Stopped
    from ecgcli.batch.tally import Tally
    from ecgcli.batch.workers import Pool

    tally = Tally()
    with ExitStack() as stack:
        if settings.formats:
            stack.enter_context(_held(settings.out, stopping))
        write = stack.enter_context(_lines(json_to)) if json_to else _nothing
        show = stack.enter_context(_rows()) if table else _nothing
        pool = stack.enter_context(Pool(settings, measuring.PROCESS))
        screen = display(settings, Log(settings), "Measuring")
        stack.callback(screen.close)
        for source, outcome in in_order(_met(settings, tally), pool, settings.jobs, stopping):
            line = outcome.row or _failed(source, outcome.failure, settings)
            write(line)
            show(line)
            tally.add(outcome)
            screen.show(tally, tally.found - tally.processed)
        if stopping.signal is not None:
            raise Stopped  # so that FILE is not written: it holds everything or stays as it was
    return _verdict(tally)


def _met(settings: Settings, tally: Tally) -> Iterator[tuple[Source, Outcome | None] | None]:
    """Yield the recordings that the walk meets; a file that was named and is none is a failure."""
    from ecgcli.batch.outcome import Failure, Outcome
    from ecgcli.records.find import UNKNOWN_FORMAT, NotAnEcg, Source, find

    named = {path for path in settings.paths if not path.is_dir()}
    exclude = settings.out if settings.formats else None
    for found in find(settings.paths, exclude=exclude, tables=settings.explains_tables):
        if not isinstance(found, NotAnEcg):
            tally.found += 1
            yield found, None
        elif found.path in named:
            tally.found += 1
            source = Source(found.path, PurePosixPath(found.path.name), UNKNOWN_FORMAT)
            reason = f"no ECG: {found.reason}"
            failure = Failure(Category.UNSUPPORTED, reason, "name an ECG file")
            yield source, Outcome(failure=failure)
        else:
            tally.not_an_ecg += 1
            yield None
    tally.walked = True


def _failed(source: Source, failure: Failure | None, settings: Settings) -> str:
    """Return the line of a recording that failed; where files are written it is its file, too."""
    from ecgcli.batch import measuring, outputs
    from ecgcli.exports import measurements

    assert failure is not None
    line = measurements.dumps(
        measurements.failed(
            str(source.output),
            source.format,
            failure.category.value,
            failure.reason,
            failure.remedy,
        )
    )
    if settings.formats:
        outputs.sweep_record(settings.out, source.output, settings.formats)
        with suppress(RecordError):  # its place is taken: that is what the line says
            measuring.keep(source, settings, line)
    return line


def _verdict(tally: Tally) -> ExitCode:
    if not tally.found:
        click.echo("no recording found", err=True)
    if not tally.failed:
        return ExitCode.OK
    why = ", ".join(f"{count} {word}" for word, count in sorted(tally.categories.items()))
    click.echo(f"{tally.failed} of {tally.found} recordings failed: {why}", err=True)
    return ExitCode.SOME_RECORDS_FAILED


@contextmanager
def _held(out: Path, stopping: Stopping) -> Iterator[None]:
    """Hold the output directory, and clear it of what a killed run left half-written."""
    from ecgcli.batch import lock, outputs

    state = out / ".ecgcli"
    try:
        outputs.make_folder(state)
    except OSError as error:
        raise OutputError(f"cannot make the output directory: {error.strerror}") from error

    def waiting() -> None:
        click.echo("waiting for another run on this output directory", err=True)

    stopping.at_once = True  # while there is nothing in hand
    with lock.hold(state / "lock", wait=True, waiting=waiting):
        stopping.at_once = False
        outputs.sweep(out, deep=True)
        yield


def _nothing(line: str) -> None:
    pass


@contextmanager
def _lines(name: str) -> Iterator[Callable[[str], None]]:
    """Open what lines are written to: standard output, a pipe, or a file that appears whole."""
    if name == STDOUT:
        if sys.stdout is None:
            raise OutputError("standard output is closed")
        yield _writer(sys.stdout.buffer)
        return
    from ecgcli.batch import outputs

    file = Path(name)
    if file.exists() and not file.is_file():  # a named pipe, /dev/stderr, >(...)
        with file.open("wb") as stream:
            yield _writer(stream)
        return
    with outputs.replacing(absolute(file)) as stream:
        yield _writer(stream)


def _writer(stream: BinaryIO) -> Callable[[str], None]:
    def write(line: str) -> None:
        try:
            stream.write(line.encode() + b"\n")
            stream.flush()
        except BrokenPipeError:  # `... | head`: click ends the program without a word
            raise
        except OSError as error:
            raise OutputError(f"the measurements cannot be written: {error.strerror}") from error

    return write


@contextmanager
def _rows() -> Iterator[Callable[[str], None]]:
    """Show records: one in full, several in a row each."""
    from ecgcli.cli.measured import Shown

    shown = Shown()
    yield lambda line: shown.add(json.loads(line))
    shown.close()
