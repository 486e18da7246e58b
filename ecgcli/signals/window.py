"""Which ten seconds of a long recording are analysed.

It knows the rule; how good a window is it judges cheaply, by what any filter would meet there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ecgcli.records.record import Record

WINDOW_S = 10.0
SHORTEST_S = 5.0


def choose(record: Record) -> slice:
    """Return the samples of `record` that are analysed, at the record's own rate."""
    samples = record.signal.shape[1]
    return slice(0, min(samples, round(WINDOW_S * record.rate)))
