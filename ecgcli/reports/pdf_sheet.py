"""The sheet as PDF operators: millimetre paper, calibration pulses and traces.

It knows the operators of a PDF content stream; where things stand is `sheet`'s.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ecgcli.reports.sheet import HEIGHT, MM, WIDTH, Line, Sheet

POINTS_PER_MM = 72 / 25.4

FINE = "0.973 0.871 0.871 RG 8 w"  # colour of 1 mm lines, width in hundredths of a millimetre
BOLD = "0.918 0.690 0.690 RG 14 w"
INK = "0 0 0 RG 24 w"
FAINT = "0.45 0.45 0.45 RG 22 w"
THIN = "0 0 0 RG 20 w"


def operators(sheet: Sheet, left: float, top: float, page_height: float) -> bytes:
    """Return the content stream of a sheet whose upper left corner is at (left, top) in mm.

    The matrix maps hundredths of a millimetre to points, y downwards as in `sheet`.
    """
    scale = POINTS_PER_MM / MM
    x, y = left * POINTS_PER_MM, (page_height - top) * POINTS_PER_MM
    parts = [f"q {scale:.10f} 0 0 {-scale:.10f} {x:.6f} {y:.6f} cm 1 j 1 J", _paper()]
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


@cache
def _paper() -> str:
    fine: list[str] = []
    bold: list[str] = []
    for x in range(0, WIDTH + 1, MM):
        (fine if x % (5 * MM) else bold).append(f"{x} 0 m {x} {HEIGHT} l")
    for y in range(0, HEIGHT + 1, MM):
        (fine if y % (5 * MM) else bold).append(f"0 {y} m {WIDTH} {y} l")
    return "\n".join([FINE, *fine, "S", BOLD, *bold, "S"])


def _path(line: Line) -> str:
    points: NDArray[np.int64] = line.points
    first = f"{points[0, 0]} {points[0, 1]} m\n"
    rest = points[1:].ravel().tolist()
    return first + ("%d %d l\n" * (len(points) - 1)) % tuple(rest) + "S"
