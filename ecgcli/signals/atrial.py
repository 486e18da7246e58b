"""How fast the atria beat.

It knows P waves, the waves between the beats and RR intervals; it does not know rhythms. Rates from
350 /min are those of fibrillation, from 200 to 350 /min those of flutter, but fibrillation often
shows one between 300 and 350 /min: the rate alone does not tell them apart.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ecgcli.records.leads import LEADS
from ecgcli.signals import confidence
from ecgcli.signals.classes import Classes
from ecgcli.signals.confidence import Basis, none
from ecgcli.signals.fwaves import without_beats
from ecgcli.signals.intervals import Rhythm
from ecgcli.signals.results import ANALYSIS_RATE, Measured, PWave

EVERY = 0.9  # share of the beats that a P wave must precede: the others may be ectopic
LONE = 2  # P waves without a QRS complex, from which on there is more than one to some
ENOUGH = 5  # P waves that make a rhythm of their own, if
ALIKE = 0.12  # their distances differ from the usual one by less than this share of it,
MOST = 0.8  # most of them
LIKE = 0.8  # correlation with the P wave, and
AS_TALL = 0.6  # share of its height, from which on something between the beats is one, too
SAME = 50  # samples: what is nearer to a P wave than this is that wave
SHORTEST = 15  # samples of a P wave that is looked for elsewhere


def rate(found: Classes, basis: Basis, rhythm: Rhythm, between: Measured) -> Measured:
    """Return the atrial rate.

    That of the P waves: the same as the ventricles' where they go one to one, that of their own
    distances where some have no QRS complex. Without P waves it is that of f waves.

    Args:
        found: The beats.
        basis: What is measured on.
        rhythm: The RR intervals.
        between: Frequency (Hz) of what goes on between the beats, if one stands out.
    """
    atrial = basis.marks.atrial
    if atrial.state is PWave.PRESENT and between.value is not None:
        speed = round(60.0 * between.value)
        return none("/min", f"P waves, but also waves of {speed} /min between the beats")
    if between.value is not None:
        return Measured(60.0 * between.value, "/min", confidence=between.confidence)
    hidden, known = _hidden(found, basis), np.concatenate((basis.led_p, basis.lone_p))
    new = [at for at in hidden.tolist() if not (np.abs(known - at) < SAME).any()]
    lone = np.concatenate((basis.lone_p, new))
    if len(lone) >= LONE:
        return _of_distances(basis, lone)
    if atrial.state is not PWave.PRESENT:
        return none("/min", f"no P wave: {atrial.reason}; {between.reason}")
    if atrial.share is None or atrial.share < EVERY:
        return none("/min", "P waves do not precede every beat")
    if not len(rhythm.usual()):
        return none("/min", "fewer than two beats")
    sure = confidence.sure(basis.beats, basis.leads, min(atrial.consistency + 0.2, 1.0))
    return Measured(60000.0 / float(rhythm.usual().mean()), "/min", confidence=sure)


def _hidden(found: Classes, basis: Basis) -> NDArray[np.float64]:
    """Return the samples of what looks like the P wave but lies elsewhere between the beats.

    The P wave of the median beat is laid over what is left of II and V1 without the beats.
    """
    first, last = basis.marks.atrial.onset, basis.marks.atrial.end
    rows = [row for row in (LEADS.index("II"), LEADS.index("V1")) if basis.usable[row]]
    if first is None or last is None or last - first < SHORTEST or not rows:
        return np.zeros(0)
    size = last - first
    samples = basis.signal.shape[1]
    if samples < size:
        return np.zeros(0)
    places = samples - size + 1
    likeness, energy, own = np.zeros(places), np.zeros(places), 0.0
    whole = np.ones(places, dtype=bool)
    for row in rows:
        wave = basis.stack.median[row, first:last].astype(np.float64)
        wave -= np.linspace(wave[0], wave[-1], size)
        wave -= wave.mean()
        rest, keep = without_beats(found, basis, row)
        likeness += np.correlate(rest, wave, mode="valid")
        sums, squares = _running(rest, size), _running(rest**2, size)
        energy += np.maximum(squares - sums**2 / size, 0.0)
        own += float((wave**2).sum())
        whole &= _running(keep.astype(np.float64), size) > size - 0.5
    if own <= 0.0:
        return np.zeros(0)
    shape = likeness / np.sqrt(np.maximum(energy * own, 1e-12))
    like = whole & (shape >= LIKE) & (likeness >= AS_TALL * own)
    at = np.flatnonzero(like)
    groups = np.split(at, np.flatnonzero(np.diff(at) > size) + 1) if len(at) else []
    return np.array([group[np.argmax(shape[group])] + size / 2.0 for group in groups])


def _running(row: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Return the sums of `size` samples from each on."""
    total = np.concatenate(([0.0], np.cumsum(row)))
    return total[size:] - total[:-size]


def _of_distances(basis: Basis, lone: NDArray[np.float64]) -> Measured:
    """Return the rate of P waves of which some have no QRS complex, if they are regular."""
    at = np.sort(np.concatenate((basis.led_p, lone)))
    gaps = np.diff(at)
    usual = float(np.median(gaps)) if len(gaps) else 0.0
    alike = float((np.abs(gaps - usual) < ALIKE * usual).mean()) if len(gaps) else 0.0
    if len(at) < ENOUGH or alike < MOST:
        return none(
            "/min", "more waves like the P wave lie between the beats, at irregular distances"
        )
    sure = confidence.sure(len(at), basis.leads, alike)
    return Measured(60.0 * ANALYSIS_RATE / usual, "/min", confidence=sure)
