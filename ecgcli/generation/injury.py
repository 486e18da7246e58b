"""The current of injury of an acute infarction, laid over a drawing.

PTB-XL holds hardly any acute occlusion, so that no network learns one from it: ST elevation is
drawn by this rule, over a recording of the networks that shows all else. It knows which leads an
injury of a wall raises and lowers (`injuries.csv`) and its course within a beat; it does not know
whether the result is as asked (`check`).
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from ecgcli.generation import shipped
from ecgcli.generation.statements import codes
from ecgcli.models.generator.layout import FINE_RATE, INDEPENDENT
from ecgcli.signals.results import ANALYSIS_RATE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ecgcli.models.generator.draw import Drawn
    from ecgcli.signals.results import MedianBeat

SHOWN = "STELEV"
"""The statement that this module shows."""
UNSAID = ("IMI", "AMI", "ASMI")
"""Walls of which one is drawn where none is asked for: by far the commonest."""
SIZE = (1.0, 1.6)
"""Range of an injury's size, in shares of the table's."""
RISE_S = 0.04
"""The ST segment leaves the QRS complex so long before the J point."""
DOME = 1.25
"""Height at the peak of the T wave, in shares of that at the J point: convex, as in an injury."""
PEAK = 0.6
"""Where that peak lies between J point and T end."""
JT_S = 0.28
"""Time from J point to T end where no T wave is found, as at 60 /min."""
REST_S = 0.12
"""Time before the next beat by which the injury is gone, however short the interval."""
NOTE = "ST elevation drawn by rule (current of injury), not by the networks"


@cache
def walls() -> dict[str, NDArray[np.float32]]:
    """Return the shift of the ST segment (mV) in each lead of `INDEPENDENT`, by the infarction."""
    found = {}
    for row in shipped.read("injuries.csv", ("code", *INDEPENDENT, "source")):
        (code,) = codes(row, "code")
        row.required("source")
        found[code] = np.array([float(row[lead]) for lead in INDEPENDENT], np.float32)
    return found


def injured(
    drawn: Drawn, beat: MedianBeat, present: Sequence[str], chance: np.random.Generator
) -> Drawn:
    """Return a drawing with the ST elevation of the infarction that is asked for.

    Args:
        drawn: What the networks drew.
        beat: Its median beat, which says where J point and T end lie.
        present: Codes of the statements that are asked for.
        chance: Decides the size, and the wall where none is asked for.
    """
    asked = [code for code in present if code in walls()]
    wall = asked[0] if asked else str(chance.choice(UNSAID))
    shift = walls()[wall] * np.float32(chance.uniform(*SIZE))
    if beat.qrs_end is None:
        return drawn
    j_s = (beat.qrs_end - beat.r_index) / ANALYSIS_RATE
    end_s = j_s + JT_S if beat.t_end is None else (beat.t_end - beat.r_index) / ANALYSIS_RATE
    whole = course(drawn.beats.times_s, j_s, end_s, drawn.leads.shape[1])
    return replace(drawn, leads=drawn.leads + shift[:, None] * whole)


def course(
    times_s: NDArray[np.float64], j_s: float, end_s: float, samples: int
) -> NDArray[np.float32]:
    """Return (samples,) at 500 Hz, 1 at each J point: up, a dome to the T peak, and back.

    Args:
        times_s: The beats (s).
        j_s: The J point, from a beat's time (s).
        end_s: The T end, likewise.
        samples: How many to return.
    """
    at = np.arange(samples) / FINE_RATE
    found = np.zeros(samples)
    following = np.append(times_s[1:], np.inf)
    for time, after in zip(times_s.tolist(), following.tolist(), strict=True):
        end = min(time + end_s, after - REST_S)
        begin = time + j_s
        peak = begin + PEAK * (end - begin)
        if end <= begin:
            continue
        knots = (begin - RISE_S, begin, peak, end)
        inside = (at > knots[0]) & (at < end)
        found[inside] = _smooth(at[inside], knots, (0.0, 1.0, DOME, 0.0))
    return found.astype(np.float32)


def _smooth(
    at: NDArray[np.float64], knots: Sequence[float], heights: Sequence[float]
) -> NDArray[np.float64]:
    """Return a curve through knots that never overshoots them."""
    from scipy.interpolate import PchipInterpolator

    result: NDArray[np.float64] = PchipInterpolator(knots, heights)(at)
    return result
