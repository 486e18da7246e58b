"""What one step of the delineator's training is made of.

It knows which records a step takes and how they become tensors; it does not know the network or the
loss. A step's batch depends on the recipe's seed and the step's number alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch

from ecgcli.models.delineator import STEP
from ecgcli.signals.delineation import no_waves
from ecgcli.training import ludb
from ecgcli.training.augment import Settings, Source, augment, labels

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE = 500.0


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides what comes out, but the data."""

    seed: int = 1
    steps: int = 2000
    batch: int = 8
    samples: int = 4096
    leads: tuple[int, ...] = (3, 6, 6, 12)
    rate: float = 4e-3
    warm_up: int = 50
    decay: float = 0.02
    average: float = 0.998
    border: float = 2.0
    lengths: float = 0.5
    unmarked: int = 1
    no_p: float = 0.5
    widths: tuple[int, ...] = (24, 32, 48, 64, 96)
    kernel: int = 5
    deep: int = 2
    settings: Settings = field(default_factory=Settings)


@dataclass(slots=True)
class Batch:
    """(recordings, leads, ...) tensors: signal, class shares, weight of every output sample.

    Of the last `unmarked` recordings it is only known that they have no P wave.
    """

    signal: torch.Tensor
    shares: torch.Tensor
    weight: torch.Tensor
    unmarked: int = 0


@dataclass(frozen=True, slots=True)
class Extra:
    """Data beside the marked records.

    Attributes:
        backgrounds: Rows (samples,) in mV of bad recordings, laid under some examples.
        without_p: Recordings (12, samples) in mV in which no lead has a P wave.
    """

    backgrounds: Sequence[NDArray[np.float32]] = ()
    without_p: Sequence[NDArray[np.float32]] = ()


def sources_of(examples: Sequence[ludb.Example]) -> list[Source]:
    """Return records as `draw` takes them."""
    return [Source(example.signal, example.waves) for example in examples]


def unmarked_source(signal: NDArray[np.float32]) -> Source:
    """Return a recording whose every sample counts though no wave of it is marked."""
    source = Source(signal, tuple(no_waves() for _ in signal))
    source.known[:] = True
    return source


def draw(
    recipe: Recipe,
    sources: Sequence[Source],
    extra: Extra,
    step: int,
) -> Batch:
    """Return the batch of a step: the same whenever it is asked for."""
    rng = np.random.default_rng([recipe.seed, step])
    leads = int(rng.choice(recipe.leads))
    chosen = order(recipe, len(sources), step)
    signals, shares, weights = [], [], []
    for index in chosen:
        picked = rng.permutation(12)[:leads]
        source = sources[index]
        part = Source(source.signal[picked], tuple(source.waves[i] for i in picked))
        piece = augment(part, rng, recipe.samples, extra.backgrounds, recipe.settings)
        share, weight = labels(piece, STEP)
        signals.append(piece.signal)
        shares.append(share)
        weights.append(weight)
    unmarked = recipe.unmarked if extra.without_p else 0
    for _ in range(unmarked):
        whole = extra.without_p[int(rng.integers(len(extra.without_p)))]
        part = unmarked_source(whole[rng.permutation(12)[:leads]])
        piece = augment(part, rng, recipe.samples, extra.backgrounds, recipe.settings)
        share, weight = labels(piece, STEP)
        signals.append(piece.signal)
        shares.append(share)
        weights.append(weight)
    return Batch(
        torch.from_numpy(np.stack(signals)),
        torch.from_numpy(np.stack(shares)),
        torch.from_numpy(np.stack(weights)),
        unmarked,
    )


def order(recipe: Recipe, count: int, step: int) -> list[int]:
    """Return the records of a step; every record comes once before any comes again."""
    places = range(step * recipe.batch, (step + 1) * recipe.batch)
    rounds = {place // count for place in places}
    orders = {n: np.random.default_rng([recipe.seed, 7, n]).permutation(count) for n in rounds}
    return [int(orders[place // count][place % count]) for place in places]
