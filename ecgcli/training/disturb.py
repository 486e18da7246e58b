"""What lies over the beats of a recording: f waves, pacing spikes, noise of every kind.

It knows what such things look like in mV at 500 Hz; it does not know what a recording is made of.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter1d

from ecgcli.signals.delineation import ONSET, LeadWaves

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

RATE = 500.0


def f_waves(rng: Generator, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Return fibrillation (4 to 9 Hz, wandering in rate and size) or flutter (steady sawtooth)."""
    leads, samples = shape
    flutter = rng.random() < 0.3
    drift = 0.0 if flutter else rng.uniform(0.0, 3.0)
    rate = (rng.uniform(3.5, 5.5) if flutter else rng.uniform(4.0, 9.0)) * np.exp(
        gaussian_filter1d(rng.normal(0.0, 1.0, samples), 100.0) * drift
    )
    phase = 2.0 * np.pi * np.cumsum(rate) / RATE
    swell = 0.0 if flutter else 15.0
    size = np.abs(1.0 + gaussian_filter1d(rng.normal(0.0, 1.0, samples), 250.0) * swell)
    largest = 0.2 if flutter else 0.12
    amplitude = rng.uniform(0.0, largest) * np.exp(rng.normal(0.0, 0.6, (leads, 1)))
    shift = rng.uniform(0.0, 2.0 * np.pi) + rng.normal(0.0, 0.8, (leads, 1))
    second = rng.uniform(0.0, 0.5) * np.sin(2.0 * phase + 2.0 * shift + rng.uniform(0.0, 6.3))
    third = rng.uniform(0.0, 0.3) * np.sin(3.0 * phase + 3.0 * shift + rng.uniform(0.0, 6.3))
    waves = amplitude * size * (np.sin(phase + shift) + second + third)
    result: NDArray[np.float64] = waves + rng.normal(0.0, 0.004, shape)
    return result


def spikes(
    rng: Generator, shape: tuple[int, int], waves: Sequence[LeadWaves]
) -> NDArray[np.float64]:
    """Return pacing spikes before each QRS complex, some before each P wave; no wave begins there.

    In every lead at the same time, 2 ms wide and then rounded by the filters of a recorder, with a
    small tail. Cardiologists set the onset after the spike.
    """
    leads, samples = shape
    train = np.zeros((leads, samples))
    size = np.exp(rng.normal(-1.2, 0.9)) * rng.normal(0.0, 1.0, (leads, 1))
    for wave in ("qrs", "p") if rng.random() < 0.3 else ("qrs",):
        onsets = np.sort(np.concatenate([lead.of(wave)[:, ONSET] for lead in waves]))
        onsets = onsets[np.isfinite(onsets)]
        if not len(onsets):
            continue
        # One spike per beat, before the lead in which the wave begins first.
        first = onsets[np.r_[True, np.diff(onsets) > 60.0]]
        gap = rng.uniform(2.0, 20.0)
        at = np.rint(first - gap).astype(np.intp)
        at = at[(at >= 0) & (at < samples)]
        train[:, at] += size * np.exp(rng.normal(0.0, 0.1, (1, len(at))))
    width = rng.uniform(0.6, 1.5)
    sharp = gaussian_filter1d(train, width, axis=1) * width * 2.5
    tail = gaussian_filter1d(np.roll(train, 4, axis=1), 3.0, axis=1) * -rng.uniform(0.0, 1.5)
    result: NDArray[np.float64] = sharp + tail
    return result


def noise(
    rng: Generator, shape: tuple[int, int], backgrounds: Sequence[NDArray[np.float32]]
) -> NDArray[np.float64]:
    """Return noise of one or several kinds in mV, not the same in every lead."""
    leads, samples = shape
    time = np.arange(samples) / RATE
    total = np.zeros(shape)
    if rng.random() < 0.6:  # muscle: as strong in bursts as the next draw says
        level = np.exp(rng.uniform(np.log(0.002), np.log(0.06)))
        white = rng.normal(0.0, 1.0, shape)
        white -= gaussian_filter1d(white, rng.uniform(2.0, 12.0), axis=1) * rng.uniform(0.0, 1.0)
        total += level * np.exp(rng.normal(0.0, 0.5, (leads, 1))) * white
    if rng.random() < 0.2:  # mains, what filtering left of it
        frequency = rng.choice([50.0, 60.0]) + rng.normal(0.0, 0.05)
        level = rng.uniform(0.0, 0.05) * rng.random((leads, 1))
        total += level * np.sin(2.0 * np.pi * (frequency * time + rng.random((leads, 1))))
    if rng.random() < 0.5:  # wander and electrode movement
        for _ in range(2):
            frequency = rng.uniform(0.1, 1.2)
            level = rng.uniform(0.0, 0.15) * rng.random((leads, 1))
            total += level * np.sin(2.0 * np.pi * (frequency * time + rng.random((leads, 1))))
    if backgrounds and rng.random() < 0.2:
        for row in range(leads):
            below = backgrounds[int(rng.integers(len(backgrounds)))]
            start = int(rng.integers(max(len(below) - samples, 0) + 1))
            below = np.roll(np.resize(below[start:], samples), int(rng.integers(samples)))
            scale = np.exp(rng.uniform(np.log(0.005), np.log(0.06)))
            total[row] += below * (scale / (float(below.std()) + 1e-6))
    return total
