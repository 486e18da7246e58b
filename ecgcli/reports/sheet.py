"""Geometry of the 12-lead sheet in millimetres: 25 mm/s, 10 mm/mV, as an ECG cart prints it.

It knows where every line and word of the sheet stands and when a gain has to be halved; it does
not know HTML or PDF. Three rows of four columns of 2.5 s, continuous in time (column k shows
2.5 k to 2.5 (k + 1) s of the recording, in another lead), above the rhythm strip of lead II.

Coordinates are integers in hundredths of a millimetre, x to the right and y downwards, so that
every renderer writes the same numbers and none rounds by itself. A sample at 500 Hz is 0.05 mm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ecgcli.records.leads import CHEST_LEADS, LEADS, LIMB_LEADS
from ecgcli.signals.results import ANALYSIS_RATE, BeatClass

if TYPE_CHECKING:
    from ecgcli.signals.results import Analysis

MM = 100  # units per millimetre
WIDTH = 260 * MM
HEIGHT = 125 * MM
SPEED_MM_PER_S = 25
COLUMN_S = 2.5
COLUMNS = 4
ORIGIN = 10 * MM  # where time 0 stands; the calibration pulse is to its left
STRIP_S = COLUMN_S * COLUMNS
UNITS_PER_S = SPEED_MM_PER_S * MM
COLUMN = round(COLUMN_S * UNITS_PER_S)

LAYOUT = (
    ("I", "aVR", "V1", "V4"),
    ("II", "aVL", "V2", "V5"),
    ("III", "aVF", "V3", "V6"),
)
STRIP_LEAD = "II"
# Where 0 mV of the rows stands, on bold lines of the paper. Above the first row there is more room
# (of 285 adults, a twentieth have R waves above 2.8 mV there) and little below lead II's strip.
BASELINES = (25 * MM, 55 * MM, 85 * MM, 110 * MM)

FULL_GAIN = 10  # mm/mV
HALF_GAIN = 5
# A trace may come as far as its neighbour's 0 mV line, as on any cart; what would go further is
# drawn at half the gain and, if even that is too much, cut off there and marked.
REACH = 30 * MM
LABEL_ABOVE = 13 * MM  # a lead's name above its 0 mV line
BEAT_LABEL = BASELINES[-1] + 13 * MM  # the letter of a beat below the rhythm strip
MARGIN = MM // 2  # traces end this far from the sheet's edge

# A point that lies this close to the line through its neighbours is left out (0.01 mm is 1 uV).
TOLERANCE = 1.0

IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Line:
    """A connected line of (n, 2) points; `doubtful` where the lead is not to be relied on."""

    points: IntArray
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Label:
    """Words on the sheet: `kind` is lead, remark or beat; (x, y) is where their baseline begins.

    `column` says whose remark it is.
    """

    x: int
    y: int
    text: str
    kind: str
    column: int = 0


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that is drawn on the millimetre paper; the paper itself is WIDTH by HEIGHT from 0, 0."""

    traces: tuple[Line, ...]
    pulses: tuple[Line, ...]
    separators: tuple[Line, ...]
    labels: tuple[Label, ...]
    gains: str
    clipped: tuple[str, ...]


def lay_out(analysis: Analysis) -> Sheet:
    """Lay out the sheet of one recording.

    The recording's level in each lead is its median: a constant offset has no meaning on a sheet.
    Samples that the source does not have are left blank, as is everything after its end.
    """
    return _Layout(analysis).sheet()


class _Layout:
    def __init__(self, analysis: Analysis) -> None:
        conditioned = analysis.conditioned
        length = min(conditioned.signal.shape[1], round(STRIP_S * ANALYSIS_RATE))
        self.valid = conditioned.valid[:, :length]
        self.present = conditioned.present
        self.signal = _centred(conditioned.signal[:, :length], self.valid)
        self.usable = {lead.lead: lead.usable for lead in analysis.quality.leads}
        self.faults = {
            lead.lead: ", ".join(fault.value for fault in lead.faults)
            for lead in analysis.quality.leads
        }
        self.beats = analysis.measurements.beats if analysis.measurements else ()
        self.gain = {lead: self._gain(LIMB_LEADS) for lead in LIMB_LEADS}
        self.gain |= {lead: self._gain(CHEST_LEADS) for lead in CHEST_LEADS}
        self.clipped: list[str] = []

    def sheet(self) -> Sheet:
        traces: list[Line] = []
        labels: list[Label] = []
        for row, leads in enumerate(LAYOUT):
            for column, lead in enumerate(leads):
                lines, label = self._cell(lead, row, column * COLUMN_S, COLUMN_S)
                traces += lines
                labels += label
        lines, label = self._cell(STRIP_LEAD, len(LAYOUT), 0.0, STRIP_S)
        traces += lines
        labels += label + self._beat_labels()
        return Sheet(
            traces=tuple(traces),
            pulses=tuple(self._pulse(y) for y in BASELINES),
            separators=tuple(_separators()),
            labels=tuple(labels),
            gains=self._gains(),
            clipped=tuple(dict.fromkeys(self.clipped)),
        )

    def _places(self, lead: str) -> list[tuple[int, slice]]:
        """Return the rows that a lead stands in and the samples that it shows there."""
        places = []
        for row, leads in enumerate(LAYOUT):
            if lead in leads:
                places.append((row, _samples(leads.index(lead) * COLUMN_S, COLUMN_S)))
        if lead == STRIP_LEAD:
            places.append((len(LAYOUT), _samples(0.0, STRIP_S)))
        return places

    def _gain(self, leads: tuple[str, ...]) -> int:
        """Return the gain (mm/mV) at which leads that share one fit between their neighbours."""
        for lead in leads:
            if not self.usable.get(lead, False):
                continue  # an artefact is no reason to halve the others
            index = LEADS.index(lead)
            for row, samples in self._places(lead):
                part = self.signal[index, samples][self.valid[index, samples]]
                up, down = _room(row)
                if part.size and (
                    part.max() * FULL_GAIN * MM > up or -part.min() * FULL_GAIN * MM > down
                ):
                    return HALF_GAIN
        return FULL_GAIN

    def _cell(
        self, lead: str, row: int, start_s: float, length_s: float
    ) -> tuple[list[Line], list[Label]]:
        """Return a lead's stretch in a row, with its name and what is to be said of it."""
        index = LEADS.index(lead)
        left = ORIGIN + round(start_s * UNITS_PER_S)
        top = BASELINES[row] - LABEL_ABOVE
        name = Label(left + MM, top, lead, "lead", left)
        remark_x = left + round((1.9 + 1.75 * len(lead)) * MM)
        if not self.present[index]:
            return [], [name, Label(remark_x, top, "not recorded", "remark", left)]
        doubtful = not self.usable.get(lead, False)
        lines, clipped = self._trace(index, row, start_s, length_s, doubtful)
        remarks = []
        if self.gain[lead] != FULL_GAIN:
            remarks.append(f"{self.gain[lead]} mm/mV")
        if doubtful:
            remarks.append(self.faults.get(lead) or "not usable")
        if clipped:
            self.clipped.append(lead)
            remarks.append("cut off")
        if not lines:
            remarks.append("no signal here")
        labels = [name]
        if remarks:
            labels.append(Label(remark_x, top, "; ".join(remarks), "remark", left))
        return lines, labels

    def _trace(
        self, index: int, row: int, start_s: float, length_s: float, doubtful: bool
    ) -> tuple[list[Line], bool]:
        samples = _samples(start_s, length_s)
        level = self.signal[index, samples].astype(np.float64)
        valid = self.valid[index, samples]
        up, down = _room(row)
        height = level * (self.gain[LEADS[index]] * MM)
        clipped = bool(((height > up) | (height < -down))[valid].any())
        y = BASELINES[row] - np.rint(np.clip(height, -down, up)).astype(np.int64)
        x = ORIGIN + np.rint(
            (samples.start + np.arange(y.size)) * (UNITS_PER_S / ANALYSIS_RATE)
        ).astype(np.int64)
        lines = []
        for first, last in _runs(valid):
            if last - first >= 2:
                points = simplified(x[first:last], y[first:last])
                lines.append(Line(points, doubtful))
        return lines, clipped

    def _pulse(self, baseline: int) -> Line:
        """Return the calibration pulse of a row: 1 mV for 200 ms, as the limb leads are drawn."""
        gains = [self.gain["I"], self.gain["V1"]]
        if baseline == BASELINES[-1]:
            gains = [self.gain[STRIP_LEAD]]
        x, y = 2 * MM + MM // 2, baseline
        points = [(x - MM, y), (x, y)]
        width = round(0.2 * UNITS_PER_S)
        if len(set(gains)) == 1:
            points += [(x, y - gains[0] * MM), (x + width, y - gains[0] * MM), (x + width, y)]
        else:  # a step: the limb leads' millivolt first, then that of the chest leads
            middle = x + width // 2
            points += [(x, y - gains[0] * MM), (middle, y - gains[0] * MM)]
            points += [(middle, y - gains[1] * MM), (x + width, y - gains[1] * MM), (x + width, y)]
        points.append((x + width + MM, y))
        return Line(np.array(points, dtype=np.int64))

    def _gains(self) -> str:
        limb, chest = self.gain["I"], self.gain["V1"]
        if limb == chest:
            return f"{limb} mm/mV"
        return f"limb leads {limb} mm/mV, chest leads {chest} mm/mV"

    def _beat_labels(self) -> list[Label]:
        """Return a letter above each beat of the rhythm strip that is not the dominant kind's."""
        letters = {
            BeatClass.VENTRICULAR: "V",
            BeatClass.SUPRAVENTRICULAR: "S",
            BeatClass.PACED: "P",
        }
        return [
            Label(ORIGIN + round(beat.time_s * UNITS_PER_S), BEAT_LABEL, letters[beat.kind], "beat")
            for beat in self.beats
            if beat.kind in letters and 0 <= beat.time_s < STRIP_S
        ]


def _centred(signal: NDArray[np.float32], valid: NDArray[np.bool_]) -> NDArray[np.float32]:
    centred = np.empty_like(signal)
    for row in range(signal.shape[0]):
        ours = signal[row] if valid[row].all() else signal[row][valid[row]]
        centred[row] = signal[row] - (np.median(ours) if ours.size else 0)
    return centred


def _samples(start_s: float, length_s: float) -> slice:
    # One sample more than the stretch holds, so that neighbouring stretches meet.
    start = round(start_s * ANALYSIS_RATE)
    return slice(start, start + round(length_s * ANALYSIS_RATE) + 1)


def _room(row: int) -> tuple[int, int]:
    """Return how far (units) a trace of this row may go up and down."""
    up = min(REACH, BASELINES[row] - MARGIN)
    down = min(REACH, HEIGHT - MARGIN - BASELINES[row])
    return up, down


def _runs(valid: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return the beginnings and ends of the stretches of true."""
    if valid.all():
        return [(0, valid.size)]
    edges = np.flatnonzero(np.diff(np.concatenate(([0], valid.view(np.int8), [0]))))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def _separators() -> list[Line]:
    """Return the short marks at which one lead ends and the next begins."""
    marks = []
    for baseline in BASELINES[: len(LAYOUT)]:
        for column in range(1, COLUMNS):
            x = ORIGIN + column * COLUMN
            for y in (baseline - 9 * MM, baseline + 6 * MM):
                marks.append(Line(np.array([(x, y), (x, y + 3 * MM)], dtype=np.int64)))
    return marks


def simplified(x: IntArray, y: IntArray, tolerance: float = TOLERANCE) -> IntArray:
    """Leave out points that lie on the line through their neighbours.

    In each of three passes every other point is judged against the straight line between the two
    kept beside it, so that no point ends up further than three times `tolerance` from the line
    drawn. Peaks are never on such a line and stay.

    Args:
        x: (n,) increasing.
        y: (n,).
        tolerance: Units.

    Returns:
        (m, 2) points, m at most n; the first and the last stay.
    """
    for _ in range(3):
        if x.size < 3:
            break
        inner = slice(1, x.size - 1, 2)
        before, after = slice(0, x.size - 2, 2), slice(2, x.size, 2)
        share = (x[inner] - x[before]) / (x[after] - x[before])
        off = y[before] + (y[after] - y[before]) * share - y[inner]
        keep = np.ones(x.size, dtype=bool)
        keep[inner] = np.abs(off) > tolerance
        x, y = x[keep], y[keep]
    return np.stack([x, y], axis=1)
