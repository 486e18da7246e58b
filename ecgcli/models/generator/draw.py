"""One recording drawn by chance: beats, then latents, then eight leads, then twelve.

It knows how the networks are asked one after the other; it does not know what is asked for in
words, or whether the result shows it. A recording depends on its seed alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from ecgcli.models.generator.decoder import decode
from ecgcli.models.generator.flow import GUIDANCE, STEPS, Asked, Flow
from ecgcli.models.generator.layout import LATENT, PATCH, RATE, SCALARS
from ecgcli.models.generator.rhythm import Beats, Rhythm
from ecgcli.models.generator.track import beat_track
from ecgcli.models.generator.upsample import FACTOR, upsampled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from ecgcli.models.generator.weights import Weights

    Floats = NDArray[np.float32]

MARGIN = 1
"""Latent vectors more than the recording needs on each side: its edges have neighbours too."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A recording and the beats it was drawn around.

    Attributes:
        leads: (8, samples) float32 in mV at 500 Hz, `layout.INDEPENDENT`.
        beats: When the heart beats.
    """

    leads: Floats
    beats: Beats


class Generator:
    """The networks of one file.

    Args:
        weights: What was read of it.
    """

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self._rhythm = Rhythm(weights.of("rhythm"))
        self._flow = Flow(weights.of("flow"))
        self._autoencoder: Mapping[str, Floats] = weights.of("autoencoder")
        self._upsampler: Mapping[str, Floats] = weights.of("upsampler")

    def draw(
        self,
        asked: Asked,
        rates: tuple[float, float],
        duration_s: float,
        seed: int | tuple[int, ...],
        steps: int = STEPS,
        guidance: float = GUIDANCE,
    ) -> Drawn:
        """Return one recording.

        Args:
            asked: What it shall show.
            rates: Lowest and highest heart rate (/min), the same twice for just that one.
            duration_s: How long it is.
            seed: Decides everything that is left to chance.
            steps: How many times the flow is asked.
            guidance: By how much what is asked is stressed.
        """
        chance = np.random.default_rng(seed)
        age = float(asked.scalars[SCALARS.index("age")])
        beats = self._rhythm.beats(asked.statements, age, duration_s, rates, chance)
        patches = -(-round(duration_s * RATE) // PATCH) + 2 * MARGIN
        before_s = MARGIN * PATCH / RATE
        track = beat_track(beats.times_s + before_s, beats.kinds, patches)
        noise = chance.standard_normal((patches, LATENT)).astype(np.float32)
        latent = self._flow.latents(noise, track, asked, steps, guidance)
        coarse = decode(self._autoencoder, latent)
        fine = upsampled(self._upsampler, coarse, chance)
        first, count = MARGIN * PATCH * FACTOR, round(duration_s * RATE * FACTOR)
        return Drawn(np.ascontiguousarray(fine[:, first : first + count]), beats)


@cache
def shipped() -> Generator:
    """Return the generator that the package brings, loaded once a process.

    Raises:
        ModelError: It does not load.
    """
    from ecgcli.models.generator import weights

    return Generator(weights.shipped())
