"""Whether electrodes may have been exchanged: limb or chest electrodes, or an arm with a leg.

It knows what each exchange does to the leads (`data/exchanges.csv`; Einthoven's law gives the
limb leads) and asks for each whether the median beat would be much more ordinary with the exchange
undone (`signals.beatshape`). An electrode on the right leg leaves one of the leads I, II and III
nearly flat, which no heart does.

It corrects nothing, and there is much that it cannot tell: both legs exchanged (nothing changes),
electrodes placed too high or too low, a limb exchanged with a chest electrode. A heart on the right
side is suspected where the chest leads are mirrored, too.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from ecgcli.records.leads import LEADS
from ecgcli.signals.beatshape import INDEPENDENT, STEPS, Waves, distances, waves_of
from ecgcli.signals.results import MedianBeat, Quality, Suspicion

# The score from which an exchange is suspected: the logarithm of the odds for "exchanged" where as
# many recordings are exchanged as are not.
SUSPECTED = 4.0
# Logarithm of the odds that a recording has one given exchange: about 1 in 150 has any.
PRIOR = -5.0
# A lead this small beside the largest limb lead, over the whole beat, is flat (in 2006 recordings
# of PTB-XL never below 0.11), and so much contradiction of Einthoven's law is a fault of the file.
FLAT = 0.1
CONSISTENT = 0.15
FLAT_CONFIDENCE = 0.8
FLAT_KINDS = {"I": "ARMS/LEGS", "II": "RA/RL", "III": "LA/RL"}
SPEAKS = 1.3  # ratio of distances from which a wave is named as evidence
MIRRORED = "DEXTRO"
MIRRORED_CONFIDENCE = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Exchange:
    """One row of the table.

    Attributes:
        kind: Its key.
        weights: How much the distance of P, QRS and T weighs, fitted on PTB-XL, folds 1 to 8, by
            `signals.evaluate_exchanges`.
        undo: (8, 8), makes the true independent leads of the recorded ones; `None` where the
            exchange cannot be undone.
        name: How undoing it reads, after "with".
        text: What is suspected, without the full stop.
        leads: Leads that would show something else.
        effect: What it would change.
    """

    kind: str
    weights: dict[str, float]
    undo: NDArray[np.float64] | None
    name: str
    text: str
    leads: tuple[str, ...]
    effect: str

    @property
    def limb(self) -> bool:
        """Whether it concerns the limb electrodes."""
        return "I" in self.leads or "II" in self.leads


@cache
def exchanges() -> dict[str, Exchange]:
    """Return the exchanges by kind."""
    text = files("ecgcli.signals").joinpath("data/exchanges.csv").read_text(encoding="utf-8")
    return {row["kind"]: _from_row(row) for row in csv.DictReader(text.splitlines())}


def suspect(beat: MedianBeat | None, quality: Quality) -> tuple[Suspicion, ...]:
    """Return what is suspected of the electrodes, the surest first.

    Nothing is where leads are missing, unusable or not to be trusted; otherwise at most one
    exchange of limb and one of chest electrodes.
    """
    if beat is None or any(lead.distrust for lead in quality.leads):
        return ()
    flat = _flat_lead(beat, quality)
    if flat is not None:
        return (flat,)
    usable = quality.usable_leads()
    waves = waves_of(beat)
    if "QRS" not in waves or any(lead not in usable for lead in INDEPENDENT):
        return ()
    if _mirrored(waves):
        evidence = (_limb_evidence(waves), _chest_evidence(waves))
        return (_by_rule(MIRRORED, MIRRORED_CONFIDENCE, evidence),)
    first = _likeliest(waves, _undoable())
    if first is None:
        return ()
    # The other electrodes are judged as they would be with this exchange undone.
    rest = {name: first.undo @ wave for name, wave in waves.items()}
    second = _likeliest(rest, [each for each in _undoable() if each.limb != first.exchange.limb])
    found = [_suspicion(likely, waves) for likely in (first, second) if likely is not None]
    return tuple(sorted(found, key=lambda suspicion: -suspicion.confidence))


@dataclass(frozen=True, slots=True, eq=False)
class _Likely:
    """An exchange, its score, and how many times nearer to the usual each wave is when undone."""

    exchange: Exchange
    undo: NDArray[np.float64]
    score: float
    nearer: dict[str, float]


def _likeliest(waves: Waves, among: Sequence[Exchange]) -> _Likely | None:
    """Return the exchange whose undoing makes the waves most ordinary, if any is suspected."""
    far = distances(waves, _arrangements())
    remaining = np.sum([_usual_weights()[name] * np.log1p(d) for name, d in far.items()], axis=0)
    scores = {at: odds(exchange, far, at) for at, exchange in enumerate(_undoable())}
    suspects = [
        at
        for at, exchange in enumerate(_undoable())
        if exchange in among and scores[at] >= SUSPECTED
    ]
    if not suspects:
        return None
    at = min(suspects, key=lambda at: float(remaining[at]))
    nearer = {name: float(d[-1] / d[at]) for name, d in far.items()}
    return _Likely(_undoable()[at], _arrangements()[at], scores[at], nearer)


def odds(exchange: Exchange, far: dict[str, NDArray[np.float64]], at: int) -> float:
    """Return the score of an exchange.

    Args:
        exchange: Its weights count.
        far: Distance of each wave, with each exchange undone and, at last, as recorded.
        at: Place of this exchange.
    """
    return sum(exchange.weights[name] * math.log1p(d[-1]) for name, d in far.items()) - sum(
        exchange.weights[name] * math.log1p(d[at]) for name, d in far.items()
    )


@cache
def _undoable() -> tuple[Exchange, ...]:
    return tuple(exchange for exchange in exchanges().values() if exchange.undo is not None)


@cache
def _arrangements() -> NDArray[np.float64]:
    """Return (n + 1, 8, 8): each exchange undone, and at last nothing done."""
    undone = [exchange.undo for exchange in _undoable() if exchange.undo is not None]
    return np.array([*undone, np.eye(len(INDEPENDENT))])


@cache
def _usual_weights() -> dict[str, float]:
    """Return the weights of the waves, the mean over all exchanges: to compare these."""
    return {
        name: float(np.mean([exchange.weights[name] for exchange in _undoable()])) for name in STEPS
    }


def _suspicion(likely: _Likely, waves: Waves) -> Suspicion:
    """Return the suspicion, with what the recorded waves show as evidence."""
    exchange, nearer = likely.exchange, likely.nearer
    evidence = [
        f"{name}: {nearer[name]:.1f} times nearer to ordinary leads with {exchange.name}."
        for name in STEPS
        if nearer.get(name, 0.0) >= SPEAKS
    ]
    evidence.append(_limb_evidence(waves) if exchange.limb else _chest_evidence(waves))
    confidence = 1.0 / (1.0 + math.exp(-(likely.score + PRIOR)))
    return Suspicion(
        kind=exchange.kind,
        text=f"{exchange.text}.",
        confidence=round(min(confidence, 0.95), 2),
        leads=exchange.leads,
        evidence=tuple(evidence),
        effect=exchange.effect,
    )


def _limb_evidence(waves: Waves) -> str:
    """Say which way the waves of I and II point, and those of V6 beside them."""
    said = []
    for lead in ("I", "II", "V6"):
        row = INDEPENDENT.index(lead)
        ways = [
            f"{name} {'upright' if wave[row].sum() > 0 else 'negative'}"
            for name, wave in sorted(waves.items())
        ]
        said.append(f"{lead}: {', '.join(ways)}")
    return f"On the whole {'; '.join(said)}."


def _chest_evidence(waves: Waves) -> str:
    """Give the QRS complex's largest deflections from V1 to V6."""
    qrs = waves["QRS"][2:]
    net = [row[np.argmax(np.abs(row))] for row in qrs]
    return "Largest part of QRS in V1 to V6 (mV): " + ", ".join(
        f"{value:.2f}".replace("-", "−") for value in net
    )


def _mirrored(waves: Waves) -> bool:
    """Return whether P and QRS are negative in I and QRS shrinks from V3 to V6, negative there.

    So it does where the heart lies on the right. Exchanged arm electrodes leave V6 upright.
    """
    if "P" not in waves or waves["P"][0].sum() >= 0 or waves["QRS"][0].sum() >= 0:
        return False
    sizes = np.abs(waves["QRS"][INDEPENDENT.index("V3") :]).max(axis=1)
    return bool((np.diff(sizes) < 0).all()) and float(waves["QRS"][-1].sum()) <= 0


def _flat_lead(beat: MedianBeat, quality: Quality) -> Suspicion | None:
    """Return the suspicion that an arm electrode is on a leg, from one flat limb lead."""
    usable = quality.usable_leads()
    rows = [np.asarray(beat.signal[LEADS.index(lead)], np.float64) for lead in FLAT_KINDS]
    size = np.array([np.ptp(row) for row in rows])
    if size.max() <= 0.0 or sum(lead in usable for lead in FLAT_KINDS) < 2:
        return None
    flat = size < FLAT * size.max()
    contradiction = float(np.ptp(rows[0] + rows[2] - rows[1])) / float(size.max())
    if flat.sum() != 1 or contradiction > CONSISTENT:
        return None
    lead = list(FLAT_KINDS)[int(np.argmax(flat))]
    share = f"{100.0 * size.min() / size.max():.0f} %"
    said = f"Lead {lead}: P, QRS and T together only {share} of the largest limb lead."
    return _by_rule(FLAT_KINDS[lead], FLAT_CONFIDENCE, (said,))


def _by_rule(kind: str, confidence: float, evidence: tuple[str, ...]) -> Suspicion:
    """Return a suspicion that rests on a rule instead of a score."""
    exchange = exchanges()[kind]
    return Suspicion(
        kind=kind,
        text=f"{exchange.text}.",
        confidence=confidence,
        leads=exchange.leads,
        evidence=evidence,
        effect=exchange.effect,
    )


def _from_row(row: dict[str, str]) -> Exchange:
    undo: NDArray[np.float64] | None = None
    if row["limb"]:
        done: NDArray[np.float64] = np.zeros((8, 8))
        done[:2, :2] = np.array(row["limb"].split(), dtype=np.float64).reshape(2, 2)
        for place, electrode in enumerate(row["chest"].split()):
            done[2 + place, 1 + int(electrode)] = 1.0
        undo = np.round(np.linalg.inv(done)) + 0.0
    weights = dict(zip(STEPS, map(float, row["weights"].split()), strict=undo is not None))
    return Exchange(
        row["kind"],
        weights,
        undo,
        row["name"],
        row["text"],
        tuple(row["leads"].split()),
        row["effect"],
    )
