"""From a recording to its measurements.

It knows the order of the steps (spikes, beats, classes, median beat, onsets and ends, waves) and
how sure each number is; how a step works stands in the step's own file.

Confidence, 0 to 1, is the product of simple shares, each of which says one thing against the
number: few beats (1 - 0.4 / beats), few leads (1 - 0.4 / leads), leads that disagree about an onset
or end (1 / (1 + median deviation / 20 ms)), beats that differ in shape (their mean correlation),
for the rate also beats that no other is like (the share of the others).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecgcli.errors import EcgcliError
from ecgcli.records.leads import LEADS
from ecgcli.records.record import Record
from ecgcli.signals import (
    axes,
    beats,
    classes,
    delineate,
    fiducials,
    intervals,
    median,
    spikes,
    waves,
)
from ecgcli.signals.axes import Area
from ecgcli.signals.condition import condition
from ecgcli.signals.marks import Marks, marks_of
from ecgcli.signals.quality import assess
from ecgcli.signals.results import (
    ANALYSIS_RATE,
    Beat,
    Conditioned,
    Fiducials,
    Grade,
    LeadMeasurements,
    Measured,
    Measurements,
    MedianBeat,
    PWave,
    Quality,
)

P_SMALLEST, QRS_SMALLEST, T_SMALLEST = 0.8, 2.0, 2.0  # mV ms, net area for an axis
SHORTEST_S = 2.0  # that must be left after the lead's standstill at the end
MANY = 5  # complexes or more:
UNLIKE = 0.5  # where a smaller share of them has a like one, they are noise
UNUSABLE = "the lead is missing or of too poor quality"
NO_MEDIAN = "no beat lies wholly inside the recording"


class NotMeasurable(EcgcliError):  # noqa: N818 (a state of the recording, not a mistake)
    """The quality of the recording allows no number; the message says why."""


@dataclass(frozen=True, slots=True)
class Measuring:
    """Measurements of a conditioned recording and what they were taken from.

    `fiducials` are at `ANALYSIS_RATE`, counted from the first sample of the conditioned signal.
    """

    measurements: Measurements
    median_beat: MedianBeat | None
    fiducials: dict[str, Fiducials]


def measure(record: Record) -> Measurements:
    """Condition, judge and measure a recording.

    Raises:
        NotMeasurable: The recording's quality allows no number.
        RecordError: It cannot be conditioned (too short, no lead).
    """
    conditioned = condition(record)
    quality = assess(conditioned)
    if quality.grade is Grade.NOT_USABLE:
        raise NotMeasurable("; ".join(quality.reasons) or "the recording is not usable")
    return measure_conditioned(conditioned, quality).measurements


def measure_conditioned(conditioned: Conditioned, quality: Quality) -> Measuring:
    """Measure a conditioned recording in the leads that its quality allows."""
    names = quality.usable_leads()
    usable = np.array([lead in names for lead in LEADS]) & conditioned.present
    end = beats.end_of_life(conditioned.raw[usable])
    if end < SHORTEST_S * ANALYSIS_RATE:
        return _without_beats("no QRS complexes stand out (flat or too low)")
    rows = conditioned.signal[usable, :end]
    spike_at = spikes.find(rows)
    signal = spikes.remove(conditioned.signal[:, :end], spike_at)
    rows = signal[usable]
    detection = beats.detect(rows)
    if len(detection.at) == 0:
        return _without_beats(detection.reason or "no beat found")
    found = classes.classify(rows, detection.at, spike_at)
    if len(found.at) >= MANY and found.paired < UNLIKE:
        return _without_beats("the complexes found are unlike each other: noise or no beats")
    valid = conditioned.valid[usable, :end]
    own, room = median.roomy(found.at, found.dominant)
    stack = median.stack(signal, usable, np.all(valid, axis=0), own, room)
    marks = None if stack is None else marks_of(stack, usable, room)
    if marks is not None:
        found = classes.with_premature(found, marks.atrial.state, marks.atrial.consistency)
    rhythm = intervals.rhythm(found.at, found.kinds, np.any(valid, axis=0))
    distrust = {lead.lead: lead.distrust for lead in quality.leads if lead.distrust}
    measurements = _measurements(found, rhythm, stack, marks, usable, distrust)
    if stack is None or marks is None:
        return Measuring(measurements, None, fiducials.bare(found.at))
    return Measuring(
        measurements, _median_beat(stack, marks), fiducials.carry(found, stack, marks, usable)
    )


def _sure(beats: int, leads: int, consistency: float, spread_ms: float = 0.0) -> float:
    """Return a confidence (see the module's docstring)."""
    shares = (1.0 - 0.4 / max(beats, 1), 1.0 - 0.4 / max(leads, 1), max(consistency, 0.0))
    return round(float(np.prod(shares)) / (1.0 + spread_ms / 20.0), 3)


def _none(unit: str, reason: str) -> Measured:
    return Measured(None, unit, reason=reason)


def _measurements(
    found: classes.Classes,
    rhythm: intervals.Rhythm,
    stack: median.Stack | None,
    marks: Marks | None,
    usable: NDArray[np.bool_],
    distrust: dict[str, str],
) -> Measurements:
    """Put the numbers together."""
    leads = int(usable.sum())
    offset = 0 if stack is None or marks is None else marks.r - stack.middle
    beats_out = tuple(
        Beat((int(at) + (offset if own else 0)) / ANALYSIS_RATE, kind)
        for at, kind, own in zip(found.at, found.kinds, found.dominant, strict=True)
    )
    rr = rhythm.usual()
    values = _rate(rhythm, leads, max(found.consistency, 0.8) * found.paired)
    if stack is None or marks is None:
        missing = {name: _none(unit, NO_MEDIAN) for name, unit in _FROM_MEDIAN.items()}
        missing["p_wave_share"] = _none("%", NO_MEDIAN)
        per_lead = tuple(LeadMeasurements(lead, reason=NO_MEDIAN) for lead in LEADS)
        state = PWave.UNCERTAIN
    else:
        missing = _intervals(stack, marks, leads, found.consistency)
        state = marks.atrial.state
        per_lead = _leads(stack, marks, usable, distrust)
        sure = _sure(len(stack.at), leads, found.consistency)
        missing |= _axes(stack, marks, usable, sure, distrust)
        missing |= _voltages({lead.lead: lead for lead in per_lead}, sure)
    values |= missing
    values |= intervals.corrected(values["qt_interval"], float(rr.mean()) if len(rr) else None)
    return Measurements(**values, p_wave=state, leads=per_lead, beats=beats_out)


_FROM_MEDIAN = {
    "p_duration": "ms",
    "pr_interval": "ms",
    "qrs_duration": "ms",
    "qt_interval": "ms",
    "p_axis": "deg",
    "qrs_axis": "deg",
    "t_axis": "deg",
    "sokolow_lyon": "mV",
    "cornell": "mV",
}


def _rate(rhythm: intervals.Rhythm, leads: int, alike: float) -> dict[str, Measured]:
    """Return rate and RR intervals."""
    every, basic = rhythm.every, rhythm.basic
    if len(every) == 0:
        one = "fewer than two beats"
        return {
            "ventricular_rate": _none("/min", one),
            "rr_mean": _none("ms", one),
            "rr_variation": _none("%", one),
            "longest_rr": _none("ms", one),
        }
    sure = _sure(len(every), leads, alike)
    usual = rhythm.usual()
    variation = (
        Measured(100.0 * float(basic.std(ddof=1) / basic.mean()), "%", confidence=sure)
        if len(basic) >= 3
        else _none("%", "fewer than three RR intervals between beats of the basic rhythm")
    )
    return {
        "ventricular_rate": Measured(60000.0 / float(every.mean()), "/min", confidence=sure),
        "rr_mean": Measured(float(usual.mean()), "ms", confidence=sure),
        "rr_variation": variation,
        "longest_rr": Measured(float(every.max()), "ms", confidence=sure),
    }


def _intervals(
    stack: median.Stack, marks: Marks, leads: int, consistency: float
) -> dict[str, Measured]:
    """Return the intervals of the median beat."""
    count = len(stack.at)
    ms = 1000.0 / ANALYSIS_RATE
    onset, end = marks.qrs
    atrial, t = marks.atrial, marks.t
    result = {
        "qrs_duration": Measured(
            (end - onset) * ms, "ms", confidence=_sure(count, leads, consistency)
        )
    }
    if atrial.onset is not None and atrial.end is not None:
        sure = _sure(count, leads, min(atrial.consistency + 0.2, 1.0), atrial.spread_ms)
        result["p_duration"] = Measured((atrial.end - atrial.onset) * ms, "ms", confidence=sure)
        result["pr_interval"] = Measured((onset - atrial.onset) * ms, "ms", confidence=sure)
    else:
        result["p_duration"] = _none("ms", f"no P wave: {atrial.reason}")
        result["pr_interval"] = _none("ms", f"no P wave: {atrial.reason}")
    if t is not None:
        sure = _sure(count, t.leads, consistency, t.spread_ms)
        result["qt_interval"] = Measured((t.end - onset) * ms, "ms", confidence=sure)
    else:
        result["qt_interval"] = _none("ms", "the T wave is too flat or runs into the next beat")
    result["p_wave_share"] = (
        Measured(100.0 * atrial.share, "%", confidence=_sure(count, leads, 1.0))
        if atrial.share is not None
        else _none("%", atrial.reason)
    )
    return result


def _leads(
    stack: median.Stack, marks: Marks, usable: NDArray[np.bool_], distrust: dict[str, str]
) -> tuple[LeadMeasurements, ...]:
    """Return what was measured in each of the twelve leads."""
    atrial = marks.atrial
    p = None if atrial.onset is None or atrial.end is None else (atrial.onset, atrial.end)
    t_end = None if marks.t is None else marks.t.end
    noise = stack.noise / np.sqrt(len(stack.at))
    return tuple(
        waves.lead(name, row, float(scatter), marks.qrs, p, t_end)
        if good and name not in distrust
        else LeadMeasurements(name, reason=distrust.get(name, UNUSABLE))
        for name, row, scatter, good in zip(LEADS, stack.median, noise, usable, strict=True)
    )


def _axes(
    stack: median.Stack,
    marks: Marks,
    usable: NDArray[np.bool_],
    sure: float,
    distrust: dict[str, str],
) -> dict[str, Measured]:
    """Return the axes of P, QRS and T."""
    atrial, t = marks.atrial, marks.t
    untrue = distrust.get("I") or distrust.get("aVF")
    if untrue:
        return {name: _none("deg", untrue) for name in ("qrs_axis", "p_axis", "t_axis")}

    def areas(first: int, last: int, own_level: bool = False) -> list[Area]:
        result: list[Area] = []
        for name in ("I", "aVF"):
            row = stack.median[LEADS.index(name)]
            if not usable[LEADS.index(name)]:
                result.append(None)
                continue
            zero = waves.level(row, marks.qrs[0], atrial.end)
            if own_level:
                zero = float(row[first] + row[last]) / 2.0
            result.append(waves.area(row, first, last, zero))
        return result

    result = {"qrs_axis": axes.axis("QRS", areas(*marks.qrs), QRS_SMALLEST, sure)}
    result["p_axis"] = (
        axes.axis("P", areas(atrial.onset, atrial.end, own_level=True), P_SMALLEST, sure)
        if atrial.onset is not None and atrial.end is not None
        else _none("deg", f"no P wave: {atrial.reason}")
    )
    begin = marks.qrs[1] + delineate.T_FROM
    result["t_axis"] = (
        axes.axis("T", areas(begin, t.end), T_SMALLEST, sure)
        if t is not None and t.end > begin
        else _none("deg", "the T wave is too flat or runs into the next beat")
    )
    return result


def _voltages(leads: dict[str, LeadMeasurements], sure: float) -> dict[str, Measured]:
    """Return the sums of voltages that speak for left ventricular hypertrophy, in mV."""

    def depth(lead: LeadMeasurements) -> float:
        # A QS complex has no R wave, and its depth counts as that of an S wave.
        own = lead.s_mv if lead.r_mv is not None else lead.q_mv
        return -own if own is not None else 0.0

    def height(lead: LeadMeasurements) -> float:
        return max(lead.r_mv or 0.0, lead.r2_mv or 0.0)

    result = {}
    for name, needed in (("sokolow_lyon", ("V1", "V5", "V6")), ("cornell", ("aVL", "V3"))):
        lost = [lead for lead in needed if leads[lead].reason is not None]
        if lost:
            result[name] = _none("mV", f"lead {', '.join(lost)} cannot be measured")
        elif name == "sokolow_lyon":
            value = depth(leads["V1"]) + max(height(leads["V5"]), height(leads["V6"]))
            result[name] = Measured(value, "mV", confidence=sure)
        else:
            value = height(leads["aVL"]) + depth(leads["V3"])
            result[name] = Measured(value, "mV", confidence=sure)
    return result


def _median_beat(stack: median.Stack, marks: Marks) -> MedianBeat:
    return MedianBeat(
        signal=stack.median.astype(np.float32),
        r_index=marks.r,
        p_onset=marks.atrial.onset,
        p_end=marks.atrial.end,
        qrs_onset=marks.qrs[0],
        qrs_end=marks.qrs[1],
        t_end=None if marks.t is None else marks.t.end,
    )


def _without_beats(reason: str) -> Measuring:
    """Return no number but the reason."""
    units = _FROM_MEDIAN | {
        "ventricular_rate": "/min",
        "rr_mean": "ms",
        "rr_variation": "%",
        "longest_rr": "ms",
        "p_wave_share": "%",
        "qtc_bazett": "ms",
        "qtc_fridericia": "ms",
        "qtc_framingham": "ms",
        "qtc_hodges": "ms",
    }
    leads = tuple(LeadMeasurements(lead, reason=reason) for lead in LEADS)
    values = {name: _none(unit, reason) for name, unit in units.items()}
    return Measuring(
        Measurements(**values, p_wave=PWave.UNCERTAIN, leads=leads, beats=()), None, {}
    )
