"""From latent vectors to eight leads at 100 Hz, in NumPy.

It knows the decoder's layers (`training.generator.autoencoder` is the same network as it is
trained).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ecgcli.models.generator.layers import convolution, doubled, residual, spread

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

STAGES = 4
"""Each doubles the rate: from 6.25 to 100 Hz."""


def decode(tensors: Mapping[str, Floats], latent: Floats) -> Floats:
    """Return (8, 16 * patches) in mV of latents (patches, channels) of unit variance."""
    given = latent * tensors["size"] + tensors["centre"]
    straight = spread(tensors, "decoder.straight", given)
    x = residual(tensors, "decoder.layers.1", convolution(tensors, "decoder.layers.0", given))
    for stage in range(STAGES):
        x = doubled(tensors, f"decoder.layers.{2 * stage + 2}", x)
        x = residual(tensors, f"decoder.layers.{2 * stage + 3}", x)
    x = residual(tensors, f"decoder.layers.{2 * STAGES + 2}", x)
    return np.ascontiguousarray((straight + convolution(tensors, "decoder.out", x)).T)
