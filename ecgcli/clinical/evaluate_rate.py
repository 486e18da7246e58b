"""What a low sampling rate costs: the same recordings measured at 100 and at 500 Hz.

It knows which numbers are compared and how; it does not know where they come from
(`evaluate_measurements`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ecgcli.records.leads import LEADS
from ecgcli.signals.angles import turn

if TYPE_CHECKING:
    from ecgcli.clinical.evaluate_measurements import Seen

COMPARED: dict[str, str] = {
    "ventricular_rate": "/min",
    "p_duration": "ms",
    "pr_interval": "ms",
    "qrs_duration": "ms",
    "qt_interval": "ms",
    "qtc_fridericia": "ms",
    "p_axis": "deg",
    "qrs_axis": "deg",
    "t_axis": "deg",
    "sokolow_lyon": "mV",
    "cornell": "mV",
}
IN_LEADS = ("p_mv", "q_mv", "r_mv", "s_mv", "st_j_mv", "st_60_mv", "t_mv")
"""What is compared between the two rates: of the record, and of each of its leads (mV)."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One measurement at 100 Hz minus that at 500 Hz, over the recordings that have both."""

    name: str
    unit: str
    count: int
    mean: float
    sd: float
    spread: float  # the median absolute difference
    only_500: int
    only_100: int


@dataclass(frozen=True, slots=True)
class Change:
    """A statement: made at both rates, only at 500 Hz, only at 100 Hz."""

    code: str
    both: int
    only_500: int
    only_100: int


def compare(
    low: Sequence[Seen | None], high: Sequence[Seen | None]
) -> tuple[list[Difference], list[Change]]:
    """Compare the same recordings at 100 Hz (`low`) and 500 Hz (`high`)."""
    pairs = [(a, b) for a, b in zip(low, high, strict=True) if a is not None and b is not None]
    rows = [
        _difference(name, unit, [(a.values.get(name), b.values.get(name)) for a, b in pairs])
        for name, unit in COMPARED.items()
    ]
    for name in IN_LEADS:
        found = [
            (a.leads[lead][name], b.leads[lead][name])
            for a, b in pairs
            for lead in LEADS
            if lead in a.leads and lead in b.leads
        ]
        rows.append(_difference(name, "mV", found))
    codes = Counter(code for pair in pairs for one in pair for code in one.statements)
    changes = []
    for code in sorted(codes):
        said = [(code in a.statements, code in b.statements) for a, b in pairs]
        changes.append(
            Change(
                code, said.count((True, True)), said.count((False, True)), said.count((True, False))
            )
        )
    return rows, changes


def _difference(
    name: str, unit: str, pairs: Sequence[tuple[float | None, float | None]]
) -> Difference:
    off = np.array([a - b for a, b in pairs if a is not None and b is not None] or [np.nan])
    if unit == "deg":
        off = turn(off)
    return Difference(
        name,
        unit,
        int(np.isfinite(off).sum()),
        float(off.mean()),
        float(off.std()),
        float(np.median(np.abs(off))),
        sum(a is None and b is not None for a, b in pairs),
        sum(a is not None and b is None for a, b in pairs),
    )


def lines(differences: Sequence[Difference], changes: Sequence[Change]) -> Iterator[str]:
    """Yield the tables for people; statements that never change are left out."""
    yield "the same recording at 100 Hz minus 500 Hz; amplitudes over all leads"
    head = f"{'':18}{'unit':>5}{'count':>8}{'mean':>9}{'SD':>9}{'median |d|':>12}"
    yield f"{head}{'only at 500':>13}{'at 100 Hz':>11}"
    for one in differences:
        yield (
            f"{one.name:18}{one.unit:>5}{one.count:8d}{one.mean:+9.3f}{one.sd:9.3f}"
            f"{one.spread:12.3f}{one.only_500:13d}{one.only_100:11d}"
        )
    yield ""
    yield f"{'statement':12}{'at both':>8}{'only 500 Hz':>13}{'only 100 Hz':>13}"
    for change in sorted(changes, key=lambda c: (-c.only_500 - c.only_100, c.code)):
        if change.only_500 or change.only_100:
            yield f"{change.code:12}{change.both:8d}{change.only_500:13d}{change.only_100:13d}"
