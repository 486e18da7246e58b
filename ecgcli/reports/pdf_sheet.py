"""The sheet as PDF operators: millimetre paper, calibration pulses and traces.

It knows the operators of a PDF content stream; where things stand is `sheet`'s.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ecgcli.reports.beat_sheet import BeatSheet
from ecgcli.reports.sheet import HEIGHT, MM, WIDTH, Line, Sheet

POINTS_PER_MM = 72 / 25.4

FINE = "0.973 0.871 0.871 RG 8 w"  # colour of 1 mm lines, width in hundredths of a millimetre
BOLD = "0.918 0.690 0.690 RG 14 w"
INK = "0 0 0 RG 24 w"
FAINT = "0.45 0.45 0.45 RG 22 w"
THIN = "0 0 0 RG 20 w"
NAMES = 5 * MM // 2  # height of a row of names
OVERLAID = "0 0 0 RG 15 w"
# Colours that people who lack a cone tell apart (Okabe and Ito), darkened to be read as text too;
# the dashes tell them apart in black and white.
MARK = {
    "p": "0 0.384 0.624 RG 18 w [70 40] 0 d",
    "qrs": "0.694 0.271 0 RG 18 w [] 0 d",
    "t": "0 0.427 0.306 RG 18 w [110 40 15 40] 0 d",
}


def operators(sheet: Sheet, left: float, top: float, page_height: float) -> bytes:
    """Return the content stream of a sheet whose upper left corner is at (left, top) in mm.

    The matrix maps hundredths of a millimetre to points, y downwards as in `sheet`.
    """
    parts = [_at(left, top, page_height), _paper(WIDTH, HEIGHT)]
    parts.append(THIN)
    parts += [_path(line) for line in sheet.separators]
    parts += [_path(line) for line in sheet.pulses]
    for doubtful, pen in ((True, FAINT), (False, INK)):
        lines = [line for line in sheet.traces if line.doubtful is doubtful]
        if lines:
            parts.append(pen)
            parts += [_path(line) for line in lines]
    parts.append("Q")
    return "\n".join(parts).encode("ascii")


def beat_operators(beats: BeatSheet, left: float, top: float, page_height: float) -> bytes:
    """Return the content stream of median beats whose frame's upper left corner is at (left, top).

    The marks lie over the paper and below the traces, which none of them may hide. The names of
    QRS stand above, those of P and T below; a line ends where the others' names stand.
    """
    parts = [_at(left, top, page_height), _paper(beats.width, beats.height)]
    for mark in beats.marks:
        first, last = (0, beats.height - NAMES) if mark.row == 0 else (NAMES, beats.height)
        parts += [MARK[mark.kind], f"{mark.x} {first} m {mark.x} {last} l S"]
    parts += ["[] 0 d", OVERLAID]
    parts += [_path(line) for line in beats.traces]
    parts.append("Q")
    return "\n".join(parts).encode("ascii")


def _at(left: float, top: float, page_height: float) -> str:
    scale = POINTS_PER_MM / MM
    x, y = left * POINTS_PER_MM, (page_height - top) * POINTS_PER_MM
    return f"q {scale:.10f} 0 0 {-scale:.10f} {x:.6f} {y:.6f} cm 1 j 1 J"


@cache
def _paper(width: int, height: int) -> str:
    fine: list[str] = []
    bold: list[str] = []
    for x in range(0, width + 1, MM):
        (fine if x % (5 * MM) else bold).append(f"{x} 0 m {x} {height} l")
    for y in range(0, height + 1, MM):
        (fine if y % (5 * MM) else bold).append(f"0 {y} m {width} {y} l")
    return "\n".join([FINE, *fine, "S", BOLD, *bold, "S"])


def _path(line: Line) -> str:
    points: NDArray[np.int64] = line.points
    first = f"{points[0, 0]} {points[0, 1]} m\n"
    rest = points[1:].ravel().tolist()
    return first + ("%d %d l\n" * (len(points) - 1)) % tuple(rest) + "S"
