"""The rhythm network, in NumPy: a heart rate, then one beat after the other.

It knows the network's layers (`training.generator.rhythm` is the same network as it is trained) and
how beats are drawn by chance; it does not know what is asked for. An interval is told as its share
of the recording's mean interval, so that any rate may be asked of any rhythm.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ecgcli.models.generator.layers import linear

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

RATES = 64
"""Classes of heart rate, equally wide in the logarithm between the two."""
LOWEST, HIGHEST = 25.0, 250.0
INTERVALS = 96
"""Classes of an interval, its share of the mean one, equally wide in the logarithm."""
SHORTEST, LONGEST = 0.2, 4.0
KINDS = 3
"""Basic rhythm, ventricular ectopic, supraventricular ectopic: rows of a beat track."""
START = RATES + INTERVALS * KINDS
"""Token before all others; a beat's is `RATES` + interval + `INTERVALS` * kind."""
LEAD_IN_S = 1.0
"""Beats begin so long before the recording: its first one has a past."""
TRIES = 40
ENOUGH = 0.005
"""Share by which the rate may miss the one asked for."""


@dataclass(frozen=True, slots=True)
class Beats:
    """When the heart beats: times (s) from the recording's first sample, rising, and kinds."""

    times_s: NDArray[np.float64]
    kinds: NDArray[np.int64]

    def rate(self, duration_s: float) -> float:
        """Return the mean heart rate (/min) within the recording, NaN of fewer than two beats."""
        inside = self.times_s[(self.times_s >= 0.0) & (self.times_s < duration_s)]
        return 60.0 / float(np.diff(inside).mean()) if len(inside) > 1 else math.nan


def rate_class(rate: float) -> int:
    """Return the class of a heart rate (/min)."""
    place = math.log(rate / LOWEST) / math.log(HIGHEST / LOWEST) * RATES
    return min(max(math.floor(place), 0), RATES - 1)


def interval_class(share: float) -> int:
    """Return the class of an interval, its share of the mean one."""
    place = math.log(share / SHORTEST) / math.log(LONGEST / SHORTEST) * INTERVALS
    return min(max(math.floor(place), 0), INTERVALS - 1)


class Rhythm:
    """Draws beats.

    Args:
        tensors: The network's.
    """

    def __init__(self, tensors: Mapping[str, Floats]) -> None:
        self._tensors = tensors

    def beats(
        self,
        statements: Floats,
        age: float,
        duration_s: float,
        rates: tuple[float, float],
        chance: np.random.Generator,
    ) -> Beats:
        """Return the beats of one recording.

        Args:
            statements: (statements,) 1 where one is asked for.
            age: Near -1 to 1, NaN where it is not told.
            duration_s: Length of the recording.
            rates: Lowest and highest heart rate (/min) to choose from; the same twice for just
                that one, `LOWEST` and `HIGHEST` for any.
            chance: Where chance comes from.
        """
        known = float(not math.isnan(age))
        asked = linear(self._tensors, "statements", statements)
        told = np.array([age if known else 0.0, known], np.float32)
        asked = asked + linear(self._tensors, "age", told)
        state = np.zeros_like(asked)
        state = self._next(START, asked, state)
        rate = _rate(linear(self._tensors, "out", state)[:RATES], rates, chance)
        mean = 60.0 / rate
        token = rate_class(rate)
        times, kinds = [0.0], [0]
        # Twice as many as are needed: the intervals' mean is set right afterwards.
        while times[-1] < 2.0 * (duration_s + 2.0 * (LEAD_IN_S + mean)):
            state = self._next(token, asked, state)
            place = _drawn(linear(self._tensors, "out", state)[RATES:START], chance)
            token = RATES + place
            kind, interval = divmod(place, INTERVALS)
            within = (interval + chance.random()) / INTERVALS
            share = SHORTEST * math.exp(within * math.log(LONGEST / SHORTEST))
            times.append(times[-1] + mean * share)
            kinds.append(kind)
        return _placed(np.array(times), np.array(kinds), duration_s, rate, chance)

    def _next(self, token: int, asked: Floats, state: Floats) -> Floats:
        """Return the state after a token: a gated recurrent unit."""
        tensors = self._tensors
        x = tensors["tokens.weight"][token] + asked
        given = tensors["memory.weight_ih_l0"] @ x + tensors["memory.bias_ih_l0"]
        kept = tensors["memory.weight_hh_l0"] @ state + tensors["memory.bias_hh_l0"]
        reset_x, update_x, new_x = np.split(given, 3)
        reset_h, update_h, new_h = np.split(kept, 3)
        reset, update = _sigmoid(reset_x + reset_h), _sigmoid(update_x + update_h)
        new = np.tanh(new_x + reset * new_h)
        result: Floats = new + update * (state - new)
        return result


def _sigmoid(x: Floats) -> Floats:
    result: Floats = np.float32(1.0) / (np.float32(1.0) + np.exp(-x))
    return result


def _drawn(scores: Floats, chance: np.random.Generator) -> int:
    """Return a place by chance, each with the probability that its score stands for."""
    weights = np.exp(scores.astype(np.float64) - scores.max())
    return int(chance.choice(len(weights), p=weights / weights.sum()))


def _rate(scores: Floats, rates: tuple[float, float], chance: np.random.Generator) -> float:
    """Draw a heart rate (/min) within limits."""
    lowest, highest = rates
    if lowest == highest:
        return lowest
    edges = LOWEST * np.exp(np.arange(RATES + 1) / RATES * math.log(HIGHEST / LOWEST))
    inside = np.diff(np.clip(edges, lowest, highest)) / np.diff(edges)
    # Where the network holds all of the range for impossible it is drawn from evenly.
    weights = (np.exp(scores.astype(np.float64) - scores.max()) + 1e-6) * inside
    place = int(chance.choice(RATES, p=weights / weights.sum()))
    low, high = max(edges[place], lowest), min(edges[place + 1], highest)
    return float(low + (high - low) * chance.random())


def _placed(
    times: NDArray[np.float64],
    kinds: NDArray[np.int64],
    duration_s: float,
    rate: float,
    chance: np.random.Generator,
) -> Beats:
    """Cut a recording out of a train of beats and stretch it until its mean rate is the one asked.

    Of the places that are tried the first does where no beat enters or leaves by the stretching.
    """
    best, least = Beats(times, kinds), math.inf
    for _ in range(TRIES):
        place = int(chance.integers(1, max(len(times) // 3, 2)))
        start = times[place] - chance.random() * (times[place] - times[place - 1])
        found = Beats(times - start, kinds)
        for _ in range(4):
            now = found.rate(duration_s)
            away = abs(now / rate - 1.0)
            if away < least:
                best, least = found, away
            if least < ENOUGH or math.isnan(now):
                break
            found = Beats(found.times_s * (now / rate), kinds)
        if least < ENOUGH:
            break
    return best
