"""What kind of beat each QRS complex is, from its shape, width and timing.

It knows shapes, widths and RR intervals; it does not know P waves (so a premature beat of normal
shape is called supraventricular whether its P wave is seen or not) and makes no diagnosis.

Beats are grouped by the correlation of their QRS complexes over all usable leads. The dominant
group is the largest; of two that are about as large (bigeminy) it is the one whose beats come
later after the beat before, because ectopic beats are the premature ones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ecgcli.signals import delineate
from ecgcli.signals.beats import RATE, STEP
from ecgcli.signals.results import BeatClass, PWave

BEFORE, AFTER = 25, 35  # QRS window around the beat: 100 ms and 140 ms at 250 Hz
SHIFTS = 8  # beats are shifted by up to 32 ms against each other
EDGE_SHIFTS = 16  # and those cut off by an edge by up to 64 ms
ALIKE = 0.85  # correlation over all leads from which two QRS complexes are of one shape
RIVAL = 0.6  # a group at least this large, in units of the largest, may be the dominant one
NARROW_MS = 120.0  # a beat between paced ones is the patient's own below this width
PREMATURE = 0.85  # RR before the beat, in units of the usual one
LATE = 1.1  # from here on a wide beat may be an escape beat
CLEARLY_PREMATURE = 0.8  # needed where the shape is normal
REGULAR = 0.10  # variation of the other RR intervals up to which prematurity of one means much
WIDE_MS = 110.0  # an ectopic beat is called ventricular from this width
WIDER_MS = 10.0  # and is this much wider than the dominant beats, unless those are wide, too
P_CERTAIN = 0.5  # consistency of the P waves from which fibrillation is out of the question
AROUND = 150  # samples on each side of a beat whose width is measured
MOST = 8  # beats of a group that are averaged for it
PACING_MS = 140.0  # a ventricular spike comes at most this long before the middle of the QRS


@dataclass(frozen=True, slots=True)
class Classes:
    """Class of every beat.

    Attributes:
        at: (beats,) sample indices at 500 Hz, aligned within each group.
        kinds: Class of each beat.
        dominant: (beats,) bool, which belong to the dominant group.
        consistency: Mean correlation between pairs of beats of the dominant group, 1 for one beat.
        widths_ms: (beats,) QRS duration of the beat's group.
        paired: Share of the beats that at least one other beat is like, 1 for one beat.
    """

    at: NDArray[np.int64]
    kinds: tuple[BeatClass, ...]
    dominant: NDArray[np.bool_]
    consistency: float
    widths_ms: NDArray[np.float64]
    paired: float


def classify(
    signal: NDArray[np.float32],
    at: NDArray[np.int64],
    spikes: NDArray[np.int64],
) -> Classes:
    """Class the beats of a recording.

    Args:
        signal: (leads, samples) in mV at 500 Hz: the usable leads, pacing spikes removed.
        at: Beats from `beats.detect`, at least one.
        spikes: Sample indices of pacing spikes.
    """
    half = _halved(signal)
    alike, shift = _correlations(half, at // STEP)
    groups = _groups(alike)
    widths = _widths(signal, at, groups)
    dominant = _dominant(groups, at, widths)
    members = groups == dominant
    seed = int(np.flatnonzero(members)[np.argmax(alike[np.ix_(members, members)].sum(axis=0))])
    aligned = at.copy()
    aligned[members] += STEP * shift[seed, members]
    cut = (at < BEFORE * STEP) | (at > signal.shape[1] - AFTER * STEP)
    for beat in np.flatnonzero(cut & ~members).tolist():
        place = _like_the_rest_of(half, int(at[seed]) // STEP, int(at[beat]) // STEP)
        if place is not None:
            groups[beat], widths[beat], aligned[beat] = dominant, widths[seed], place * STEP
    pairs = alike[np.ix_(members, members)]
    count = len(pairs)
    consistency = float((pairs.sum() - count) / (count * (count - 1))) if count > 1 else 1.0
    members = groups == dominant
    kinds = tuple(
        BeatClass.OTHER if lost and not own and kind is not BeatClass.PACED else kind
        for kind, lost, own in zip(
            _kinds(aligned, groups, dominant, widths, _paced(at, spikes)), cut, members, strict=True
        )
    )
    paired = float(np.mean(np.bincount(groups)[groups] > 1)) if len(at) > 1 else 1.0
    return Classes(aligned, kinds, members, consistency, widths, paired)


def with_premature(found: Classes, p_wave: PWave, consistency: float) -> Classes:
    """Name premature beats of normal shape again, now that the P waves are known.

    Without P waves, irregular intervals are those of fibrillation, and no beat is premature. Where
    P waves recur beyond doubt the rhythm may be irregular, and a beat is premature where both the
    interval after it and the one before the last beat are much longer than that before it.
    """
    intervals = np.diff(found.at).astype(np.float64)
    kinds = list(found.kinds)
    if p_wave is PWave.ABSENT:
        kinds = [
            BeatClass.NORMAL if kind is BeatClass.SUPRAVENTRICULAR and own else kind
            for kind, own in zip(kinds, found.dominant, strict=True)
        ]
    if p_wave is not PWave.PRESENT or consistency < P_CERTAIN:
        return replace(found, kinds=tuple(kinds))
    for beat in range(2, len(found.at) - 1):
        before, last, after = intervals[beat - 1], intervals[beat - 2], intervals[beat]
        plain = all(kind is BeatClass.NORMAL for kind in kinds[beat - 1 : beat + 1])
        if plain and before < CLEARLY_PREMATURE * min(last, after):
            kinds[beat] = BeatClass.SUPRAVENTRICULAR
    return replace(found, kinds=tuple(kinds))


def _halved(signal: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the signal at 250 Hz."""
    leads, samples = signal.shape
    pairs = signal[:, : samples // STEP * STEP].reshape(leads, samples // STEP, STEP)
    result: NDArray[np.float64] = pairs.mean(axis=2, dtype=np.float64)
    return result


def _like_the_rest_of(half: NDArray[np.float64], whole: int, cut: int) -> int | None:
    """Return where a QRS complex that an edge cuts lies, if what is left of it is like another.

    The detector misplaces a cut complex, hence the wider search.
    """
    best, at = ALIKE, None
    for place in range(cut - EDGE_SHIFTS, cut + EDGE_SHIFTS + 1):
        low, high = max(BEFORE - place, 0), min(BEFORE + AFTER, half.shape[1] - place + BEFORE)
        if high - low < (BEFORE + AFTER) // 2:
            continue
        pieces = [half[:, p - BEFORE + low : p - BEFORE + high] for p in (whole, place)]
        a, b = (piece - piece.mean(axis=1, keepdims=True) for piece in pieces)
        if a.shape != b.shape:
            continue
        likeness = float((a * b).sum() / max(np.linalg.norm(a) * np.linalg.norm(b), 1e-9))
        if likeness > best:
            best, at = likeness, place
    return at


def _correlations(
    half: NDArray[np.float64], at: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return for each pair of beats the best correlation and the shift (250 Hz) that gives it.

    `shift[i, j]` is what must be added to the place of beat j so that it lies on beat i.
    """
    reach = BEFORE + AFTER + 2 * SHIFTS
    padded = np.pad(half, ((0, 0), (reach, reach)), mode="edge")
    first = at + reach - BEFORE
    span = np.arange(BEFORE + AFTER)

    def snippets(shift: int) -> NDArray[np.float64]:
        block = padded[:, (first + shift)[:, None] + span].transpose(1, 0, 2)
        block = block - block.mean(axis=2, keepdims=True)
        flat = block.reshape(len(at), -1)
        norm = np.linalg.norm(flat, axis=1, keepdims=True)
        result: NDArray[np.float64] = flat / np.maximum(norm, 1e-9)
        return result

    still = snippets(0)
    every = np.stack([still @ snippets(s).T for s in range(-SHIFTS, SHIFTS + 1)])
    best = every.argmax(axis=0)
    alike = np.take_along_axis(every, best[None], axis=0)[0]
    # Either beat may be the one that is shifted: take the better, so that the matrix is symmetric.
    shift = best - SHIFTS
    other = alike < alike.T
    shift = np.where(other, -shift.T, shift)
    return np.maximum(alike, alike.T), shift


def _groups(alike: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return a group number for each beat: again and again the beat with most beats like it."""
    count = len(alike)
    groups = np.full(count, -1, dtype=np.int64)
    number = 0
    while (groups < 0).any():
        free = np.flatnonzero(groups < 0)
        similar = alike[np.ix_(free, free)]
        votes = (similar >= ALIKE).sum(axis=1) + similar.mean(axis=1) / 2.0
        seed = int(np.argmax(votes))
        members = free[similar[seed] >= ALIKE]
        groups[members] = number
        # Noise lowers the correlation with one beat more than that with the group's mean.
        rest = np.flatnonzero(groups < 0)
        if len(members) >= 3 and len(rest):
            mean = alike[np.ix_(rest, members)].mean(axis=1)
            inner = alike[np.ix_(members, members)].mean()
            groups[rest[mean >= max(ALIKE * inner, 0.7)]] = number
        number += 1
    return groups


def _widths(
    signal: NDArray[np.float32], at: NDArray[np.int64], groups: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return for each beat the QRS duration (ms) of its group, measured on the group's mean."""
    result = np.zeros(len(at))
    padded = np.pad(signal, ((0, 0), (AROUND, AROUND)), mode="edge")
    for group in range(int(groups.max()) + 1):
        own = np.flatnonzero(groups == group)[:MOST]
        pieces = [padded[:, place : place + 2 * AROUND] for place in at[own].tolist()]
        onset, end = delineate.qrs(np.mean(pieces, axis=0, dtype=np.float32), AROUND)
        result[groups == group] = (end - onset) / delineate.MS
    return result


def _before(at: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the RR interval (samples) before each beat, NaN for the first."""
    return np.concatenate(([np.nan], np.diff(at).astype(np.float64)))


def _dominant(groups: NDArray[np.int64], at: NDArray[np.int64], widths: NDArray[np.float64]) -> int:
    """Return the number of the dominant group."""
    sizes = np.bincount(groups)
    largest = int(np.argmax(sizes))
    rivals = [int(g) for g in np.flatnonzero(sizes >= max(RIVAL * sizes[largest], 2))]
    if len(rivals) < 2:
        return largest
    before = _before(at)
    waits = {}
    for group in rivals:
        own = before[(groups == group) & np.isfinite(before)]
        waits[group] = float(np.median(own)) if len(own) else 0.0
    best = max(rivals, key=lambda g: waits[g])
    if waits[best] > 1.1 * waits[largest]:
        return best
    return min(rivals, key=lambda g: (float(np.median(widths[groups == g])) // 20, -sizes[g]))


def _paced(at: NDArray[np.int64], spikes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which beats a spike precedes closely enough to have caused the QRS complex."""
    if len(spikes) == 0:
        return np.zeros(len(at), dtype=bool)
    delay = (at[:, None] - spikes[None, :]) * 1000.0 / (RATE * STEP)
    caused: NDArray[np.bool_] = np.any((delay > 0) & (delay <= PACING_MS), axis=1)
    # A lone spike is an artefact of another kind; a pacemaker seldom paces once in 10 s.
    return caused if caused.sum() >= 2 else np.zeros(len(at), dtype=bool)


def _kinds(
    at: NDArray[np.int64],
    groups: NDArray[np.int64],
    dominant: int,
    widths: NDArray[np.float64],
    paced: NDArray[np.bool_],
) -> tuple[BeatClass, ...]:
    """Name the beats."""
    members = groups == dominant
    before = _before(at)
    usual, variation = _usual(before, members)
    early = before < PREMATURE * usual
    late = ~(before < LATE * usual)  # the first beat counts as late: nothing is known of it
    width = float(np.median(widths[members]))
    dominant_paced = bool(paced[members].mean() > 0.5)
    kinds = [BeatClass.OTHER] * len(at)
    for group in np.unique(groups).tolist():  # a beat at the edge may have left its own
        own = np.flatnonzero(groups == group)
        wide = float(np.median(widths[own]))
        driven = paced[own].mean() >= 0.5  # a small spike escapes notice in some beats
        ectopic = wide >= WIDE_MS and (width >= WIDE_MS or wide >= width + WIDER_MS)
        for beat in own.tolist():
            if paced[beat] or driven:
                kinds[beat] = BeatClass.PACED
            elif group == dominant:
                kinds[beat] = BeatClass.NORMAL
            elif dominant_paced and wide < min(NARROW_MS, width - WIDER_MS):
                kinds[beat] = BeatClass.NORMAL  # the patient's own beats between paced ones
            elif ectopic and (early[own].any() or variation > REGULAR or not late[beat]):
                kinds[beat] = BeatClass.VENTRICULAR
            elif early[beat] and not ectopic and variation <= REGULAR:
                kinds[beat] = BeatClass.SUPRAVENTRICULAR
    if variation <= REGULAR and not dominant_paced:
        for beat in np.flatnonzero(members & (before < CLEARLY_PREMATURE * usual)).tolist():
            # After an ectopic beat a short interval tells nothing about the beat that ends it.
            if beat > 0 and kinds[beat - 1] is BeatClass.NORMAL and kinds[beat] is BeatClass.NORMAL:
                kinds[beat] = BeatClass.SUPRAVENTRICULAR
    return tuple(kinds)


def _usual(before: NDArray[np.float64], members: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the usual RR interval of the dominant rhythm (samples) and its variation.

    The variation is that of the middle of the intervals (scaled interquartile range over the
    median), so that a few ectopic beats do not make a regular rhythm irregular.
    """
    known = np.isfinite(before)
    pairs = np.concatenate(([False], members[:-1])) & members & known
    intervals = before[pairs] if pairs.sum() >= 3 else before[known]
    if len(intervals) == 0:
        return np.inf, np.inf
    low, middle, high = np.quantile(intervals, [0.25, 0.5, 0.75])
    return float(middle), float((high - low) / 1.35 / middle)
