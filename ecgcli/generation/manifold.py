"""Distances between two sets of points: Frechet distance, precision, recall, density, coverage.

It knows points of a space; it does not know what they stand for. Every number but the Frechet
distance rests on balls: around each point of a set one that just reaches its k-th nearest other
point of the set; together they are where the set lies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial.distance import cdist

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

NEIGHBOURS = 5


def frechet(one: Floats, other: Floats) -> float:
    """Return the Frechet distance of the normal distributions that are fitted to two sets.

    Squared, as the Frechet inception distance is (Heusel et al., NeurIPS 2017, arXiv 1706.08500;
    Dowson and Landau, J Multivar Anal 12:450, 1982). It is too large where points are few for their
    dimensions: compare it only with one of as many points.

    Args:
        one: (points, dimensions), at least two points.
        other: (points, dimensions).
    """
    away = one.mean(axis=0) - other.mean(axis=0)
    first, second = _covariance(one), _covariance(other)
    root = _root(first)
    # The trace of the root of first @ second is that of a symmetric matrix with its eigenvalues.
    shared = np.linalg.eigvalsh(root @ second @ root)
    spread = np.trace(first) + np.trace(second) - 2.0 * np.sqrt(np.maximum(shared, 0.0)).sum()
    return max(float(away @ away + spread), 0.0)


def _covariance(points: Floats) -> Floats:
    return np.atleast_2d(np.cov(points, rowvar=False))


def _root(matrix: Floats) -> Floats:
    """Return the root of a symmetric matrix without negative eigenvalues."""
    values, vectors = np.linalg.eigh(matrix)
    result: Floats = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    return result


def radii(points: Floats, k: int = NEIGHBOURS) -> Floats:
    """Return (points,) the distance of each point to its k-th nearest other one.

    Where there are too few the farthest counts.
    """
    ordered = np.sort(cdist(points, points), axis=1)  # the first is the point itself
    result: Floats = ordered[:, min(k, len(points) - 1)]
    return result


def scores(real: Floats, generated: Floats, k: int = NEIGHBOURS) -> dict[str, float]:
    """Return how far generated points lie among real ones and the other way round.

    Precision, the share of generated points within the real balls, and recall, the share of real
    points within the generated balls (Kynkäänniemi et al., NeurIPS 2019, arXiv 1904.06991).
    Density, the mean number of real balls around a generated point over k, above 1 where they crowd
    in dense places, and coverage, the share of real balls that hold a generated point (Naeem et
    al., ICML 2020, arXiv 2002.09797); neither is misled by a generated outlier.

    Args:
        real: (points, dimensions), at least two.
        generated: (points, dimensions), at least two.
        k: Which neighbour the balls reach.
    """
    apart = cdist(real, generated)
    inside_real = apart <= radii(real, k)[:, None]
    inside_generated = apart <= radii(generated, k)[None, :]
    return {
        "precision": float(inside_real.any(axis=0).mean()),
        "recall": float(inside_generated.any(axis=1).mean()),
        "density": float(inside_real.sum(axis=0).mean() / k),
        "coverage": float(inside_real.any(axis=1).mean()),
    }
