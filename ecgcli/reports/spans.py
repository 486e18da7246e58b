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
APART = 4 * MM
MOST = 2
FOOT = MM
LETTER = 2 * MM  # width of a letter, at the most


def bracketed(sheet: Sheet, said: Interpretation | None) -> Sheet:
    """Return the sheet with a bracket for each of the first two statements that name a span."""
    brackets: list[Line] = []
    labels: list[Label] = []
    for statement in said.statements if said else ():
        found = statement.explanation
        if found is None or found.start_s is None or found.end_s is None or len(labels) == MOST:
            continue
        first, last = (
            ORIGIN + round(min(at, STRIP_S) * UNITS_PER_S) for at in (found.start_s, found.end_s)
        )
        y = LOWEST - len(labels) * APART
        corners = [(first, y - FOOT), (first, y), (last, y), (last, y - FOOT)]
        brackets.append(Line(np.array(corners, dtype=np.int64)))
        wide = LETTER * len(statement.code)
        x = last + MM // 2
        if x + wide > WIDTH:
            x = first - MM // 2 - wide
        labels.append(Label(x, y, statement.code, "beat"))
    return replace(
        sheet, separators=(*sheet.separators, *brackets), labels=(*sheet.labels, *labels)
    )
