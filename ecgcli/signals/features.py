"""The measurements of a record as one row of numbers, for networks that read them too.

It knows which numbers stand where; it does not know what they mean or how a network scales them. A
number that there is none of is NaN, but for the waves of a lead that were looked for and are not
there: those have no height and last no time, so they are 0.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from ecgcli.records.leads import LEADS
from ecgcli.signals.results import BeatClass, LeadMeasurements, Measurements, PWave

if TYPE_CHECKING:
    from numpy.typing import NDArray

GLOBAL = [
    "ventricular_rate",
    "atrial_rate",
    "rr_mean",
    "rr_sd",
    "rr_variation",
    "rr_rmssd",
    "shortest_rr",
    "longest_rr",
    "p_wave_share",
    "p_duration",
    "pr_interval",
    "qrs_duration",
    "qt_interval",
    "jt_interval",
    "qtc_bazett",
    "qtc_fridericia",
    "sokolow_lyon",
    "cornell",
    "cornell_product",
    "peguero",
    "r_progression",
    "r_transition",
    "f_wave_v1",
    "f_wave_ii",
    "f_wave_frequency",
    "f_wave_concentration",
]
AXES = ["p_axis", "qrs_axis", "t_axis"]
PER_LEAD = [
    "p_mv",
    "p_terminal_mv_ms",
    "q_mv",
    "q_ms",
    "r_mv",
    "r_ms",
    "s_mv",
    "s_ms",
    "r2_mv",
    "s2_mv",
    "st_j_mv",
    "st_60_mv",
    "st_80_mv",
    "st_slope_mv_s",
    "t_mv",
    "t_positive_mv",
    "t_negative_mv",
    "qrs_peak_to_peak_mv",
    "qrs_area_mv_ms",
    "intrinsicoid_ms",
]
NAMES: tuple[str, ...] = (
    *GLOBAL,
    *(f"{axis}_{part}" for axis in AXES for part in ("cos", "sin")),
    *(f"p_wave_{state.name.lower()}" for state in PWave),
    *(f"beats_{kind.name.lower()}" for kind in BeatClass),
    "paced",
    *(f"{name}_{lead}" for lead in LEADS for name in PER_LEAD),
)
"""What stands where in a row of features."""


def features(measured: Measurements | None) -> NDArray[np.float32]:
    """Return (`len(NAMES)`,) float32; all NaN for a record that could not be measured.

    Units are those of `Measurements`; axes are the cosine and sine of their angles, numbers of
    beats are shares of all beats.
    """
    if measured is None:
        return np.full(len(NAMES), np.nan, dtype=np.float32)
    row: list[float | None] = [getattr(measured, name).value for name in GLOBAL]
    for axis in AXES:
        degrees = getattr(measured, axis).value
        row += _direction(degrees)
    row += [float(measured.p_wave is state) for state in PWave]
    counted = Counter(beat.kind for beat in measured.beats)
    row += [counted[kind] / max(len(measured.beats), 1) for kind in BeatClass]
    paced = measured.pacing.present if measured.pacing is not None else None
    row.append(None if paced is None else float(paced))
    leads = {lead.lead: lead for lead in measured.leads}
    for name in LEADS:
        row += _of_lead(leads[name])
    return np.array([math.nan if value is None else value for value in row], dtype=np.float32)


def _direction(degrees: float | None) -> list[float | None]:
    if degrees is None:
        return [None, None]
    return [math.cos(math.radians(degrees)), math.sin(math.radians(degrees))]


def _of_lead(lead: LeadMeasurements) -> list[float | None]:
    row: list[float | None] = []
    for name in PER_LEAD:
        value = getattr(lead, name)
        wave = name.removesuffix("_ms").removesuffix("_mv")
        row.append(0.0 if value is None and wave in lead.absent else value)
    return row
