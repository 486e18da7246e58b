"""The median beat: the dominant beats of a recording laid over each other.

It knows alignment and averaging; it does not know where a wave begins. Noise falls with the square
root of the number of beats, and what is not bound to the QRS complex (f waves, P waves in complete
AV block) falls out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecgcli.signals.results import ANALYSIS_RATE

BEFORE_S = 0.5  # at most this much before the middle of the QRS complex
AFTER_S = 0.72  # and after it
SHARE_BEFORE = 0.6  # of the RR interval, whatever is shorter
SHARE_AFTER = 0.85
ALIGN_S = 0.06  # on each side: the stretch by which beats are aligned
SHIFTS = 8  # samples
CUT_SHORT = 0.75  # RR after a beat, in units of the long ones, below which its T wave is in doubt
MOST_BEATS = 24  # enough; more cost time


@dataclass(frozen=True, slots=True)
class Stack:
    """Dominant beats cut out and aligned.

    Attributes:
        beats: (beats, leads, samples) float32 in mV, each beat and lead with mean zero in the
            stretch just before its QRS complex.
        median: (leads, samples) float32 in mV.
        middle: Index of the middle of the QRS complex.
        at: (beats,) sample indices of that middle in the recording.
        noise: (leads,) mV: scatter of single beats about the median between the waves and inside.
    """

    beats: NDArray[np.float32]
    median: NDArray[np.float32]
    middle: int
    at: NDArray[np.int64]
    noise: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Room:
    """Usual RR intervals (samples) before and after the dominant beats; infinite for one beat.

    They differ in bigeminy: the beat after the ectopic one has much room before it and little
    behind it, and the next QRS complex must not be taken for its T wave.
    """

    before: float
    after: float


def roomy(at: NDArray[np.int64], dominant: NDArray[np.bool_]) -> tuple[NDArray[np.int64], Room]:
    """Return the dominant beats that no early beat cuts short, and the room that they have.

    Args:
        at: Sample indices of all beats.
        dominant: (beats,) bool.

    Returns:
        Beats whose next beat comes late enough, where there are three of them, else all.
    """
    gaps = np.diff(at).astype(np.float64)
    before = np.concatenate(([np.nan], gaps))[dominant]
    after = np.concatenate((gaps, [np.nan]))[dominant]
    own = at[dominant]
    if np.isfinite(after).any():
        enough = ~(after < CUT_SHORT * np.nanquantile(after, 0.75))
        if enough.sum() >= 3:
            own, before, after = own[enough], before[enough], after[enough]
    before, after = before[np.isfinite(before)], after[np.isfinite(after)]
    return own, Room(
        float(np.median(before)) if len(before) else np.inf,
        float(np.quantile(after, 0.2)) if len(after) else np.inf,
    )


def stack(
    signal: NDArray[np.float32],
    usable: NDArray[np.bool_],
    valid: NDArray[np.bool_],
    at: NDArray[np.int64],
    room: Room,
) -> Stack | None:
    """Cut out, align and average beats.

    Args:
        signal: (leads, samples) in mV at 500 Hz.
        usable: (leads,) bool; the beats are aligned by these leads.
        valid: (samples,) bool; beats that touch a sample which is not are left out.
        at: Sample indices of the middle of the QRS complexes of one shape.
        room: How far the neighbouring beats are.

    Returns:
        The stack, or `None` where no beat lies wholly inside the recording.
    """
    samples = signal.shape[1]
    before = round(min(BEFORE_S * ANALYSIS_RATE, SHARE_BEFORE * room.before))
    after = round(min(AFTER_S * ANALYSIS_RATE, SHARE_AFTER * room.after))
    at = at[(at - before - SHIFTS >= 0) & (at + after + SHIFTS < samples)]
    invalid = np.concatenate(([0], np.cumsum(~valid)))
    at = at[invalid[at + after] == invalid[at - before]]
    if len(at) == 0:
        return None
    if len(at) > MOST_BEATS:
        at = at[np.linspace(0, len(at) - 1, MOST_BEATS).round().astype(int)]
    at = _aligned(signal[usable], at)
    span = np.arange(-before, after)
    beats = signal[:, at[:, None] + span].transpose(1, 0, 2)
    level = beats[:, :, before - 60 : before - 40].mean(axis=2, keepdims=True)
    beats = beats - level
    median = np.median(beats, axis=0)
    spread = np.abs(beats - median).mean(axis=(0, 2)) * 1.2533
    return Stack(beats, median, before, at, spread.astype(np.float64))


def _aligned(signal: NDArray[np.float32], at: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the places of the beats, moved so that their QRS complexes coincide."""
    half = round(ALIGN_S * ANALYSIS_RATE)
    span = np.arange(-half, half)
    shifts = np.arange(-SHIFTS, SHIFTS + 1)
    inside = np.clip(at[:, None, None] + shifts[:, None] + span, 0, signal.shape[1] - 1)
    pieces = signal[:, inside].transpose(1, 2, 0, 3).astype(np.float64)  # beat, shift, lead, sample
    pieces -= pieces.mean(axis=3, keepdims=True)
    pieces = pieces.reshape(len(at), len(shifts), -1)
    pieces /= np.maximum(np.linalg.norm(pieces, axis=2, keepdims=True), 1e-9)
    template = pieces[:, SHIFTS].mean(axis=0)
    for _ in range(2):
        best = (pieces @ template).argmax(axis=1)
        template = pieces[np.arange(len(at)), best].mean(axis=0)
    result: NDArray[np.int64] = at + shifts[best]
    return result
