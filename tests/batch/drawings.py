"""A generator that draws as it is told, in place of the networks: for runs that pass and fail.

It draws the synthetic ECG of `tests.synthetic` at the rate that is asked for. The age says what
else: see `DEAF` and its neighbours.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from ecgcli.batch import generating
from ecgcli.batch.generating import prepare, process
from ecgcli.clinical.catalogue import catalogue
from ecgcli.models.generator import weights
from ecgcli.models.generator.draw import Drawn, Generator
from ecgcli.models.generator.flow import Asked
from ecgcli.models.generator.layout import CENTRE, INDEPENDENT, SCALARS, SPREAD
from ecgcli.models.generator.rhythm import Beats
from ecgcli.models.generator.weights import Weights
from ecgcli.records.leads import LEADS
from tests import synthetic

__all__ = ["prepare", "process"]

PROCESS = "tests.batch.drawings:process"
DEAF = 97.0
"""Age at which every drawing beats faster than asked."""
HARD_OF_HEARING = 96.0
"""Age at which the first two drawings do."""
DEADLY = 95.0
"""Age at which the process dies."""
USUAL = 72.0


class Drawings(Generator):
    """Draws without networks."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights

    def draw(
        self,
        asked: Asked,
        rates: tuple[float, float],
        duration_s: float,
        seed: int | tuple[int, ...],
        steps: int = 0,
        guidance: float = 0.0,
    ) -> Drawn:
        at = SCALARS.index("age")
        age = round(float(asked.scalars[at]) * SPREAD[at] + CENTRE[at], 3)
        if age == DEADLY:
            os._exit(7)
        assert isinstance(seed, tuple)
        candidate = seed[-2]
        rate = rates[0] if rates[0] == rates[1] else USUAL
        if age == DEAF or (age == HARD_OF_HEARING and candidate < 2):
            rate += 20
        chance = np.random.default_rng(seed)
        signal = synthetic.signal(synthetic.beat_times(rate, duration_s), duration_s)
        signal = signal * np.float32(chance.uniform(0.9, 1.1))
        rows = signal[[LEADS.index(lead) for lead in INDEPENDENT]]
        nothing = Beats(np.zeros(0), np.zeros(0, np.int64))
        return Drawn(np.ascontiguousarray(rows), nothing)


vars(generating)["Generator"] = Drawings


def write_weights(file: Path) -> Path:
    """Write a generator without networks that has learned every statement but one."""
    codes = sorted({entry.scp for entry in catalogue().values() if entry.scp} - {"3AVB"})
    weights.save({}, {"codes": codes, "examples": dict.fromkeys(codes, 100)}, file)
    return file
