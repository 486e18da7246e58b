"""The sheet as inline SVG, small enough that a report is one file of modest size.

It knows SVG paths; where things stand is `sheet`'s. A unit is 0.05 mm, one sample at 500 Hz and
5 uV at 10 mm/mV, so that all coordinates are small integers relative to the point before.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from ecgcli.reports.sheet import HEIGHT, MM, WIDTH, Label, Line, Sheet

UNIT = 5  # hundredths of a millimetre


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


@cache
def _paper(step: int, leave: int = 0) -> str:
    """Return the lines of the paper `step` apart, without every `leave`-th."""
    wide, high = WIDTH // UNIT, HEIGHT // UNIT
    across = [x for x in range(0, WIDTH + 1, step) if not leave or x // step % leave]
    down = [y for y in range(0, HEIGHT + 1, step) if not leave or y // step % leave]
    lines = [f"M{x // UNIT} 0v{high}" for x in across] + [f"M0 {y // UNIT}h{wide}" for y in down]
    return "".join(lines)


def _path(line: Line) -> str:
    points = np.rint(line.points / UNIT).astype(np.int64)
    steps = np.diff(points, axis=0)
    steps = steps[steps.any(axis=1)]
    # A minus sign separates numbers too.
    moves = " ".join(map(str, steps.ravel().tolist())).replace(" -", "-")
    return f"M{points[0, 0]} {points[0, 1]}l{moves}" if moves else ""
