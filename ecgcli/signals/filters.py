"""Recursive filters run forwards and backwards, which shift nothing in time.

It knows sections of second order; it does not know what they are for.

`both_ways` is SciPy's `sosfiltfilt` to the last digits (tests hold the two together). It is here
because `import scipy.signal` takes two thirds of a second, longer than everything else that
measuring needs, and because a recursion is a triangular system that LAPACK solves sooner.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import lapack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Section = tuple[float, float, float, float, float]
"""b0, b1, b2, a1, a2 of (b0 + b1 / z + b2 / z^2) / (1 + a1 / z + a2 / z^2)."""


def low_pass(frequency: float, rate: float) -> Section:
    """Return a Butterworth low-pass of second order, 3 dB down at `frequency` when both ways.

    Each way is 1.5 dB down there: |H|^2 = 1 / (1 + (f / f0)^4) = 2^-0.5.
    """
    k = math.tan(math.pi * frequency / rate) / (math.sqrt(2.0) - 1.0) ** 0.25
    scale = 1.0 / (1.0 + math.sqrt(2.0) * k + k * k)
    gain = k * k * scale
    return gain, 2.0 * gain, gain, 2.0 * (k * k - 1.0) * scale, 2.0 * (1.0 + k * k) * scale - 1.0


def both_ways(rows: NDArray[np.float64], sections: Sequence[Section]) -> NDArray[np.float64]:
    """Filter rows forwards and backwards.

    The ends are continued by odd reflection, and beyond that the filter has seen the first value
    for ever.

    Args:
        rows: (rows, samples), more samples than 3 (2 sections + 1).
        sections: Filters to be run one after the other.

    Returns:
        Of the shape of `rows`; each comes out as it would alone.
    """
    reach = 3 * (2 * len(sections) + 1)
    count = rows.shape[1]
    padded = np.empty((len(rows), count + 2 * reach))
    padded[:, reach:-reach] = rows
    padded[:, :reach] = 2.0 * rows[:, :1] - rows[:, reach:0:-1]
    padded[:, -reach:] = 2.0 * rows[:, -1:] - rows[:, -2 : -reach - 2 : -1]
    for _ in range(2):
        for section in sections:
            padded = _forwards(padded, section)
        padded = padded[:, ::-1]
    return padded[:, reach:-reach]


def _forwards(rows: NDArray[np.float64], section: Section) -> NDArray[np.float64]:
    """Filter rows as if each had had its first value for ever."""
    b0, b1, b2, a1, a2 = section
    first = rows[:, 0]
    settled = first * ((b0 + b1 + b2) / (1.0 + a1 + a2))
    driven = b0 * rows
    driven[:, 1:] += b1 * rows[:, :-1]
    driven[:, 2:] += b2 * rows[:, :-2]
    driven[:, 0] += (b1 + b2) * first - (a1 + a2) * settled
    driven[:, 1] += b2 * first - a2 * settled
    # y[n] + a1 y[n-1] + a2 y[n-2] = driven[n] for all n: a lower triangular band of three.
    band = np.empty((3, rows.shape[1]), order="F")
    band[0], band[1], band[2] = 1.0, a1, a2
    result, failed = lapack.dtbtrs(band, driven.T, uplo="L", diag="U", overwrite_b=True)
    if failed:
        raise ArithmeticError("the filter's equations could not be solved")
    return np.asarray(result).T
