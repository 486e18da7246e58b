"""The command `train`: make the models that ship in the package."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from ecgcli.errors import ModelError

Command = TypeVar("Command", bound=Callable[..., Any])

_PTBXL = click.option(
    "--data",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of PTB-XL as its publishers lay it out, or a part of it.",
)
_SEED = click.option("--seed", type=int, default=1, show_default=True)
_EPOCHS = click.option(
    "--epochs", type=click.IntRange(min=1), help="Epochs, if not the recipe's own."
)
_JOBS = click.option(
    "--jobs",
    metavar="N",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Processes that measure the recordings before training begins.",
)
_START = click.option(
    "--start",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of a network trained before, to go on from instead of from a random one.",
)
_RATE = click.option("--rate", type=float, help="Highest learning rate, if not the recipe's own.")


def _written(
    name: str, default: str, what: str, *, folder: bool = False
) -> Callable[[Command], Command]:
    """Return the option of a file or folder that training writes."""
    return click.option(
        name,
        type=click.Path(file_okay=not folder, dir_okay=folder, path_type=Path),
        default=Path(default),
        show_default=True,
        help=what,
    )


@contextmanager
def _training() -> Iterator[None]:
    """Import a recipe under it.

    Raises:
        ModelError: PyTorch is not installed.
    """
    try:
        yield
    except ImportError as error:
        raise ModelError("training needs PyTorch: pip install 'ecgcli[models]'") from error


@click.group("train")
def train() -> None:
    """Train the package's own models from public data."""


@train.command("delineator")
@click.option(
    "--data",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder that holds ludb/ and, for noise, cinc2011/.",
)
@_written("--out", "delineator.safetensors", "Weights file to write.")
@_written(
    "--work",
    "delineator-work",
    "Folder for the checkpoint; training goes on from one found there.",
    folder=True,
)
@_SEED
@click.option("--steps", type=click.IntRange(min=1), help="Steps, if not the recipe's own.")
def delineator(data: Path, out: Path, work: Path, seed: int, steps: int | None) -> None:
    """Train the network that marks P, QRS and T on all LUDB records."""
    with _training():
        from ecgcli.training import delineator as recipe
    chosen = recipe.chosen(seed=seed, steps=steps)
    recipe.make(chosen, data, out, work, click.echo)
    click.echo(f"wrote {out}")


@train.command("statements")
@_PTBXL
@_written(
    "--out",
    "statements-work",
    "Folder for the model, its curve and its checkpoint; training goes on from one there.",
    folder=True,
)
@_SEED
@_EPOCHS
@_JOBS
@click.option(
    "--teacher",
    "teachers",
    multiple=True,
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of a network trained before (OUT/seed-1, say), to learn from instead of from the"
    " labels; repeatable.",
)
@_START
@_RATE
@click.option(
    "--fine", is_flag=True, help="Train a network of twice the resolution, which can only teach."
)
def statements(
    data: Path,
    out: Path,
    seed: int,
    epochs: int | None,
    jobs: int,
    teachers: tuple[Path, ...],
    start: Path | None,
    rate: float | None,
    fine: bool,
) -> None:
    """Train the network that says what an ECG shows, on folds 1 to 8 of PTB-XL.

    Fold 9 calibrates its probabilities and sets its thresholds. Recordings at 100 Hz are needed;
    those that are there at 500 Hz too teach it that the rate does not matter.
    """
    with _training():
        from ecgcli.training import statement_model
        from ecgcli.training import statements as recipe
    chosen = recipe.chosen(seed, epochs, rate, fine, student=bool(teachers))
    file = statement_model.make(chosen, data, out, teachers, jobs, click.echo, start)
    click.echo(f"wrote {file}")


@train.command("lm")
@_PTBXL
@_written("--out", "ecglm", "Directory of the model: what --model of interpret takes.", folder=True)
@_written(
    "--work",
    "statements-work",
    "Folder for the arrays (those of `train statements` serve) and the checkpoint.",
    folder=True,
)
@_SEED
@_EPOCHS
@_JOBS
@_START
@_RATE
def lm(
    data: Path,
    out: Path,
    work: Path,
    seed: int,
    epochs: int | None,
    jobs: int,
    start: Path | None,
    rate: float | None,
) -> None:
    """Train EcgLM, a small language model that is shown an ECG, on folds 1 to 8 of PTB-XL.

    It learns to write findings with the numbers and leads that they rest on, made from labels and
    measurements by a grammar. `transformers` and vLLM load what it writes.
    """
    with _training():
        from ecgcli.training import ecglm as recipe
    chosen = recipe.chosen(seed, epochs, rate, start)
    recipe.make(chosen, data, out, work, jobs, click.echo, start)
    click.echo(f"wrote {out}")


@train.command("generator")
@_PTBXL
@_written("--out", "generator.safetensors", "Weights file to write.")
@_written(
    "--work",
    "generator-work",
    "Folder for the arrays and the checkpoints; training goes on from what is found there.",
    folder=True,
)
@_SEED
@_EPOCHS
@_JOBS
def generator(data: Path, out: Path, work: Path, seed: int, epochs: int | None, jobs: int) -> None:
    """Train the networks that draw an ECG from what is asked for, on folds 1 to 8 of PTB-XL.

    Five stages, each of which goes on where it was stopped: beats and measurements of all
    recordings, autoencoder, rhythm, the step to 500 Hz (which needs some recordings at both rates),
    and the flow, whose epochs --epochs counts.
    """
    with _training():
        from ecgcli.training.generator import recipe
    chosen = recipe.chosen(seed=seed, epochs=epochs)
    recipe.make(chosen, data, out, work, jobs, click.echo)
    click.echo(f"wrote {out}")
