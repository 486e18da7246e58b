"""The sheet and the median beats as inline SVG, small enough for a report of modest size.

It knows SVG paths; where things stand is `sheet`'s. A unit is 0.05 mm, one sample at 500 Hz and
5 uV at 10 mm/mV, so that all coordinates are small integers relative to the point before.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from ecgcli.reports.beat_sheet import BeatSheet, Mark
from ecgcli.reports.sheet import HEIGHT, MM, WIDTH, Label, Line, Sheet

UNIT = 5  # hundredths of a millimetre
NAMES = (3 * MM, 6 * MM)  # where the baselines of the marks' two rows of names stand
NAME_GAP = MM // 2


@dataclass(frozen=True, slots=True)
class Drawing:
    """What the template puts into its <svg>: sizes, path data and labels in SVG units."""

    width: int
    height: int
    fine: str
    bold: str
    traces: tuple[str, ...]
    doubtful: tuple[str, ...]
    marks: str
    labels: tuple[Label, ...]


def draw(sheet: Sheet) -> Drawing:
    """Return the drawing of a sheet."""
    return Drawing(
        width=WIDTH // UNIT,
        height=HEIGHT // UNIT,
        fine=_paper(MM, leave=5),
        bold=_paper(5 * MM),
        traces=tuple(_path(line) for line in sheet.traces if not line.doubtful),
        doubtful=tuple(_path(line) for line in sheet.traces if line.doubtful),
        marks="".join(_path(line) for line in (*sheet.pulses, *sheet.separators)),
        labels=tuple(
            Label(round(label.x / UNIT), round(label.y / UNIT), label.text, label.kind)
            for label in sheet.labels
        ),
    )


@dataclass(frozen=True, slots=True)
class BeatDrawing:
    """What the template puts into the median beats' <svg>.

    `marks` are pairs of a kind (p, qrs, t) and the path of all its lines; `names` are labels whose
    kind is that of the mark, with "before" where the words end at x.
    """

    width: int
    height: int
    fine: str
    bold: str
    traces: tuple[str, ...]
    doubtful: tuple[str, ...]
    marks: tuple[tuple[str, str], ...]
    names: tuple[Label, ...]
    labels: tuple[Label, ...]


def draw_beats(beats: BeatSheet) -> BeatDrawing:
    """Return the drawing of median beats; the marks run down each column of leads."""
    kinds = dict.fromkeys(mark.kind for mark in beats.marks)
    return BeatDrawing(
        width=beats.width // UNIT,
        height=beats.height // UNIT,
        fine=_paper(MM, leave=5, width=beats.width, height=beats.height),
        bold=_paper(5 * MM, width=beats.width, height=beats.height),
        traces=tuple(_path(line) for line in beats.traces if not line.doubtful),
        doubtful=tuple(_path(line) for line in beats.traces if line.doubtful),
        marks=tuple((kind, _verticals(beats, kind)) for kind in kinds),
        names=tuple(_name(mark, left) for left in beats.columns for mark in beats.marks),
        labels=tuple(
            Label(round(label.x / UNIT), round(label.y / UNIT), label.text, label.kind)
            for label in beats.labels
        ),
    )


def _verticals(beats: BeatSheet, kind: str) -> str:
    """Return the lines of the marks of a kind, from the top of their names to the bottom."""
    return "".join(
        f"M{round((left + mark.x) / UNIT)} {top // UNIT}v{(beats.height - top) // UNIT}"
        for left in beats.columns
        for mark in beats.marks
        if mark.kind == kind
        for top in (NAMES[mark.row] - 2 * MM,)
    )


def _name(mark: Mark, left: int) -> Label:
    x = left + mark.x + (-NAME_GAP if mark.before else NAME_GAP)
    kind = f"{mark.kind} before" if mark.before else mark.kind
    return Label(round(x / UNIT), NAMES[mark.row] // UNIT, mark.name, kind)


@cache
def _paper(step: int, leave: int = 0, width: int = WIDTH, height: int = HEIGHT) -> str:
    """Return the lines of the paper `step` apart, without every `leave`-th."""
    wide, high = width // UNIT, height // UNIT
    across = [x for x in range(0, width + 1, step) if not leave or x // step % leave]
    down = [y for y in range(0, height + 1, step) if not leave or y // step % leave]
    lines = [f"M{x // UNIT} 0v{high}" for x in across] + [f"M0 {y // UNIT}h{wide}" for y in down]
    return "".join(lines)


def _path(line: Line) -> str:
    points = np.rint(line.points / UNIT).astype(np.int64)
    steps = np.diff(points, axis=0)
    steps = steps[steps.any(axis=1)]
    # A minus sign separates numbers too.
    moves = " ".join(map(str, steps.ravel().tolist())).replace(" -", "-")
    return f"M{points[0, 0]} {points[0, 1]}l{moves}" if moves else ""
