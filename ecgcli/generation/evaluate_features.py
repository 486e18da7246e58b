"""How the generated recordings lie among real ones, as the statement network sees them.

It knows which features those are and how they are scaled; the numbers themselves are `manifold`'s.

The features are the 768 numbers that the network's head is given of the signal: of each of the 256
channels of its last block the mean, the maximum and an attention-weighted mean over 10 s
(`StatementModel.pooled`). What its perceptron makes of the measurements is left out, because
measurements are what is asked for. Each is divided by its standard deviation over the real
recordings, so that maxima do not outweigh means. Precision, recall, density and coverage are taken
there; the Frechet distance in the 64 directions in which the real recordings differ most, because
the covariance of some hundred points in 768 dimensions cannot be estimated. The network has not
learned from fold 9, neither from the recordings that prompts are made of nor from the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ecgcli.generation import manifold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ecgcli.generation.observed import Observed

    Floats = NDArray[np.float64]

DIRECTIONS = 64
FEWEST = 3
"""Recordings of either kind below which nothing is said."""


@dataclass(frozen=True, slots=True)
class Space:
    """How features are scaled and turned.

    Attributes:
        centre: (features,) mean over the real recordings.
        spread: (features,) standard deviation over them, 1 where they do not differ.
        directions: (features, directions) in which they differ most, each of length 1.
        kept: Share of their variance that lies in these directions.
    """

    centre: Floats
    spread: Floats
    directions: Floats
    kept: float

    def points(self, observed: Sequence[Observed]) -> Floats:
        """Return (recordings, features), scaled."""
        rows = np.stack([one.features for one in observed]).astype(np.float64)
        result: Floats = (rows - self.centre) / self.spread
        return result


def space(real: Sequence[Observed]) -> Space:
    """Return the space that real recordings lie in."""
    rows = np.stack([one.features for one in real]).astype(np.float64)
    centre, spread = rows.mean(axis=0), rows.std(axis=0)
    spread[spread < 1e-9] = 1.0
    _, sizes, turned = np.linalg.svd((rows - centre) / spread, full_matrices=False)
    variance = sizes**2
    kept = float(variance[:DIRECTIONS].sum() / max(variance.sum(), 1e-12))
    return Space(centre, spread, np.ascontiguousarray(turned[:DIRECTIONS].T), kept)


def compared(
    where: Space, real: Sequence[Observed], other: Sequence[Observed]
) -> dict[str, Any] | None:
    """Return the distances of other recordings from real ones, `None` where there are too few."""
    if min(len(real), len(other)) < FEWEST:
        return None
    a, b = where.points(real), where.points(other)
    distance = manifold.frechet(a @ where.directions, b @ where.directions)
    return {"records": len(b), "frechet": distance, **manifold.scores(a, b)}
