"""Which leads and which second of a recording drive what the network asserts, checked by deletion.

It knows how a relevance is summed up and tested; it does not know what is asserted. A lead or a
span is named only if the probability falls when it is taken away: leads all of them together for
the whole recording, the span in all leads, each replaced by a flat line. Statements share a span
where it says nearly as much for each: a reader then looks at one place and not at many.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING

import numpy as np

from ecgcli.models.relevance import relevance
from ecgcli.records.leads import LEADS
from ecgcli.signals.coarse import COARSE_RATE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ecgcli.engines.opinion import Opinion, Way

    Floats = NDArray[np.float32]

SPAN = round(1.2 * COARSE_RATE)  # a beat with its P and T waves
LONG = 3 * SPAN  # for what stands in every beat: one alone is not missed
SHARE = 0.6  # of the relevance that speaks for it, which the leads that are named make up
MOST_LEADS = 4
NEARLY = 0.8  # of the relevance of its best span, with which another statement's span will do


@dataclass(frozen=True, slots=True)
class Explanation:
    """What drives a statement of the network.

    Attributes:
        leads: Leads without which it is less probable, the weightiest first; none where no few
            leads drive it.
        without_leads: Its probability without them, `None` where none are named.
        start_s: Where in the interpreted window the span begins (s), `None` where no span drives
            it.
        end_s: Where it ends (s).
        without_span: Its probability without the span.
    """

    leads: tuple[str, ...] = ()
    without_leads: float | None = None
    start_s: float | None = None
    end_s: float | None = None
    without_span: float | None = None


def explain(opinion: Opinion, codes: Sequence[str]) -> dict[str, Explanation]:
    """Return the explanation of each of the network's statements on one record.

    Args:
        opinion: What the network says, with the way to it.
        codes: The statements.
    """
    if opinion.way is None:
        return {}
    way = opinion.way
    outputs = list(way.network.card["outputs"])
    every, whole = tuple(range(len(LEADS))), (0, way.signal.shape[1])
    without = cache(partial(_without, way))
    tried: list[tuple[int, int]] = []
    found = {}
    for code in codes:
        output = outputs.index(code)
        weights = relevance(way.network, way.signal, way.tape, output)
        before = opinion.statements[code].probability
        leads = _leads(weights)
        for span in _spans(weights, tried):
            gone = float(without(every, span)[output])
            if span not in tried:
                tried.append(span)
            if gone < before:
                break
        lost = float(without(leads, whole)[output])
        found[code] = _told(before, _ranked(weights, leads), lost, span, gone)
    return found


def _without(way: Way, leads: tuple[int, ...], span: tuple[int, int]) -> NDArray[np.float64]:
    """Return the probabilities with some leads flat from a sample to before another."""
    changed = way.signal.copy()
    changed[list(leads), slice(*span)] = 0.0
    return way.network.probabilities(way.network.logits(changed, way.numbers))


def _leads(weights: Floats) -> tuple[int, ...]:
    """Return the fewest leads that make up most of what speaks for the statement, I to V6."""
    total = weights.sum(axis=1)
    ranked = [int(at) for at in np.argsort(-total) if total[at] > 0.0]
    enough = SHARE * sum(float(total[at]) for at in ranked)
    chosen: list[int] = []
    for at in ranked[:MOST_LEADS]:
        chosen.append(at)
        if sum(float(total[each]) for each in chosen) >= enough:
            break
    return tuple(sorted(chosen))


def _ranked(weights: Floats, leads: tuple[int, ...]) -> list[int]:
    return sorted(leads, key=lambda at: -float(weights[at].sum()))


def _spans(weights: Floats, tried: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return spans that speak for the statement: one that was tried, the best, the best long one.

    Each is (first sample, sample after the last).
    """
    summed = np.concatenate(([0.0], weights.sum(axis=0, dtype=np.float64).cumsum()))

    def best(length: int) -> tuple[int, int]:
        start = int(np.argmax(summed[length:] - summed[:-length]))
        return start, start + length

    def speaks(span: tuple[int, int]) -> float:
        return float(summed[span[1]] - summed[span[0]])

    own = best(SPAN)
    short = [each for each in tried if each[1] - each[0] == SPAN]
    will_do = [each for each in short if speaks(each) >= NEARLY * speaks(own) > 0.0]
    return [*sorted(will_do, key=speaks)[-1:], own, best(LONG)]


def _told(
    before: float, leads: list[int], without: float, span: tuple[int, int], gone: float
) -> Explanation:
    falls, ends = bool(leads) and without < before, gone < before
    return Explanation(
        leads=tuple(LEADS[at] for at in leads) if falls else (),
        without_leads=round(without, 3) if falls else None,
        start_s=round(span[0] / COARSE_RATE, 2) if ends else None,
        end_s=round(span[1] / COARSE_RATE, 2) if ends else None,
        without_span=round(gone, 3) if ends else None,
    )
