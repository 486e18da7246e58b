"""Brackets under the rhythm strip: the span of the recording that drives a statement.

It knows where a bracket stands on the sheet; which span it is the statement's explanation says.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ecgcli.reports.sheet import (
    BASELINES,
    MM,
    ORIGIN,
    STRIP_S,
    UNITS_PER_S,
    WIDTH,
    Label,
    Line,
    Sheet,
)

if TYPE_CHECKING:
    from ecgcli.clinical.statement import Interpretation

LOWEST = BASELINES[-1] + 14 * MM  # of the first bracket; the next stand above it
APART = 3 * MM
ROWS = 3
OF_BEATS = 1  # the row in which letters of beats stand
FOOT = MM
LETTER = 2 * MM  # width of a letter, at the most


def bracketed(sheet: Sheet, said: Interpretation | None) -> Sheet:
    """Return the sheet with a bracket for each span that statements name.

    Statements with the same span share a bracket; one that overlaps with others stands above them.
    A span that finds no room in `ROWS` rows is not drawn: the statement's text names it as well.
    """
    brackets: list[Line] = []
    labels: list[Label] = []
    letters = [(each.x - LETTER, each.x + LETTER) for each in sheet.labels if each.kind == "beat"]
    rows = [letters if row == OF_BEATS else [] for row in range(ROWS)]
    for (start, end), codes in _spans(said).items():
        first, last = (ORIGIN + round(min(at, STRIP_S) * UNITS_PER_S) for at in (start, end))
        name = ", ".join(codes)
        wide = LETTER * len(name)
        x = last + MM // 2
        if x + wide > WIDTH:
            x = first - MM // 2 - wide
        taken = (min(x, first), max(x + wide, last))
        free = next((at for at, row in enumerate(rows) if not _meets(taken, row)), None)
        if free is None:
            continue
        rows[free].append(taken)
        y = LOWEST - free * APART
        corners = [(first, y - FOOT), (first, y), (last, y), (last, y - FOOT)]
        brackets.append(Line(np.array(corners, dtype=np.int64)))
        labels.append(Label(x, y, name, "beat"))
    return replace(
        sheet, separators=(*sheet.separators, *brackets), labels=(*sheet.labels, *labels)
    )


def _spans(said: Interpretation | None) -> dict[tuple[float, float], list[str]]:
    """Return the codes of the statements that name a span, by span, the most urgent first."""
    found: dict[tuple[float, float], list[str]] = {}
    for statement in said.statements if said else ():
        driven = statement.explanation
        if driven and driven.start_s is not None and driven.end_s is not None:
            found.setdefault((driven.start_s, driven.end_s), []).append(statement.code)
    return found


def _meets(taken: tuple[int, int], row: list[tuple[int, int]]) -> bool:
    return any(taken[0] < last and first < taken[1] for first, last in row)
