"""The marks of every beat and lead, as a table.

It knows rows and columns; it does not know how the marks were found (`shares`, `fuse`).
"""

from __future__ import annotations

from dataclasses import fields

import numpy as np
from numpy.typing import NDArray

from ecgcli.records.leads import LEADS
from ecgcli.signals.fuse import BeatWaves, P, T
from ecgcli.signals.results import Fiducials, PWave

R = 4  # column of the R peak


def table(
    waves: BeatWaves,
    at: NDArray[np.int64],
    usable: NDArray[np.bool_],
    p_wave: PWave,
    has_t: bool = True,
) -> dict[str, Fiducials]:
    """Return the marks of all leads together and of each usable lead.

    There is a row for every beat, and one for every P wave that no QRS complex follows. Where the
    recording has no P waves (or no T waves), what single beats seemed to show is none either.

    Args:
        waves: What each beat shows, in the usable leads.
        at: (beats,) places of the beats.
        usable: (12,) bool.
        p_wave: What was decided on the P wave.
        has_t: Whether there are T waves.
    """
    common = waves.common.copy()
    # A beat has a place even where its shape is too odd for marks.
    common[:, R] = np.where(np.isfinite(common[:, R]), common[:, R], at)
    rows = {"global": (common, waves.lone)}
    names = [LEADS[lead] for lead in np.flatnonzero(usable).tolist()]
    for name, own, lone in zip(names, waves.leads, waves.lone_leads, strict=True):
        rows[name] = (own.copy(), lone)
    return {name: _columns(own, lone, at, p_wave, has_t) for name, (own, lone) in rows.items()}


def _columns(
    beats: NDArray[np.float64],
    lone: NDArray[np.float64],
    at: NDArray[np.int64],
    p_wave: PWave,
    has_t: bool,
) -> Fiducials:
    if p_wave is PWave.ABSENT:
        beats[:, P] = np.nan
        lone = lone[:0]
    if not has_t:
        beats[:, T] = np.nan
    every = np.full((len(beats) + len(lone), 9), np.nan)
    every[: len(beats)] = beats
    every[len(beats) :, P] = lone
    when = np.concatenate((at.astype(np.float64), lone[:, 1]))
    every = np.round(every[np.argsort(when, kind="stable")])
    every[every < 0] = np.nan
    return Fiducials(
        **{
            field.name: tuple(int(mark) if np.isfinite(mark) else None for mark in column.tolist())
            for field, column in zip(fields(Fiducials), every.T, strict=True)
        }
    )
