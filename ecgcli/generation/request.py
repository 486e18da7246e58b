"""What is asked for: statements, numbers and a patient, without anything that was not said.

It knows the form of a request; it does not know how one is read (`reading`) or what contradicts
itself (`consistency`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ecgcli.generation.quantities import quantities

if TYPE_CHECKING:
    from ecgcli.records.record import Sex


@dataclass(frozen=True, slots=True)
class Bound:
    """Where a quantity lies, both ends included.

    Attributes:
        quantity: Its name in `Request`, which also fixes the unit.
        low: At least so much, `None` for no lower end.
        high: At most so much, `None` for no upper end.
    """

    quantity: str
    low: float | None = None
    high: float | None = None

    def holds(self, value: float) -> bool:
        """Return whether a value lies within."""
        return (self.low is None or self.low <= value) and (self.high is None or value <= self.high)

    def narrowed(self, other: Bound) -> Bound:
        """Return where both hold; `low` is above `high` where they nowhere do."""
        lows = [x for x in (self.low, other.low) if x is not None]
        highs = [x for x in (self.high, other.high) if x is not None]
        return Bound(self.quantity, max(lows, default=None), min(highs, default=None))

    @property
    def empty(self) -> bool:
        """Whether no value lies within."""
        return self.low is not None and self.high is not None and self.low > self.high


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for. `None` and absence from both lists mean that nothing was said of it.

    Attributes:
        text: As it was given.
        present: Statements that the ECG shows, codes of the catalogue in its order.
        absent: Statements that it does not show, likewise.
        age_years: Age in years, fractional for infants.
        sex: Sex of the patient.
        heart_rate: Ventricular rate in beats per minute.
        pr_ms: PR interval in milliseconds.
        qrs_ms: QRS duration in milliseconds.
        qt_ms: QT interval in milliseconds.
        qtc_ms: QT interval corrected for rate, in milliseconds; by which formula is not said.
        axis_deg: QRS axis in the frontal plane, above -180 to 180 degrees, negative to the left.
        bounds: Ranges said of quantities that have no value here, in the order of the fields; not
            those that follow from a statement (`definitions.ranges` has all).
    """

    text: str = ""
    present: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    age_years: float | None = None
    sex: Sex | None = None
    heart_rate: float | None = None
    pr_ms: float | None = None
    qrs_ms: float | None = None
    qt_ms: float | None = None
    qtc_ms: float | None = None
    axis_deg: float | None = None
    bounds: tuple[Bound, ...] = ()

    @property
    def heart_rate_range(self) -> tuple[float | None, float | None] | None:
        """Lowest and highest ventricular rate (/min) that was said, `None` without such a range."""
        for bound in self.bounds:
            if bound.quantity == "heart_rate":
                return bound.low, bound.high
        return None

    def values(self) -> dict[str, float]:
        """Return the numbers that were said by their field, age not among them."""
        found = {field: getattr(self, field) for field in quantities() if field != "age_years"}
        return {field: value for field, value in found.items() if value is not None}

    def as_dict(self) -> dict[str, Any]:
        """Return the request for JSON; the keys and their order are always the same."""
        return {
            "text": self.text,
            "present": list(self.present),
            "absent": list(self.absent),
            "age_years": self.age_years,
            "sex": self.sex,
            "heart_rate": self.heart_rate,
            "pr_ms": self.pr_ms,
            "qrs_ms": self.qrs_ms,
            "qt_ms": self.qt_ms,
            "qtc_ms": self.qtc_ms,
            "axis_deg": self.axis_deg,
            "bounds": {bound.quantity: [bound.low, bound.high] for bound in self.bounds},
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Request:
        """Return the request that `as_dict` wrote."""
        lists = {name: tuple(values[name]) for name in ("present", "absent")}
        bounds = tuple(Bound(name, low, high) for name, (low, high) in values["bounds"].items())
        return cls(**{**values, **lists, "bounds": bounds})

    def digest(self) -> bytes:
        """Return a SHA-256 over what is asked for: the same for the same request in other words."""
        asked = {name: value for name, value in self.as_dict().items() if name != "text"}
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).digest()
