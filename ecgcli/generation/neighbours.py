"""The training recording that is nearest to a generated one, to see whether it is a copy.

It knows signals and how they are laid over each other; it does not know where they come from.

Two ways, because a network may remember two things. The whole signal: the highest correlation over
all shifts up to 2.5 s, all leads together, between 0.5 and 25 Hz; a recording that was learned by
heart is found even if it was shifted. The heart beat: beats are drawn by a network of their own, so
that a recording in new rhythm may still show one patient's complexes; the median beat of the most
frequent class is compared with that of every training recording, shifted by up to 20 ms, as the
root mean square difference in shares of its own size. Neither distance says of itself what is near:
both are taken of real recordings that nobody trained on too, of other patients (PTB-XL's folds
share none), and generated ones are copies where they lie nearer than those do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import fft
from scipy.spatial.distance import cdist

from ecgcli.models.generator.layout import RATE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

BAND = (0.5, 25.0)
"""Hz: without wander, and without what is noise more than heart."""
COMPARED_RATE = 50.0
"""Samples per second that hold this band."""
AT_ONCE = 8
"""Recordings that are compared with all others in one go; more do not fit a processor's cache."""
LONGEST_SHIFT_S = 2.5
"""Three quarters of 10 s overlap."""
BEFORE_S, AFTER_S = 0.25, 0.45
"""Span of a beat about its QRS complex."""
SHIFTS = (-2, -1, 0, 1, 2)
"""Samples at 100 Hz by which beats are shifted."""
NEAR = (1.0, 5.0)
"""Percentiles of the real recordings' distances below which generated ones are counted."""


@dataclass(frozen=True, slots=True)
class Nearest:
    """Of each recording the nearest one of others.

    Attributes:
        distance: (recordings,) 0 for the same, NaN where it could not be compared.
        place: (recordings,) which of the others, -1 for none.
        shift: (recordings,) samples by which the other comes later.
    """

    distance: NDArray[np.float64]
    place: NDArray[np.int64]
    shift: NDArray[np.int64]

    def nearer(self, other: Nearest, offset: int) -> Nearest:
        """Return the nearer of two, where the other's places begin at `offset`."""
        better = ~(self.distance <= other.distance) & ~np.isnan(other.distance)
        return Nearest(
            np.where(better, other.distance, self.distance),
            np.where(better, other.place + offset, self.place),
            np.where(better, other.shift, self.shift),
        )


def nobody(count: int) -> Nearest:
    """Return what is known before anything was compared."""
    return Nearest(np.full(count, np.nan), np.full(count, -1), np.zeros(count, np.int64))


def banded(leads: NDArray[np.int16]) -> Floats:
    """Return (recordings, leads, 500) in mV at 50 Hz, between 0.5 and 25 Hz.

    Args:
        leads: (recordings, leads, 1000) in uV at 100 Hz.
    """
    samples = leads.shape[-1]
    millivolts: Floats = leads.astype(np.float32) / np.float32(1000.0)
    spectrum = fft.rfft(millivolts, axis=-1)
    at = fft.rfftfreq(samples, 1.0 / RATE)
    spectrum[..., (at < BAND[0]) | (at > BAND[1])] = 0.0
    count = round(samples * COMPARED_RATE / RATE)
    slow = fft.irfft(spectrum[..., : count // 2 + 1], n=count, axis=-1)
    return np.asarray(slow * (COMPARED_RATE / RATE), np.float32)


def whole(queries: Floats, others: Floats) -> Nearest:
    """Return the nearest by 1 minus the highest correlation over all shifts.

    Args:
        queries: (recordings, leads, samples), see `banded`.
        others: (others, leads, samples).
    """
    samples = queries.shape[2]
    reach = round(LONGEST_SHIFT_S * COMPARED_RATE)
    shifts = np.arange(-reach, reach + 1)
    length = fft.next_fast_len(samples + reach, real=True)
    # Frequencies first: at each of them all leads of all pairs are one product of matrices.
    theirs = np.ascontiguousarray(fft.rfft(others, n=length, axis=2).transpose(2, 1, 0))
    their_size = _sizes(others, shifts)
    found = nobody(len(queries))
    for first in range(0, len(queries), AT_ONCE):
        some = queries[first : first + AT_ONCE]
        own = np.ascontiguousarray(fft.rfft(some, n=length, axis=2).conj().transpose(2, 0, 1))
        product = fft.irfft(own @ theirs, n=length, axis=0)
        product = np.concatenate((product[-reach:], product[: reach + 1]))
        size = np.sqrt(_sizes(some, -shifts)[:, :, None] * their_size[:, None, :])
        correlation = np.divide(product, size, out=np.zeros_like(product), where=size > 1e-6)
        for row in range(len(some)):
            at, best = np.divmod(int(correlation[:, row].argmax()), len(others))
            found.distance[first + row] = 1.0 - float(correlation[at, row, best])
            found.place[first + row] = best
            found.shift[first + row] = shifts[at] * round(RATE / COMPARED_RATE)
    return found


def _sizes(signals: Floats, shifts: NDArray[np.int64]) -> Floats:
    """Return (shifts, recordings) the energy of what overlaps another when that is shifted back."""
    samples = signals.shape[2]
    energy = np.square(signals).sum(axis=1)
    total = np.concatenate((np.zeros((len(energy), 1), np.float32), energy.cumsum(axis=1)), axis=1)
    first, last = np.clip(shifts, 0, samples), np.clip(samples + shifts, 0, samples)
    result: Floats = (total[:, last] - total[:, first]).T
    return result


def median_beat(leads: NDArray[np.int16], times_s: Floats, kinds: NDArray[np.int8]) -> Floats:
    """Return the median beat of the most frequent class, in mV, (leads, samples) at 100 Hz.

    Each beat without its own median in each lead. NaN where no beat lies wholly inside.

    Args:
        leads: (leads, samples) in uV at 100 Hz.
        times_s: (beats,) of the QRS complexes, NaN behind the last.
        kinds: (beats,) their classes, -1 behind the last.
    """
    before, after = round(BEFORE_S * RATE), round(AFTER_S * RATE)
    known = kinds[kinds >= 0]
    nothing = np.full((len(leads), before + after), np.nan, np.float32)
    if not len(known):
        return nothing
    common = np.bincount(known).argmax()
    at = np.round(times_s[(kinds == common) & np.isfinite(times_s)] * RATE).astype(int)
    at = at[(at >= before) & (at + after <= leads.shape[1])]
    if not len(at):
        return nothing
    beats = leads[:, at[:, None] + np.arange(-before, after)].astype(np.float32) / 1000.0
    beats -= np.median(beats, axis=2, keepdims=True)
    result: Floats = np.median(beats, axis=1)
    return result


def beats(queries: Floats, others: Floats) -> Nearest:
    """Return the nearest by the difference of median beats, in shares of the query's size.

    Args:
        queries: (recordings, leads, samples), see `median_beat`.
        others: (others, leads, samples).
    """
    reach = max(SHIFTS)
    found = nobody(len(queries))
    there = np.flatnonzero(np.isfinite(others).all(axis=(1, 2)))
    asked = np.flatnonzero(np.isfinite(queries).all(axis=(1, 2)))
    if not len(there) or not len(asked):
        return found
    inner = _flat(queries[asked][:, :, reach : queries.shape[2] - reach])
    size = np.maximum(np.linalg.norm(inner, axis=1), 1e-6)
    for shift in SHIFTS:
        moved = _flat(others[there][:, :, reach + shift : others.shape[2] - reach + shift])
        apart = cdist(inner, moved) / size[:, None]
        best = apart.argmin(axis=1)
        nearest = nobody(len(queries))
        nearest.distance[asked] = apart[np.arange(len(asked)), best]
        nearest.place[asked], nearest.shift[asked] = there[best], shift
        found = found.nearer(nearest, 0)
    return found


def _flat(arrays: Floats) -> NDArray[np.float64]:
    return arrays.reshape(len(arrays), -1).astype(np.float64)


def summary(generated: Nearest, real: Nearest, ids: NDArray[np.int64]) -> dict[str, Any] | None:
    """Return both distributions of distances, and how many generated ones are suspiciously near.

    Args:
        generated: Of the generated recordings.
        real: Of real ones that nobody trained on.
        ids: Of the training recordings, to name the nearest.
    """
    own = generated.distance[np.isfinite(generated.distance)]
    theirs = real.distance[np.isfinite(real.distance)]
    if not len(own) or not len(theirs):
        return None
    limits = np.percentile(theirs, NEAR)
    closest = closest_rows(generated, 5)
    return {
        "records": len(own),
        "generated": _quantiles(own),
        "real": _quantiles(theirs),
        "nearer_than_real": {
            f"p{share:g}": float((own < limit).mean())
            for share, limit in zip(NEAR, limits, strict=True)
        },
        "closest": [
            {
                "sample": int(row),
                "training": int(ids[generated.place[row]]),
                "distance": float(generated.distance[row]),
                "shift_s": float(generated.shift[row]) / RATE,
            }
            for row in closest
        ],
    }


def closest_rows(found: Nearest, count: int) -> Sequence[int]:
    """Return which recordings have the nearest neighbours, the nearest first."""
    order = np.argsort(found.distance, kind="stable")  # NaN comes last
    return [int(row) for row in order[:count] if np.isfinite(found.distance[row])]


def _quantiles(values: NDArray[np.float64]) -> dict[str, float]:
    names = {"lowest": 0.0, "p1": 1.0, "p5": 5.0, "median": 50.0, "p95": 95.0}
    return {name: float(np.percentile(values, share)) for name, share in names.items()}
