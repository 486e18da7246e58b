"""Mains interference: whether there is any, at 50 or at 60 Hz, and its waveform.

It knows a sinusoid whose amplitude and phase drift; it does not know QRS complexes, which merely
stand out from its smooth course and are passed over.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from ecgcli.signals.results import ANALYSIS_RATE
from ecgcli.signals.smooth import between, smooth

if TYPE_CHECKING:
    from numpy.typing import NDArray

FREQUENCIES = (50.0, 60.0)
# Half amplitude of the smoother in Hz: what a mains frequency may be off, or its amplitude change.
DRIFT = 0.4
# A tenth of a second holds whole periods of both 50 and 60 Hz.
BLOCK = round(ANALYSIS_RATE / 10)
BLOCK_RATE = ANALYSIS_RATE / BLOCK
# Below this amplitude (mV) it is left alone: nobody sees it, and a fit may be noise.
LEAST_MV = 0.004
# In a lead with mains its steady part is this many times as large as what does not fit it.
LEAST_STEADINESS = 1.5
# Amplitudes are not told from each other below this (mV).
FLOOR_MV = 0.002


def mains(
    signal: NDArray[np.float64], weights: NDArray[np.float64], source_rate: float
) -> tuple[float | None, NDArray[np.float64], NDArray[np.float64]]:
    """Find the mains interference of a recording.

    Amplitude and phase are fitted by least squares in blocks of 100 ms, beside a parabola that
    takes up the slower waves, and their course over the recording is smoothed robustly, after the
    phase that a mains frequency of up to 0.5 Hz off would run away by is turned back. Only leads
    with a steady sinusoid of at least `LEAST_MV` count; harmonics are fitted where the fundamental
    was found. A frequency that the source could not hold is not looked for.

    Args:
        signal: (leads, samples) in mV at `ANALYSIS_RATE`, at least 5 s.
        weights: (leads, samples) from 0 (filled) to 1.
        source_rate: Sampling rate (Hz) of the recording before it was resampled.

    Returns:
        The frequency (50.0 or 60.0, `None` where there is none), the amplitude of the
        fundamental per lead in mV (leads,), 0 where there is none, and the interference
        (leads, samples) in mV, to be subtracted.
    """
    possible = [frequency for frequency in FREQUENCIES if frequency < 0.45 * source_rate]
    none = None, np.zeros(len(signal)), np.zeros_like(signal)
    if not possible:
        return none
    frequency = max(possible, key=lambda f: float(_rough(signal, f).sum()))
    if _rough(signal, frequency).max() < 0.75 * LEAST_MV:
        return none
    offset = _offset(signal, frequency)
    amplitude, found = _fit(signal, weights, frequency, offset)
    there = np.flatnonzero(amplitude)
    if not there.size:
        return none
    for harmonic in (2 * frequency, 3 * frequency):
        if harmonic < 0.45 * source_rate:
            found[there] += _fit(
                signal[there], weights[there], harmonic, offset * harmonic / frequency
            )[1]
    return frequency, amplitude, found


def sinusoids(signal: NDArray[np.float64], frequency: float) -> NDArray[np.float64]:
    """Return cosine and sine amplitude in mV per block of 100 ms: (leads, blocks, 2)."""
    blocks = signal.shape[1] // BLOCK
    cut = signal[:, : blocks * BLOCK].reshape(len(signal), blocks, BLOCK)
    # einsum adds up each block alone; a matrix product may round by how many leads there are.
    fitted: NDArray[np.float64] = np.einsum("lbs,ps->lbp", cut, _least_squares(frequency))
    return fitted


@lru_cache(maxsize=8)
def _least_squares(frequency: float) -> NDArray[np.float64]:
    """Return what takes a block to its cosine and sine amplitude: (2, `BLOCK`)."""
    angle = 2 * np.pi * frequency * np.arange(BLOCK) / ANALYSIS_RATE
    slow = np.linspace(-1, 1, BLOCK)
    basis = np.stack([np.cos(angle), np.sin(angle), np.ones(BLOCK), slow, slow**2], axis=1)
    inverse: NDArray[np.float64] = np.linalg.pinv(basis)[:2]
    return inverse


def _rough(signal: NDArray[np.float64], frequency: float) -> NDArray[np.float64]:
    """Return the amplitude per lead in mV that stays put for half a second: (leads,).

    Fifths of that time in which a QRS complex falls are outvoted; it only screens.
    """
    rough: NDArray[np.float64] = np.median(np.abs(_held(signal, frequency)), axis=1)
    return rough


def _held(signal: NDArray[np.float64], frequency: float) -> NDArray[np.complex128]:
    """Return amplitude and phase per half second, the middle of its five blocks, as a - bi."""
    fitted = sinusoids(signal, frequency)
    groups = fitted.shape[1] // 5
    held = np.median(fitted[:, : groups * 5].reshape(len(signal), groups, 5, 2), axis=2)
    turning: NDArray[np.complex128] = held[..., 0] - 1j * held[..., 1]
    return turning


def _offset(signal: NDArray[np.float64], frequency: float) -> float:
    """Return how far (Hz, up to about 0.5) the mains are off `frequency`, from their phase."""
    held = _held(signal, frequency)
    turn = np.angle((held[:, 1:] * held[:, :-1].conj()).sum())
    return float(turn / (2 * np.pi) * BLOCK_RATE / 5)


def _fit(
    signal: NDArray[np.float64], weights: NDArray[np.float64], frequency: float, offset: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the steady amplitude per lead in mV and the sinusoid (leads, samples).

    Both are 0 in leads where it is small or not steady. `offset` (Hz) is what the true frequency
    exceeds `frequency` by; the phase that runs away with it is turned back before smoothing.
    """
    fitted = sinusoids(signal, frequency)
    blocks = fitted.shape[1]
    run = 2 * np.pi * offset / BLOCK_RATE
    fitted = _turned(fitted, np.linspace(0.0, -run * (blocks - 1), blocks))
    shares = weights[:, : blocks * BLOCK].reshape(len(weights), blocks, BLOCK).min(axis=2)
    smoothed = smooth(fitted, shares, DRIFT / BLOCK_RATE, FLOOR_MV)
    steady = np.median(np.hypot(smoothed[..., 0], smoothed[..., 1]), axis=1)
    rest = fitted - smoothed
    scatter = np.median(np.hypot(rest[..., 0], rest[..., 1]), axis=1)
    there = (steady >= LEAST_MV) & (steady >= LEAST_STEADINESS * scatter)
    found = np.zeros_like(signal)
    if there.any():
        found[there] = _waveform(smoothed[there], frequency + offset, offset, signal.shape[1])
    return np.where(there, steady, 0.0), found


def _turned(course: NDArray[np.float64], angle: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return cosine and sine amplitudes per block of a sinusoid advanced by `angle` (blocks,)."""
    cosine, sine = course[..., 0], course[..., 1]
    return np.stack(
        [
            cosine * np.cos(angle) + sine * np.sin(angle),
            sine * np.cos(angle) - cosine * np.sin(angle),
        ],
        axis=-1,
    )


def _waveform(
    course: NDArray[np.float64], frequency: float, offset: float, samples: int
) -> NDArray[np.float64]:
    """Return (leads, samples) in mV from the smoothed amplitudes per block.

    Amplitudes belong to the middle of their blocks, where the phase has run `offset` (Hz) further
    than at the beginning, which it was turned back to.
    """
    cosine, sine = between(course[..., 0], BLOCK, samples), between(course[..., 1], BLOCK, samples)
    t = np.arange(samples) / ANALYSIS_RATE
    angle = 2 * np.pi * (frequency * t - offset * (BLOCK - 1) / 2 / ANALYSIS_RATE)
    wave: NDArray[np.float64] = cosine * np.cos(angle) + sine * np.sin(angle)
    return wave
