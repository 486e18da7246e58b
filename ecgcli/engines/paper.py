"""The paper that a picture is drawn on: what every picture has, whatever was recorded.

It knows where everything stands on letter paper at 200 dots per inch, and prints the millimetre
grid, the names of the leads, the calibration pulses and the scale; it does not know recordings.

Scales, line widths, colours, letters and the places of names are those of ecg-image-kit's standard
page (3 x 4 with a rhythm strip), which the public training sets of image models were drawn with.
Its rows stand 36 mm apart below an empty upper third; here that space goes to the rows.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ecgcli.engines.stroke import Pen, coverage, edges
from ecgcli.signals.results import ANALYSIS_RATE

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

Floats = NDArray[np.float64]
Bytes = NDArray[np.uint8]

DPI = 200
MM = DPI / 25.4  # pixels
POINT = DPI / 72
WIDTH, HEIGHT = 11 * DPI, 17 * DPI // 2
SPEED = 25.0  # mm/s
GAIN = 10.0  # mm/mV

LAYOUT = (
    ("I", "aVR", "V1", "V4"),
    ("II", "aVL", "V2", "V5"),
    ("III", "aVF", "V3", "V6"),
    ("II", "II", "II", "II"),
)
"""Which lead is shown where, each for `COLUMN_S`; the last row is the rhythm strip."""
ROWS, COLUMNS = len(LAYOUT), len(LAYOUT[0])
COLUMN_S = 2.5
CELL = round(COLUMN_S * ANALYSIS_RATE)  # samples
SAMPLES = COLUMNS * CELL + 1
LEFT = 20.0  # mm, where time 0 stands
BASELINES = (35.0, 85.0, 135.0, 185.0)  # mm from above, where 0 mV stands

# The calibration pulse, 1 mV for 0.2 s, begins 9 mm before time 0: samples as a trace has them.
PULSE_AT = -180
PULSE_MV = np.array([0.0] * 20 + [1.0] * 101 + [0.0] * 20)

PEN = Pen(
    radius=0.75 * POINT / 2,
    step=SPEED / ANALYSIS_RATE * MM,
    left=LEFT * MM,
    first=PULSE_AT,
    last=SAMPLES - 1,
)

FONT = "RobotoCondensed-Regular.ttf"
LETTERS = 11 * POINT  # size of all words
STAMP = 150 * POINT  # but that of a word across the page
NAMES = (7.0, 7.0, 7.0, 5.0)  # mm, where a lead's name stands below its 0 mV line, by row
SCALE = (("25mm/s", 50.0), ("10mm/mV", 100.0))  # and where the words begin (mm from the left)
SCALE_AT = 211.0  # mm from above
MARK = (9.0, 12.0)  # mm from the 0 mV line: the marks between a lead and the next

SHADES = 64
"""Of ink: 0 is none, 63 is black."""
COLOURS = ((255, 255, 255), (254, 223, 219), (255, 0, 0))
"""Of the paper: blank, lines every 1 mm, lines every 5 mm. A pixel is `SHADES` times the number
of the paper's colour plus the shade of the ink on it."""


@cache
def blank() -> Bytes:
    """Return the paper with all that is printed on it, (`HEIGHT`, `WIDTH`); not to be changed."""
    printed = _words()
    for baseline in BASELINES:
        _draw(printed, PULSE_AT, baseline, PULSE_MV)
    for baseline in BASELINES[:-1]:
        _separate(printed, baseline)
    paper = _grid() + np.rint(printed * (SHADES - 1)).astype(np.uint8)
    paper.setflags(write=False)
    return paper


@cache
def stamped(words: str) -> Bytes:
    """Return the paper with words at its foot, the first across it; not to be changed."""
    from PIL import Image, ImageDraw

    page = Image.new("L", (WIDTH, HEIGHT))
    pen = ImageDraw.Draw(page)
    pen.text((WIDTH / 2, HEIGHT / 2), words.split()[0], 30, _font(STAMP), anchor="mm")
    pen.text(((WIDTH - LEFT * MM), SCALE_AT * MM), words, 255, _font(2 * LETTERS), anchor="rs")
    ink = np.rint(np.asarray(page, dtype=np.float64) / 255.0 * (SHADES - 1)).astype(np.uint8)
    paper = blank()
    paper = paper // SHADES * SHADES + np.maximum(paper % SHADES, ink)
    paper.setflags(write=False)
    return paper


@cache
def columns() -> tuple[NDArray[np.int64], Floats]:
    """Return the columns and shares of all positions of the pen (see `Pen.columns`)."""
    return PEN.columns()


def palette() -> bytes:
    """Return the colours of all values that a pixel may have, red, green and blue of each."""
    light = 1.0 - np.arange(SHADES) / (SHADES - 1)
    colours = np.array(COLOURS, dtype=np.float64)[:, None, :] * light[:, None]
    return np.rint(colours).astype(np.uint8).tobytes()


def y(millivolts: Floats, baseline: float) -> Floats:
    """Return how far from above something stands (pixels) on a row whose 0 mV is at `baseline`."""
    return (baseline - GAIN * millivolts) * MM


def _grid() -> Bytes:
    grid = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    for colour, every in enumerate((1, 5), start=1):
        for lines, size in ((grid.T, WIDTH), (grid, HEIGHT)):
            at = (np.arange(0, size / MM, every) * MM).astype(np.int64)
            lines[at] = np.maximum(lines[at], colour * SHADES)
    return grid


def _words() -> Floats:
    """Return the coverage of what is written: names of leads and the scale."""
    from PIL import Image, ImageDraw

    font = _font(LETTERS)
    page = Image.new("L", (WIDTH, HEIGHT))
    pen = ImageDraw.Draw(page)
    for leads, baseline, below in zip(LAYOUT, BASELINES, NAMES, strict=True):
        for column, lead in enumerate(leads):
            if lead not in leads[:column]:
                left = LEFT + column * COLUMN_S * SPEED + 1.0
                pen.text((left * MM, (baseline + below) * MM), lead, 255, font, anchor="ls")
    for words, left in SCALE:
        pen.text((left * MM, SCALE_AT * MM), words, 255, font, anchor="ls")
    return np.asarray(page, dtype=np.float64) / 255.0


def _font(size: float) -> FreeTypeFont:
    from PIL import ImageFont

    # By its path: the reports' room stands above this one, its fonts are files like any other.
    return ImageFont.truetype(str(files("ecgcli") / "reports" / "fonts" / FONT), size)


def _draw(printed: Floats, sample: int, baseline: float, millivolts: Floats) -> None:
    upper, lower = edges(y(millivolts, baseline), PEN)
    column, share = columns()
    at = slice(PEN.position(sample), PEN.position(sample) + upper.size)
    first, covered = coverage(column[at], share[at], upper, lower, WIDTH)
    part = printed[first : first + len(covered)]
    np.maximum(part, covered, out=part)


def _separate(printed: Floats, baseline: float) -> None:
    """Print the marks between a lead and the next, above and below the trace."""
    near, far = MARK
    for column in range(1, COLUMNS):
        x = round((LEFT + column * COLUMN_S * SPEED) * MM)
        for start, end in ((baseline - far, baseline - near), (baseline + near, baseline + far)):
            printed[round(start * MM) : round(end * MM), x - 1 : x + 1] = 1.0
