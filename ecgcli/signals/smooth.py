"""A smoother that follows the bulk of a series and lets excursions pass by.

It knows numbers on an even grid; it does not know what they stand for. The baseline and the mains
hum of an ECG are both found with it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import lapack

if TYPE_CHECKING:
    from numpy.typing import NDArray

ORDER = 3
ROUNDS = 4
# Excursions beyond about three robust standard deviations stop pulling (Geman-McClure weights).
TOLERANCE = 3.0
LEAST_WEIGHT = 1e-3


def smooth(
    values: NDArray[np.float64],
    weights: NDArray[np.float64],
    cutoff: float,
    floor: float,
) -> NDArray[np.float64]:
    """Smooth rows with a robust penalised smoother (Whittaker 1923, Eilers 2003).

    With even weights its response is 1 / (1 + (f / cutoff)^6), exactly that of a third-order
    Butterworth filter run forwards and backwards; its natural end conditions need no reflected
    signal at the ends. The weights of values that lie far from the fit are then lowered in a fixed
    number of rounds (iteratively reweighted least squares), so that the result neither bends
    towards the excursions nor depends on how often or how long they come.

    Args:
        values: (rows, points), or (rows, points, parts) where parts share their weights, such as
            real and imaginary part.
        weights: (rows, points) from 0 (not a value) to 1.
        cutoff: Frequency of half amplitude, in cycles per point.
        floor: Spread of the values, in their unit, that is always tolerated.

    Returns:
        The smooth values, of the shape of `values`.
    """
    parts = values if values.ndim == 3 else values[:, :, None]
    robust = np.ones_like(weights)
    fit = _solve(parts, weights, cutoff)
    for _ in range(ROUNDS):
        residual = parts - fit
        residual = residual - np.median(residual, axis=1, keepdims=True)
        distance = _length(residual)
        scale = TOLERANCE * (1.4826 * np.median(distance, axis=1, keepdims=True) + floor)
        robust = 1.0 / (1.0 + (distance / scale) ** 2) ** 2
        fit = _solve(parts, weights * (robust + LEAST_WEIGHT), cutoff)
    return fit.reshape(values.shape)


def between(means: NDArray[np.float64], block: int, samples: int) -> NDArray[np.float64]:
    """Return the cubic spline through the means of blocks, at every sample: (rows, samples).

    Args:
        means: (rows, blocks), each of which belongs to the middle of its block.
        block: Samples of a block, an even number.
        samples: How many to return; beyond the first and the last middle the curve is continued.
    """
    rows, blocks = means.shape
    slopes = _slopes(means)
    step = np.diff(means, axis=1)
    bend = slopes[:, :-1] + slopes[:, 1:] - 2.0 * step
    # A polynomial for every stretch from one middle to the next, in stretches from its beginning.
    pieces = np.stack((bend, step - slopes[:, :-1] - bend, slopes[:, :-1], means[:, :-1]), axis=2)
    first, last = block // 2, blocks * block - block // 2
    result = np.empty((rows, samples))
    result[:, first:last] = _drawn(pieces, np.arange(block), block)
    result[:, :first] = _drawn(pieces[:, :1], np.arange(-first, 0), block)
    result[:, last:] = _drawn(pieces[:, -1:], np.arange(block, block + samples - last), block)
    return result


def _drawn(pieces: NDArray[np.float64], at: NDArray[np.int_], block: int) -> NDArray[np.float64]:
    """Return (rows, pieces * at) values at the sample centres `at` of each piece."""
    powers = ((at + 0.5) / block) ** np.arange(3, -1, -1)[:, None]
    return (pieces @ powers).reshape(len(pieces), -1)


def _slopes(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the slopes per point of the cubic spline through (rows, points).

    At either end the first two pieces are one polynomial, as in SciPy's `CubicSpline` (tests hold
    the two together), whose import takes a quarter of a second.
    """
    step = np.diff(values, axis=1)
    right = np.empty((values.shape[1], len(values)), order="F")
    right[1:-1] = 3.0 * (step[:, 1:] + step[:, :-1]).T
    right[0] = (5.0 * step[:, 0] + step[:, 1]) / 2.0
    right[-1] = (5.0 * step[:, -1] + step[:, -2]) / 2.0
    middle = np.full(values.shape[1], 4.0)
    middle[[0, -1]] = 1.0
    beside = np.ones(values.shape[1] - 1)
    above, below = beside.copy(), beside
    above[0], below[-1] = 2.0, 2.0
    *_, slopes, failed = lapack.dgtsv(below, middle, above, right)
    if failed:
        raise ArithmeticError("the spline's equations could not be solved")
    return np.asarray(slopes).T


def _length(parts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (rows, points) lengths of the vectors (rows, points, parts)."""
    if parts.shape[2] == 1:
        return np.abs(parts[:, :, 0])
    length: NDArray[np.float64] = np.sqrt((parts**2).sum(axis=2))
    return length


def _solve(
    values: NDArray[np.float64], weights: NDArray[np.float64], cutoff: float
) -> NDArray[np.float64]:
    """Solve the weighted normal equations of all rows as one banded system.

    The rows do not touch each other in it: each comes out as it would alone.
    """
    rows, points, parts = values.shape
    stiffness = (2.0 * np.sin(np.pi * cutoff)) ** (-2 * ORDER)
    band = np.tile(stiffness * _penalty(points), (1, rows))
    # A trace of weight everywhere keeps the system solvable where a row has hardly any value.
    band[-1] += weights.ravel() + LEAST_WEIGHT**2
    right = (values * weights[:, :, None]).reshape(rows * points, parts)
    _, solution, failed = lapack.dpbsv(band, right)
    if failed:
        raise ArithmeticError("the smoother's equations could not be solved")
    return np.asarray(solution).reshape(values.shape)


@lru_cache(maxsize=8)
def _penalty(points: int) -> NDArray[np.float64]:
    """Return D'D of the differences of order `ORDER`, in upper banded form (ORDER + 1, points)."""
    difference = np.array([1.0])
    for _ in range(ORDER):
        difference = np.convolve(difference, [1.0, -1.0])
    band = np.zeros((ORDER + 1, points))
    last = points - ORDER
    for row in range(ORDER + 1):
        for column in range(row, ORDER + 1):
            band[ORDER - (column - row), column : column + last] += (
                difference[row] * difference[column]
            )
    return band
