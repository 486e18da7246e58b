"""The command `train`: make the models that ship in the package."""

from __future__ import annotations

from pathlib import Path

import click

from ecgcli.errors import ModelError


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
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("delineator.safetensors"),
    show_default=True,
    help="Weights file to write.",
)
@click.option(
    "--work",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("delineator-work"),
    show_default=True,
    help="Folder for the checkpoint; training goes on from one found there.",
)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--steps", type=click.IntRange(min=1), help="Steps, if not the recipe's own.")
def delineator(data: Path, out: Path, work: Path, seed: int, steps: int | None) -> None:
    """Train the network that marks P, QRS and T on all LUDB records."""
    try:
        from ecgcli.training import delineator as recipe
    except ImportError as error:
        raise ModelError("training needs PyTorch: pip install 'ecgcli[models]'") from error
    chosen = recipe.chosen(seed=seed, steps=steps)
    recipe.make(chosen, data, out, work, click.echo)
    click.echo(f"wrote {out}")
