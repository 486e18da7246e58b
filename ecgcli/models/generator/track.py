"""Beats and scalars as the networks are given them.

It knows how a time becomes a bump and a number comes near to -1 .. 1; it does not know where beats
and numbers come from.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ecgcli.models.generator.layout import (
    BEAT_CHANNELS,
    BEAT_WIDTH_S,
    CENTRE,
    PATCH,
    RATE,
    SCALARS,
    SPREAD,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

REACH = 6
"""Samples on each side of a beat that its bump touches."""


def beat_track(
    times_s: NDArray[np.floating], rows: NDArray[np.integer], patches: int
) -> NDArray[np.float32]:
    """Return (patches, `BEAT_CHANNELS` * `PATCH`), a bump of height 1 at each beat.

    Args:
        times_s: (beats,) from the first sample; those outside are left out, NaN too.
        rows: (beats,) which of the channels.
        patches: Length of the recording.
    """
    samples = patches * PATCH
    track = np.zeros((BEAT_CHANNELS, samples + 2 * REACH), np.float32)
    for time, row in zip(times_s, rows, strict=True):
        at = time * RATE
        if not -REACH < at < samples + REACH - 1:
            continue
        first = round(at) - REACH
        near = np.arange(max(first, -REACH), min(first + 2 * REACH + 1, samples + REACH))
        bump = np.exp(-0.5 * ((near - at) / (BEAT_WIDTH_S * RATE)) ** 2)
        track[row, near + REACH] = np.maximum(track[row, near + REACH], bump)
    inside = track[:, REACH:-REACH].reshape(BEAT_CHANNELS, patches, PATCH)
    return np.ascontiguousarray(inside.transpose(1, 0, 2)).reshape(patches, -1)


def scalars(values: Mapping[str, float | None]) -> NDArray[np.float32]:
    """Return (`SCALARS`,) near -1 to 1, NaN where nothing is asked.

    Args:
        values: By name: age (years), female (0 to 1), heart_rate (/min), pr, qrs, qt (ms), axis
            (degrees), quality (0 to 1).
    """
    told = {name: value for name, value in values.items() if value is not None}
    if "heart_rate" in told:
        told["heart_rate"] = float(np.log(told["heart_rate"]))
    if "axis" in told:
        axis = np.radians(told.pop("axis"))
        told["axis_cos"], told["axis_sin"] = float(np.cos(axis)), float(np.sin(axis))
    row = np.array([told.get(name, np.nan) for name in SCALARS], np.float32)
    scaled: NDArray[np.float32] = ((row - np.array(CENTRE)) / np.array(SPREAD)).astype(np.float32)
    return scaled
