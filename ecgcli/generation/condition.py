"""From a request to what the networks are told: statements, numbers, and a range of heart rates.

It knows what goes without saying (without a word on the rhythm it is sinus rhythm, without any word
it is a normal ECG) and how a number is chosen where only its range is asked for. It does not know
whether the networks can show it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ecgcli.clinical.catalogue import catalogue
from ecgcli.generation.definitions import ranges, told_by_value, wanting
from ecgcli.generation.injury import SHOWN
from ecgcli.generation.refusal import Kind, RequestError
from ecgcli.models.generator.flow import Asked
from ecgcli.models.generator.rhythm import HIGHEST, LOWEST
from ecgcli.models.generator.track import scalars

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from ecgcli.generation.request import Bound, Request
    from ecgcli.models.generator.weights import Weights

RHYTHMS = frozenset(
    {"SR", "SBRAD", "STACH", "SARRH", "AFIB", "AFLT", "SVTAC", "PSVT", "SVARR", "PACE"}
)
"""Statements that name the rhythm; PTB-XL says "SR" beside none of the others."""
FEWEST = 20
"""Examples that a statement needs to count as learned."""
YOUNGEST = 16.0
"""Age (years) from which the training data have more than a handful."""
QUALITY = (0.95, 1.0)
"""Range of the technical quality that is asked for, of 0 to 1: four in five of the recordings that
the networks learned from are in it. The best of all would be cleaner than any patient's."""
INTO = (0.05, 0.35)
"""How far into a range without an end a number is chosen, in shares of the limit."""
FIELDS = {"heart_rate": "heart_rate", "pr": "pr_ms", "qrs": "qrs_ms", "qt": "qt_ms"}
"""Scalars of the networks by the request's fields; the axis stands by itself."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What the networks are told.

    Attributes:
        asked: For the flow.
        rates: Lowest and highest heart rate (/min).
        statements: Codes that the networks are told, those that go without saying among them.
        values: Numbers that they are told, by the scalars' names.
    """

    asked: Asked
    rates: tuple[float, float]
    statements: tuple[str, ...]
    values: Mapping[str, float]


def learned(weights: Weights) -> frozenset[str]:
    """Return the statements of the catalogue that a generator can be asked for."""
    enough = {code for code in weights.codes if weights.examples.get(code, 0) >= FEWEST}
    named = {code for code, entry in catalogue().items() if entry.scp in enough}
    return frozenset(named) | told_by_value() | {SHOWN}


def condition(request: Request, weights: Weights, chance: np.random.Generator) -> Condition:
    """Return what the networks are told of a request.

    Args:
        request: What is asked for.
        weights: Of the networks, which know their statements.
        chance: Chooses numbers of which only a range is asked.

    Raises:
        RequestError: The networks have not learned something of it.
    """
    _refuse(request, weights)
    said = [code for code in request.present if catalogue()[code].scp in weights.codes]
    codes = [str(catalogue()[code].scp) for code in said]
    codes = _completed(codes, request)
    told = np.array([float(code in codes) for code in weights.codes], np.float32)
    bounds = ranges(request)
    values = {
        name: value
        for name, field in FIELDS.items()
        if (value := getattr(request, field)) is not None
    }
    rates = _rates(request, bounds.get("heart_rate"))
    for name, field in FIELDS.items():
        if name not in values and name != "heart_rate" and _only_by_value(request, field):
            values[name] = _chosen(bounds[field], chance)
    if rates[0] == rates[1]:
        values["heart_rate"] = rates[0]
    if "qt" not in values:
        values |= _uncorrected(request, bounds, values, chance)
    axis = request.axis_deg
    if axis is None and _only_by_value(request, "axis_deg"):
        axis = _chosen(bounds["axis_deg"], chance)
    if axis is not None:
        values["axis"] = axis
    if request.age_years is not None:
        values["age"] = request.age_years
    if request.sex is not None:
        values["female"] = float(request.sex == "female")
    values["quality"] = float(chance.uniform(*QUALITY))
    return Condition(asked(told, values), rates, tuple(codes), values)


def asked(statements: NDArray[np.float32], values: Mapping[str, float]) -> Asked:
    """Return what the flow is told of statements (of the networks, 1 for one) and of numbers."""
    return Asked(statements, scalars(values))


def _refuse(request: Request, weights: Weights) -> None:
    unknown = wanting(request, learned(weights))
    present = [code for code in unknown if code in request.present]
    if present:
        entry = catalogue()[present[0]]
        raise RequestError(
            Kind.UNAVAILABLE,
            f"{entry.text.split(',')[0].lower()} ({entry.code}) cannot be generated: too few"
            " recordings that the networks learned from show it",
            "ask for what is near to it; `ecgcli generate --list` names what can be had",
        )
    if request.age_years is not None and request.age_years < YOUNGEST:
        raise RequestError(
            Kind.UNAVAILABLE,
            "children cannot be generated: the networks learned from adults",
            f"ask for an age of {YOUNGEST:g} years or more",
        )


def _completed(codes: list[str], request: Request) -> list[str]:
    """Return the statements with those that go without saying."""
    absent = {catalogue()[code].scp for code in request.absent}
    found = set(codes)
    abnormal = found - RHYTHMS - {"NORM"} or found - {"SR", "NORM", "SARRH"}
    numbers = request.values().keys() - {"heart_rate"}
    told = set(request.present) - found
    if not abnormal and not numbers and not told - {"ONORM"} and "NORM" not in absent:
        found.add("NORM")
    if not found & RHYTHMS and "SR" not in absent:
        found.add("SR")
    return sorted(found)


def _rates(request: Request, bound: Bound | None) -> tuple[float, float]:
    """Return the range of heart rates (/min).

    Raises:
        RequestError: The networks have seen none of it.
    """
    low, high = LOWEST, HIGHEST
    if request.heart_rate is not None:
        low = high = request.heart_rate
    elif bound is not None:
        low = LOWEST if bound.low is None else max(bound.low, LOWEST)
        high = HIGHEST if bound.high is None else min(bound.high, HIGHEST)
    if low > high or low > HIGHEST or high < LOWEST:
        raise RequestError(
            Kind.UNAVAILABLE,
            "the networks have seen no such heart rate",
            f"ask for {LOWEST:g} to {HIGHEST:g}/min",
        )
    return low, high


def _only_by_value(request: Request, field: str) -> bool:
    """Say whether a range has to be told as a number: no statement of the networks tells it."""
    bounds = ranges(request)
    if field not in bounds:
        return False
    if any(bound.quantity == field for bound in request.bounds):
        return True
    value_only = told_by_value() & {*request.present, *request.absent}
    return any(catalogue()[code].scp is None for code in value_only)


def _chosen(bound: Bound, chance: np.random.Generator) -> float:
    """Choose a number within a range; near to the end where there is but one."""
    low, high = bound.low, bound.high
    if low is not None and high is not None:
        edge = 0.15 * (high - low)
        return float(chance.uniform(low + edge, high - edge))
    if low is not None:
        return float(chance.uniform(low + INTO[0] * abs(low), low + INTO[1] * abs(low)))
    assert high is not None  # `ranges` names no quantity without an end
    return float(chance.uniform(high - INTO[1] * abs(high), high - INTO[0] * abs(high)))


def _uncorrected(
    request: Request,
    bounds: Mapping[str, Bound],
    values: Mapping[str, float],
    chance: np.random.Generator,
) -> dict[str, float]:
    """Return the QT interval (ms) that a corrected one stands for at the rate that is told.

    Fridericia's formula, as in `ecgcli measure`. Without a rate the corrected one cannot be told.
    """
    wanted = request.qtc_ms
    if wanted is None and _only_by_value(request, "qtc_ms"):
        wanted = _chosen(bounds["qtc_ms"], chance)
    if wanted is None or "heart_rate" not in values:
        return {}
    return {"qt": wanted * float(np.cbrt(60.0 / values["heart_rate"]))}
