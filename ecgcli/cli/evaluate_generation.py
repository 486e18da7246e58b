"""The command `evaluate generation`: what the generator is worth.

It knows the options and what they ask for; the work is that of `generation.evaluate` and
`generation.evaluate_training`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecgcli.cli.evaluating import DATA, JOBS, check, json_option, write
from ecgcli.errors import ModelError, OutputError, UsageError

if TYPE_CHECKING:
    from ecgcli.generation.evaluate import Evaluation
    from ecgcli.generation.evaluate_samples import Way

STEPS, GUIDANCE, CANDIDATES = 12, 2.0, 8
"""Those of the generator, which is not imported for them: that costs a second."""


@click.command("generation")
@DATA
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
@JOBS
@json_option("--out")
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

    check(file)
    way = Way(model, seed, steps, guidance, candidates)
    if learned is not None or augment is not None:
        write(file, _taught(folder, work, way, epochs, jobs, learned, augment, each))
        return
    plan = evaluation.Plan(folder, count, way, jobs, work, against, timed)
    found = evaluation.evaluate(plan, _progress)
    evaluated.show(found.numbers)
    write(file, found.numbers)
    if figures is not None:
        _draw(found, figures)


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
