"""The recipe of the step from 100 to 500 Hz: seeded, and short enough to need no checkpoint.

It knows pairs of the same recording at both rates; the publisher of PTB-XL made the two, so what
the network learns is the way back from his filter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from ecgcli.training.generator.learn_autoencoder import LAST
from ecgcli.training.generator.upsample import FACTOR, ORDER, Upsampler
from ecgcli.training.network import parameters
from ecgcli.training.steps import groups
from ecgcli.training.trainer import Trainer

if TYPE_CHECKING:
    from numpy.typing import NDArray

CROP = 256
QUIET_MV = 0.004
"""Least size of the noise: below the last digit of most recordings nothing is to be learned."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the step is trained."""

    seed: int = 1
    steps: int = 2500
    batch: int = 32
    rate: float = 2e-3
    decay: float = 0.01
    warm_up: int = 100


def train(
    recipe: Recipe,
    coarse: NDArray[np.int16],
    fine: NDArray[np.int16],
    say: Callable[[str], None],
) -> Upsampler:
    """Train from the seed.

    Args:
        recipe: What to do.
        coarse: (records, 8, samples) uV at 100 Hz.
        fine: (records, 8, 5 * samples) uV at 500 Hz, the same recordings.
        say: Takes lines about the progress.
    """
    torch.manual_seed(recipe.seed)
    model = Upsampler()
    trainer = Trainer(
        recipe,
        model,
        torch.optim.AdamW(groups(model, recipe.decay), lr=recipe.rate, betas=(0.9, 0.98)),
        steps=recipe.steps,
        warm_up=recipe.warm_up,
        say=say,
    )
    say(f"step to 500 Hz: {parameters(model)} parameters, {len(coarse)} recordings")
    for step in trainer:
        given, wanted = _pairs(coarse, fine, np.random.default_rng([recipe.seed, step]), recipe)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            course, doubt = model(given)
        # Laplace: a few steep places are far off, most are near.
        size = doubt.clamp(np.log(QUIET_MV), 1.0)
        trainer.take(((course - wanted).abs() / size.exp() + size).mean())
    _learn_colour(model.eval(), coarse, fine)
    return model


def _pairs(
    coarse: NDArray[np.int16], fine: NDArray[np.int16], rng: np.random.Generator, recipe: Recipe
) -> tuple[torch.Tensor, torch.Tensor]:
    rows = rng.integers(0, len(coarse), recipe.batch)
    starts = rng.integers(0, LAST - CROP, recipe.batch)
    given = np.stack([coarse[row, :, at : at + CROP] for row, at in zip(rows, starts, strict=True)])
    wanted = np.stack(
        [
            fine[row, :, FACTOR * at : FACTOR * (at + CROP)]
            for row, at in zip(rows, starts, strict=True)
        ]
    )
    level = np.median(given, axis=2, keepdims=True)
    return (
        torch.from_numpy((given - level).astype(np.float32) / 1000.0),
        torch.from_numpy((wanted - level).astype(np.float32) / 1000.0),
    )


@torch.no_grad()
def _learn_colour(model: Upsampler, coarse: NDArray[np.int16], fine: NDArray[np.int16]) -> None:
    """Fit the noise's spectrum to what is left: an autoregression by Yule and Walker."""
    rng = np.random.default_rng(0)
    recipe = Recipe(batch=64)
    correlation = np.zeros(ORDER + 1)
    for _ in range(16):
        given, wanted = _pairs(coarse, fine, rng, recipe)
        course, doubt = model(given)
        left = ((wanted - course) / doubt.exp()).flatten(0, 1).double()
        left = left.clamp(-6.0, 6.0)  # an artefact is no noise
        samples = left.shape[1]
        for lag in range(ORDER + 1):
            correlation[lag] += float((left[:, lag:] * left[:, : samples - lag]).mean()) / 16
    lags = np.abs(np.subtract.outer(np.arange(ORDER), np.arange(ORDER)))
    colour = np.linalg.solve(correlation[lags], correlation[1:])
    model.colour.copy_(torch.from_numpy(colour).float())
    model.loudness.fill_(float(np.sqrt(max(correlation[0] - colour @ correlation[1:], 0.0))))
