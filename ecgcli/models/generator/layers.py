"""Layers that several of the generator's networks share, in NumPy.

It knows arithmetic; it does not know any network. Arrays are (places, channels): a convolution is
then one product of matrices.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


def linear(tensors: Mapping[str, Floats], name: str, x: Floats) -> Floats:
    """Return x (..., inputs) times a matrix, plus an offset where there is one."""
    result: Floats = np.matmul(x, tensors[f"{name}.weight"].T)
    if f"{name}.bias" in tensors:
        result += tensors[f"{name}.bias"]
    return result


def silu(x: Floats) -> Floats:
    """Return x times its sigmoid."""
    result: Floats = np.divide(x, np.float32(1.0) + np.exp(-x))
    return result


def convolution(
    tensors: Mapping[str, Floats], name: str, x: Floats, padding: int | None = None
) -> Floats:
    """Return a convolution of x (places, inputs), as many places as before.

    Args:
        tensors: Where "NAME.weight" is (outputs, inputs, kernel).
        name: Which layer.
        x: (places, inputs).
        padding: Zeros on each side; half the kernel if not told.
    """
    weight = tensors[f"{name}.weight"]
    outputs, inputs, kernel = weight.shape
    reach = kernel // 2 if padding is None else padding
    padded = np.pad(x, ((reach, reach), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel, axis=0)
    rows = windows.reshape(len(windows), inputs * kernel)
    result: Floats = rows @ weight.reshape(outputs, -1).T
    result += tensors[f"{name}.bias"]
    return result


def doubled(tensors: Mapping[str, Floats], name: str, x: Floats) -> Floats:
    """Return a transposed convolution of kernel 4 and stride 2: twice as many places."""
    weight = tensors[f"{name}.weight"]  # (inputs, outputs, 4)
    padded = np.pad(x, ((1, 1), (0, 0)))
    taps = [padded @ weight[:, :, at] for at in range(4)]
    out = np.empty((2 * len(x), weight.shape[1]), np.float32)
    # Place 2i + k - 1 of the output gets tap k of place i.
    out[0::2] = taps[1][1:-1] + taps[3][:-2]
    out[1::2] = taps[2][1:-1] + taps[0][2:]
    out += tensors[f"{name}.bias"]
    return out


def spread(tensors: Mapping[str, Floats], name: str, x: Floats) -> Floats:
    """Return a transposed convolution whose stride is its kernel, without offset."""
    weight = tensors[f"{name}.weight"]  # (inputs, outputs, kernel)
    _, outputs, kernel = weight.shape
    rows = x @ weight.transpose(0, 2, 1).reshape(-1, kernel * outputs)
    result: Floats = rows.reshape(len(x) * kernel, outputs)
    return result


def normed(tensors: Mapping[str, Floats], name: str, x: Floats) -> Floats:
    """Return each place brought to unit size over its channels, with a gain for each channel."""
    size = np.sqrt(np.square(x).mean(axis=1, keepdims=True) + np.float32(1e-6))
    result: Floats = x / size * tensors[f"{name}.gain"]
    return result


def residual(tensors: Mapping[str, Floats], name: str, x: Floats) -> Floats:
    """Return x plus what two convolutions make of it."""
    inner = convolution(tensors, f"{name}.first", normed(tensors, f"{name}.norm", x))
    return x + convolution(tensors, f"{name}.second", silu(inner))
