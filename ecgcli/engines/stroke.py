"""A trace as anti-aliased ink: which pixels a round pen touches, and how much of each.

It knows a pen that follows a line drawn from left to right, and pixels; it does not know leads,
millivolts or paper. Because such a line has one height at each x, so has its stroke one upper and
one lower edge there: the highest and the lowest point of a disc that is moved along the line. What
lies between them is found in all pixels at once, exactly in y and in steps of a fraction of a
pixel in x; a library of general paths takes several times as long.

Pixel (row j, column i) is the square from j to j + 1 and from i to i + 1, y downwards.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PARTS = 4
"""Positions of the pen from one sample to the next; a sample is one of them, so no peak is lost.

At four, a pen of 0.75 pt at 200 dots per inch draws upright lines as wide as level ones (1 %).
"""


@dataclass(frozen=True, slots=True)
class Pen:
    """A round pen over a time axis.

    Attributes:
        radius: Half the width of what it draws (pixels).
        step: Pixels from one sample to the next.
        left: Where sample 0 stands (pixels from the left edge of the picture).
        first: The earliest sample that is drawn, which may be negative.
        last: The latest.
    """

    radius: float
    step: float
    left: float
    first: int
    last: int

    @property
    def reach(self) -> int:
        """How many positions to each side the pen touches."""
        return int(self.radius * PARTS / self.step)

    def position(self, sample: int) -> int:
        """Return at which of the positions of `columns` the stroke of a line from there begins."""
        return (sample - self.first) * PARTS

    def columns(self) -> tuple[NDArray[np.int64], Floats]:
        """Return the pixel column of every position, and which share of that column it stands for.

        The positions are those from `first` to `last` with the pen's reach on both sides.
        """
        beyond = self.reach + PARTS * 4  # so that the columns at both ends are full ones
        index = np.arange(self.first * PARTS - beyond, self.last * PARTS + beyond + 1)
        column = np.floor(self.left + index * (self.step / PARTS)).astype(np.int64)
        _, where, count = np.unique(column, return_inverse=True, return_counts=True)
        kept = slice(beyond - self.reach, index.size - (beyond - self.reach))
        return column[kept], (1.0 / count[where])[kept]


def edges(heights: Floats, pen: Pen) -> tuple[Floats, Floats]:
    """Return the upper and lower edge of the stroke along a line.

    Args:
        heights: (n,) y of the line at every sample (pixels); NaN interrupts it. A sample between
            two that are NaN is a dot.
        pen: What it is drawn with.

    Returns:
        The smallest and the largest y that the pen touches at each of `PARTS` (n - 1) + 1 +
        2 `pen.reach` positions, from the first sample's less the reach; where it touches nothing
        the first is infinite and the second minus infinity.
    """
    gaps = heights[:-1, None] + np.diff(heights)[:, None] * (np.arange(PARTS) / PARTS)
    gaps[:, 0] = heights[:-1]  # a sample before a NaN stays
    line = np.append(gaps.ravel(), heights[-1])
    reach, size = pen.reach, line.size
    nothing = np.isnan(line)
    above = np.full(size + 4 * reach, np.inf)
    below = np.full(size + 4 * reach, -np.inf)
    above[2 * reach : 2 * reach + size][~nothing] = line[~nothing]
    below[2 * reach : 2 * reach + size][~nothing] = line[~nothing]
    count = size + 2 * reach
    upper, lower = np.full(count, np.inf), np.full(count, -np.inf)
    for offset in range(2 * reach + 1):
        across = (offset - reach) * pen.step / PARTS
        half = np.sqrt(pen.radius**2 - across**2)
        np.minimum(upper, above[offset : offset + count] - half, out=upper)
        np.maximum(lower, below[offset : offset + count] + half, out=lower)
    return upper, lower


def coverage(
    column: NDArray[np.int64], share: Floats, upper: Floats, lower: Floats, width: int
) -> tuple[int, Floats]:
    """Return how much of each pixel is covered.

    Args:
        column: (n,) the pixel column of every position.
        share: (n,) how much of that column it stands for.
        upper: (n,) upper edge at that position (pixels, not negative).
        lower: (n,) lower edge.
        width: Columns of the picture.

    Returns:
        The first pixel row, and (rows, width) 0 to 1 from there; no rows where nothing is drawn.
    """
    drawn = lower > upper
    if not drawn.any():
        return 0, np.zeros((0, width))
    column, share, upper, lower = column[drawn], share[drawn], upper[drawn], lower[drawn]
    first = int(upper.min())
    rows = int(lower.max()) - first + 2
    # Going down a column, the coverage rises where the stroke begins and falls where it ends, each
    # within two pixels: what changes from a pixel to the next is summed up there, then added up.
    index, change = [], []
    for edge, sign in ((upper, 1.0), (lower, -1.0)):
        row = np.floor(edge)
        part = edge - row
        at = (row.astype(np.int64) - first) * width + column
        index += [at, at + width]
        change += [sign * share * (1.0 - part), sign * share * part]
    summed = np.bincount(
        np.concatenate(index), weights=np.concatenate(change), minlength=rows * width
    )
    covered = np.cumsum(summed.reshape(rows, width), axis=0, dtype=np.float64)
    return first, np.clip(covered, 0.0, 1.0, out=covered)
