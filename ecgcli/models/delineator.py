"""The network that tells P, QRS and T apart in every lead of a conditioned recording.

It knows the network's arithmetic, in NumPy so that measuring needs no PyTorch; it does not know
how the network was trained (`training`, `weights/delineator.md`) nor how its output is read
(`signals.shares`).

Recordings are run one by one: a recording's marks are bit for bit the same whatever else is
measured, and on a CPU a batch would not be faster, for the twelve leads already fill the matrix
products (`models.rows`), which take nearly all of the time. The sequence of layers is that of
`training.network.Delineator`; tests hold the two together.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ecgcli.errors import ModelError
from ecgcli.models.rows import EDGE, GAP, Layer, Rows, Shape, Workspace, convolve, layers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

CLASSES = ("none", "P rise", "P fall", "QRS rise", "QRS fall", "T rise", "T fall")
"""A wave's peak is the border between its "rise" (onset to peak) and its "fall" (peak to end)."""
STEP = 2  # input samples (2 ms) per output sample
PATCH = 4  # input samples per sample of the finest level
STEM = 16  # input samples that one sample of the finest level is made of
MULTIPLE = 64  # input samples: what halving at each level needs
HEAD_WIDTH = 8  # columns per output sample, one of them unused: products of 16 columns are faster
LOWEST_LEVEL_MV = 0.03  # a lead's level is taken as at least this, or noise would look like waves
SMALL_MV = 0.05  # below this the second input is linear
SHIPPED = Path(__file__).parent / "weights" / "delineator.safetensors"


class Delineator:
    """A network with its weights.

    Threads may share it: each pass takes a workspace of its own.

    Args:
        weights: Tensors by layer as `training.network.folded` returns them: "NAME.weight" is
            (kernel, inputs, outputs), "NAME.bias" (outputs,).
    """

    def __init__(self, weights: Mapping[str, NDArray[np.floating]]) -> None:
        self._layers = layers(weights)
        self._layers["head"] = _class_by_class(self._layers["head"])
        self._levels = sum(name.startswith("down.") for name in self._layers)
        self._deeper = sum(name.startswith("deepest.") for name in self._layers) // 2
        self._idle: list[Workspace] = []

    def shares(self, signal: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the share of each class, (leads, 7, samples / 2); sample k is about input 2 k.

        Args:
            signal: (leads, samples) in mV at 500 Hz, conditioned; leads that were recorded, in any
                order. A row of zeros would take part in what the leads tell each other.
        """
        work = self._idle.pop() if self._idle else Workspace()
        scores = _Pass(self._layers, work).scores(signal, self._levels, self._deeper)
        self._idle.append(work)
        scores -= scores.max(axis=1, keepdims=True)
        shares = np.exp(scores, out=scores)
        shares /= shares.sum(axis=1, keepdims=True)
        return shares


class _Pass:
    """One recording on its way through the layers.

    A block and `_up` take the memory of their inputs back, `_exchange` works in place.
    """

    def __init__(self, layers: Mapping[str, Layer], work: Workspace) -> None:
        self._layers = layers
        self._work = work

    def scores(self, signal: NDArray[np.float32], levels: int, deeper: int) -> NDArray[np.float32]:
        """Return the score of each class, (leads, 7, samples / 2)."""
        x = self._block("encode.0", self._stem(signal, levels))
        skips = [x]
        for level in range(levels):
            x = self._block(f"encode.{level + 1}", self._down(f"down.{level}", x))
            x = self._exchange(f"exchange.{level}", x)
            skips.append(x)
        x = self._exchange("rhythm", skips.pop(), any_time=True)
        for number in range(deeper):
            x = self._block(f"deepest.{number}", x)
        for level in reversed(range(levels)):
            x = self._up(f"up.{level}", x, skips.pop())
            x = self._block(f"decode.{level}", self._exchange(f"told.{level}", x))
        return self._head(x, signal.shape[1] // STEP)

    def _stem(self, signal: NDArray[np.float32], levels: int) -> Rows:
        """Return features at the finest level, of which each is made of `STEM` input samples."""
        leads, samples = signal.shape
        padded = np.pad(signal, ((0, 0), (0, -samples % MULTIPLE)))
        count = padded.shape[1] // PATCH
        tile = (count >> levels) + GAP
        shape = Shape(leads, count, tile << levels, tile)
        before = (STEM - PATCH) // 2
        inputs = self._work.take(leads * shape.period * PATCH + 2 * before, 2)
        inputs[:] = 0.0
        each = inputs[before:-before].reshape(leads, -1, 2)
        each[:, : padded.shape[1]] = _scaled(padded)
        layer = self._layers["stem"]
        array = self._work.take(leads * shape.period + 2 * EDGE, len(layer.bias))
        convolve(inputs, layer.matrix, PATCH, array[EDGE:-EDGE])
        self._work.give(inputs)
        result = Rows(array, layer.bias, shape)
        result.rectify()
        return result

    def _convolved(self, name: str, x: Rows, step: int = 1) -> Rows:
        layer = self._layers[name]
        kernel = len(layer.matrix) // x.array.shape[1]
        array = self._work.take(len(x.body) // step + 2 * EDGE, len(layer.bias))
        convolve(x.array[EDGE - kernel // 2 :], layer.matrix, step, array[EDGE:-EDGE])
        return Rows(array, layer.offset(x.offset), x.shape if step == 1 else x.shape.halved())

    def _block(self, name: str, x: Rows) -> Rows:
        """Return two convolutions with a shortcut around them."""
        y = self._convolved(f"{name}.first", x)
        y.rectify()
        z = self._convolved(f"{name}.second", y)
        self._work.give(y.array)
        z.body[:] += x.body
        z = Rows(z.array, z.offset + x.offset, z.shape)
        z.rectify()
        self._work.give(x.array)
        return z

    def _down(self, name: str, x: Rows) -> Rows:
        """Return features of the next coarser level."""
        y = self._convolved(name, x, step=2)
        y.rectify()
        return y

    def _up(self, name: str, x: Rows, skip: Rows) -> Rows:
        """Add the coarser features, each of them twice, to those of the level above."""
        layer = self._layers[name]
        coarse = self._work.take(len(x.body), len(layer.bias))
        np.matmul(x.body, layer.matrix, out=coarse)
        skip.body[:] += np.repeat(coarse, 2, axis=0)
        self._work.give(coarse)
        self._work.give(x.array)
        return Rows(skip.array, layer.offset(x.offset) + skip.offset, skip.shape)

    def _exchange(self, name: str, x: Rows, any_time: bool = False) -> Rows:
        """Tell every lead the mean and the largest of all leads' features, at that time or ever."""
        layer, samples, channels = self._layers[name], x.shape.samples, len(x.offset)
        mean = np.add.reduce(x.by_lead, axis=0).reshape(-1, channels)
        mean *= np.float32(1.0 / x.shape.leads)
        most = np.maximum.reduce(x.by_lead, axis=0).reshape(-1, channels)
        if any_time:
            mean = mean[:samples].mean(axis=0, keepdims=True)
            most = most[:samples].max(axis=0, keepdims=True)
        told = mean @ layer.matrix[:channels]
        told += most @ layer.matrix[channels:]
        told += x.offset + layer.offset(np.concatenate((x.offset, x.offset)))
        if any_time:
            told = np.repeat(told, x.shape.period, axis=0)
        x.by_lead[:] += told.reshape(-1)
        result = Rows(x.array, np.zeros_like(x.offset), x.shape)
        result.rectify()
        return result

    def _head(self, x: Rows, samples: int) -> NDArray[np.float32]:
        y = self._convolved("head", x)
        self._work.give(x.array)
        # The finest level is coarser than the output: each of its samples scores two.
        each = y.by_lead.reshape(x.shape.leads, -1, HEAD_WIDTH)[:, :samples, : len(CLASSES)]
        scores = np.ascontiguousarray(each.transpose(0, 2, 1))
        offset = y.offset.reshape(-1, HEAD_WIDTH)[:, : len(CLASSES)].T
        scores += np.tile(offset, -(-samples * STEP // PATCH))[:, :samples]
        self._work.give(y.array)
        return scores


def _class_by_class(head: Layer) -> Layer:
    """Return the last layer with its columns in the order (output sample, class)."""

    def arranged(values: NDArray[np.float32]) -> NDArray[np.float32]:
        apart = values.reshape(len(values), len(CLASSES), PATCH // STEP).transpose(0, 2, 1)
        wide = np.pad(apart, ((0, 0), (0, 0), (0, HEAD_WIDTH - len(CLASSES))))
        return np.ascontiguousarray(wide.reshape(len(values), -1))

    return Layer(arranged(head.matrix), arranged(head.bias[None])[0], arranged(head.summed))


def _scaled(signal: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return each lead twice (leads, samples, 2): by its own level, and by mV and compressed."""
    level = np.sqrt(np.square(signal).mean(axis=1, keepdims=True)).clip(min=LOWEST_LEVEL_MV)
    relative = (signal / level / 2.0).clip(-8.0, 8.0)
    return np.stack((relative, np.arcsinh(signal / SMALL_MV) / 2.0), axis=2).astype(np.float32)


def load(path: Path = SHIPPED) -> Delineator:
    """Return the network of a weights file.

    Raises:
        ModelError: The file is not there or is none of this network.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        weights = load_file(path)
    except (OSError, SafetensorError) as error:
        raise ModelError(f"the delineator's weights do not load: {path}") from error
    if "stem.weight" not in weights or weights["stem.weight"].shape[:2] != (STEM, 2):
        raise ModelError(f"these are not the delineator's weights: {path}")
    return Delineator(weights)


@cache
def shipped() -> Delineator:
    """Return the network that the package brings, loaded once a process."""
    return load()
