"""All measurements of a recording put together.

It knows which number is taken from what, and that a number without a basis has a reason; how each
is computed stands in its own file.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ecgcli.records.leads import LEADS
from ecgcli.signals import atrial, confidence, fwaves, intervals, progression, voltages, waves
from ecgcli.signals.axes import axes
from ecgcli.signals.classes import Classes
from ecgcli.signals.confidence import Basis, none
from ecgcli.signals.results import (
    ANALYSIS_RATE,
    Beat,
    LeadMeasurements,
    Measurements,
    PWave,
)

UNUSABLE = "the lead is missing or of too poor quality"
UNITS = intervals.RR_UNITS | {
    "atrial_rate": "/min",
    "p_wave_share": "%",
    "p_duration": "ms",
    "pr_interval": "ms",
    "qrs_duration": "ms",
    "qt_interval": "ms",
    "jt_interval": "ms",
    "qtc_bazett": "ms",
    "qtc_fridericia": "ms",
    "qtc_framingham": "ms",
    "qtc_hodges": "ms",
    "p_axis": "deg",
    "qrs_axis": "deg",
    "t_axis": "deg",
    "sokolow_lyon": "mV",
    "cornell": "mV",
    "cornell_product": "mV ms",
    "peguero": "mV",
    "r_progression": "mV",
    "r_transition": "V",
    "f_wave_v1": "mV",
    "f_wave_ii": "mV",
    "f_wave_frequency": "Hz",
    "f_wave_concentration": "%",
}
"""Every measurement of the whole record, and its unit."""


def measurements(found: Classes, rhythm: intervals.Rhythm, basis: Basis) -> Measurements:
    """Return all measurements of a recording that has a median beat."""
    rr = rhythm.usual()
    leads = _leads(basis)
    values: dict[str, Any] = {**intervals.rates(rhythm, basis.leads, _alike(found))}
    values |= intervals.of_beat(basis)
    values |= intervals.corrected(values["qt_interval"], float(rr.mean()) if len(rr) else None)
    values |= fwaves.fwaves(found, basis)
    values["atrial_rate"] = atrial.rate(found, basis, rhythm, values["f_wave_frequency"])
    values |= axes(basis)
    by_name = {lead.lead: lead for lead in leads}
    values |= voltages.voltages(by_name, values["qrs_duration"], basis.sure)
    values |= progression.progression(by_name, basis.sure)
    return Measurements(
        **values,
        p_wave=basis.marks.atrial.state,
        leads=leads,
        beats=_beats(found, basis.marks.r - basis.stack.middle),
    )


def without_median(
    found: Classes, rhythm: intervals.Rhythm, leads: int, reason: str
) -> Measurements:
    """Return the measurements of a recording with beats, but without a median beat to measure."""
    values: dict[str, Any] = {name: none(unit, reason) for name, unit in UNITS.items()}
    values |= intervals.corrected(values["qt_interval"], None)
    values |= intervals.rates(rhythm, leads, _alike(found))
    return Measurements(
        **values,
        p_wave=PWave.UNCERTAIN,
        leads=tuple(LeadMeasurements(lead, reason=reason) for lead in LEADS),
        beats=_beats(found, 0),
    )


def without_beats(reason: str) -> Measurements:
    """Return no number but the reason."""
    values: dict[str, Any] = {name: none(unit, reason) for name, unit in UNITS.items()}
    leads = tuple(LeadMeasurements(lead, reason=reason) for lead in LEADS)
    return Measurements(**values, p_wave=PWave.UNCERTAIN, leads=leads, beats=())


def _alike(found: Classes) -> float:
    """Return how alike the beats are, as far as that speaks against the rate."""
    return max(found.consistency, 0.8) * found.paired


def _beats(found: Classes, offset: int) -> tuple[Beat, ...]:
    """Return the beats; `offset` (samples) leads from the middle of the dominant ones to R."""
    return tuple(
        Beat((int(at) + (offset if own else 0)) / ANALYSIS_RATE, kind)
        for at, kind, own in zip(found.at, found.kinds, found.dominant, strict=True)
    )


def _leads(basis: Basis) -> tuple[LeadMeasurements, ...]:
    """Return what was measured in each of the twelve leads."""
    stack, marks, distrust = basis.stack, basis.marks, basis.distrust
    before, after = marks.atrial.onset, marks.atrial.end
    p = None if before is None or after is None else (before, after)
    sure = confidence.sure(basis.beats, len(LEADS), basis.consistency)
    t_end = None if marks.t is None else marks.t.end
    noise = stack.noise / np.sqrt(len(stack.at))
    return tuple(
        waves.lead(name, row, float(scatter), marks.qrs, p, t_end, sure)
        if good and name not in distrust
        else LeadMeasurements(name, reason=distrust.get(name, UNUSABLE))
        for name, row, scatter, good in zip(LEADS, stack.median, noise, basis.usable, strict=True)
    )
