"""Spectra, amplitudes and the variability of the heart rate, generated beside real.

It knows distributions and distances between them; it draws nothing (`evaluate_figures` does).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import wasserstein_distance

from ecgcli.generation.observed import WAVES, frequencies
from ecgcli.models.generator.layout import FINE_RATE, INDEPENDENT, RATE
from ecgcli.records.leads import LEADS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ecgcli.generation.observed import Observed

    Floats = NDArray[np.floating]

BAND = (0.5, 45.0)
"""Frequencies (Hz) that are compared at 100 Hz; from 45 Hz on PTB-XL's own filter ends them."""
FINE_BAND = (45.0, 150.0)
"""Those compared at 500 Hz: what the step to 500 Hz adds."""
QUIETEST = 1e-12
"""Power density (mV²/Hz) below which nothing is told apart; 1 uV in 100 Hz is 1e-8."""
REGULAR_MS = 2.0
"""RMSSD below which the beats come as those of a clock: one sample at 500 Hz."""


def decibels(spectra: Sequence[Floats]) -> Floats:
    """Return (recordings, leads, frequencies) in dB above 1 mV²/Hz."""
    result: Floats = 10.0 * np.log10(np.maximum(np.stack(spectra), QUIETEST))
    return result


def spectral_distance(
    real: Sequence[Floats], other: Sequence[Floats], rate: float, band: tuple[float, float]
) -> dict[str, Any] | None:
    """Return how far median spectra lie apart, in dB by lead; `None` without recordings.

    The log-spectral distance (Gray and Markel, IEEE Trans Acoust 24:380, 1976): root mean square
    over frequencies of the difference between the medians of either kind.
    """
    if not real or not other:
        return None
    at = frequencies(rate)
    inside = (at >= band[0]) & (at <= band[1])
    away = np.median(decibels(other), axis=0) - np.median(decibels(real), axis=0)
    rms = np.sqrt(np.square(away[:, inside]).mean(axis=1))
    leads = {lead: float(value) for lead, value in zip(INDEPENDENT, rms, strict=True)}
    return {"records": len(other), "mean_db": float(rms.mean()), "leads_db": leads}


def spectra(
    real: Sequence[Observed],
    other: Sequence[Observed],
    fine_real: Sequence[Floats],
    fine_other: Sequence[Floats],
) -> dict[str, Any]:
    """Return the distances of spectra up to 45 Hz, and above of recordings at 500 Hz."""
    return {
        "to_45_hz": spectral_distance(
            [one.spectrum for one in real], [one.spectrum for one in other], RATE, BAND
        ),
        "45_to_150_hz": spectral_distance(fine_real, fine_other, FINE_RATE, FINE_BAND),
    }


def amplitudes(
    real: Sequence[Observed], other: Sequence[Observed]
) -> dict[str, dict[str, dict[str, Any]]]:
    """Return by wave and lead how far the distributions of the amplitude lie apart.

    Wasserstein's distance in mV: how far amplitudes would have to be moved on average. Waves that
    are not there do not count; how many recordings have one is told.
    """
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for column, wave in enumerate(WAVES):
        found[wave] = {
            lead: _apart(amplitude(real, row, column), amplitude(other, row, column))
            for row, lead in enumerate(LEADS)
        }
    return found


def amplitude(observed: Sequence[Observed], lead: int, wave: int) -> NDArray[np.float64]:
    """Return the amplitudes (mV) of a wave (column of `WAVES`) in a lead (row of `LEADS`)."""
    values = np.array([one.amplitudes[lead, wave] for one in observed], np.float64)
    return values[np.isfinite(values)]


def variability(real: Sequence[Observed], other: Sequence[Observed]) -> dict[str, Any]:
    """Return how far the distributions of RMSSD lie apart (ms), and how many beat like a clock.

    Root mean square of successive differences between RR intervals (Task Force of the ESC and
    NASPE, Circulation 93:1043, 1996), here over 10 s.
    """
    a, b = rmssd(real), rmssd(other)
    return _apart(a, b) | {
        "median_real": float(np.median(a)) if len(a) else None,
        "median": float(np.median(b)) if len(b) else None,
        "regular_real": float((a < REGULAR_MS).mean()) if len(a) else None,
        "regular": float((b < REGULAR_MS).mean()) if len(b) else None,
    }


def rmssd(observed: Sequence[Observed]) -> NDArray[np.float64]:
    """Return RMSSD (ms) of the recordings in which it was measured."""
    values = np.array([one.rmssd for one in observed], np.float64)
    return values[np.isfinite(values)]


def _apart(real: NDArray[np.float64], other: NDArray[np.float64]) -> dict[str, Any]:
    apart = float(wasserstein_distance(real, other)) if len(real) and len(other) else None
    return {"real": len(real), "records": len(other), "wasserstein": apart}
