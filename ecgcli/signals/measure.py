"""From a recording to its measurements.

It knows the order of the steps (spikes, beats, classes, median beat, onsets and ends, waves); how a
step works stands in the step's own file, and what a number is made of in `assemble`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ecgcli.errors import EcgcliError
from ecgcli.models.delineator import Delineator, shipped
from ecgcli.records.leads import LEADS
from ecgcli.records.record import Record
from ecgcli.signals import assemble, beats, classes, fiducials, intervals, median, spikes
from ecgcli.signals.condition import condition
from ecgcli.signals.confidence import Basis
from ecgcli.signals.delineation import PEAK
from ecgcli.signals.fuse import P, fuse
from ecgcli.signals.marks import Marks, marks_of
from ecgcli.signals.pacing import pacing
from ecgcli.signals.quality import assess
from ecgcli.signals.results import (
    ANALYSIS_RATE,
    Conditioned,
    Fiducials,
    Grade,
    Measurements,
    MedianBeat,
    PWave,
    Quality,
)
from ecgcli.signals.shares import mark

SHORTEST_S = 2.0  # that must be left after the lead's standstill at the end
MANY = 5  # complexes or more:
UNLIKE = 0.5  # where a smaller share of them has a like one, they are noise
NO_MEDIAN = "no beat lies wholly inside the recording"
NO_MARKS = "the leads do not show where the QRS complexes begin and end"


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


def measure_conditioned(
    conditioned: Conditioned, quality: Quality, network: Delineator | None = None
) -> Measuring:
    """Measure a conditioned recording in the leads that its quality allows.

    Args:
        conditioned: The recording.
        quality: What may be measured of it.
        network: Which network marks the waves, if not the one that ships (for its evaluation).
    """
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
    waves = fuse(mark(network or shipped(), rows), found.at)
    marks = None if stack is None else marks_of(stack, usable, room, waves, found.at)
    if marks is not None:
        found = classes.with_premature(found, marks.atrial.state, marks.atrial.consistency)
    rhythm = intervals.rhythm(found.at, found.kinds, np.any(valid, axis=0))
    distrust = {lead.lead: lead.distrust for lead in quality.leads if lead.distrust}
    if stack is None or marks is None:
        reason = NO_MEDIAN if stack is None else NO_MARKS
        measurements = assemble.without_median(found, rhythm, int(usable.sum()), reason)
        shown = fiducials.table(waves, found.at, usable, PWave.UNCERTAIN)
        stimuli = pacing(spike_at, shown["global"].qrs_onset, conditioned.source_rate)
        return Measuring(replace(measurements, pacing=stimuli), None, shown)
    led = waves.common[:, P][:, PEAK]
    basis = Basis(
        stack,
        marks,
        usable,
        distrust,
        found.consistency,
        signal=signal,
        valid=conditioned.valid[:, :end],
        led_p=led[np.isfinite(led)],
        lone_p=waves.lone[:, PEAK],
    )
    shown = fiducials.table(waves, found.at, usable, marks.atrial.state, marks.t is not None)
    stimuli = pacing(spike_at, shown["global"].qrs_onset, conditioned.source_rate)
    measurements = replace(assemble.measurements(found, rhythm, basis), pacing=stimuli)
    return Measuring(measurements, _median_beat(stack, marks), shown)


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
    return Measuring(assemble.without_beats(reason), None, {})
