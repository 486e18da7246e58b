"""The command `evaluate`: what the package's models and measurements are worth, on public data."""

from __future__ import annotations

from pathlib import Path

import click

from ecgcli.errors import ModelError


@click.group("evaluate")
def evaluate() -> None:
    """Measure how good the package's models are."""


@evaluate.command("delineation")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--work",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("delineator-work"),
    show_default=True,
    help="Folder for the networks of the folds; those found there are not trained again.",
)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--steps", type=click.IntRange(min=1), help="Steps, if not the recipe's own.")
@click.option("--neurokit/--no-neurokit", default=True, help="NeuroKit2 beside it.")
def delineation(folder: Path, work: Path, seed: int, steps: int | None, neurokit: bool) -> None:
    """Compare marks with cardiologists', by 5-fold cross-validation over the LUDB records.

    FOLDER holds ludb/ and, for noise, cinc2011/. Five networks are trained, each on four fifths of
    the records, and every record is marked by the one that has not seen it.
    """
    try:
        from ecgcli.training import delineator as recipe
        from ecgcli.training import validation
    except ImportError as error:
        raise ModelError("the networks of the folds need PyTorch: 'ecgcli[models]'") from error
    chosen = recipe.chosen(seed=seed, steps=steps)
    for line in validation.cross_validation(
        chosen, folder, work, lambda text: click.echo(text, err=True)
    ):
        click.echo(line)
    if neurokit:
        from ecgcli.training import neurokit as other

        for line in other.tables(folder):
            click.echo(line)
