"""All that the signals room says of one record.

It knows the order (condition, judge, measure, suspect) and at which rate the caller counts samples.
"""

from __future__ import annotations

from dataclasses import fields

from ecgcli.records.record import Record
from ecgcli.signals import exchanges
from ecgcli.signals.condition import condition
from ecgcli.signals.measure import measure_conditioned
from ecgcli.signals.quality import assess
from ecgcli.signals.results import ANALYSIS_RATE, Analysis, Conditioned, Fiducials, Grade


def analyse(record: Record) -> Analysis:
    """Condition, judge and, where the quality allows it, measure a recording.

    Raises:
        RecordError: The recording cannot be conditioned (too short, no lead).
    """
    conditioned = condition(record)
    quality = assess(conditioned)
    if quality.grade is Grade.NOT_USABLE:
        return Analysis(record, conditioned, quality, None, None, None)
    result = measure_conditioned(conditioned, quality)
    fiducials = {
        lead: _at_own_rate(points, conditioned, record) for lead, points in result.fiducials.items()
    }
    return Analysis(
        record,
        conditioned,
        quality,
        result.measurements,
        result.median_beat,
        fiducials,
        exchanges.suspect(result.median_beat, quality),
    )


def _at_own_rate(points: Fiducials, conditioned: Conditioned, record: Record) -> Fiducials:
    """Return fiducials as sample indices of `Record.signal`."""
    start = (conditioned.start_s - record.start_s) * record.rate
    factor = record.rate / ANALYSIS_RATE
    last = record.signal.shape[1] - 1

    def own(index: int | None) -> int | None:
        return None if index is None else min(max(round(start + index * factor), 0), last)

    return Fiducials(
        **{
            field.name: tuple(own(index) for index in getattr(points, field.name))
            for field in fields(Fiducials)
        }
    )
