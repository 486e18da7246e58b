"""The network that tells P, QRS and T apart in every lead of a conditioned recording.

It knows the network's arithmetic, in NumPy so that measuring needs no PyTorch; it does not know
how the network was trained (`training`, `weights/delineator.md`) nor how its output is read
(`signals.shares`).

Recordings are run one by one: a recording's marks are bit for bit the same whatever else is
measured, and on a CPU a batch would not be faster, for the twelve leads already fill the matrix
products. The sequence of layers is that of `training.network.Delineator`; a test holds the two
together.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ecgcli.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

CLASSES = ("none", "P rise", "P fall", "QRS rise", "QRS fall", "T rise", "T fall")
"""A wave's peak is the border between its "rise" (onset to peak) and its "fall" (peak to end)."""
STEP = 2  # input samples (2 ms) per output sample
PATCH = 4  # input samples per sample of the finest level
STEM = 16  # input samples that one sample of the finest level is made of
MULTIPLE = 64  # input samples: what halving at each level needs
LOWEST_LEVEL_MV = 0.03  # a lead's level is taken as at least this, or noise would look like waves
SMALL_MV = 0.05  # below this the second input is linear
SHIPPED = Path(__file__).parent / "weights" / "delineator.safetensors"


class Delineator:
    """A network with its weights.

    Args:
        weights: Tensors by layer as `training.network.folded` returns them: "NAME.weight" is
            (kernel, inputs, outputs), "NAME.bias" (outputs,).
    """

    def __init__(self, weights: Mapping[str, NDArray[np.floating]]) -> None:
        self._weights = {name: np.ascontiguousarray(w, np.float32) for name, w in weights.items()}
        self._levels = sum(name.startswith("down.") for name in weights) // 2
        self._deeper = sum(name.startswith("deepest.") for name in weights) // 4

    def shares(self, signal: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the share of each class, (leads, 7, samples / 2); sample k is about input 2 k.

        Args:
            signal: (leads, samples) in mV at 500 Hz, conditioned; leads that were recorded, in any
                order. A row of zeros would take part in what the leads tell each other.
        """
        leads, samples = signal.shape
        padded = np.pad(signal, ((0, 0), (0, -samples % MULTIPLE)))
        x = np.pad(_scaled(padded), ((0, 0), ((STEM - PATCH) // 2,) * 2, (0, 0)))
        x = _relu(self._layer("stem", x, PATCH, pad=False))
        x = self._block("encode.0", x)
        skips = [x]
        for level in range(self._levels):
            x = _relu(self._layer(f"down.{level}", x, 2))
            x = self._exchange(f"exchange.{level}", self._block(f"encode.{level + 1}", x))
            skips.append(x)
        x = self._exchange("rhythm", skips.pop(), any_time=True)
        for number in range(self._deeper):
            x = self._block(f"deepest.{number}", x)
        for level in reversed(range(self._levels)):
            x = np.repeat(self._layer(f"up.{level}", x), 2, axis=1)
            x += skips.pop()
            x = self._block(f"decode.{level}", self._exchange(f"told.{level}", x))
        scores = self._layer("head", x)
        # The finest level is coarser than the output: each of its samples scores two.
        apart = scores.reshape(leads, -1, len(CLASSES), PATCH // STEP).transpose(0, 2, 1, 3)
        scores = apart.reshape(leads, len(CLASSES), -1)[..., : samples // STEP]
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares: NDArray[np.float32] = powers / powers.sum(axis=1, keepdims=True)
        return shares

    def _layer(
        self, name: str, x: NDArray[np.float32], stride: int = 1, pad: bool = True
    ) -> NDArray[np.float32]:
        """Return a convolution of (leads, samples, inputs) along the samples."""
        weight = self._weights[f"{name}.weight"]
        kernel, inputs, outputs = weight.shape
        leads, samples, _ = x.shape
        around = kernel // 2 if pad else 0
        count = (samples + 2 * around - kernel) // stride + 1
        flat = weight.reshape(kernel * inputs, outputs)
        result = np.empty((leads, count, outputs), np.float32)
        if kernel == 1:
            np.matmul(x.reshape(-1, inputs), flat, out=result.reshape(-1, outputs))
        else:
            # Lead by lead, so that what is copied stays in the processor's cache.
            padded = np.zeros((samples + 2 * around, inputs), np.float32)
            sample, value = padded.strides
            windows = as_strided(
                padded, (count, kernel * inputs), (stride * sample, value), writeable=False
            )
            for lead, row in zip(x, result, strict=True):
                padded[around : around + samples] = lead
                np.matmul(np.ascontiguousarray(windows), flat, out=row)
        result += self._weights[f"{name}.bias"]
        return result

    def _block(self, name: str, x: NDArray[np.float32]) -> NDArray[np.float32]:
        y = self._layer(f"{name}.second", _relu(self._layer(f"{name}.first", x)))
        y += x
        return _relu(y)

    def _exchange(
        self, name: str, x: NDArray[np.float32], any_time: bool = False
    ) -> NDArray[np.float32]:
        over = (0, 1) if any_time else (0,)
        common = np.concatenate((x.mean(over, keepdims=True), x.max(over, keepdims=True)), axis=2)
        return _relu(x + self._layer(name, common))


def _relu(x: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.maximum(x, 0.0, out=x)


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
