"""The step from 100 to 500 Hz, in NumPy.

It knows the network's layers (`training.generator.upsample` is the same network as it is trained)
and how noise is coloured.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ecgcli.models.generator.layers import convolution, normed, residual

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

FACTOR = 5
BLOCKS = 4
SETTLING = 200
"""Samples after which coloured noise has forgotten how it began."""
QUIETEST = -4.0
"""Log of the size of noise (mV) from which the network's word counts."""


def upsampled(tensors: Mapping[str, Floats], signal: Floats, chance: np.random.Generator) -> Floats:
    """Return (8, 5 * samples) in mV at 500 Hz of (8, samples) at 100 Hz."""
    seen = convolution(tensors, "first", np.ascontiguousarray(signal.T))
    for block in range(BLOCKS):
        seen = residual(tensors, f"blocks.{block}", seen)
    seen = normed(tensors, f"blocks.{BLOCKS}", seen)
    leads, samples = signal.shape
    fine = convolution(tensors, "course", seen).reshape(samples, leads, FACTOR)
    course = linear(signal)
    course += fine.transpose(1, 0, 2).reshape(leads, -1)
    doubt = convolution(tensors, "doubt", seen)
    doubt += np.float32(QUIETEST)
    doubt = linear(np.ascontiguousarray(doubt.T))
    np.exp(doubt, out=doubt)
    doubt *= _noise(tensors, doubt.shape, chance)
    course += doubt
    return course


def linear(signal: Floats) -> Floats:
    """Return (leads, 5 * samples), straight lines between the given samples."""
    following = np.concatenate((signal[:, 1:], signal[:, -1:]), axis=1)
    shares = np.arange(FACTOR, dtype=np.float32) / FACTOR
    parts: Floats = np.multiply((following - signal)[:, :, None], shares)
    parts += signal[:, :, None]
    return parts.reshape(len(signal), -1)


def _noise(
    tensors: Mapping[str, Floats], shape: tuple[int, ...], chance: np.random.Generator
) -> Floats:
    """Return noise of unit size, coloured as what real recordings hold above the network's word."""
    from scipy.signal import lfilter

    leads, samples = shape
    white = chance.standard_normal((leads, samples + SETTLING)) * float(tensors["loudness"])
    coloured = lfilter([1.0], np.concatenate(([1.0], -tensors["colour"])), white, axis=1)
    result: Floats = coloured[:, SETTLING:].astype(np.float32)
    return result
