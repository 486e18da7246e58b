"""The engine alone, for its tests: conditioning as in production, but every lead called usable."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ecgcli.records.leads import LEADS
from ecgcli.records.record import Record
from ecgcli.signals.condition import condition
from ecgcli.signals.measure import Measuring, measure_conditioned
from ecgcli.signals.results import Conditioned, Grade, LeadQuality, Measured, Measurements, Quality


def all_usable() -> Quality:
    return Quality(Grade.USABLE, 1.0, (), tuple(LeadQuality(lead, True) for lead in LEADS))


def measured(record: Record) -> Measuring:
    return measure_conditioned(condition(record), all_usable())


def as_conditioned(signal: NDArray[np.floating]) -> Conditioned:
    """Wrap (12, samples) at 500 Hz as if it had been conditioned."""
    row = signal.astype(np.float32)
    present = np.ones(len(LEADS), dtype=bool)
    return Conditioned(row, row, present, np.ones(row.shape, dtype=bool), 0.0)


def value(measurement: Measured) -> float:
    assert measurement.value is not None, measurement.reason
    return measurement.value


def numbers(measurements: Measurements) -> dict[str, Measured]:
    """Return every measurement of the whole record by name."""
    every = {name: getattr(measurements, name) for name in Measurements.__slots__}
    return {name: item for name, item in every.items() if isinstance(item, Measured)}
