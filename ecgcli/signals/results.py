"""What comes out of the signals room: conditioned signal, quality, measurements, fiducial points.

These types know what a result looks like and that a missing one has a reason; they do not know how
anything is computed or what it means to a physician. All are plain dataclasses of Python numbers
(but `Conditioned`), so that reports turn them into JSON as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ecgcli.records.record import Record

ANALYSIS_RATE = 500.0
"""Rate (Hz) at which every recording is conditioned, judged, measured and drawn."""

QTC_RULE = (
    "RR is the mean of the intervals between beats of the basic rhythm, also where it is irregular;"
    " of all intervals where no two such beats follow each other"
)


@dataclass(frozen=True, slots=True)
class Conditioned:
    """A recording after filtering, the twelve standard leads in standard order.

    Attributes:
        signal: (12, samples) float32 in mV at `ANALYSIS_RATE`; a missing lead is a row of zeros.
        raw: The same, resampled but not filtered; what quality is judged on.
        present: (12,) bool, whether the lead was recorded or derived.
        valid: (12, samples) bool, false where the source has no valid sample (filled for the
            filter by interpolation, never to be measured).
        start_s: Where in the source recording `signal` begins (s).
        source_rate: Samples per second of the source.
    """

    signal: NDArray[np.float32]
    raw: NDArray[np.float32]
    present: NDArray[np.bool_]
    valid: NDArray[np.bool_]
    start_s: float
    source_rate: float = ANALYSIS_RATE


class Fault(StrEnum):
    """What is technically wrong with a lead."""

    MISSING = "missing"
    FLAT = "flat"
    SATURATED = "saturated"
    NOISY = "noisy"
    MOTION = "movement or loose electrode"
    MAINS = "mains interference"
    WANDER = "baseline wander"
    SAME = "same as another lead"


class Grade(StrEnum):
    """Whether a record can be interpreted."""

    USABLE = "usable"
    IN_PART = "usable in part"
    NOT_USABLE = "not usable"


@dataclass(frozen=True, slots=True)
class LeadQuality:
    """Technical state of one lead; levels in mV, `None` where they could not be judged.

    A lead may have a fault (some mains, some wander) and still be usable. `distrust` says why its
    amplitudes cannot be trusted although it is usable for intervals and rhythm, `None` where they
    can.
    """

    lead: str
    usable: bool
    faults: tuple[Fault, ...] = ()
    noise_mv: float | None = None
    mains_mv: float | None = None
    wander_mv: float | None = None
    distrust: str | None = None


@dataclass(frozen=True, slots=True)
class Quality:
    """Technical state of a record: `score` is 0 (unusable) to 1, `reasons` are sentences."""

    grade: Grade
    score: float
    reasons: tuple[str, ...]
    leads: tuple[LeadQuality, ...]

    def usable_leads(self) -> tuple[str, ...]:
        """Return the names of the leads that may be measured."""
        return tuple(lead.lead for lead in self.leads if lead.usable)


@dataclass(frozen=True, slots=True)
class Measured:
    """One number with its unit, or no number and the reason why there is none.

    `confidence` is 0 to 1. Exactly one of `value` and `reason` is given.
    """

    value: float | None
    unit: str
    confidence: float | None = None
    reason: str | None = None

    def __post_init__(self) -> None:
        if (self.value is None) == (self.reason is None):
            raise ValueError("a measurement has either a value or a reason why it has none")


class PWave(StrEnum):
    """Whether P waves precede the QRS complexes."""

    PRESENT = "present"
    ABSENT = "absent"
    UNCERTAIN = "cannot tell"


@dataclass(frozen=True, slots=True)
class LeadMeasurements:
    """Amplitudes (mV, from the isoelectric level before QRS onset) and durations (ms) in one lead.

    Taken from the lead's median beat of the dominant class. P+, R, R' and T+ are positive, P-, Q,
    S, S' and T- negative; a wave's duration is that between its crossings of the level. A wave that
    was looked for and not found is `None` and named in `absent`; where the whole lead could not be
    measured all are `None` and `reason` says why. Where the record has no P wave or no T wave that
    could be measured, those are `None` for the reason that `p_duration` or `qt_interval` has; a
    level of the ST segment is `None` where the median beat ends before it.

    Attributes:
        lead: Name of the lead.
        reason: Why nothing could be measured in it.
        absent: Waves that were looked for and are not there.
        p_mv: The P wave's dominant signed amplitude, over the line from P onset to P end.
        p_positive_mv: Its positive part, P+.
        p_negative_mv: Its negative part, P-.
        p_terminal_mv_ms: Amplitude times duration of a negative part that ends the P wave (mV ms,
            negative): in V1 the P terminal force.
        q_mv: Q wave, or the whole of a QS complex.
        r2_mv: R' wave.
        s2_mv: S' wave.
        st_j_mv: ST level at J, the QRS end of all leads together.
        st_40_mv: ST level 40 ms after it; so st_60_mv and st_80_mv.
        st_slope_mv_s: Slope of the ST segment from J to J + 80 ms (mV/s).
        t_mv: The T wave's dominant signed amplitude.
        t_positive_mv: T+, the highest turn of the T wave above the level.
        t_negative_mv: T-, the lowest below it.
        qrs_peak_to_peak_mv: From the lowest to the highest point of the QRS complex.
        qrs_area_mv_ms: Net area of the QRS complex (mV ms).
        intrinsicoid_ms: QRS onset to the peak of the last R wave.
        confidence: How sure these numbers are, 0 to 1: beats few or unlike each other, and noise
            that is left in the median beat, take it down.
    """

    lead: str
    reason: str | None = None
    absent: tuple[str, ...] = ()
    p_mv: float | None = None
    q_mv: float | None = None
    q_ms: float | None = None
    r_mv: float | None = None
    r_ms: float | None = None
    s_mv: float | None = None
    s_ms: float | None = None
    r2_mv: float | None = None
    s2_mv: float | None = None
    st_j_mv: float | None = None
    st_60_mv: float | None = None
    t_mv: float | None = None
    qrs_peak_to_peak_mv: float | None = None
    intrinsicoid_ms: float | None = None
    p_positive_mv: float | None = None
    p_positive_ms: float | None = None
    p_negative_mv: float | None = None
    p_negative_ms: float | None = None
    p_terminal_mv_ms: float | None = None
    r2_ms: float | None = None
    s2_ms: float | None = None
    st_40_mv: float | None = None
    st_80_mv: float | None = None
    st_slope_mv_s: float | None = None
    t_positive_mv: float | None = None
    t_negative_mv: float | None = None
    qrs_area_mv_ms: float | None = None
    confidence: float | None = None


class BeatClass(StrEnum):
    """What kind of beat it is, from timing and shape."""

    NORMAL = "normal"
    VENTRICULAR = "ventricular ectopic"
    SUPRAVENTRICULAR = "supraventricular ectopic"
    PACED = "paced"
    OTHER = "other"


class Chamber(StrEnum):
    """Which chamber a pacemaker stimulates."""

    ATRIAL = "atrial"
    VENTRICULAR = "ventricular"
    DUAL = "atrial and ventricular"


@dataclass(frozen=True, slots=True)
class Pacing:
    """Pacemaker stimuli: whether there are any, how many, how fast and in which chamber.

    Attributes:
        present: `None` where it cannot be told; `reason` then says why.
        spikes: Number of stimulus artefacts found.
        rate: Rate of the stimulated beats.
        chamber: Stimulated chamber, `None` where it cannot be told.
        reason: Why `present` or `chamber` is `None`.
    """

    present: bool | None
    spikes: int
    rate: Measured
    chamber: Chamber | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Beat:
    """One QRS complex: its time (s from the start of the conditioned signal) and class."""

    time_s: float
    kind: BeatClass


@dataclass(frozen=True, slots=True)
class Measurements:
    """Global measurements of a record, per-lead ones and the beats they come from.

    Intervals in ms, rates in 1/min ("/min"), axes in degrees (-180 to 180).

    Attributes:
        ventricular_rate: From all RR intervals.
        atrial_rate: That of the P waves where they go one to one with the QRS complexes; without P
            waves that of fibrillatory or flutter waves, where a single frequency stands out.
        rr_mean: Mean RR interval between beats of the basic rhythm, or of all where there is none.
        rr_sd: Its standard deviation.
        rr_variation: The same in % of the mean.
        rr_rmssd: Root mean square of the differences between successive intervals of that kind.
        shortest_rr: The shortest of all RR intervals.
        longest_rr: The longest of all RR intervals.
        p_wave_share: Share of the dominant beats (%) that a P wave precedes at a constant distance.
        jt_interval: QRS end to T end.
        cornell_product: Cornell voltage times QRS duration (mV ms), without any addition for women.
        peguero: Peguero-Lo Presti voltage: the deepest S wave and that in V4.
        r_progression: The smallest gain of the R wave from one lead to the next, V1 to V4 (mV);
            negative where it loses height.
        r_transition: Where R becomes larger than S, as a place in the row V1 to V6 ("V"): 3.5 lies
            midway between V3 and V4.
        f_wave_v1: Peak-to-peak height (mV) of what goes on in V1 between the beats from 3.3 to 12
            Hz: of fibrillatory and flutter waves, or of noise.
        f_wave_ii: The same in II.
        f_wave_frequency: Its frequency (Hz), where one stands out.
        f_wave_concentration: How much of its power (%) lies within 0.5 Hz of the highest peak.
        p_wave: Whether there are P waves.
        leads: One entry for each of the twelve leads.
        beats: All QRS complexes.
        qtc_rule: Which RR interval the QT interval is corrected by.
    """

    ventricular_rate: Measured
    atrial_rate: Measured
    rr_mean: Measured
    rr_sd: Measured
    rr_variation: Measured
    rr_rmssd: Measured
    shortest_rr: Measured
    longest_rr: Measured
    p_wave_share: Measured
    p_duration: Measured
    pr_interval: Measured
    qrs_duration: Measured
    qt_interval: Measured
    jt_interval: Measured
    qtc_bazett: Measured
    qtc_fridericia: Measured
    qtc_framingham: Measured
    qtc_hodges: Measured
    p_axis: Measured
    qrs_axis: Measured
    t_axis: Measured
    sokolow_lyon: Measured
    cornell: Measured
    cornell_product: Measured
    peguero: Measured
    r_progression: Measured
    r_transition: Measured
    f_wave_v1: Measured
    f_wave_ii: Measured
    f_wave_frequency: Measured
    f_wave_concentration: Measured
    p_wave: PWave
    leads: tuple[LeadMeasurements, ...]
    beats: tuple[Beat, ...]
    pacing: Pacing | None = None
    qtc_rule: str = QTC_RULE


@dataclass(frozen=True, slots=True)
class Fiducials:
    """Onsets, peaks and ends of one lead, or of all leads together ("global").

    Sample indices at the record's own rate, counted from the first sample of `Record.signal`; one
    entry per beat, `None` where the wave is absent or could not be found.
    """

    p_onset: tuple[int | None, ...] = ()
    p_peak: tuple[int | None, ...] = ()
    p_end: tuple[int | None, ...] = ()
    qrs_onset: tuple[int | None, ...] = ()
    r_peak: tuple[int | None, ...] = ()
    qrs_end: tuple[int | None, ...] = ()
    t_onset: tuple[int | None, ...] = ()
    t_peak: tuple[int | None, ...] = ()
    t_end: tuple[int | None, ...] = ()


@dataclass(frozen=True, slots=True)
class MedianBeat:
    """The median beat of the dominant class: (12, samples) float32 mV at `ANALYSIS_RATE`.

    The marks are sample indices into it, `None` where there is no such wave.
    """

    signal: NDArray[np.float32]
    r_index: int
    p_onset: int | None
    p_end: int | None
    qrs_onset: int | None
    qrs_end: int | None
    t_end: int | None


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A technical fault that the recording speaks for and that nobody can prove from it.

    Nothing is ever corrected: numbers and drawing are those of the recording as it is.

    Attributes:
        kind: Key in `data/exchanges.csv`.
        text: What is suspected, a sentence.
        confidence: 0 to 1.
        leads: Leads that would show something else.
        evidence: What speaks for it, a sentence each.
        effect: What it would change, a sentence.
    """

    kind: str
    text: str
    confidence: float
    leads: tuple[str, ...]
    evidence: tuple[str, ...]
    effect: str


@dataclass(frozen=True, slots=True)
class Analysis:
    """All that the signals room says of one record.

    `measurements`, `median_beat` and `fiducials` are `None` where the quality is "not usable":
    such a record gets no numbers. `suspicions` come the surest first.
    """

    record: Record
    conditioned: Conditioned
    quality: Quality
    measurements: Measurements | None
    median_beat: MedianBeat | None
    fiducials: dict[str, Fiducials] | None
    suspicions: tuple[Suspicion, ...] = ()
