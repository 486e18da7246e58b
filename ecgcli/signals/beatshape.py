"""How far the waves of a beat are from those of ordinary recordings.

It knows the usual course of P, QRS and T in eight independent leads taken together, as a mean and a
covariance over many recordings (`data/beat_shapes.csv`, made by `signals.evaluate_exchanges`). It
does not know any disease, and being far away is none: only the comparison of one beat with itself,
its leads arranged differently, is of use (`signals.exchanges`).

Leads of one heart are redundant: each follows from the others within limits (Kors and van Herpen
2001 found exchanged electrodes that way). The covariance holds all of these relations at once.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ecgcli.records.leads import LEADS
from ecgcli.signals.results import MedianBeat

INDEPENDENT = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")
ROWS = [LEADS.index(lead) for lead in INDEPENDENT]
STEPS = {"P": 2, "QRS": 6, "T": 3}
"""Equal parts into which each wave is cut; each counts with its mean."""
LEVEL = 6  # samples (12 ms) before QRS onset that are the isoelectric level
T_FROM = 10  # samples (20 ms) after the end of QRS from which on the T wave counts
LEAST = {"P": 6, "QRS": 12, "T": 20}  # samples: shorter ones are no such wave
TINY_MV = 1e-6

Waves = dict[str, NDArray[np.float64]]
"""Means of the parts of each wave that was found: (8 leads, parts) in mV."""


@dataclass(frozen=True, slots=True)
class Usual:
    """The usual course of a wave: mean (d,) and inverse covariance (d, d), d = 8 leads x parts."""

    mean: NDArray[np.float64]
    inverse: NDArray[np.float64]


def waves_of(beat: MedianBeat) -> Waves:
    """Return the waves of a median beat, those that have an onset and an end."""
    onset, end = beat.qrs_onset, beat.qrs_end
    if onset is None or end is None:
        return {}
    rows = np.asarray(beat.signal[ROWS], dtype=np.float64)
    level = rows[:, max(onset - LEVEL, 0) : max(onset, 1)].mean(axis=1, keepdims=True)
    spans = {"QRS": rows[:, onset : end + 1] - level}
    if beat.p_onset is not None and beat.p_end is not None:
        p = rows[:, beat.p_onset : beat.p_end + 1]
        # Its own line from onset to end: the P wave often starts on the T wave before it.
        spans["P"] = p - np.linspace(p[:, 0], p[:, -1], p.shape[1], axis=1)
    if beat.t_end is not None:
        spans["T"] = rows[:, end + T_FROM : beat.t_end] - level
    return {
        name: _parts(spans[name], count)
        for name, count in STEPS.items()
        if name in spans and spans[name].shape[1] >= LEAST[name]
    }


def distances(waves: Waves, arrangements: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Return how far each wave is from the usual, its leads rearranged.

    Args:
        waves: From `waves_of`.
        arrangements: (n, 8, 8), each applied to the leads first.

    Returns:
        By wave (n,): Mahalanobis distance squared, divided by its number of dimensions, of the wave
        scaled to unit size; about 1 in ordinary recordings.
    """
    return {name: distance(arrangements @ wave, shapes()[name]) for name, wave in waves.items()}


def distance(waves: NDArray[np.float64], usual: Usual) -> NDArray[np.float64]:
    """Return the distance of many waves (n, 8, parts) of one name; see `distances`."""
    off = scaled(waves).reshape(len(waves), -1) - usual.mean
    result: NDArray[np.float64] = ((off @ usual.inverse) * off).mean(axis=1)
    return result


def scaled(waves: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return waves (..., 8, parts) with a root mean square of 1: their height says nothing here."""
    size = np.sqrt(np.mean(waves**2, axis=(-2, -1), keepdims=True))
    result: NDArray[np.float64] = waves / (size + TINY_MV)
    return result


@cache
def shapes() -> dict[str, Usual]:
    """Return the usual waves from the data file."""
    text = files("ecgcli.signals").joinpath("data/beat_shapes.csv").read_text(encoding="utf-8")
    rows: dict[str, list[dict[str, str]]] = {}
    for row in csv.DictReader(text.splitlines()):
        rows.setdefault(row["wave"], []).append(row)
    return {name: _usual(its) for name, its in rows.items()}


def _usual(rows: list[dict[str, str]]) -> Usual:
    """Return mean and inverse covariance; the file holds the lower triangle."""
    inverse = np.zeros((len(rows), len(rows)))
    for at, row in enumerate(rows):
        inverse[at, : at + 1] = np.array(row["inverse"].split(), dtype=np.float64)
    inverse += np.tril(inverse, -1).T
    return Usual(np.array([float(row["mean"]) for row in rows]), inverse)


def _parts(span: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Return the means of `count` equal parts of (leads, samples)."""
    edges = np.linspace(0, span.shape[1], count + 1).astype(np.int64)
    return np.stack([span[:, a:b].mean(axis=1) for a, b in pairwise(edges)], axis=1)
