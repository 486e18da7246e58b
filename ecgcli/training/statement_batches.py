"""Batches for the statement network: recordings cropped, weakened and robbed of inputs.

It knows what may be missing or different when another hospital records: leads, age, sex, single
measurements, gain, noise, sharpness. It does not know where the recordings come from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Rows:
    """Recordings as arrays, row by row the same recording.

    Attributes:
        signal: (records, 12, 1000) float16 in mV at 100 Hz.
        numbers: (records, numbers) float32, NaN where there is none; the last two are age (years)
            and sex (1 for female).
        target: (records, outputs) float32, 0 to 1.
        twin: (records,) row of the same recording from its 500 Hz version in `twins`, or -1.
        twins: (some, 12, 1000) float16.
        twin_numbers: (some, numbers) float32.
    """

    signal: NDArray[np.float16]
    numbers: NDArray[np.float32]
    target: NDArray[np.float32]
    twin: NDArray[np.int64]
    twins: NDArray[np.float16]
    twin_numbers: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Disturbance:
    """How much a recording is changed; shares are probabilities."""

    crop: int = 250
    gain: float = 0.1
    lead_gain: float = 0.05
    lose_leads: float = 0.15
    lose_lead: float = 0.3
    noise: float = 0.3
    noise_mv: float = 0.03
    blur: float = 0.3
    lose_numbers: float = 0.2
    lose_number: float = 0.1
    lose_patient: float = 0.1
    mix: float = 0.25
    mix_shape: float = 0.6


def draw(
    rows: Rows, at: NDArray[np.int64], change: Disturbance, rng: np.random.Generator
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return signal (records, 12, crop), numbers and target of the records `at`."""
    signal = rows.signal[at]
    numbers = rows.numbers[at].copy()
    twin = rows.twin[at]
    other = np.flatnonzero((twin >= 0) & (rng.random(len(at)) < 0.5))
    signal[other] = rows.twins[twin[other]]
    numbers[other] = rows.twin_numbers[twin[other]]
    x = _cropped(signal.astype(np.float32), change.crop, rng)
    count, leads, _ = x.shape
    scale = np.exp(rng.normal(0.0, change.gain, (count, 1)))
    scale = scale * np.exp(rng.normal(0.0, change.lead_gain, (count, leads)))
    lost: NDArray[np.bool_] = rng.random((count, leads)) < change.lose_lead
    lost &= rng.random((count, 1)) < change.lose_leads
    scale[lost] = 0.0
    there: NDArray[np.bool_] = np.any(x != 0.0, axis=2)
    x *= scale[:, :, None].astype(np.float32)
    _blur(x, np.flatnonzero(rng.random(count) < change.blur), rng)
    noisy = np.flatnonzero(rng.random(count) < change.noise)
    kept = (there & ~lost)[noisy][:, :, None]
    level = rng.random((len(noisy), 1, 1)) * change.noise_mv * kept
    x[noisy] += level.astype(np.float32) * rng.standard_normal(x[noisy].shape, dtype=np.float32)
    _lose(numbers, change, rng)
    target = rows.target[at].copy()
    _mix((x, numbers, target), change, rng)
    return torch.from_numpy(x), torch.from_numpy(numbers), torch.from_numpy(target)


def _mix(
    parts: tuple[NDArray[np.float32], ...], change: Disturbance, rng: np.random.Generator
) -> None:
    """Blend some recordings with another of the batch, target and all, in place.

    Mixup (Zhang et al., arXiv 1710.09412); a number that either has not got is missing.
    """
    count = len(parts[0])
    own = rng.beta(change.mix_shape, change.mix_shape, count)
    own = np.where(rng.random(count) < change.mix, np.maximum(own, 1.0 - own), 1.0)
    chosen = np.flatnonzero(own < 1.0)
    other = rng.permutation(count)[chosen]
    for part in parts:
        share = own[chosen].reshape(-1, *[1] * (part.ndim - 1)).astype(np.float32)
        part[chosen] = share * part[chosen] + (1.0 - share) * part[other]


def _cropped(x: NDArray[np.float32], width: int, rng: np.random.Generator) -> NDArray[np.float32]:
    starts = rng.integers(0, x.shape[2] - width + 1, len(x))
    return np.stack([row[:, start : start + width] for row, start in zip(x, starts, strict=True)])


def _blur(x: NDArray[np.float32], chosen: NDArray[np.int64], rng: np.random.Generator) -> None:
    """Make some recordings less sharp, in place: 3-tap means, 3 dB down from 25 Hz upwards."""
    side = rng.random((len(chosen), 1, 1), dtype=np.float32) * 0.25
    part = x[chosen]
    neighbours = np.concatenate((part[:, :, :1], part[:, :, :-1]), axis=2)
    neighbours += np.concatenate((part[:, :, 1:], part[:, :, -1:]), axis=2)
    x[chosen] = (1.0 - 2.0 * side) * part + side * neighbours


def _lose(numbers: NDArray[np.float32], change: Disturbance, rng: np.random.Generator) -> None:
    """Take single numbers, all measurements, or age and sex away, in place."""
    count, width = numbers.shape
    numbers[rng.random((count, width)) < change.lose_number] = np.nan
    numbers[rng.random(count) < change.lose_numbers, :-2] = np.nan
    numbers[:, -2:][rng.random((count, 2)) < change.lose_patient] = np.nan
