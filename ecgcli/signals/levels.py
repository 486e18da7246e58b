"""How much of each lead is ECG and how much is not: levels in mV and shares of time.

It knows signals and what all leads of a heart share in time; it does not know which level is too
much (`signals.quality` does), nor single beats.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import uniform_filter1d

from ecgcli.records.leads import CHEST_LEADS, LEADS
from ecgcli.signals.filters import both_ways
from ecgcli.signals.mains import FREQUENCIES, LEAST_MV, sinusoids
from ecgcli.signals.results import ANALYSIS_RATE, Conditioned

if TYPE_CHECKING:
    from numpy.typing import NDArray

# The other four limb leads are sums of I and II.
INDEPENDENT = [LEADS.index(lead) for lead in LEADS if lead in ("I", "II", *CHEST_LEADS)]
# Where the energy of QRS complexes is, and little of P, T, wander, muscle and mains.
# Butterworth of second order from 5 to 25 Hz, designed with SciPy.
QRS_BAND = (
    (
        0.013359200027856498,
        0.026718400055712997,
        0.013359200027856498,
        -1.686278256753083,
        0.753714473246724,
    ),
    (1.0, -2.0, 1.0, -1.9250515947328444, 0.9299234737648037),
)
STEP = 10  # samples between two values of the QRS envelope: 20 ms
ENVELOPE = 41  # samples over which it is averaged: 82 ms
# Nothing that a lead shows is smaller (mV): keeps ratios finite on signals that are zero.
TINY_MV = 0.002
# A lead that moves less than this (mV) in 2 s shows no ECG.
FLAT_MV = 0.02
NOISY_MV = 0.08
# A burst is larger than this (mV) and than this share of the lead's own QRS complexes: giant T
# waves reach into the QRS band too.
BURST_MV = 0.3
BURST_RATIO = 0.3
# An ectopic or a paced beat may be much larger than its neighbours in one lead, but it shows in
# most; bursts are looked for where most leads are below this share of their QRS complexes.
QUIET = 0.25
# A movement of LEAP_MV that is LEAP_RATIO times the lead's usual size is no beat, ectopic or not.
LEAP_MV = 2.5
LEAP_RATIO = 4.0
SAME_MV = 1e-4  # less than any recorder's resolution
# A rail is an extreme value, this far (mV) from the median, held exactly for 20 ms.
RAIL_MV = 1.0
RAIL_SAMPLES = 10


@dataclass(frozen=True, slots=True)
class Levels:
    """Levels of the leads that were given, (leads,) each unless said otherwise.

    Attributes:
        flat: Share of the time in which the lead rests while another moves (all of it where no
            lead moves at all).
        railed: Share of the time at a rail.
        invalid: Share of the time without a valid sample.
        noise_mv: What a mean over 22 ms takes away, root mean square, between the QRS complexes.
        noisy: Share of the time in which that is more than `NOISY_MV`.
        burst: Share of the time in which the QRS band holds more than `BURST_MV` that the other
            leads do not show, or the lead leaps.
        size_mv: Peak to peak of the filtered lead, the middle one of 2 s windows.
        mains_mv: Amplitude of the mains sinusoid that was removed.
        wander_mv: Peak to peak of the baseline that was removed.
        envelope_mv: (leads, steps) root mean square of the QRS band, every 20 ms.
        same: Pairs of leads that carry the same samples.
    """

    flat: NDArray[np.float64]
    railed: NDArray[np.float64]
    invalid: NDArray[np.float64]
    noise_mv: NDArray[np.float64]
    noisy: NDArray[np.float64]
    burst: NDArray[np.float64]
    size_mv: NDArray[np.float64]
    mains_mv: NDArray[np.float64]
    wander_mv: NDArray[np.float64]
    envelope_mv: NDArray[np.float64]
    same: tuple[tuple[int, int], ...]


def levels(conditioned: Conditioned, rows: NDArray[np.intp]) -> Levels:
    """Return the levels of `rows` (at least one) of a conditioned recording of at least 5 s."""
    signal = conditioned.signal[rows].astype(np.float64)
    raw = conditioned.raw[rows].astype(np.float64)
    removed = raw - signal
    noise = _noise(signal)
    flat = _flat(signal)
    envelope = _envelope(signal)
    alive = flat < 0.5
    common, gain = _common(envelope, alive if alive.any() else ~alive)
    excess = np.where(common < QUIET, envelope - 1.5 * gain[:, None] * common, 0.0)
    return Levels(
        flat=flat,
        railed=_railed(raw),
        invalid=1.0 - conditioned.valid[rows].mean(axis=1),
        noise_mv=np.median(noise, axis=1),
        noisy=(noise > NOISY_MV).mean(axis=1),
        burst=_burst(signal, excess, gain),
        size_mv=np.median(np.ptp(_blocks(signal, 1000), axis=2), axis=1),
        mains_mv=_mains(removed),
        wander_mv=np.ptp(_blocks(removed, 50).mean(axis=2), axis=1),
        envelope_mv=envelope,
        same=_same(raw),
    )


def peaks(envelope_mv: NDArray[np.float64]) -> float:
    """Return how far the QRS complexes of these leads together stand out, from their envelopes.

    1.4 in noise, 1.2 to 1.9 in ventricular fibrillation or a sine-like tachycardia, nearly always
    more than 2.5 with QRS complexes.
    """
    common, _ = _common(envelope_mv)
    return float(np.quantile(common, 0.97) / (np.median(common) + 0.01))


def cardiac(conditioned: Conditioned, rows: NDArray[np.intp]) -> float | None:
    """Return the share of the variance of independent leads that three directions in space hold.

    A heart is little more than a dipole: 0.8 and more, fibrillating or not. Independent noise in
    eight leads has 0.4. `None` where `rows` hold fewer than five independent leads.
    """
    signal = conditioned.signal[rows[np.isin(rows, INDEPENDENT)]].astype(np.float64)
    moving = signal[signal.std(axis=1) > TINY_MV]
    if len(moving) < 5:
        return None
    spread = np.linalg.eigvalsh(np.corrcoef(moving))
    return float(spread[-3:].sum() / spread.sum())


def _blocks(rows: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """Cut rows into whole blocks: (rows, blocks, length)."""
    count = rows.shape[1] // length
    return rows[:, : count * length].reshape(len(rows), count, length)


def _flat(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of 2 s windows in which a lead rests though another one moves.

    A pause of the heart rests in all leads at once and does not count.
    """
    moved = np.ptp(_blocks(signal, round(2 * ANALYSIS_RATE)), axis=2)
    alive = (moved > 5 * FLAT_MV).any(axis=0)
    if not alive.any():
        return np.ones(len(signal))
    share: NDArray[np.float64] = (moved[:, alive] < FLAT_MV).mean(axis=1)
    return share


def _burst(
    signal: NDArray[np.float64], excess: NDArray[np.float64], gain: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the share of half seconds with a disturbance that is no beat."""
    half = round(0.5 * ANALYSIS_RATE)
    least = np.maximum(BURST_MV, BURST_RATIO * gain)
    alone = _blocks(excess, half // STEP).max(axis=2) > least[:, None]
    moved = np.ptp(_blocks(signal, half), axis=2)
    # The second lowest of the 2 s windows: leaps must not set the measure that they are held to.
    usual = np.sort(np.ptp(_blocks(signal, 4 * half), axis=2), axis=1)[:, 1]
    leap = (moved > LEAP_MV) & (moved > LEAP_RATIO * usual[:, None])
    share: NDArray[np.float64] = (alone | leap).mean(axis=1)
    return share


def _railed(raw: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of samples that repeat the highest or the lowest value of the lead."""
    share = np.zeros(len(raw))
    middle = np.median(raw, axis=1)
    for extreme in (raw.max(axis=1), raw.min(axis=1)):
        tolerance = 1e-6 * (1.0 + np.abs(extreme))
        at = np.abs(raw - extreme[:, None]) <= tolerance[:, None]
        far = np.abs(extreme - middle) > RAIL_MV
        for row in np.flatnonzero(far & (at.sum(axis=1) >= RAIL_SAMPLES)):
            run = uniform_filter1d(at[row].astype(np.float64), RAIL_SAMPLES)
            share[row] += (run > 1 - 0.5 / RAIL_SAMPLES).mean()
    return share


def _noise(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the noise level in mV per half second: (leads, windows).

    Of ten blocks of 50 ms the fourth lowest counts: what lies between the QRS complexes.
    """
    fast = signal - uniform_filter1d(signal, 11, axis=1)
    blocks = np.sqrt((_blocks(fast, 25) ** 2).mean(axis=2))
    return np.partition(_blocks(blocks, 10), 3, axis=2)[:, :, 3]


def _envelope(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the root mean square of the QRS band in mV, every 20 ms."""
    band = both_ways(signal, QRS_BAND)
    power = uniform_filter1d(band**2, ENVELOPE, axis=1)[:, ::STEP]
    # A running sum leaves tiny negative numbers behind large artefacts.
    envelope: NDArray[np.float64] = np.sqrt(np.maximum(power, 0.0))
    return envelope


def _common(
    envelope: NDArray[np.float64], of: NDArray[np.bool_] | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the course in time that most leads (of `of`) share, and the size of each lead.

    The course is about 1 at its peaks; a lead's size is what it shows at these, in mV.
    """
    size = np.quantile(envelope, 0.95, axis=1, keepdims=True) + TINY_MV
    common: NDArray[np.float64] = np.median(
        (envelope / size)[slice(None) if of is None else of], axis=0
    )
    peaks = common >= np.quantile(common, 0.9)
    gain: NDArray[np.float64] = np.median(envelope[:, peaks] / (common[peaks] + TINY_MV), axis=1)
    return common, gain


def _mains(removed: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the amplitude in mV of the mains sinusoid in what was filtered away."""
    amplitude = np.max(
        [
            np.median(np.hypot(fitted[..., 0], fitted[..., 1]), axis=1)
            for fitted in (sinusoids(removed, frequency) for frequency in FREQUENCIES)
        ],
        axis=0,
    )
    return np.where(amplitude >= LEAST_MV, amplitude, 0.0)


def _same(raw: NDArray[np.float64]) -> tuple[tuple[int, int], ...]:
    """Return pairs of leads whose samples differ by a constant at most, unless both rest."""
    centred = raw - np.median(raw, axis=1, keepdims=True)
    few = centred[:, ::50]
    alike = np.abs(few[:, None] - few).max(axis=2) < SAME_MV
    alike &= np.ptp(raw, axis=1) > 100 * SAME_MV
    return tuple(
        (int(one), int(other))
        for one, other in np.argwhere(np.triu(alike, 1))
        if np.abs(centred[one] - centred[other]).max() < SAME_MV
    )
