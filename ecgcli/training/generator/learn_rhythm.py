"""The recipe of the generator's rhythm network: seeded, and short enough to need no checkpoint.

It knows how a recording's beats become tokens and how the network is trained on them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from ecgcli.training.generator import rhythm
from ecgcli.training.generator.learn_flow import ROW_OF_KIND
from ecgcli.training.generator.rows import KINDS
from ecgcli.training.network import parameters
from ecgcli.training.steps import groups
from ecgcli.training.trainer import Trainer, epoch, part_of_epoch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ecgcli.training.generator.rows import Shard

FEWEST = 4
"""Beats that a recording must have to tell of its rhythm."""
NOTHING = -100


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the rhythm network is trained."""

    seed: int = 1
    epochs: int = 12
    batch: int = 128
    rate: float = 3e-3
    decay: float = 0.02
    warm_up: int = 100
    untold: float = 0.2


def sentences(rows: Shard) -> NDArray[np.int64]:
    """Return (records, tokens): start, rate, one token a beat after the first, then `NOTHING`.

    A recording with fewer than `FEWEST` beats is a row of `NOTHING` behind its start.
    """
    width = rows.beats.shape[1] + 1
    out = np.full((len(rows.ids), width), NOTHING)
    out[:, 0] = rhythm.START
    for row, (times, kinds) in enumerate(zip(rows.beats, rows.kinds, strict=True)):
        count = int((~np.isnan(times)).sum())
        if count < FEWEST:
            continue
        intervals = torch.from_numpy(np.diff(times[:count]))
        mean = intervals.mean()
        out[row, 1] = int(rhythm.rate_class(60.0 / mean))
        place = rhythm.interval_class(intervals / mean).numpy()
        kind = np.array([ROW_OF_KIND.get(KINDS[kind], 0) for kind in kinds[1:count]])
        out[row, 2 : count + 1] = rhythm.FIRST + place + rhythm.INTERVALS * kind
    return out


def train(
    recipe: Recipe,
    rows: Shard,
    statements: NDArray[np.float32],
    ages: NDArray[np.float32],
    say: Callable[[str], None],
) -> rhythm.Rhythm:
    """Train from the seed.

    Args:
        recipe: What to do.
        rows: Recordings.
        statements: (records, statements), 1 for a label.
        ages: (records,) near -1 to 1, NaN where unknown.
        say: Takes lines about the progress.
    """
    torch.manual_seed(recipe.seed)
    model = rhythm.Rhythm(statements.shape[1])
    words = sentences(rows)
    usable = np.flatnonzero(words[:, 1] != NOTHING)
    trainer = Trainer(
        recipe,
        model,
        torch.optim.AdamW(groups(model, recipe.decay), lr=recipe.rate, betas=(0.9, 0.98)),
        steps=recipe.epochs * epoch(len(usable), recipe.batch),
        warm_up=recipe.warm_up,
        say=say,
    )
    say(f"rhythm: {parameters(model)} parameters, {len(usable)} recordings")
    for step in trainer:
        rng = np.random.default_rng([recipe.seed, 2, step])
        chosen = usable[part_of_epoch(recipe.seed, step, len(usable), recipe.batch)]
        age = ages[chosen].copy()
        age[rng.random(len(age)) < recipe.untold] = np.nan
        trainer.take(loss_of(model, words[chosen], statements[chosen], age))
    return model.eval()


def loss_of(
    model: rhythm.Rhythm,
    words: NDArray[np.int64],
    statements: NDArray[np.float32],
    ages: NDArray[np.float32],
) -> torch.Tensor:
    """Return the mean cross-entropy of the tokens after the start."""
    longest = int((words != NOTHING).sum(1).max())
    tokens = torch.from_numpy(words[:, :longest])
    said, _ = model(
        tokens[:, :-1].clamp_min(0), torch.from_numpy(statements), torch.from_numpy(ages)
    )
    wanted = tokens[:, 1:].flatten()
    return torch.nn.functional.cross_entropy(said.flatten(0, 1), wanted, ignore_index=NOTHING)
