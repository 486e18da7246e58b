"""The command `generate`: a text in, ECGs out that show what it says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Literal

import click

from ecgcli.batch import settings as options
from ecgcli.cli import common
from ecgcli.errors import UsageError
from ecgcli.generation.order import CANDIDATES, Order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ecgcli.batch.ordering import Generating
    from ecgcli.batch.outcome import Failure
    from ecgcli.generation.prompts import Given, Prompt
    from ecgcli.models.generator.weights import Weights

FORMATS = ("wfdb", "json", "png", "html", "pdf")
RATES = ("100", "250", "500", "1000")
SHORTEST_S, LONGEST_S = 5, 60
SEEDS = 2**32


def read_formats(ctx: click.Context, param: click.Parameter, value: str) -> tuple[str, ...]:
    """Take formats with commas between them."""
    try:
        return options.parse_formats(value, FORMATS)
    except UsageError as error:
        raise click.BadParameter(str(error), ctx, param) from error


@click.command("generate")
@click.argument("text", metavar="[TEXT]", required=False)
@click.option(
    "--prompts",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="One request a line, or CSV with the columns prompt, statement, n, age, sex, heart_rate,"
    " pr, qrs, qt, qtc, axis; instead of TEXT.",
)
@click.option(
    "--statement",
    "statements",
    metavar="CODE",
    multiple=True,
    help="Statement that the ECG shows, beside TEXT or instead; may be given several times.",
)
@click.option(
    "-n",
    "--number",
    "count",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="N",
    help="How many ECGs of each request.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, SEEDS - 1),
    metavar="S",
    help="Decides all that is left to chance; without it one is chosen, and told.",
)
@click.option(
    "--out",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("generated"),
    show_default=True,
    help="Output directory; made where it is missing.",
)
@click.option(
    "--format",
    "formats",
    callback=read_formats,
    metavar="FORMATS",
    default=",".join(FORMATS),
    show_default=True,
    help="What to write, with commas between them.",
)
@click.option(
    "--duration",
    type=click.FloatRange(SHORTEST_S, LONGEST_S),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="Length of the recording.",
)
@click.option(
    "--rate",
    type=click.Choice(RATES),
    default="500",
    show_default=True,
    help="Samples per second.",
)
@click.option("--age", "age_years", type=float, metavar="YEARS", help="Age of the patient.")
@click.option(
    "--sex", type=click.Choice(["female", "male"], case_sensitive=False), help="Sex of the patient."
)
@click.option("--heart-rate", type=float, metavar="HR", help="Ventricular rate per minute.")
@click.option("--pr", "pr_ms", type=float, metavar="MS", help="PR interval.")
@click.option("--qrs", "qrs_ms", type=float, metavar="MS", help="QRS duration.")
@click.option("--qt", "qt_ms", type=float, metavar="MS", help="QT interval.")
@click.option("--qtc", "qtc_ms", type=float, metavar="MS", help="QT interval corrected for rate.")
@click.option("--axis", "axis_deg", type=float, metavar="DEG", help="QRS axis.")
@click.option(
    "--candidates",
    type=click.IntRange(min=1),
    default=CANDIDATES,
    show_default=True,
    metavar="K",
    help="Drawings to try for each ECG, until one is measured and read to be as asked.",
)
@click.option(
    "--best-effort",
    is_flag=True,
    help="Write the nearest drawing, marked as such, where none is as asked.",
)
@click.option("--list", "listed", is_flag=True, help="List the statements that can be had.")
@click.option(
    "--model",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Weights of the generator; default is the package's.",
)
@common.jobs
@common.force
@common.retry_failed
@common.timeout
@common.no_wait
@common.paper
@common.quiet
@common.verbose
@common.log_format
@common.log_paths
@click.pass_context
def generate(
    ctx: click.Context,
    /,
    text: str | None,
    prompts: Path | None,
    statements: tuple[str, ...],
    count: int,
    seed: int | None,
    duration: float,
    rate: str,
    sex: Literal["female", "male"] | None,
    candidates: int,
    best_effort: bool,
    listed: bool,
    model: Path | None,
    **more: Any,
) -> None:
    """Generate ECGs that show what TEXT says: "atrial fibrillation, rate 140, 70 year old woman".

    Each is measured and read as a patient's would be before it is written, and marked SYNTHETIC
    everywhere. The same TEXT and seed give the same ECGs. Exit codes: 0 all written or nothing new,
    2 TEXT is not understood or contradicts itself, 5 there is no generator, 7 none of the drawings
    is as asked; the README has them all.
    """
    if listed:
        _list(model)
        return
    if more["quiet"] and more["verbose"]:
        raise UsageError("--quiet and --verbose exclude each other")
    ctx.meta["ecgcli.verbose"] = more["verbose"]
    from ecgcli.generation.prompts import NUMBERS, Given

    values = {name: more.pop(name) for name in NUMBERS.values()}
    numbers = {name: value for name, value in values.items() if value is not None}
    asked = _prompts(text, prompts, Given(statements, numbers, sex, count))
    chosen = _seed() if seed is None else seed
    if not more["quiet"]:
        _tell(asked, chosen)
    weights = _weights(model, asked)
    like = Order(
        asked[0].request,
        seed=chosen,
        candidates=candidates,
        duration_s=duration,
        rate_hz=float(rate),
        best_effort=best_effort,
        model=weights.digest,
    )
    ctx.exit(_run(asked, like, model, more))


def _prompts(text: str | None, file: Path | None, given: Given) -> Sequence[Prompt]:
    """Return what is asked for.

    Raises:
        UsageError: Nothing, two things at once, or what cannot be taken.
    """
    from ecgcli.generation.prompts import read_prompts

    if file is None:
        return [given.prompt(text or "")]
    if text is not None:
        raise UsageError("TEXT and --prompts exclude each other")
    return read_prompts(file, given)


def _seed() -> int:
    import secrets

    return secrets.randbelow(SEEDS)


def _tell(asked: Sequence[Prompt], seed: int) -> None:
    from ecgcli.cli.generated import tell

    tell(asked, seed)


def _weights(model: Path | None, asked: Sequence[Prompt]) -> Weights:
    """Return the generator, which can show what is asked.

    Raises:
        ModelError: There is none.
        UsageError: It has not learned something of it.
    """
    from ecgcli.generation.prompts import refuse_unlearned
    from ecgcli.models.generator.weights import named

    weights = named(model)
    refuse_unlearned(asked, weights)
    return weights


def _run(asked: Sequence[Prompt], like: Order, model: Path | None, more: dict[str, Any]) -> int:
    from ecgcli.batch.ordering import PLACE, Generating, endings, rooms
    from ecgcli.batch.run import run
    from ecgcli.generation.order import orders

    total = sum(prompt.count for prompt in asked)
    out = options.absolute(more.pop("out"))
    settings = Generating(
        paths=(out / PLACE,),
        out=out,
        formats=endings(more.pop("formats")),
        jobs=min(more.pop("jobs"), total),
        wait=not more.pop("no_wait"),
        timeout_s=more.pop("timeout"),
        generator=options.absolute(model) if model else None,
        like=like,
        recordings=total,
        **more,
    )
    code = run(settings, rooms(lambda: orders(asked, like)))
    if not settings.quiet:
        _show(settings, replace(like, request=asked[0].request))
    return code


def _show(settings: Generating, order: Order) -> None:
    """Say what was written: of one recording all, of several where they are."""
    from ecgcli.cli.generated import show

    if settings.recordings == 1:
        show(settings.out, order.name, _failure(settings.out, order.name))
    elif (settings.out / "index.html").exists():
        click.echo(f"The worklist: {settings.out / 'index.html'}")


def _failure(out: Path, name: str) -> Failure | None:
    from ecgcli.batch.journal import Journal
    from ecgcli.batch.run import STATE

    journal = Journal(out / STATE / "journal.sqlite3", read_only=True)
    try:
        entry = journal.at(PurePosixPath(name))
    finally:
        journal.close()
    return entry.failure if entry is not None else None


def _list(model: Path | None) -> None:
    from ecgcli.cli.generated import listed
    from ecgcli.models.generator.weights import named

    listed(named(model))
