"""How well a number tells two kinds of records apart: the area under the ROC curve.

It knows ranks and resampling; it does not know what the number is or what the kinds are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import rankdata

if TYPE_CHECKING:
    from numpy.typing import NDArray

RESAMPLES = 1000


def auroc(values: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    """Return the probability that a positive record has a higher value than another; ties half.

    NaN where there are none of one kind.
    """
    count = int(positive.sum())
    others = len(values) - count
    if not count or not others:
        return float("nan")
    above = float(rankdata(values)[positive].sum()) - count * (count + 1) / 2
    return above / (count * others)


def interval(
    values: NDArray[np.float64],
    positive: NDArray[np.bool_],
    seed: int,
    resamples: int = RESAMPLES,
) -> tuple[float, float]:
    """Return the 95 % interval: percentiles of resamples that keep the count of either kind.

    Args:
        values: (records,) finite.
        positive: (records,) bool.
        seed: The same interval comes out of the same seed.
        resamples: How many are drawn.
    """
    if not positive.any() or positive.all():
        return (float("nan"), float("nan"))
    rng = np.random.default_rng(seed)
    # A resample is a count per distinct value: no sorting anew.
    _, place = np.unique(values, return_inverse=True)
    size = int(place.max()) + 1
    yes, no = place[positive], place[~positive]
    found = np.empty(resamples)
    for at in range(resamples):
        drawn_yes = np.bincount(rng.choice(yes, len(yes)), minlength=size)
        drawn_no = np.bincount(rng.choice(no, len(no)), minlength=size)
        below = np.cumsum(drawn_no) - drawn_no
        found[at] = (drawn_yes * (below + drawn_no / 2)).sum() / (len(yes) * len(no))
    low, high = np.percentile(found, (2.5, 97.5))
    return (float(low), float(high))
