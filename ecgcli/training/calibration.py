"""Probabilities that mean what they say, and the thresholds above which a statement is made.

It knows logits and labels; it does not know what they are of.

Calibration is Platt's (Advances in Large Margin Classifiers, 1999): p = sigmoid(a z + b), a and b
per output by maximum a posteriori. The prior is that of all outputs together, so that an output
with five examples does not follow these five.

The threshold of an output is the probability above which, by the probabilities themselves, the
expected F1 is largest: F1(t) = 2 S(t) / (n(t) + S), where S(t) is the sum of the n(t) probabilities
above t and S the sum of all. It needs no labels, so a rare statement's is not drawn by chance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SLOPE_SD = 0.2  # how far an output's slope and offset may lie from those of all outputs
OFFSET_SD = 0.5
STEPS = 30
BINS = 10


@dataclass(frozen=True, slots=True)
class Calibration:
    """p = sigmoid(slope z + offset), per output: (outputs,) each."""

    slope: Floats
    offset: Floats

    def __call__(self, logits: NDArray[np.floating]) -> Floats:
        """Return probabilities of logits (records, outputs)."""
        result: Floats = expit(self.slope * logits + self.offset)
        return result


def fit(logits: NDArray[np.floating], labels: NDArray[np.bool_]) -> Calibration:
    """Fit slopes and offsets to labels (records, outputs)."""
    z = logits.astype(np.float64)
    pooled = _newton(z.ravel(), labels.ravel(), np.array([1.0, 0.0]), np.array([10.0, 10.0]))
    spread = np.array([SLOPE_SD, OFFSET_SD])
    fitted = np.array(
        [_newton(z[:, at], labels[:, at], pooled, spread) for at in range(z.shape[1])]
    )
    return Calibration(fitted[:, 0], fitted[:, 1])


def cross_fitted(
    logits: NDArray[np.floating], labels: NDArray[np.bool_], seed: int, parts: int = 5
) -> Floats:
    """Return probabilities of records, each calibrated on the others."""
    part = np.random.default_rng(seed).permutation(len(logits)) % parts
    result = np.empty(logits.shape)
    for number in range(parts):
        held = part == number
        result[held] = fit(logits[~held], labels[~held])(logits[held])
    return result


def _newton(z: Floats, label: NDArray[np.bool_], prior: Floats, spread: Floats) -> Floats:
    """Return slope and offset of one output."""
    at = prior.copy()
    design = np.stack((z, np.ones_like(z)), axis=1)
    precision = np.diag(1.0 / spread**2)
    for _ in range(STEPS):
        p = expit(design @ at)
        gradient = design.T @ (p - label) + precision @ (at - prior)
        curvature = design.T @ (design * (p * (1.0 - p))[:, None]) + precision
        step = np.linalg.solve(curvature, gradient)
        at = at - step * min(1.0, 1.0 / max(float(np.abs(step).max()), 1e-12))
        if np.abs(step).max() < 1e-8:
            break
    return at


def thresholds(probabilities: Floats) -> Floats:
    """Return (outputs,) the threshold of the largest expected F1."""
    return np.array([_threshold(column) for column in probabilities.T])


def _threshold(column: Floats) -> float:
    ranked = np.sort(column)[::-1]
    above = np.cumsum(ranked)
    expected = 2.0 * above / (np.arange(1, len(ranked) + 1) + above[-1])
    best = int(np.argmax(expected))
    below = ranked[best + 1] if best + 1 < len(ranked) else 0.0
    return float((ranked[best] + below) / 2.0)


def reliability(probabilities: Floats, labels: NDArray[np.bool_]) -> list[tuple[int, float, float]]:
    """Return for each of ten bins of equal width how many, the mean said, and the share true."""
    bins = np.minimum((probabilities * BINS).astype(int), BINS - 1).ravel()
    count = np.bincount(bins, minlength=BINS)
    said = np.bincount(bins, probabilities.ravel(), minlength=BINS)
    true = np.bincount(bins, labels.ravel().astype(float), minlength=BINS)
    return [
        (int(n), float(s / max(n, 1)), float(t / max(n, 1)))
        for n, s, t in zip(count, said, true, strict=True)
    ]


def calibration_error(probabilities: Floats, labels: NDArray[np.bool_]) -> Floats:
    """Return (outputs,) the expected calibration error: ten bins of equal width."""
    result = np.zeros(probabilities.shape[1])
    bins = np.minimum((probabilities * BINS).astype(int), BINS - 1)
    for at in range(probabilities.shape[1]):
        count = np.bincount(bins[:, at], minlength=BINS)
        said = np.bincount(bins[:, at], probabilities[:, at], minlength=BINS)
        true = np.bincount(bins[:, at], labels[:, at].astype(float), minlength=BINS)
        result[at] = float(np.abs(said - true).sum() / max(int(count.sum()), 1))
    return result
