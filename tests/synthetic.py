"""Synthetic ECGs with known truth, for tests: Gaussian waves on a known time grid."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from ecgcli.records.leads import LEADS
from ecgcli.records.record import Patient, Record

ADULT = Patient(age_years=60, sex="male")

# Amplitudes in mV of P, Q, R, S, T in the eight independent leads: a normal adult.
NORMAL: dict[str, tuple[float, float, float, float, float]] = {
    "I": (0.08, -0.05, 0.7, -0.10, 0.20),
    "II": (0.12, -0.06, 1.1, -0.15, 0.30),
    "V1": (0.04, 0.0, 0.25, -0.90, -0.05),
    "V2": (0.05, 0.0, 0.50, -1.20, 0.35),
    "V3": (0.06, 0.0, 0.80, -0.80, 0.40),
    "V4": (0.06, -0.05, 1.20, -0.50, 0.40),
    "V5": (0.06, -0.08, 1.20, -0.25, 0.35),
    "V6": (0.06, -0.08, 0.95, -0.10, 0.28),
}
# Centre (ms from the R peak) and width (standard deviation, ms) of P, Q, R, S, T.
SHAPE = ((-160.0, 18.0), (-26.0, 8.0), (0.0, 10.0), (26.0, 9.0), (270.0, 42.0))


def beat_times(rate_bpm: float, duration_s: float) -> NDArray[np.float64]:
    """Return R peak times in s of a regular rhythm."""
    rr = 60.0 / rate_bpm
    return np.arange(0.5, duration_s - 0.3, rr)


def signal(
    times: Sequence[float] | NDArray[np.float64],
    duration_s: float = 10.0,
    rate: float = 500.0,
    p_wave: bool = True,
    st_mv: dict[str, float] | None = None,
    qrs_scale: float = 1.0,
    waves: dict[str, tuple[float, float, float, float, float]] = NORMAL,
) -> NDArray[np.float32]:
    """Return (12, samples) float32 in mV; limb leads obey Einthoven and Goldberger exactly.

    `st_mv` raises the ST segment (a plateau from J to the T wave) of independent leads.
    `qrs_scale` widens the QRS complex.
    """
    t = np.arange(round(duration_s * rate)) / rate
    rows: dict[str, NDArray[np.float64]] = {}
    for lead, amplitudes in waves.items():
        row = np.zeros_like(t)
        for at in times:
            for wave, (amplitude, (centre, width)) in enumerate(
                zip(amplitudes, SHAPE, strict=True)
            ):
                if wave == 0 and not p_wave:
                    continue
                stretch = qrs_scale if wave in (1, 2, 3) else 1.0
                x = (t - at) * 1000.0 - centre * stretch
                row += amplitude * np.exp(-0.5 * (x / (width * stretch)) ** 2)
            level = (st_mv or {}).get(lead, 0.0)
            if level:
                x = (t - at) * 1000.0
                row += level * expit((x - 45) / 3) * expit((330 - x) / 15)
        rows[lead] = row
    one, two = rows["I"], rows["II"]
    rows |= {
        "III": two - one,
        "aVR": -(one + two) / 2,
        "aVL": one - two / 2,
        "aVF": two - one / 2,
    }
    return np.stack([rows[lead] for lead in LEADS]).astype(np.float32)


def record(
    samples: NDArray[np.float32],
    rate: float = 500.0,
    patient: Patient = ADULT,
    leads: tuple[str, ...] = LEADS,
) -> Record:
    """Wrap samples as a record."""
    return Record(
        name="synthetic",
        signal=samples,
        rate=rate,
        leads=leads,
        format="test",
        content_hash="0" * 64,
        source_duration_s=samples.shape[1] / rate,
        patient=patient,
    )


def normal(rate_bpm: float = 70.0, duration_s: float = 10.0, rate: float = 500.0) -> Record:
    """Return a normal sinus rhythm."""
    return record(signal(beat_times(rate_bpm, duration_s), duration_s, rate), rate)
