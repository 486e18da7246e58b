"""Any sampling rate to `ANALYSIS_RATE` or another, on an exact time axis.

It knows polyphase filters; it does not know what an ECG looks like. Sample k of the result lies at
k / 500 s after the first sample of the input, whatever its rate: there is no half-sample shift.

What it needs of SciPy is loaded where a rate needs it: a recording at 500 Hz does not, and loading
it takes longer than loading all the rest.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from ecgcli.signals.results import ANALYSIS_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Up to 0.8 of the lower Nyquist frequency (40 Hz of a recording at 100 Hz) passes unchanged, from
# 1.2 of it on nothing does. A steeper filter would ring for longer around every QRS complex.
TRANSITION = 0.4
STOPBAND_DB = 80.0
# A ratio of rates with terms up to LARGEST_TERM is exact if it is this good: 1 us after 10 s.
LARGEST_TERM = 1000
EXACT = 1e-7
# Any other rate is first raised to about this one (Hz), where a cubic spline is accurate.
DENSE_RATE = 2000.0


def resample(
    signal: NDArray[np.float64], rate: float, to: float = ANALYSIS_RATE
) -> NDArray[np.float64]:
    """Resample rows with a linear-phase anti-alias filter.

    The ends are continued by odd reflection, so that an offset or a slope there does not ring.
    Beyond the last input sample (less than one input period) that continuation is the result.

    Args:
        signal: (rows, samples) without NaN, in any unit.
        rate: Samples per second of `signal`.
        to: Samples per second of the result.

    Returns:
        (rows, `resampled_length(samples, rate, to)`), the input itself where the rates are the
        same.
    """
    length = resampled_length(signal.shape[1], rate, to)
    wanted = Fraction(to) / Fraction(rate)
    ratio = wanted.limit_denominator(LARGEST_TERM)
    if ratio == 1:
        return signal
    if abs(ratio / wanted - 1) < EXACT and ratio.numerator <= LARGEST_TERM:
        return _by_ratio(signal, rate, ratio, to)[:, :length]
    from scipy.interpolate import CubicSpline

    # Whole-number factors only: the dense rate need not be exact, but it must be known.
    dense_ratio = Fraction(math.ceil(DENSE_RATE / rate))
    dense = _by_ratio(signal, rate, dense_ratio, to)
    times = np.arange(dense.shape[1]) / (rate * float(dense_ratio))
    result: NDArray[np.float64] = CubicSpline(times, dense, axis=1)(np.arange(length) / to)
    return result


def resampled_length(samples: int, rate: float, to: float = ANALYSIS_RATE) -> int:
    """Return how many samples at `to` last as long as `samples` at `rate`."""
    return round(samples * to / rate)


def nearest_samples(count: int, samples: int, rate: float) -> NDArray[np.intp]:
    """Return for each of `count` samples at `ANALYSIS_RATE` the input sample nearest in time."""
    at: NDArray[np.intp] = np.rint(np.arange(count) * (rate / ANALYSIS_RATE)).astype(np.intp)
    return at.clip(max=samples - 1)


def _by_ratio(
    signal: NDArray[np.float64], rate: float, ratio: Fraction, to: float
) -> NDArray[np.float64]:
    """Resample rows by a ratio of whole numbers; nothing above half of `to` (Hz) is left."""
    from scipy.signal import upfirdn

    up, down = ratio.numerator, ratio.denominator
    taps = _filter(up, min(rate, to) / (rate * up))
    half = (len(taps) - 1) // 2
    # The reflection covers the filter, also where the last output sample lies beyond the input,
    # and is a whole number of output samples long.
    pad = down * (math.ceil(half / up / down) + 1)
    padded = np.pad(signal, ((0, 0), (pad, pad)), mode="reflect", reflect_type="odd")
    # The filter delays by `half` samples of the raised rate; zeros in front make that a multiple
    # of `down`, so that an output sample falls exactly on the first input sample.
    lead_in = -half % down
    dense = upfirdn(np.concatenate((np.zeros(lead_in), taps)), padded, up, down, axis=1)
    first = (half + lead_in) // down + pad * up // down
    # As many as the input lasts, plus some of the continuation for those who round up.
    last = first + math.ceil(signal.shape[1] * ratio) + 1
    result: NDArray[np.float64] = dense[:, first:last]
    return result


@lru_cache(maxsize=16)
def _filter(up: int, cutoff: float) -> NDArray[np.float64]:
    """Return a Kaiser-windowed sinc with a gain of `up`.

    Each of its `up` phases is scaled to pass a constant exactly: an electrode's offset of 300 mV
    would otherwise come out with a ripple of some uV.

    Args:
        up: How many times the input rate it runs at.
        cutoff: Frequency of half amplitude, as a share of its own Nyquist frequency.
    """
    from scipy.signal import firwin, kaiserord

    taps, beta = kaiserord(STOPBAND_DB, TRANSITION * cutoff)
    taps += 1 - taps % 2  # odd: a delay of whole samples
    design = np.zeros(-(-taps // up) * up)
    design[:taps] = firwin(taps, cutoff, window=("kaiser", beta))
    phases = design.reshape(-1, up)
    scaled: NDArray[np.float64] = (phases / phases.sum(axis=0)).ravel()[:taps]
    return scaled
