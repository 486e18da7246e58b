"""Mains interference: whether there is any, at 50 or at 60 Hz, and its waveform.

It knows a sinusoid whose amplitude and phase drift; it does not know QRS complexes, which merely
stand out from its smooth course and are passed over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.interpolate import CubicSpline

from ecgcli.signals.results import ANALYSIS_RATE
from ecgcli.signals.smooth import smooth

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
    takes up the slower waves, and their course over the recording is smoothed robustly. Only leads
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
    best: tuple[float | None, NDArray[np.float64]] = (None, np.zeros(len(signal)))
    for frequency in FREQUENCIES:
        if frequency < 0.45 * source_rate:
            course = _course(signal, weights, frequency)
            amplitude = _amplitude(course)
            if amplitude.sum() > best[1].sum():
                best = (frequency, amplitude)
    found = np.zeros_like(signal)
    fundamental, amplitude = best
    if fundamental is None:
        return None, amplitude, found
    for harmonic in (fundamental, 2 * fundamental, 3 * fundamental):
        if harmonic < 0.45 * source_rate:
            course = _course(signal, weights, harmonic)
            there = (_amplitude(course) > 0) & (amplitude > 0)
            if there.any():
                found[there] += _waveform(course[1][there], harmonic, signal.shape[1])
    return fundamental, amplitude, found


def sinusoids(signal: NDArray[np.float64], frequency: float) -> NDArray[np.float64]:
    """Return cosine and sine amplitude in mV per block of 100 ms: (leads, blocks, 2)."""
    blocks = signal.shape[1] // BLOCK
    t = np.arange(BLOCK) / ANALYSIS_RATE
    slow = np.linspace(-1, 1, BLOCK)
    angle = 2 * np.pi * frequency * t
    basis = np.stack([np.cos(angle), np.sin(angle), np.ones(BLOCK), slow, slow**2], axis=1)
    fit = np.linalg.pinv(basis)[:2]
    # einsum adds up each block alone; a matrix product may round by how many leads there are.
    cut = signal[:, : blocks * BLOCK].reshape(len(signal), blocks, BLOCK)
    fitted: NDArray[np.float64] = np.einsum("lbs,ps->lbp", cut, fit)
    return fitted


def _course(
    signal: NDArray[np.float64], weights: NDArray[np.float64], frequency: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return `sinusoids` as fitted and smoothed."""
    fitted = sinusoids(signal, frequency)
    blocks = fitted.shape[1]
    shares = weights[:, : blocks * BLOCK].reshape(len(weights), blocks, BLOCK).min(axis=2)
    return fitted, smooth(fitted, shares, DRIFT / BLOCK_RATE, FLOOR_MV)


def _amplitude(course: tuple[NDArray[np.float64], NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the steady amplitude per lead in mV, 0 where it is small or not steady."""
    fitted, smoothed = course
    steady = np.median(np.hypot(smoothed[..., 0], smoothed[..., 1]), axis=1)
    rest = fitted - smoothed
    scatter = np.median(np.hypot(rest[..., 0], rest[..., 1]), axis=1)
    there = (steady >= LEAST_MV) & (steady >= LEAST_STEADINESS * scatter)
    return np.where(there, steady, 0.0)


def _waveform(course: NDArray[np.float64], frequency: float, samples: int) -> NDArray[np.float64]:
    """Return (leads, samples) in mV from the smoothed cosine and sine amplitudes per block."""
    centres = np.arange(course.shape[1]) * BLOCK + (BLOCK - 1) / 2
    parts = CubicSpline(centres, course, axis=1)(np.arange(samples))
    angle = 2 * np.pi * frequency * np.arange(samples) / ANALYSIS_RATE
    wave: NDArray[np.float64] = parts[..., 0] * np.cos(angle) + parts[..., 1] * np.sin(angle)
    return wave
