"""The same drawing once more, its numbers asked for by as much more as the first time missed.

It knows which of a drawing's numbers the flow decides and can be told otherwise; it draws nothing.
A drawing that shows all that was asked but a number is worth a second look: the same chance with a
little more of it is nearer than another drawing would be.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ecgcli.generation.check import MEASURED_AS
from ecgcli.generation.condition import FIELDS, asked
from ecgcli.signals.angles import turn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ecgcli.generation.check import Check, Seen
    from ecgcli.generation.condition import Condition

AIMED = {name: field for name, field in FIELDS.items() if name != "heart_rate"}
AIMED["axis"] = "axis_deg"
"""The flow's numbers by the request's fields; the heart rate is that of the beats, and is met."""
MEASURED = {name: MEASURED_AS[field] for name, field in AIMED.items()}
ITEMS = {*AIMED.values(), "qtc_ms"}
MOST = 2
"""How many times the same drawing is asked for again, at most."""
FARTHEST = {"pr": 60.0, "qrs": 40.0, "qt": 80.0, "axis": 60.0}
"""How far (ms, degrees) from the number that is wanted another may be told: beyond, the flow does
not follow."""


def misses_numbers_alone(made: Check) -> bool:
    """Say whether all that is not as asked are numbers that can be aimed at again."""
    unmet = {item.name for item in made.unmet()}
    return bool(unmet) and unmet <= ITEMS


def aimed(wanted: Mapping[str, float], told: Condition, seen: Seen) -> Condition:
    """Return a condition whose numbers are moved by what the last one missed.

    Args:
        wanted: The numbers that are to come out, by the scalars' names.
        told: What the last drawing was told.
        seen: What came of it.
    """
    measurements = seen.analysis.measurements
    values = dict(told.values)
    for name, measure in MEASURED.items():
        found = getattr(measurements, measure).value if measurements is not None else None
        if name not in wanted or found is None:
            continue
        moved = values[name] + _between(name, wanted[name], found)
        away = _between(name, moved, wanted[name])
        away = min(max(away, -FARTHEST[name]), FARTHEST[name])
        values[name] = wanted[name] + away
    return replace(told, asked=asked(told.asked.statements, values), values=values)


def _between(name: str, one: float, other: float) -> float:
    """Return by how much one is more than the other; of axes on the shorter way."""
    away = one - other
    return turn(away) if name == "axis" else away
