"""The delineator's arithmetic written down as plainly as possible, in double precision."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ecgcli.models.delineator import LOWEST_LEVEL_MV, MULTIPLE, PATCH, SMALL_MV, STEM

Array = NDArray[np.float64]
Weights = Mapping[str, NDArray[np.floating]]


def convolution(x: Array, weight: Array, bias: Array, step: int, pad: int) -> Array:
    """Return (leads, samples / step, outputs) of (leads, samples, inputs)."""
    kernel = len(weight)
    x = np.pad(x, ((0, 0), (pad, pad), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(x, kernel, axis=1)[:, ::step]
    result: Array = np.einsum("lsik,kio->lso", windows, weight) + bias
    return result


def shares(weights: Weights, signal: NDArray[np.float32]) -> Array:
    """Return what `Delineator.shares` returns."""
    w = {name: np.asarray(value, np.float64) for name, value in weights.items()}
    levels = sum(name.startswith("down.") for name in w) // 2
    deeper = sum(name.startswith("deepest.") for name in w) // 4

    def layer(name: str, x: Array, step: int = 1) -> Array:
        weight = w[f"{name}.weight"]
        return convolution(x, weight, w[f"{name}.bias"], step, len(weight) // 2)

    def relu(x: Array) -> Array:
        return np.maximum(x, 0.0)

    def block(name: str, x: Array) -> Array:
        return relu(x + layer(f"{name}.second", relu(layer(f"{name}.first", x))))

    def exchange(name: str, x: Array, over: tuple[int, ...] = (0,)) -> Array:
        common = np.concatenate((x.mean(over, keepdims=True), x.max(over, keepdims=True)), axis=2)
        return relu(x + layer(name, common))

    leads, samples = signal.shape
    padded = np.pad(signal.astype(np.float64), ((0, 0), (0, -samples % MULTIPLE)))
    level = np.sqrt((padded**2).mean(axis=1, keepdims=True)).clip(min=LOWEST_LEVEL_MV)
    relative = (padded / level / 2.0).clip(-8.0, 8.0)
    x = np.stack((relative, np.arcsinh(padded / SMALL_MV) / 2.0), axis=2)
    x = relu(convolution(x, w["stem.weight"], w["stem.bias"], PATCH, (STEM - PATCH) // 2))
    x = block("encode.0", x)
    skips = [x]
    for number in range(levels):
        x = block(f"encode.{number + 1}", relu(layer(f"down.{number}", x, 2)))
        x = exchange(f"exchange.{number}", x)
        skips.append(x)
    x = exchange("rhythm", skips.pop(), (0, 1))
    for number in range(deeper):
        x = block(f"deepest.{number}", x)
    for number in reversed(range(levels)):
        x = np.repeat(layer(f"up.{number}", x), 2, axis=1) + skips.pop()
        x = block(f"decode.{number}", exchange(f"told.{number}", x))
    scores = layer("head", x).reshape(leads, -1, 7, 2).transpose(0, 2, 1, 3).reshape(leads, 7, -1)
    scores = scores[..., : samples // 2]
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    result: Array = powers / powers.sum(axis=1, keepdims=True)
    return result
