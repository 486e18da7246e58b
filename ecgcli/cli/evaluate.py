"""The command `evaluate`: what the package's models and measurements are worth, on public data.

It knows which options there are and where the numbers go; what is compared and how stands in the
module that each command calls.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecgcli.errors import ModelError, OutputError, UsageError

if TYPE_CHECKING:
    from ecgcli.generation.evaluate import Evaluation
    from ecgcli.generation.evaluate_samples import Way

_DATA = click.argument(
    "folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path)
)


def _json_option(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return click.option(
        *names,
        "file",
        metavar="FILE",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Write the same numbers as JSON.",
    )


# Those of the generator, which this module does not import: that costs a second.
STEPS, GUIDANCE, CANDIDATES = 24, 2.0, 8
_JOBS = click.option(
    "--jobs",
    metavar="N",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Number of worker processes.",
)


@click.group("evaluate")
def evaluate() -> None:
    """Measure how good the package's models and measurements are, on public data.

    Nothing is downloaded: DIR holds a database as its publishers lay it out.
    """


@evaluate.command("delineation")
@_DATA
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
@_json_option("--json")
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
    _check(file)
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
    _write(
        file,
        {
            "records": records,
            "seed": seed,
            "steps": chosen.steps,
            "methods": {method.name: plain(method) for method in methods},
        },
    )


@evaluate.command("intervals")
@_DATA
@_json_option("--json")
def intervals(folder: Path, file: Path | None) -> None:
    """Compare what `measure` says with cardiologists' marks, over the LUDB records in DIR.

    Beats, heart rate, PR, QRS and QT per record, P waves where there are none (atrial fibrillation
    and flutter), and the fiducials of every lead. The network that ships has learned from these
    records; `evaluate delineation` says what it is worth on records that it has not seen.
    """
    from ecgcli.signals import evaluate_intervals

    _check(file)
    result = evaluate_intervals.evaluate_ludb(folder)
    for line in evaluate_intervals.table(result):
        click.echo(line)
    _write(file, evaluate_intervals.as_json(result))


@evaluate.command("measurements")
@_DATA
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
@_JOBS
@_json_option("--json", "--out")
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

    _check(file)
    rates = (100, 500) if rate == "both" else (int(rate),)
    result = evaluate_measurements.evaluate(
        folder, _folds(folds), rates, jobs=jobs, limit=limit or 0, seed=seed
    )
    for line in evaluate_measurements.lines(result):
        click.echo(line)
    _write(file, evaluate_measurements.as_json(result))


@evaluate.command("statements")
@_DATA
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
@_JOBS
@_json_option("--out")
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

    _check(file)
    chosen = model / FILE if model is not None and model.is_dir() else model
    if rate == "both":
        compared = evaluate_rates.compare(
            folder, _folds(folds), chosen, jobs, lambda text: click.echo(text, err=True)
        )
        for line in evaluate_rates.lines(compared):
            click.echo(line)
        _write(file, compared)
        return
    result = evaluate_statements.evaluate(
        folder, _folds(folds), int(rate), chosen, jobs, say=lambda text: click.echo(text, err=True)
    )
    for line in evaluate_statements.lines(result):
        click.echo(line)
    _write(file, result)


@evaluate.command("generation")
@_DATA
@click.option(
    "--n", "count", type=click.IntRange(min=1), default=500, show_default=True, help="Prompts."
)
@click.option(
    "--seed", type=int, default=1, show_default=True, help="Seed of samples and trainings."
)
@click.option(
    "--model",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A generator that `train generator` made, instead of the package's.",
)
@click.option(
    "--steps",
    type=click.IntRange(min=2),
    default=STEPS,
    show_default=True,
    help="Steps of the flow for each drawing.",
)
@click.option(
    "--guidance",
    type=click.FloatRange(min=0.0),
    default=GUIDANCE,
    show_default=True,
    help="By how much what is asked for is stressed; 1 is not at all.",
)
@click.option(
    "--candidates",
    metavar="K",
    type=click.IntRange(min=1),
    default=CANDIDATES,
    show_default=True,
    help="Drawings that are tried for a sample at most.",
)
@click.option(
    "--against",
    metavar="N",
    type=click.IntRange(min=0),
    help="Compare with so many training recordings, spread evenly, instead of all; 0 for none.",
)
@click.option(
    "--work",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("generator-work"),
    show_default=True,
    help="Folder of the generator's training: what was measured there is used again.",
)
@click.option(
    "--time/--no-time", "timed", default=True, show_default=True, help="Times by steps, too."
)
@click.option(
    "--figures",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Draw distributions and the closest pairs into this folder, as SVG.",
)
@click.option(
    "--train-on-generated",
    "learned",
    metavar="N",
    type=click.IntRange(min=1),
    help="Instead: train the statement network on so many samples, and on as many recordings.",
)
@click.option(
    "--augment",
    metavar="CODE,...",
    help="Instead: train the statement network with and without samples of these statements.",
)
@click.option(
    "--each",
    metavar="N",
    type=click.IntRange(min=1),
    default=500,
    show_default=True,
    help="Samples of each statement for --augment.",
)
@click.option("--epochs", type=click.IntRange(min=1), help="Epochs of these trainings.")
@_JOBS
@_json_option("--out")
def generation(
    folder: Path,
    count: int,
    seed: int,
    model: Path | None,
    steps: int,
    guidance: float,
    candidates: int,
    against: int | None,
    work: Path,
    timed: bool,
    figures: Path | None,
    learned: int | None,
    augment: str | None,
    each: int,
    epochs: int | None,
    jobs: int,
    file: Path | None,
) -> None:
    """Say what generated ECGs are worth: asked for what recordings of PTB-XL in DIR show.

    Prompts are made from fold 9 (labels, age, sex, measurements). What was measured in the samples
    and what the statement network sees in them is held against what was asked for, with and without
    rejection; their distribution against real recordings, with real against real beside it; and
    each against all training recordings, to see whether it is a copy.

    --train-on-generated and --augment ask another question: what generated recordings teach the
    statement network, tested on the real ones of fold 9 (needs 'ecgcli[models]', and hours).
    """
    from ecgcli.cli import evaluated
    from ecgcli.generation import evaluate as evaluation
    from ecgcli.generation.evaluate_samples import Way

    _check(file)
    way = Way(model, seed, steps, guidance, candidates)
    if learned is not None or augment is not None:
        _write(file, _taught(folder, work, way, epochs, jobs, learned, augment, each))
        return
    plan = evaluation.Plan(folder, count, way, jobs, work, against, timed)
    found = evaluation.evaluate(plan, _progress)
    evaluated.show(found.numbers)
    _write(file, found.numbers)
    if figures is not None:
        _draw(found, figures)


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
@_DATA
def quality(folder: Path) -> None:
    """Compare the judgement of quality with raters' verdicts (Challenge 2011, set a).

    DIR holds the set's records and quality.csv, or a folder cinc2011 that does. What was tuned on
    these records is chosen anew in each of five folds, without the records that it is judged on.
    """
    from ecgcli.signals import evaluate_quality

    for line in evaluate_quality.lines(folder):
        click.echo(line)


@evaluate.command("exchanges")
@_DATA
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
@_json_option("--out")
def answers(reports: Path, folder: Path, file: Path | None) -> None:
    """Say how good a language model's answers are: REPORTS of PTB-XL, whose table is in DIR.

    REPORTS is what `interpret --model ...` wrote of recordings of PTB-XL. F1 of the statements in
    the answers, beside the statement model's on the same recordings; the share of their numbers
    within 10 % of what was measured, and of their statements, numbers and leads that the
    recordings support.
    """
    from ecgcli.clinical import evaluate_answers

    _check(file)
    result = evaluate_answers.evaluate(reports, folder)
    for line in evaluate_answers.lines(result):
        click.echo(line)
    _write(file, evaluate_answers.as_json(result))


def _check(file: Path | None) -> None:
    """Say before the work that its result cannot be written."""
    if file is not None and not file.parent.is_dir():
        raise OutputError(f"there is no folder {file.parent} to write {file.name} into")


def _write(file: Path | None, numbers: Mapping[str, Any]) -> None:
    """Write the numbers if they are to be written."""
    if file is not None:
        try:
            file.write_text(json.dumps(numbers, indent=1, allow_nan=False) + "\n", encoding="utf-8")
        except OSError as error:
            raise OutputError(f"{file} cannot be written: {error.strerror}") from error


def _draw(found: Evaluation, folder: Path) -> None:
    from ecgcli.generation import evaluate_figures

    try:
        files = evaluate_figures.draw(found, folder)
    except OSError as error:
        raise OutputError(f"no figure can be written to {folder}: {error.strerror}") from error
    click.echo(f"{len(files)} figures in {folder}", err=True)


def _taught(
    folder: Path,
    work: Path,
    way: Way,
    epochs: int | None,
    jobs: int,
    learned: int | None,
    augment: str | None,
    each: int,
) -> dict[str, Any]:
    """Do one of the two experiments in which the statement network is trained."""
    try:
        from ecgcli.generation import evaluate_training
        from ecgcli.training import statements as recipe
    except ImportError as error:
        raise ModelError("training needs PyTorch: pip install 'ecgcli[models]'") from error
    if learned is not None and augment is not None:
        raise UsageError("--train-on-generated and --augment are two experiments: one at a time")
    plan = evaluate_training.Plan(folder, work, way, recipe.chosen(way.seed, epochs), jobs)
    if learned is not None:
        result = evaluate_training.on_generated(plan, learned, _progress)
    else:
        codes = [code.strip() for code in (augment or "").split(",") if code.strip()]
        result = evaluate_training.augmented(plan, codes, each, _progress)
    for line in evaluate_training.lines(result):
        click.echo(line)
    return result


def _progress(text: str) -> None:
    click.echo(text, err=True)
