"""The recipe of the generator's autoencoder: seeded, resumable.

It knows how the autoencoder is trained; what the latents are then used for is the flow's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from ecgcli.models.generator.layout import PATCH
from ecgcli.training.generator.autoencoder import Autoencoder
from ecgcli.training.network import parameters
from ecgcli.training.steps import groups
from ecgcli.training.trainer import Trainer, epoch, part_of_epoch

if TYPE_CHECKING:
    from numpy.typing import NDArray

PATCHES = 60
CROP = PATCHES * PATCH
SHORT = CROP // 2
"""Samples of what the autoencoder is trained on: it sees some hundred milliseconds at once."""
LAST = 988
"""Samples of a recording that hold a signal: PTB-XL repeats the last one for some 110 ms."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the autoencoder is trained.

    Attributes:
        kl: Weight of the latents' distance from a normal distribution.
        steep: Weight of errors in the slope, which keep the QRS complex sharp.
        least_mv: A lead's standard deviation counts as at least that much.
    """

    seed: int = 1
    epochs: int = 12
    batch: int = 64
    rate: float = 2e-3
    decay: float = 0.01
    warm_up: int = 100
    kl: float = 1e-4
    steep: float = 2.0
    least_mv: float = 0.05


def crops(
    leads: NDArray[np.int16], rows: NDArray[np.int64], rng: np.random.Generator
) -> torch.Tensor:
    """Return (rows, 8, `SHORT`) in mV less each lead's median, beginning anywhere."""
    starts = rng.integers(0, LAST - SHORT + 1, len(rows))
    cut = np.stack(
        [leads[row, :, at : at + SHORT] for row, at in zip(rows, starts, strict=True)]
    ).astype(np.float32)
    cut -= np.median(cut, axis=2, keepdims=True)
    return torch.from_numpy(cut / 1000.0)


def train(
    recipe: Recipe, leads: NDArray[np.int16], folder: Path, say: Callable[[str], None]
) -> Autoencoder:
    """Train from the last checkpoint in the folder, or from the seed.

    Args:
        recipe: What to do.
        leads: (records, 8, samples) uV at 100 Hz.
        folder: Of the checkpoint.
        say: Takes lines about the progress.

    Raises:
        ModelError: The folder's checkpoint is that of another recipe.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(recipe.seed)
    model = Autoencoder()
    rng = np.random.default_rng([recipe.seed, 2])
    model.begin(crops(leads, rng.permutation(len(leads))[:2048], rng))
    model.to(device)
    trainer = Trainer(
        recipe,
        model,
        torch.optim.AdamW(groups(model, recipe.decay), lr=recipe.rate, betas=(0.9, 0.98)),
        steps=recipe.epochs * epoch(len(leads), recipe.batch),
        warm_up=recipe.warm_up,
        say=say,
        checkpoint=folder / "autoencoder.pt",
    )
    size = f"autoencoder: {parameters(model)} parameters, {len(leads)} recordings"
    say(f"{size}, from step {trainer.first}")
    for step in trainer:
        rows = part_of_epoch(recipe.seed, step, len(leads), recipe.batch)
        signal = crops(leads, rows, np.random.default_rng([recipe.seed, 1, step]))
        trainer.take(loss_of(recipe, model, signal.to(device)))
    normalise(model, leads)
    say(f"autoencoder: what it gives back misses by {error(model, leads):.1%} of the signal")
    return model


def loss_of(recipe: Recipe, model: Autoencoder, signal: torch.Tensor) -> torch.Tensor:
    """Return the error of signal and slope, relative to each lead's size, and the latents' cost."""
    with torch.autocast(signal.device.type, dtype=torch.bfloat16):
        mean, spread = model.encoder(signal)
        latent = mean + (0.5 * spread).exp() * torch.randn_like(mean)
        error = model.decoder(latent) - signal
    size = signal.std(dim=2, keepdim=True).clamp_min(recipe.least_mv)
    level = (error / size).abs().mean()
    slope = (error.diff(dim=2) / size).abs().mean()
    cost = 0.5 * (mean.square() + spread.exp() - 1.0 - spread).mean()
    return level + recipe.steep * slope + recipe.kl * cost


@torch.no_grad()
def error(model: Autoencoder, leads: NDArray[np.int16]) -> float:
    """Return the root mean square of what is lost over that of the signal, of some recordings."""
    rng = np.random.default_rng(1)
    signal = crops(leads, rng.permutation(len(leads))[:256], rng)
    signal = signal.to(model.centre.device)
    lost = model.decode(model.encode(signal)) - signal
    return float(lost.square().mean().sqrt() / signal.square().mean().sqrt())


@torch.no_grad()
def normalise(model: Autoencoder, leads: NDArray[np.int16]) -> None:
    """Set the centre and the size of the latents from some of the recordings."""
    model.eval()
    rng = np.random.default_rng(0)
    rows = rng.permutation(len(leads))[:2048]
    device = model.centre.device
    means = []
    for part in np.array_split(rows, max(len(rows) // 64, 1)):
        signal = crops(leads, part, rng)
        with torch.autocast(device.type, dtype=torch.bfloat16):
            means.append(model.encoder(signal.to(device))[0])
    all_means = torch.cat(means).transpose(1, 2).flatten(0, 1)
    model.centre.copy_(all_means.mean(0))
    model.size.copy_(all_means.std(0))
