"""Geometry of the median beat: what was measured, with the places at which it was measured.

It draws the median beat of the dominant beats twice: all leads over each other in a small frame,
where a global onset or end is judged (`overlay`), and each lead by itself, in the order of the
sheet (`grid`). Both have the fiducial points of all leads together as vertical lines; a point that
was not found has no line. It does not know HTML or PDF.

Coordinates are those of `sheet`: hundredths of a millimetre, x to the right and y downwards. A lead
is drawn from its isoelectric level, from which its amplitudes were measured too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ecgcli.records.leads import LEADS
from ecgcli.reports.sheet import LAYOUT, MM, Label, Line, simplified
from ecgcli.signals.results import ANALYSIS_RATE
from ecgcli.signals.waves import level

if TYPE_CHECKING:
    from ecgcli.signals.results import Analysis, MedianBeat

FAST, SLOW = 50, 25  # mm/s; the slow one where P and T are too far apart for the frame
GAINS = (10.0, 5.0, 2.5)  # mm/mV, the first at which all leads fit

# The frame of the overlay, and the room in it that the traces leave to the names of the marks.
FRAME = (45 * MM, 40 * MM)
FRAME_SIDE = 5 * MM  # left of the P onset, for its name
FRAME_TOP, FRAME_BOTTOM = MM // 2, 5 * MM // 2  # R waves stand between the names of QRS

# The grid: as wide as the sheet, a beat of up to 1.22 s in each of the four columns.
CELL = 65 * MM
GRID_TOP = 10 * MM  # for the names of the marks
PAD = 5 * MM  # between a row's traces and the next row's, for the names of the leads
SMALLEST = (10 * MM, 5 * MM)  # room above and below 0 mV in every row
LARGEST = 35 * MM
SMOOTH = 2.0  # units: tolerance at which points are left out, 2 uV at 10 mm/mV


@dataclass(frozen=True, slots=True)
class Mark:
    """A fiducial point: a vertical line at x.

    `kind` is p, qrs or t; `before` says that the name stands left of the line. The names of QRS
    stand in row 0, those of P and T in row 1, so that no two of them meet.
    """

    x: int
    kind: str
    name: str
    before: bool
    row: int


@dataclass(frozen=True, slots=True)
class BeatSheet:
    """All that is drawn on a piece of millimetre paper, `width` by `height` from 0, 0.

    `speed` is in mm/s and `gain` in mm/mV; `columns` says where the marks' x begins (the overlay
    has one column); `cut` names the leads that would not fit.
    """

    width: int
    height: int
    speed: int
    gain: float
    traces: tuple[Line, ...]
    marks: tuple[Mark, ...]
    columns: tuple[int, ...]
    labels: tuple[Label, ...]
    leads: tuple[str, ...]
    cut: tuple[str, ...]

    @property
    def scale(self) -> str:
        """Return speed and gain in words."""
        return f"{self.speed} mm/s · {self.gain:g} mm/mV"


# Field of `MedianBeat`, kind, name, whether the name stands before the line, row of the name.
MARKS = (
    ("p_onset", "p", "P on", True, 1),
    ("p_end", "p", "P end", False, 1),
    ("qrs_onset", "qrs", "QRS on", True, 0),
    ("qrs_end", "qrs", "J", False, 0),
    ("t_end", "t", "T end", True, 1),
)


def overlay(analysis: Analysis) -> BeatSheet | None:
    """Lay out the usable leads' median beats over each other, `None` where there is none."""
    beat = analysis.median_beat
    usable = analysis.quality.usable_leads()
    leads = [lead for lead in LEADS if lead in usable]
    if beat is None or not leads:
        return None
    rows = _levelled(beat)[[LEADS.index(lead) for lead in leads]]
    start, speed = _window(beat)
    step = _step(speed)
    begin = max(start, 0)
    part = rows[:, begin : start + FRAME[0] // step + 1]
    x = (begin - start + np.arange(part.shape[1], dtype=np.int64)) * step

    room = FRAME[1] - FRAME_TOP - FRAME_BOTTOM
    high, low = max(float(part.max()), 0.0), min(float(part.min()), 0.0)
    gain = next((g for g in GAINS if (high - low) * g * MM <= room), GAINS[-1])
    free = max(room - round((high - low) * gain * MM), 0)
    zero = FRAME_TOP + free // 2 + round(high * gain * MM)
    zero = min(max(zero, FRAME_TOP), FRAME[1] - FRAME_BOTTOM)
    y = zero - np.rint(part * (gain * MM)).astype(np.int64)
    inside = np.clip(y, FRAME_TOP, FRAME[1] - FRAME_BOTTOM)
    return BeatSheet(
        width=FRAME[0],
        height=FRAME[1],
        speed=speed,
        gain=gain,
        traces=tuple(Line(simplified(x, row, SMOOTH)) for row in inside),
        marks=_marks(beat, -start * step, step, FRAME[0]),
        columns=(0,),
        labels=(),
        leads=tuple(leads),
        cut=tuple(lead for lead, a, b in zip(leads, y, inside, strict=True) if (a != b).any()),
    )


def grid(analysis: Analysis) -> BeatSheet | None:
    """Lay out the median beat of each lead, `None` where there is no median beat."""
    beat = analysis.median_beat
    if beat is None:
        return None
    usable = set(analysis.quality.usable_leads())
    present = analysis.conditioned.present
    rows = _levelled(beat)
    step = _step(FAST)
    length = min(rows.shape[1], (CELL - MM) // step)
    left = (CELL - length * step) // 2 // MM * MM
    gain = next((g for g in GAINS if _fits(rows, usable, g)), GAINS[-1])
    traces: list[Line] = []
    labels: list[Label] = []
    cut: list[str] = []
    top = GRID_TOP
    for leads in LAYOUT:
        up, down = _reach(rows, leads, usable, gain)
        zero = top + up
        for column, lead in enumerate(leads):
            index = LEADS.index(lead)
            x0 = column * CELL
            labels.append(Label(x0 + MM, top + 3 * MM, lead, "lead", column))
            remark = _remark(lead, bool(present[index]), usable)
            if present[index]:
                y = zero - np.rint(rows[index, :length] * (gain * MM)).astype(np.int64)
                inside = np.clip(y, top - PAD + MM, zero + down)
                x = x0 + left + np.arange(length, dtype=np.int64) * step
                traces.append(Line(simplified(x, inside, SMOOTH), lead not in usable))
                if lead in usable and (inside != y).any():
                    cut.append(lead)
                    remark = "cut off"
            if remark:
                at = x0 + round((1.9 + 1.75 * len(lead)) * MM)
                labels.append(Label(at, top + 3 * MM, remark, "remark", column))
        top = zero + down + PAD
    return BeatSheet(
        width=len(LAYOUT[0]) * CELL,
        height=top,
        speed=FAST,
        gain=gain,
        traces=tuple(traces),
        marks=_marks(beat, left, step, CELL),
        columns=tuple(column * CELL for column in range(len(LAYOUT[0]))),
        labels=tuple(labels),
        leads=LEADS,
        cut=tuple(cut),
    )


def missing(beat: MedianBeat) -> tuple[str, ...]:
    """Return the kinds of waves (p, t) of which a mark is missing."""
    kinds = [kind for field, kind, *_ in MARKS if getattr(beat, field) is None]
    return tuple(dict.fromkeys(kinds))


def _step(speed: int) -> int:
    """Return the units between two samples."""
    return round(speed * MM / ANALYSIS_RATE)


def _window(beat: MedianBeat) -> tuple[int, int]:
    """Return the sample that stands at the frame's left edge, maybe before the first, and mm/s."""
    first, last = _marked(beat)
    fits = (last - first) * _step(FAST) <= FRAME[0] - FRAME_SIDE - MM
    speed = FAST if fits else SLOW
    side, shown = FRAME_SIDE // _step(speed), FRAME[0] // _step(speed)
    start = first - (shown - (last - first)) // 2  # what is marked stands in the middle
    spare = beat.signal.shape[1] - shown
    if spare >= 0:
        start = min(max(start, 0), spare)
    return min(start, first - side), speed


def _levelled(beat: MedianBeat) -> NDArray[np.float64]:
    """Return the median beats from their isoelectric level, as amplitudes are measured."""
    rows = beat.signal.astype(np.float64)
    if beat.qrs_onset is None:
        return rows - np.median(rows, axis=1, keepdims=True)
    onset = beat.qrs_onset
    return np.array([row - level(row, onset, beat.p_end) for row in rows])


def _marked(beat: MedianBeat) -> tuple[int, int]:
    """Return the first and the last sample that is marked."""
    places = [getattr(beat, field) for field, *_ in MARKS]
    found = [place for place in places if place is not None] or [beat.r_index]
    return min(found), max(found)


def _marks(beat: MedianBeat, x0: int, step: int, width: int) -> tuple[Mark, ...]:
    marks = []
    for field, kind, name, before, row in MARKS:
        place = getattr(beat, field)
        if place is not None and 0 <= x0 + place * step <= width:
            marks.append(Mark(x0 + place * step, kind, name, before, row))
    return tuple(marks)


def _reach(
    rows: NDArray[np.float64], leads: tuple[str, ...], usable: set[str], gain: float
) -> tuple[int, int]:
    """Return the room (units, whole 5 mm) that a row of the grid needs above and below 0 mV."""
    ours = [LEADS.index(lead) for lead in leads if lead in usable]
    high = float(rows[ours].max()) if ours else 0.0
    low = float(rows[ours].min()) if ours else 0.0
    needed = (max(high, 0.0) * gain * MM, max(-low, 0.0) * gain * MM)
    up, down = (
        min(max(-(-round(need) // (5 * MM)) * 5 * MM, least), LARGEST)
        for need, least in zip(needed, SMALLEST, strict=True)
    )
    return up, down


def _fits(rows: NDArray[np.float64], usable: set[str], gain: float) -> bool:
    ours = [index for index, lead in enumerate(LEADS) if lead in usable]
    return not ours or float(np.abs(rows[ours]).max()) * gain * MM <= LARGEST


def _remark(lead: str, present: bool, usable: set[str]) -> str:
    if not present:
        return "not recorded"
    return "" if lead in usable else "not used"
