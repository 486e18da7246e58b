"""How sure a number is.

Confidence, 0 to 1, is the product of simple shares, each of which says one thing against the
number: few beats (1 - 0.4 / beats), few leads (1 - 0.4 / leads), leads that disagree about an onset
or end (1 / (1 + median deviation / 20 ms)), beats that differ in shape (their mean correlation),
for the rate also beats that no other is like (the share of the others).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecgcli.signals.marks import Marks
from ecgcli.signals.median import Stack
from ecgcli.signals.results import Measured


def sure(beats: int, leads: int, consistency: float, spread_ms: float = 0.0) -> float:
    """Return a confidence (see the module's docstring)."""
    shares = (1.0 - 0.4 / max(beats, 1), 1.0 - 0.4 / max(leads, 1), max(consistency, 0.0))
    return round(float(np.prod(shares)) / (1.0 + spread_ms / 20.0), 3)


def none(unit: str, reason: str) -> Measured:
    """Return no number, and why."""
    return Measured(None, unit, reason=reason)


@dataclass(frozen=True, slots=True)
class Basis:
    """What is measured on the median beat, and what speaks for it.

    Attributes:
        stack: The beats and their median.
        marks: Onsets and ends on the median.
        usable: (12,) bool, leads that may be measured.
        distrust: Leads whose amplitudes cannot be trusted, and why.
        consistency: Mean correlation of the beats.
        signal: (12, samples) mV, what the beats were cut from.
        valid: (12, samples) bool, which of its samples were recorded.
        led_p: Samples of the peaks of P waves that a QRS complex follows.
        lone_p: The same of those that none follows.
    """

    stack: Stack
    marks: Marks
    usable: NDArray[np.bool_]
    distrust: dict[str, str]
    consistency: float
    signal: NDArray[np.float32]
    valid: NDArray[np.bool_]
    led_p: NDArray[np.float64]
    lone_p: NDArray[np.float64]

    @property
    def beats(self) -> int:
        """Return how many beats the median was taken of."""
        return len(self.stack.at)

    @property
    def leads(self) -> int:
        """Return how many leads are usable."""
        return int(self.usable.sum())

    @property
    def sure(self) -> float:
        """Return the confidence of a number that needs no onset or end to be exact."""
        return sure(self.beats, self.leads, self.consistency)
