"""What is done to a recording before the network trains on it.

It knows how hearts and recorders differ: rate, rhythm, amplitudes, noise, missing P waves. It does
not know networks. Everything is drawn from the generator it is given, so that a step of training
is the same whenever it is run.

A recording is cut between its beats (where no lead has a wave) and put together anew from those
pieces, each stretched by itself; marks move with the samples. Then waves may be taken out, leads
scaled and turned upside down, and noise added.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.signal import butter, sosfiltfilt

from ecgcli.signals.delineation import ONSET, PEAK, WAVES, LeadWaves, no_waves
from ecgcli.training.disturb import f_waves, noise, spikes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.random import Generator
    from numpy.typing import NDArray

RATE = 500.0
EDGE = 15.0  # samples beyond the first and the last mark of which nothing is unknown
BLEND = 12  # samples over which two pieces meet
LEVEL = 6  # samples beside a P wave that belong to what is moved
BEHIND_T = 15.0  # samples: a P wave comes at least this long after the peak of the T wave
LONGEST_SHIFT = 100.0  # samples
UNMARKED = 75.0  # samples around a peak that are unknown where an onset or an end is not marked


@dataclass(frozen=True, slots=True)
class Piece:
    """Leads with their marks and what is known of them.

    Attributes:
        signal: (leads, samples) float32 in mV at 500 Hz.
        waves: One entry per lead.
        known: (leads, samples) bool, where every wave is marked.
    """

    signal: NDArray[np.float32]
    waves: tuple[LeadWaves, ...]
    known: NDArray[np.bool_]


@dataclass(frozen=True)
class Source:
    """A recording to draw pieces from."""

    signal: NDArray[np.float32]
    waves: tuple[LeadWaves, ...]

    @cached_property
    def known(self) -> NDArray[np.bool_]:
        """Return where every wave is marked, per lead and sample."""
        known = np.zeros(self.signal.shape, dtype=bool)
        for row, waves in zip(known, self.waves, strict=True):
            span = waves.span()
            if span is None:
                continue
            row[max(round(span[0] - EDGE), 0) : round(span[1] + EDGE) + 1] = True
            for wave in WAVES:
                for onset, peak, end in waves.of(wave):
                    if not np.isfinite(onset):
                        row[max(round(peak - UNMARKED), 0) : round(peak)] = False
                    if not np.isfinite(end):
                        row[round(peak) : round(peak + UNMARKED)] = False
        return known

    @cached_property
    def cuts(self) -> list[int]:
        """Return samples at which no lead has a wave, one between two beats where there is one."""
        samples = self.signal.shape[1]
        quiet: NDArray[np.bool_] = np.all(self.known, axis=0)
        for waves in self.waves:
            for wave in WAVES:
                for onset, _, end in waves.of(wave):
                    if np.isfinite(onset) and np.isfinite(end):
                        quiet[max(round(onset) - 3, 0) : round(end) + 4] = False
        beats = np.sort(np.concatenate([waves.qrs[:, PEAK] for waves in self.waves]))
        beats = beats[np.r_[True, np.diff(beats) > 100]] if len(beats) else beats
        cuts = []
        for a, b in itertools.pairwise(beats):
            free = np.flatnonzero(quiet[round(a) : round(b)]) + round(a)
            if len(free):
                # The longest free stretch: between T and P, or between T and QRS.
                runs = np.split(free, np.flatnonzero(np.diff(free) > 1) + 1)
                late = [run for run in runs if run[0] > a + 100]
                if late:
                    run = max(late, key=len)
                    cuts.append(int(run[len(run) // 2]))
        return [cut for cut in cuts if 0 < cut < samples]

    @cached_property
    def speeds(self) -> NDArray[np.float64]:
        """Return per sample how much of a change of rate it takes: 1 between beats, less in QRS."""
        share = np.ones(self.signal.shape[1])
        for wave, part in (("t", 0.55), ("p", 0.4), ("qrs", 0.15)):
            for waves in self.waves:
                for onset, _, end in waves.of(wave):
                    if np.isfinite(onset) and np.isfinite(end):
                        share[max(round(onset), 0) : round(end) + 1] = part
        smooth: NDArray[np.float64] = gaussian_filter1d(share, 12.0, mode="nearest")
        return smooth


@dataclass(frozen=True, slots=True)
class Settings:
    """How often (0 to 1) each thing is done."""

    rebuild: float = 0.5
    stretch: float = 0.5
    no_p: float = 0.2
    shift_p: float = 0.25
    noise: float = 0.6
    low_pass: float = 0.15
    flip: float = 0.15
    empty: float = 0.03
    lost_lead: float = 0.02
    paced: float = 0.08


def augment(
    source: Source,
    rng: Generator,
    samples: int,
    backgrounds: Sequence[NDArray[np.float32]] = (),
    settings: Settings | None = None,
) -> Piece:
    """Return one training example of the length asked for.

    Args:
        source: The recording.
        rng: Where every choice comes from.
        samples: Length of the result at 500 Hz.
        backgrounds: Rows (samples,) in mV of bad recordings, laid under some examples.
        settings: How often what is done.
    """
    do = settings or Settings()
    if rng.random() < do.empty:
        return _empty(rng, len(source.waves), samples)
    if rng.random() < do.rebuild and len(source.cuts) >= 3:
        piece = _rebuilt(source, rng, samples, irregular=rng.random() < 0.2)
    else:
        factor = np.exp(rng.normal(0.0, 0.16)) if rng.random() < do.stretch else 1.0
        warp = np.full(source.signal.shape[1], factor)
        piece = _fitted(_warped(source, slice(0, len(warp)), warp), rng, samples)
    signal: NDArray[np.floating] = piece.signal
    waves = piece.waves
    if rng.random() < do.no_p:
        signal, waves = _without_p(signal, waves, rng)
    elif rng.random() < do.shift_p:
        signal, waves = _with_p_moved(signal, waves, rng)
    if rng.random() < do.paced:
        signal = signal + spikes(rng, signal.shape, waves)
    signal = signal * np.exp(rng.normal(0.0, 0.3))
    signal = signal * np.exp(rng.normal(0.0, 0.25, (len(signal), 1))).astype(np.float32)
    signal = signal * np.where(rng.random((len(signal), 1)) < do.flip, -1.0, 1.0)
    if rng.random() < do.low_pass:
        sos = butter(2, rng.uniform(25.0, 60.0) / (RATE / 2.0), output="sos")
        signal = sosfiltfilt(sos, signal, axis=1)
    if rng.random() < do.noise:
        signal = signal + noise(rng, signal.shape, backgrounds)
    lost = np.flatnonzero(rng.random(len(signal)) < do.lost_lead)
    known = piece.known
    if len(lost):
        known = known.copy()
        known[lost] = True
        signal[lost] = noise(rng, (len(lost), samples), ()) * rng.uniform(0.0, 4.0)
        waves = tuple(no_waves() if i in lost else w for i, w in enumerate(waves))
    return Piece(signal.astype(np.float32), waves, known)


def _warped(source: Source, part: slice, factors: NDArray[np.float64]) -> Piece:
    """Return a part of a recording, each sample of it lasting `factors` samples."""
    times = np.concatenate(([0.0], np.cumsum(factors)))[:-1]
    length = int(times[-1]) + 1
    at = np.interp(np.arange(length), times, np.arange(len(times)))
    low = np.minimum(at.astype(np.intp), len(times) - 2)
    share = (at - low).astype(np.float32)
    rows = source.signal[:, part]
    signal = rows[:, low] * (1.0 - share) + rows[:, low + 1] * share
    known = source.known[:, part][:, low]
    waves = []
    for lead in source.waves:
        moved = {}
        for wave in WAVES:
            marks = lead.of(wave)
            inside = (marks[:, PEAK] >= part.start) & (marks[:, PEAK] < part.stop)
            chosen = marks[inside] - part.start
            # Marks just outside are carried on at the factor of the end.
            moved[wave] = np.interp(chosen, np.arange(len(times)), times) + np.where(
                chosen < 0, chosen, np.maximum(chosen - (len(times) - 1), 0.0)
            )
        waves.append(LeadWaves(**moved))
    return Piece(signal, tuple(waves), known)


def _rebuilt(source: Source, rng: Generator, samples: int, irregular: bool) -> Piece:
    """Return beats of the recording in their order, at another rate, as long as asked for."""
    cuts = source.cuts
    mean_rr = float(np.median(np.diff(cuts)))
    low, high = 60.0 * RATE / (220.0 * mean_rr), 60.0 * RATE / (30.0 * mean_rr)
    wanted = float(np.exp(rng.normal(0.0, 0.4)))
    # The shares of a beat that take less of the change leave more to the pause between beats.
    change = float(np.clip(wanted, max(low, 0.35), min(high, 2.5)))
    jitter = 0.3 if irregular else 0.03
    steady = float(np.exp(rng.normal(0.0, 0.12)))
    parts: list[Piece] = []
    index = int(rng.integers(len(cuts) - 1))
    have = 0
    while have < samples + BLEND:
        part = slice(cuts[index], cuts[index + 1])
        own = change * float(np.exp(rng.normal(0.0, jitter)))
        share = source.speeds[part]
        pause = np.clip(own, 0.25, 3.0)
        factors = steady * np.exp(share**2 * np.log(pause))
        parts.append(_warped(source, part, factors))
        have += parts[-1].signal.shape[1]
        index = index + 1 if index + 2 < len(cuts) else 0
    return _cropped(_joined(parts), 0, samples)


def _joined(parts: Sequence[Piece]) -> Piece:
    """Return pieces one after the other; where two meet, their levels are made to."""
    starts = np.concatenate(([0], np.cumsum([part.signal.shape[1] for part in parts])))
    rows = [part.signal for part in parts]
    slope = np.linspace(0.0, 1.0, BLEND, dtype=np.float32)
    for before, after in itertools.pairwise(rows):
        step = after[:, :1] - before[:, -1:]
        width = min(BLEND, before.shape[1], after.shape[1])
        before[:, -width:] += step / 2.0 * slope[-width:]
        after[:, :width] -= step / 2.0 * slope[::-1][:width]
    waves = []
    for lead in range(len(parts[0].waves)):
        moved = {
            wave: np.concatenate(
                [
                    part.waves[lead].of(wave) + start
                    for part, start in zip(parts, starts, strict=False)
                ]
            )
            for wave in WAVES
        }
        waves.append(LeadWaves(**moved))
    known = np.concatenate([part.known for part in parts], axis=1)
    return Piece(np.concatenate(rows, axis=1), tuple(waves), known)


def _cropped(piece: Piece, start: int, samples: int) -> Piece:
    """Return a stretch; marks stay with it even where they are outside."""
    waves = tuple(LeadWaves(*(lead.of(wave) - start for wave in WAVES)) for lead in piece.waves)
    part = slice(start, start + samples)
    return Piece(piece.signal[:, part], waves, piece.known[:, part])


def _fitted(piece: Piece, rng: Generator, samples: int) -> Piece:
    """Return a stretch of the piece, or the piece with unknown zeros on both sides."""
    have = piece.signal.shape[1]
    if have >= samples:
        return _cropped(piece, int(rng.integers(have - samples + 1)), samples)
    before = int(rng.integers(samples - have + 1))
    pad = ((0, 0), (before, samples - have - before))
    waves = tuple(LeadWaves(*(lead.of(wave) + before for wave in WAVES)) for lead in piece.waves)
    return Piece(np.pad(piece.signal, pad, mode="edge"), waves, np.pad(piece.known, pad))


def _without_p(
    signal: NDArray[np.floating], waves: tuple[LeadWaves, ...], rng: Generator
) -> tuple[NDArray[np.floating], tuple[LeadWaves, ...]]:
    """Return leads from which P waves were taken, all of them or those of some beats."""
    signal = signal.copy()
    every = rng.random() < 0.7
    gone = (np.array([], dtype=float), 0.0)
    if not every:
        peaks = np.concatenate([lead.p[:, PEAK] for lead in waves])
        if len(peaks):
            gone = (rng.choice(peaks, size=2), 60.0)
    left = []
    for row, lead in zip(signal, waves, strict=True):
        keep = np.ones(len(lead.p), dtype=bool)
        for index, (onset, peak, end) in enumerate(lead.p):
            if not every and not (np.abs(gone[0] - peak) < gone[1]).any():
                continue
            keep[index] = False
            a, b = max(round(onset) - 6, 0), min(round(end) + 6, len(row) - 1)
            if b - a > 4:
                line = np.linspace(row[a], row[b], b - a + 1)
                window = np.minimum(np.hanning(b - a + 1) * 4.0, 1.0)
                row[a : b + 1] += window * (line - row[a : b + 1])
        left.append(LeadWaves(lead.p[keep], lead.qrs, lead.t))
    if every:
        signal += f_waves(rng, signal.shape)
    else:
        signal += rng.normal(0.0, 0.004, signal.shape)
    return signal, tuple(left)


def _with_p_moved(
    signal: NDArray[np.floating], waves: tuple[LeadWaves, ...], rng: Generator
) -> tuple[NDArray[np.floating], tuple[LeadWaves, ...]]:
    """Return leads whose P waves all come earlier, into the T wave even: a longer PR interval.

    LUDB has hardly any PR above 240 ms; a network that never saw one takes it for no P wave.
    """
    room = [
        onset - before.max() - BEHIND_T
        for lead in waves
        for onset in lead.p[:, ONSET]
        if np.isfinite(onset) and len(before := lead.t[lead.t[:, PEAK] < onset, PEAK])
    ]
    most = min([*room, LONGEST_SHIFT])
    if most < BLEND:
        return signal, waves
    earlier = round(float(rng.uniform(0.0, most)))
    result = signal.copy()
    moved = []
    for row, old, lead in zip(result, signal, waves, strict=True):
        inside = lead.p[:, ONSET] - earlier > LEVEL
        for onset, _, end in lead.p:
            a, b = max(round(onset) - LEVEL, 0), min(round(end) + LEVEL, len(row) - 1)
            if b - a > 4:
                window = np.minimum(np.hanning(b - a + 1) * 4.0, 1.0)
                bump = window * (old[a : b + 1] - np.linspace(old[a], old[b], b - a + 1))
                row[a : b + 1] -= bump
                if b >= earlier:  # else it has left the recording
                    cut = max(earlier - a, 0)
                    row[a + cut - earlier : b + 1 - earlier] += bump[cut:]
        moved.append(LeadWaves(lead.p[inside] - earlier, lead.qrs, lead.t))
    return result, tuple(moved)


def _empty(rng: Generator, leads: int, samples: int) -> Piece:
    """Return leads without a heart: flat, mains, or noise of any colour and size."""
    signal = np.zeros((leads, samples))
    kind = rng.random()
    if kind > 0.1:
        white = rng.normal(0.0, 1.0, (leads, samples))
        if kind > 0.4:
            white = gaussian_filter1d(white, np.exp(rng.uniform(0.0, 3.5)), axis=1)
            white /= white.std(axis=1, keepdims=True)
        signal = white * np.exp(rng.uniform(np.log(0.003), np.log(2.0)))
        signal += noise(rng, (leads, samples), ()) * rng.uniform(0.0, 5.0)
    waves = tuple(no_waves() for _ in range(leads))
    return Piece(signal.astype(np.float32), waves, np.ones((leads, samples), dtype=bool))


def labels(piece: Piece, step: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the share of every class in every output sample, and how much it counts.

    Output sample k stands for the `step` input samples around input sample k * step, so that a
    border between two of its input samples is told exactly.

    Returns:
        (leads, 7, samples / step) and (leads, samples / step), both 0 to 1.
    """
    leads, samples = piece.signal.shape
    count = samples // step
    shares = np.zeros((leads, 7, count), dtype=np.float32)
    for row, lead in zip(shares, piece.waves, strict=True):
        for index, wave in enumerate(WAVES):
            for mark in lead.of(wave):
                onset, peak, end = mark / step + 0.5
                if np.isfinite(onset):
                    _fill(row[1 + 2 * index], onset, peak)
                if np.isfinite(end):
                    _fill(row[2 + 2 * index], peak, end)
    # A P wave on a T wave ends it; where other marks overlap, each has its part.
    shares[:, 5:] *= 1.0 - np.minimum(shares[:, 1:3].sum(axis=1, keepdims=True), 1.0)
    over = np.maximum(shares.sum(axis=1, keepdims=True), 1.0)
    shares /= over
    shares[:, 0] = 1.0 - shares[:, 1:].sum(axis=1)
    return shares, piece.known[:, ::step][:, :count].astype(np.float32)


def _fill(row: NDArray[np.float32], start: float, stop: float) -> None:
    """Add to each sample k of a row the share of [k, k + 1) that lies in [start, stop)."""
    start, stop = max(start, 0.0), min(stop, float(len(row)))
    if stop <= start:
        return
    first, last = int(start), int(stop)
    if first == last:
        row[first] += stop - start
        return
    row[first] += first + 1 - start
    row[first + 1 : last] += 1.0
    if last < len(row):
        row[last] += stop - last
