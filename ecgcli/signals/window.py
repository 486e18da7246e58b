"""Which ten seconds of a long recording are analysed.

It knows the rule, not how a window is judged: that is the same quality that the report states.

Candidates begin at 0, 10, 20 s and so on, and the last one ends with the recording; of a recording
longer than 10 minutes only the first 10 minutes are looked at. The best grade wins, then the
highest score; a window that scores less than `MARGIN` below that and is earlier is preferred, so
that the first clean ten seconds of a clean recording are taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecgcli.signals.results import Grade

if TYPE_CHECKING:
    from collections.abc import Callable

    from ecgcli.signals.results import Quality

WINDOW_S = 10.0
SHORTEST_S = 5.0
LONGEST_S = 600.0
MARGIN = 0.05
_RANK = {Grade.NOT_USABLE: 0, Grade.IN_PART: 1, Grade.USABLE: 2}


def candidates(samples: int, rate: float) -> list[slice]:
    """Return the windows of a recording in order of time, as slices of its own samples.

    The whole recording is the only one where that is 10 s or shorter.
    """
    width = round(WINDOW_S * rate)
    last = min(samples, round(LONGEST_S * rate)) - width
    if last <= 0:
        return [slice(0, min(samples, width))]
    starts = [round(WINDOW_S * count * rate) for count in range(int(LONGEST_S / WINDOW_S))]
    return [slice(start, start + width) for start in (*(s for s in starts if s < last), last)]


def choose(windows: list[slice], judge: Callable[[slice], Quality]) -> slice:
    """Return the window to analyse; `judge` is not asked about more of them than needed."""
    if len(windows) == 1:
        return windows[0]
    judged: list[tuple[int, float]] = []
    for window in windows:
        quality = judge(window)
        judged.append((_RANK[quality.grade], quality.score))
        if quality.grade is Grade.USABLE and quality.score > 1.0 - MARGIN:
            return window  # no later one can be better by more than the margin
    best_rank, best_score = max(judged)
    return next(
        window
        for window, (rank, score) in zip(windows, judged, strict=True)
        if rank == best_rank and score > best_score - MARGIN
    )
