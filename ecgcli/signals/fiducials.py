"""The marks of the median beat, carried to every beat of the recording.

It knows where each beat lies; it does not look at single beats for onsets and ends of their own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ecgcli.records.leads import LEADS
from ecgcli.signals import classes, median, waves
from ecgcli.signals.marks import Marks
from ecgcli.signals.results import Fiducials, PWave


def bare(at: NDArray[np.int64]) -> dict[str, Fiducials]:
    """Return R peaks only, where there is no median beat to take the others from."""
    nothing: tuple[int | None, ...] = (None,) * len(at)
    return {"global": Fiducials(*(nothing,) * 4, tuple(int(a) for a in at), *(nothing,) * 4)}


def carry(
    found: classes.Classes, stack: median.Stack, marks: Marks, usable: NDArray[np.bool_]
) -> dict[str, Fiducials]:
    """Carry the marks of the median beat to every dominant beat.

    Beats of other classes get their R peak only. A P wave is marked where the beat shows it.
    """
    # Beats outside the stack (cut off by an edge) are aligned by the classes alone.
    moved = found.at.copy()
    shows = np.ones(len(moved), dtype=bool)
    nearest = np.abs(found.at[:, None] - stack.at[None, :])
    for beat in np.flatnonzero(found.dominant).tolist():
        twin = int(nearest[beat].argmin())
        if nearest[beat, twin] <= median.SHIFTS:
            moved[beat] = stack.at[twin]
            shows[beat] = marks.atrial.each[twin] if marks.atrial.each else False
    shift = moved - stack.middle

    def spread(mark: int | None, only: NDArray[np.bool_]) -> tuple[int | None, ...]:
        return tuple(
            int(mark + s) if mark is not None and ok and mark + s >= 0 else None
            for s, ok in zip(shift, only, strict=True)
        )

    dominant, p = found.dominant, found.dominant & shows
    atrial, t = marks.atrial, marks.t
    r = tuple(
        int(s + marks.r) if own else int(at)
        for s, own, at in zip(shift, dominant, found.at, strict=True)
    )
    onset, end = spread(marks.qrs[0], dominant), spread(marks.qrs[1], dominant)
    nothing: tuple[int | None, ...] = (None,) * len(r)
    result = {
        "global": Fiducials(
            spread(atrial.onset, p),
            spread(atrial.peak if atrial.onset is not None else None, p),
            spread(atrial.end, p),
            onset,
            r,
            end,
            nothing,
            spread(t.peak if t else None, dominant),
            spread(t.end if t else None, dominant),
        )
    }
    present = atrial.state is PWave.PRESENT
    for number, lead in enumerate(np.flatnonzero(usable).tolist()):
        row = stack.median[lead].astype(np.float64)
        zero = waves.level(stack.median[lead], marks.qrs[0], atrial.end)
        part = np.abs(row[marks.qrs[0] : marks.qrs[1] + 1] - zero)
        peak = marks.qrs[0] + int(np.argmax(part))
        p_lead = atrial.leads[number] if present and atrial.leads else None
        t_lead = marks.t_leads[number]
        result[LEADS[lead]] = Fiducials(
            spread(p_lead[0] if p_lead else None, p),
            spread(p_lead[1] if p_lead else None, p),
            spread(p_lead[2] if p_lead else None, p),
            onset,
            spread(peak, dominant),
            end,
            nothing,
            spread(t_lead.peak if t_lead else None, dominant),
            spread(t_lead.end if t_lead else None, dominant),
        )
    return result
