"""The features of all leads of a recording in one long array, and convolutions over them.

It knows matrix products and memory; it does not know the network.

Leads stand one below the other with a gap between them, so that one matrix product works on all of
them. No convolution copies its input: of rows that follow each other in memory, `kernel` times
`channels` numbers in a row are one window already, and the windows that start every `kernel` rows
are the rows of a matrix. `kernel` such matrices, each one row further on, are all windows there
are.

No bias is ever added to all rows: `max(x + b, 0)` is `max(x, -b) + b`, and what is to be added to
each row is carried along as `offset` until the next layer, where it is one matrix product with a
single row. The gap holds the value that stands for zero.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.stride_tricks import as_strided

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

EDGE = 2  # rows before the first lead and after the last: a kernel of 5 reaches that far
GAP = 2  # rows between two leads, at the least


@dataclass(frozen=True, slots=True)
class Shape:
    """How leads stand in rows.

    Attributes:
        leads: Number of leads.
        samples: Rows of a lead.
        period: Rows from the beginning of a lead to that of the next.
        tile: A divisor of `period`; so many rows are worked on in one go.
    """

    leads: int
    samples: int
    period: int
    tile: int

    def halved(self) -> Shape:
        """Return the shape at half the sampling rate."""
        return Shape(self.leads, self.samples // 2, self.period // 2, self.tile)


@dataclass(frozen=True, slots=True)
class Rows:
    """Features of all leads.

    Attributes:
        array: (2 EDGE + leads * period, channels) float32; feature = array + offset.
        offset: (channels,).
        shape: Which row belongs to which lead.
    """

    array: NDArray[np.float32]
    offset: NDArray[np.float32]
    shape: Shape

    @property
    def body(self) -> NDArray[np.float32]:
        """The rows of all leads with their gaps, (leads * period, channels), a view."""
        return self.array[EDGE:-EDGE]

    @property
    def by_lead(self) -> NDArray[np.float32]:
        """The same as (leads, period * channels), a view."""
        return self.body.reshape(self.shape.leads, -1)

    def rectify(self) -> None:
        """Set negative features, and those in the gaps, to zero."""
        channels = len(self.offset)
        zero = np.empty((self.shape.tile, channels), np.float32)
        np.negative(self.offset, out=zero[0])
        zero[1:] = zero[0]
        # Two arrays: NumPy compares an array with a single number at a third of the speed.
        tiles = self.body.reshape(-1, zero.size)
        np.maximum(tiles, zero.reshape(-1), out=tiles)
        self.array[:EDGE] = zero[0]
        self.array[-EDGE:] = zero[0]
        self.by_lead.reshape(self.shape.leads, -1, channels)[:, self.shape.samples :] = zero[0]


@dataclass(frozen=True, slots=True)
class Layer:
    """A convolution.

    Attributes:
        matrix: (kernel * inputs, outputs).
        bias: (outputs,).
        summed: (inputs, outputs), the matrix summed over the kernel: what it does to a constant.
    """

    matrix: NDArray[np.float32]
    bias: NDArray[np.float32]
    summed: NDArray[np.float32]

    @classmethod
    def of(cls, weight: NDArray[np.floating], bias: NDArray[np.floating]) -> Layer:
        """Return the layer of a weight (kernel, inputs, outputs) and a bias."""
        return cls(
            np.ascontiguousarray(weight.reshape(-1, weight.shape[2]), np.float32),
            np.ascontiguousarray(bias, np.float32),
            np.ascontiguousarray(weight.sum(axis=0, dtype=np.float64), np.float32),
        )

    def offset(self, offset: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return what is to be added to the outputs where `offset` is to be added to the inputs."""
        result: NDArray[np.float32] = self.bias + offset @ self.summed
        return result


@dataclass(slots=True)
class Workspace:
    """Memory that is used again and again: fresh memory costs a page fault every 4096 bytes."""

    free: list[NDArray[np.float32]] = field(default_factory=list)

    def take(self, rows: int, channels: int) -> NDArray[np.float32]:
        """Return an array of any content."""
        size = rows * channels
        fitting = [index for index, block in enumerate(self.free) if len(block) >= size]
        if fitting:
            block = self.free.pop(min(fitting, key=lambda index: len(self.free[index])))
        else:
            if self.free:  # so that there are never more blocks than were in use at once
                self.free.pop(max(range(len(self.free)), key=lambda i: len(self.free[i])))
            block = np.empty(size, np.float32)
        return block[:size].reshape(rows, channels)

    def give(self, array: NDArray[np.float32]) -> None:
        """Take an array back that nobody reads any more."""
        assert array.base is not None
        self.free.append(array.base)


def convolve(
    array: NDArray[np.float32],
    matrix: NDArray[np.float32],
    step: int,
    out: NDArray[np.float32],
) -> None:
    """Convolve along the rows.

    Args:
        array: (rows, inputs), contiguous. The window of output row k begins at row k * step.
        matrix: (kernel * inputs, outputs).
        step: Rows between the windows of two output rows.
        out: (output rows, outputs), what is written.
    """
    width, inputs = len(matrix), array.shape[1]
    row, value = array.strides
    # So many windows on, the next one does not overlap: BLAS takes these for rows of a matrix.
    apart = -(-width // (inputs * step))
    for first in range(min(apart, len(out))):
        part = out[first::apart]
        windows = as_strided(
            array[first * step :],
            (len(part), width),
            (apart * step * row, value),
            writeable=False,
        )
        np.matmul(windows, matrix, out=part)


def layers(weights: Mapping[str, NDArray[np.floating]]) -> dict[str, Layer]:
    """Return the layers of tensors called "NAME.weight" and "NAME.bias"."""
    names = [name.removesuffix(".weight") for name in weights if name.endswith(".weight")]
    return {name: Layer.of(weights[f"{name}.weight"], weights[f"{name}.bias"]) for name in names}
