"""The command `evaluate`: what the package's models and measurements are worth, on public data.

It knows which options there are and where the numbers go; what is compared and how stands in the
module that each command calls.
"""

from __future__ import annotations

from pathlib import Path

import click

from ecgcli.cli.evaluate_generation import generation
from ecgcli.cli.evaluating import DATA, JOBS, check, json_option, write
from ecgcli.errors import ModelError, UsageError


@click.group("evaluate")
def evaluate() -> None:
    """Measure how good the package's models and measurements are, on public data.

    Nothing is downloaded: DIR holds a database as its publishers lay it out.
    """


@evaluate.command("delineation")
@DATA
@click.option(
    "--work",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("delineator-work"),
    show_default=True,
    help="Folder for the networks of the folds; those found there are not trained again.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Seed of the training.")
@click.option("--steps", type=click.IntRange(min=1), help="Steps, if not the recipe's own.")
@click.option(
    "--neurokit/--no-neurokit",
    default=True,
    show_default=True,
    help="NeuroKit2's two methods beside it (needs 'ecgcli[bench]').",
)
@json_option("--json")
def delineation(
    folder: Path, work: Path, seed: int, steps: int | None, neurokit: bool, file: Path | None
) -> None:
    """Compare marks with cardiologists', by 5-fold cross-validation over the LUDB records.

    DIR holds ludb/ and, for noise and for rhythms without P waves, cinc2011/ and ptbxl/. Five
    networks are trained (needs 'ecgcli[models]'), each on four fifths of the records, and every
    record is marked by the one that has not seen it: by the network alone, and by the whole
    engine that uses it (what `measure` would say). Only the annotated span of each lead counts; a
    mark found and one that was set match within 150 ms.
    """
    try:
        from ecgcli.training import delineator as recipe
        from ecgcli.training import validation
    except ImportError as error:
        raise ModelError("the networks of the folds need PyTorch: 'ecgcli[models]'") from error
    from ecgcli.signals import ludb
    from ecgcli.signals.delineation_table import lines, plain
    from ecgcli.training import neurokit as other

    if neurokit:
        other.check()
    check(file)
    chosen = recipe.chosen(seed=seed, steps=steps)
    methods = list(
        validation.cross_validation(chosen, folder, work, lambda text: click.echo(text, err=True))
    )
    if neurokit:
        click.echo("NeuroKit2 marks the same records", err=True)
        methods += other.methods(ludb.headers(folder))
    records = len(ludb.headers(folder))
    click.echo(f"{records} LUDB records, 12 leads, against cardiologists' marks")
    for line in lines(methods):
        click.echo(line)
    write(
        file,
        {
            "records": records,
            "seed": seed,
            "steps": chosen.steps,
            "methods": {method.name: plain(method) for method in methods},
        },
    )


@evaluate.command("intervals")
@DATA
@json_option("--json")
def intervals(folder: Path, file: Path | None) -> None:
    """Compare what `measure` says with cardiologists' marks, over the LUDB records in DIR.

    Beats, heart rate, PR, QRS and QT per record, P waves where there are none (atrial fibrillation
    and flutter), and the fiducials of every lead. The network that ships has learned from these
    records; `evaluate delineation` says what it is worth on records that it has not seen.
    """
    from ecgcli.signals import evaluate_intervals

    check(file)
    result = evaluate_intervals.evaluate_ludb(folder)
    for line in evaluate_intervals.table(result):
        click.echo(line)
    write(file, evaluate_intervals.as_json(result))


@evaluate.command("measurements")
@DATA
@click.option("--folds", default="1-8", show_default=True, help="PTB-XL's folds, as 1-8 or 9.")
@click.option(
    "--rate",
    type=click.Choice(["100", "500", "both"]),
    default="500",
    show_default=True,
    help="Recordings at this sampling rate (Hz); both: those that are there at both.",
)
@click.option("--limit", metavar="N", type=click.IntRange(min=1), help="So many, spread evenly.")
@click.option("--seed", type=int, default=1, show_default=True, help="Seed of the intervals.")
@JOBS
@json_option("--json", "--out")
def measurements(
    folder: Path, folds: str, rate: str, limit: int | None, seed: int, jobs: int, file: Path | None
) -> None:
    """Say how well measurements agree with cardiologists' labels: PTB-XL in DIR.

    The AUROC of each measurement for the labels that should go with it (PR interval and first
    degree AV block, QRS duration and bundle branch blocks, ...) with bootstrapped 95 % intervals:
    the probability that a labelled record has the more abnormal value than one without the label.
    With --rate both also what the low rate costs: differences of the measurements of the same
    recording, and statements that change.
    """
    from ecgcli.clinical import evaluate_measurements

    check(file)
    rates = (100, 500) if rate == "both" else (int(rate),)
    result = evaluate_measurements.evaluate(
        folder, _folds(folds), rates, jobs=jobs, limit=limit or 0, seed=seed
    )
    for line in evaluate_measurements.lines(result):
        click.echo(line)
    write(file, evaluate_measurements.as_json(result))


@evaluate.command("statements")
@DATA
@click.option("--folds", default="9", show_default=True, help="PTB-XL's folds, as 9 or 1-8.")
@click.option(
    "--rate",
    type=click.Choice(["100", "500", "both"]),
    default="100",
    show_default=True,
    help="Recordings at this sampling rate (Hz); both: how far the network differs between them.",
)
@click.option(
    "--model",
    metavar="DIR",
    type=click.Path(exists=True, path_type=Path),
    help="Folder (or file) of a model that `train statements` made, instead of the package's.",
)
@JOBS
@json_option("--out")
def statements(
    folder: Path, folds: str, rate: str, model: Path | None, jobs: int, file: Path | None
) -> None:
    """Say how well statements agree with cardiologists' labels: PTB-XL in DIR.

    The network alone, the criteria alone and the final statements made of both: macro-AUROC per
    group of labels as in the benchmark paper, and per statement AUROC, sensitivity, precision and
    F1, with bootstrapped 95 % intervals. The network has learned from folds 1 to 8; fold 9 set its
    thresholds.
    """
    from ecgcli.clinical import evaluate_rates, evaluate_statements
    from ecgcli.models.statements import FILE

    check(file)
    chosen = model / FILE if model is not None and model.is_dir() else model
    if rate == "both":
        compared = evaluate_rates.compare(
            folder, _folds(folds), chosen, jobs, lambda text: click.echo(text, err=True)
        )
        for line in evaluate_rates.lines(compared):
            click.echo(line)
        write(file, compared)
        return
    result = evaluate_statements.evaluate(
        folder, _folds(folds), int(rate), chosen, jobs, say=lambda text: click.echo(text, err=True)
    )
    for line in evaluate_statements.lines(result):
        click.echo(line)
    write(file, result)


def _folds(text: str) -> range:
    """Return the folds that a text like 1-8 or 9 names."""
    first, dash, last = text.partition("-")
    try:
        found = range(int(first), int(last if dash else first) + 1)
    except ValueError:
        raise UsageError(f"--folds {text}: write them as 1-8 or 9") from None
    if not found:
        raise UsageError(f"--folds {text} names none")
    return found


@evaluate.command("quality")
@DATA
def quality(folder: Path) -> None:
    """Compare the judgement of quality with raters' verdicts (Challenge 2011, set a).

    DIR holds the set's records and quality.csv, or a folder cinc2011 that does. What was tuned on
    these records is chosen anew in each of five folds, without the records that it is judged on.
    """
    from ecgcli.signals import evaluate_quality

    for line in evaluate_quality.lines(folder):
        click.echo(line)


@evaluate.command("exchanges")
@DATA
@click.option("--limit", metavar="N", type=click.IntRange(min=1), help="Only so many recordings.")
def exchanges(folder: Path, limit: int | None) -> None:
    """Say how well exchanged electrodes are found: simulated in PTB-XL in DIR, at 500 Hz.

    Of each exchange the share that is suspected and rightly named, and the alarms on recordings
    as they are. Cross-validated by PTB-XL's folds 1 to 8.
    """
    from ecgcli.signals import evaluate_exchanges

    for line in evaluate_exchanges.lines(folder, limit):
        click.echo(line)


@evaluate.command("answers")
@click.argument(
    "reports", metavar="REPORTS", type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.argument(
    "folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@json_option("--out")
def answers(reports: Path, folder: Path, file: Path | None) -> None:
    """Say how good a language model's answers are: REPORTS of PTB-XL, whose table is in DIR.

    REPORTS is what `interpret --model ...` wrote of recordings of PTB-XL. F1 of the statements in
    the answers, beside the statement model's on the same recordings; the share of their numbers
    within 10 % of what was measured, and of their statements, numbers and leads that the
    recordings support.
    """
    from ecgcli.clinical import evaluate_answers

    check(file)
    result = evaluate_answers.evaluate(reports, folder)
    for line in evaluate_answers.lines(result):
        click.echo(line)
    write(file, evaluate_answers.as_json(result))


evaluate.add_command(generation)
