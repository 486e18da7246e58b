"""The flow, in NumPy: from noise to the latent vectors of one recording.

It knows the network's layers (`training.generator.flow` is the same network as it is trained) and
how steps are taken; it does not know what is asked for.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ecgcli.models.generator.layers import linear, silu
from ecgcli.models.generator.layout import SCALARS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

HEADS = 6
WAVES = 8
STEPS = 12
"""Times that the network is asked; `training/generator/generator.md` has what fewer cost."""
SEEN = 65
"""Latent vectors (10.4 s) that are looked at at once: the network has learned from no more."""
COARSE = 0.25
"""Time of the flow until which a longer recording is looked at as a whole all the same: what the
patient is like is decided then, and has to be the same everywhere."""
GUIDANCE = 2.0
"""By how much what is asked is stressed; 1 is not at all."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of one recording.

    Attributes:
        statements: (statements,) 1 where one is asked for.
        scalars: (`SCALARS`,) near -1 to 1, NaN where nothing is asked.
    """

    statements: Floats
    scalars: Floats


class Flow:
    """The velocity of latents, and the way along it.

    Args:
        tensors: The network's.
    """

    def __init__(self, tensors: Mapping[str, Floats]) -> None:
        self._tensors = tensors
        self._depth = 1 + max(
            int(name.split(".")[1]) for name in tensors if name.startswith("blocks.")
        )

    def latents(
        self,
        noise: Floats,
        track: Floats,
        asked: Asked,
        steps: int = STEPS,
        guidance: float = GUIDANCE,
    ) -> Floats:
        """Return latents (patches, channels), by the midpoint rule.

        A recording longer than `SEEN` is looked at, from `COARSE` on, in windows that overlap by
        half, whose velocities are averaged (Bar-Tal et al., ICML 2023), most in their middle.

        Args:
            noise: (patches, channels) to begin with.
            track: (patches, beat channels * samples), the beats.
            asked: What the recording shall show.
            steps: How many times the network is asked.
            guidance: By how much what is asked is stressed.
        """
        beats = linear(self._tensors, "beats", track)
        nothing = Asked(np.zeros_like(asked.statements), np.full_like(asked.scalars, np.nan))
        conditions = [self._condition(asked)]
        if guidance != 1.0:
            conditions.append(self._condition(nothing))
        windows, whole = _windows(len(noise), SEEN), _windows(len(noise), len(noise))
        turns = _turns(len(noise), self._tensors["latent.weight"].shape[0] // HEADS // 2)

        def everywhere(x: Floats, moment: float, condition: Floats) -> Floats:
            total = np.zeros_like(x)
            for window, share in whole if moment < COARSE else windows:
                near = (turns[0][: len(share)], turns[1][: len(share)])
                seen = self._velocity(x[window], moment, beats[window], condition, near)
                total[window] += share[:, None] * seen
            return total

        def velocity(x: Floats, moment: float) -> Floats:
            said = [everywhere(x, moment, each) for each in conditions]
            if len(said) == 1:
                return said[0]
            return said[1] + np.float32(guidance) * (said[0] - said[1])

        # Small steps at the ends: first the course is decided, last the fine detail.
        halves = max(steps // 2, 1)
        moments = (0.5 - 0.5 * np.cos(np.linspace(0.0, math.pi, halves + 1))).tolist()
        x = noise
        for begin, end in itertools.pairwise(moments):
            middle = 0.5 * (begin + end)
            half = x + np.float32(middle - begin) * velocity(x, begin)
            x = x + np.float32(end - begin) * velocity(half, middle)
        return x

    def _condition(self, asked: Asked) -> Floats:
        """Return what is the same at every step: statements and scalars, (width,)."""
        total = self._tensors["condition.statements.weight"] @ asked.statements
        for at in range(len(SCALARS)):
            value = asked.scalars[at]
            known = not np.isnan(value)
            row = _spread(float(value) if known else 0.0, known)
            total = total + self._perceptron(f"condition.scalars.{at}", row)
        result: Floats = total
        return result

    def _perceptron(self, name: str, row: Floats) -> Floats:
        return linear(self._tensors, f"{name}.2", silu(linear(self._tensors, f"{name}.0", row)))

    def _velocity(
        self,
        x: Floats,
        moment: float,
        beats: Floats,
        condition: Floats,
        turns: tuple[Floats, Floats],
    ) -> Floats:
        total = condition + self._perceptron("condition.time", _spread(moment, True))
        asked = silu(total + self._perceptron("condition.mixed", silu(total)))
        seen = linear(self._tensors, "latent", x) + beats
        for block in range(self._depth):
            seen = self._block(f"blocks.{block}", seen, asked, turns)
        offset, gain = np.split(linear(self._tensors, "adapted", asked), 2)
        return linear(self._tensors, "out", _normed(seen) * (1.0 + gain) + offset)

    def _block(self, name: str, x: Floats, asked: Floats, turns: tuple[Floats, Floats]) -> Floats:
        adapted = linear(self._tensors, f"{name}.adapted", asked)
        offset1, gain1, gate1, offset2, gain2, gate2 = np.split(adapted, 6)
        inner = _normed(x) * (1.0 + gain1) + offset1
        query, key, value = (
            part.reshape(len(x), HEADS, -1).transpose(1, 0, 2)
            for part in np.split(linear(self._tensors, f"{name}.mixing", inner), 3, axis=1)
        )
        seen = _attended(_turned(_normed(query), turns), _turned(_normed(key), turns), value)
        joined = seen.transpose(1, 0, 2).reshape(len(x), -1)
        x = x + gate1 * linear(self._tensors, f"{name}.joined", joined)
        inner = _normed(x) * (1.0 + gain2) + offset2
        gate, up = np.split(linear(self._tensors, f"{name}.widened", inner), 2, axis=1)
        result: Floats = x + gate2 * linear(self._tensors, f"{name}.narrowed", silu(gate) * up)
        return result


def _windows(patches: int, longest: int) -> list[tuple[slice, Floats]]:
    """Return windows over a recording, each with the share (its length,) by which it counts."""
    length = min(longest, patches)
    starts = [*range(0, patches - length, longest // 2), patches - length]
    inside = np.arange(length)
    weight = np.minimum(inside + 1, length - inside).astype(np.float32)
    total = np.zeros(patches, np.float32)
    for start in starts:
        total[start : start + length] += weight
    parts = [slice(start, start + length) for start in starts]
    return [(part, weight / total[part]) for part in parts]


def _spread(value: float, known: bool) -> Floats:
    """Return a number and waves of it, and whether it is known."""
    angles = value * 2.0 ** np.arange(WAVES) * 0.5 * math.pi
    row = np.concatenate(([value], np.sin(angles), np.cos(angles)))
    return np.append(row if known else np.zeros_like(row), float(known)).astype(np.float32)


def _attended(query: Floats, key: Floats, value: Floats) -> Floats:
    scores: Floats = np.matmul(query, key.transpose(0, 2, 1))
    # Among more keys than it has learned from, attention has to be sharper to be as sharp.
    sharper = max(math.log(scores.shape[2]) / math.log(SEEN), 1.0)
    scores *= np.float32(sharper / math.sqrt(query.shape[2]))
    scores -= scores.max(axis=2, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=2, keepdims=True)
    result: Floats = np.matmul(scores, value)
    return result


def _normed(x: Floats) -> Floats:
    centred = x - x.mean(axis=-1, keepdims=True)
    size = np.sqrt(np.square(centred).mean(axis=-1, keepdims=True) + np.float32(1e-5))
    result: Floats = centred / size
    return result


def _turns(patches: int, half: int) -> tuple[Floats, Floats]:
    slowness = 100.0 ** (np.arange(half) / half)
    angles = np.arange(patches)[:, None] / slowness
    return np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)


def _turned(x: Floats, turns: tuple[Floats, Floats]) -> Floats:
    cosine, sine = turns
    first, second = np.split(x, 2, axis=2)
    return np.concatenate((first * cosine - second * sine, first * sine + second * cosine), axis=2)
