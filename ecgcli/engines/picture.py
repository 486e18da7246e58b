"""A recording as the picture that models for ECG images have learned from.

It knows how the traces of a recording come onto `paper`; it does not know models. It draws the
signal only: nothing of the patient, no number, no statement, so that a model sees what it is asked
about and no more.

Two rows never cover each other. A trace may use the room that its neighbour leaves free; where the
two need more than there is, each is cut off at its half (of 300 recordings of PTB-XL 9 are cut
somewhere). The gain stays as it is, whatever that costs: it is the only scale that models know.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ecgcli.engines import paper
from ecgcli.engines.paper import BASELINES, CELL, COLUMNS, GAIN, LAYOUT, MM, PEN, ROWS, SAMPLES
from ecgcli.engines.stroke import PARTS, coverage, edges
from ecgcli.records.leads import LEADS
from ecgcli.signals.results import Fault

if TYPE_CHECKING:
    from ecgcli.signals.results import Analysis

Floats = NDArray[np.float64]
Limits = tuple[Floats, Floats]

EDGE = 1.0  # mm: no trace comes nearer to the edge of the paper
COMPRESSION = 3  # of zlib: half the size of 1 in the same time; 6 takes a half longer


def picture(analysis: Analysis, stamp: str | None = None) -> bytes:
    """Return the picture of a recording as PNG: of one recording always the same bytes.

    Its first 10 s are drawn; column k shows 2.5 k to 2.5 (k + 1) s in another lead. A lead's level
    is its median. Leads that are absent or off stay empty, as does what the source lacks.

    Args:
        analysis: The record, of any quality.
        stamp: Words at its foot, the first across it; models are shown none.
    """
    levels = shown(analysis)
    page = (paper.stamped(stamp) if stamp else paper.blank()).copy()
    for row, limits in enumerate(_limits(levels)):
        first, covered = _row(levels, row, limits)
        band = page[first : first + len(covered)]
        shade = np.rint(covered * (paper.SHADES - 1)).astype(np.uint8)
        colour = band // paper.SHADES * paper.SHADES
        np.maximum(band, colour + shade, out=band)
    return _png(page)


def shown(analysis: Analysis) -> Floats:
    """Return what is drawn of the twelve leads, (12, `SAMPLES`) in mV, NaN where nothing is."""
    conditioned = analysis.conditioned
    length = min(conditioned.signal.shape[1], SAMPLES)
    signal = conditioned.signal[:, :length].astype(np.float64)
    there = conditioned.valid[:, :length] & conditioned.present[:, None] & np.isfinite(signal)
    # A lead that is disturbed is drawn as it is: who reads pictures knows what noise looks like. A
    # lead that is off is not: its straight line would be read as a heart that stands still.
    off = {
        lead.lead
        for lead in analysis.quality.leads
        if not lead.usable and (Fault.FLAT in lead.faults or Fault.MISSING in lead.faults)
    }
    levels = np.full((len(LEADS), SAMPLES), np.nan)
    for row, lead in enumerate(LEADS):
        if lead not in off and there[row].any():
            samples = np.flatnonzero(there[row])
            levels[row, samples] = signal[row, samples] - np.median(signal[row, samples])
    return levels


def _limits(levels: Floats) -> list[Limits]:
    """Return between which y (pixels) each row may be drawn: (4,) and (4,), by column."""
    needed_above, needed_below = _needs(levels)
    bounds = [np.full(COLUMNS, EDGE)]
    for row in range(ROWS - 1):
        room = BASELINES[row + 1] - BASELINES[row]
        down, left = needed_below[row], room - needed_above[row + 1]
        # The bound stands midway if it may: below what the row above needs, and above what the
        # row below does. Where both cannot be, neither has to take less than its half.
        between = np.clip(room / 2, np.minimum(down, left), np.maximum(down, left))
        bounds.append(BASELINES[row] + between)
    bounds.append(np.full(COLUMNS, paper.HEIGHT / MM - EDGE))
    return [(bounds[row] * MM, bounds[row + 1] * MM) for row in range(ROWS)]


def _needs(levels: Floats) -> Limits:
    """Return how far (mm) the traces go above and below their 0 mV lines, (rows, columns) each."""
    above, below = np.zeros((ROWS, COLUMNS)), np.zeros((ROWS, COLUMNS))
    for row, leads in enumerate(LAYOUT):
        for column, lead in enumerate(leads):
            cell = levels[LEADS.index(lead), column * CELL : (column + 1) * CELL + 1]
            drawn = cell[~np.isnan(cell)]
            if drawn.size:
                above[row, column] = max(0.0, GAIN * drawn.max())
                below[row, column] = max(0.0, -GAIN * drawn.min())
    pen = PEN.radius / MM
    return above + pen, below + pen


def _row(levels: Floats, row: int, limits: Limits) -> tuple[int, Floats]:
    """Return the first row of pixels that a row of leads touches, and what it covers from there."""
    column, share = paper.columns()
    at, above, below = [], [], []
    for lead, first, last in _stretches(LAYOUT[row]):
        heights = paper.y(levels[LEADS.index(lead), first : last + 1], BASELINES[row])
        upper, lower = edges(heights, PEN)
        sample = first + (np.arange(upper.size) - PEN.reach) // PARTS
        cell = np.clip(sample // CELL, first // CELL, (last - 1) // CELL)
        at.append(PEN.position(first) + np.arange(upper.size))
        above.append(np.maximum(upper, limits[0][cell]))
        below.append(np.minimum(lower, limits[1][cell]))
    place = np.concatenate(at)
    return coverage(
        column[place], share[place], np.concatenate(above), np.concatenate(below), paper.WIDTH
    )


def _stretches(leads: tuple[str, ...]) -> list[tuple[str, int, int]]:
    """Return each lead of a row with the first and the last sample that it shows there."""
    names = list(dict.fromkeys(leads))
    length = (SAMPLES - 1) // len(names)
    return [(name, at * length, (at + 1) * length) for at, name in enumerate(names)]


def _png(page: NDArray[np.uint8]) -> bytes:
    from PIL import Image

    image = Image.fromarray(page)
    image.putpalette(paper.palette())
    stream = io.BytesIO()
    image.save(stream, "png", compress_level=COMPRESSION)
    return stream.getvalue()
