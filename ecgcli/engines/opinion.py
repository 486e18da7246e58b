"""What the statement network says of one recording.

It knows probabilities, thresholds and which statements the network has learned; it does not know
what follows from them (`clinical`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ecgcli.errors import ModelError
from ecgcli.models import statements
from ecgcli.signals.reading import NUMBERS, inputs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from ecgcli.models.statements import StatementModel
    from ecgcli.records.record import Patient
    from ecgcli.signals.results import Analysis


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the network says of one statement.

    Attributes:
        probability: Calibrated, 0 to 1.
        threshold: From which on the network asserts it; `None` where it has seen too few examples
            to assert it at all.
    """

    probability: float
    threshold: float | None

    @property
    def asserted(self) -> bool:
        """Whether the network makes the statement."""
        return self.threshold is not None and self.probability >= self.threshold

    @property
    def doubted(self) -> bool:
        """Whether the network, which has learned the statement, finds it improbable."""
        return self.threshold is not None and self.probability < self.threshold / DOUBT


DOUBT = 4.0
"""A statement is doubted below this part of its threshold."""
ADULT_YEARS = 16.0
"""PTB-XL's patients are adults: a younger one's ECG gets no opinion."""
FOR_ADULTS = "The statement model has learned from adults; it is not asked below 16 years of age."


@dataclass(frozen=True, slots=True)
class Way:
    """How the network came to its opinion: what it was given, and what it noted on its way."""

    network: StatementModel
    signal: NDArray[np.float32]
    numbers: NDArray[np.float32]
    logits: NDArray[np.float32]
    tape: Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the network says of one recording: judgements by SCP-ECG code, of superclasses too.

    `model` names the network: the hash of its file. `way` is there for who wants to explain it.
    """

    statements: Mapping[str, Judgement]
    superclasses: Mapping[str, float]
    model: str
    way: Way | None = None


def opinion(analysis: Analysis, model: StatementModel | None = None) -> Opinion | None:
    """Return what the network says, `None` of a record that is not usable or of a child.

    Args:
        analysis: The record.
        model: A network other than the one that the package brings.

    Raises:
        ModelError: The network was made for other inputs.
    """
    if analysis.measurements is None or is_child(analysis.record.patient):
        return None
    network = model or statements.shipped()
    if tuple(network.card["numbers"]) != NUMBERS:
        raise ModelError("the statement model was trained with other measurements: train it again")
    signal, numbers = inputs(analysis)
    tape: dict[str, NDArray[np.float32]] = {}
    logits = network.logits(signal, numbers, tape)
    said = judged(network, network.probabilities(logits))
    return replace(said, way=Way(network, signal, numbers, logits, tape))


def is_child(patient: Patient) -> bool:
    """Say whether a patient is known to be younger than those the network has learned from."""
    return patient.age_years is not None and patient.age_years < ADULT_YEARS


def judged(network: StatementModel, probabilities: NDArray[np.float64]) -> Opinion:
    """Return probabilities (outputs,) by name."""
    found: dict[str, Judgement] = {}
    above: dict[str, float] = {}
    rows = zip(network.card["outputs"], probabilities, network.card["thresholds"], strict=True)
    for name, probability, threshold in rows:
        kind, colon, rest = name.partition(":")
        if not colon:
            found[name] = Judgement(float(probability), threshold)
        elif kind == "superclass":
            above[rest] = float(probability)
    return Opinion(found, above, network.card["hash"])
