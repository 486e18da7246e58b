"""Which leads and which second of a recording drive what the network asserts, checked by deletion.

It knows how a relevance is summed up and tested; it does not know what is asserted. A lead or a
span is named only if the probability falls when it is taken away: leads all of them together for
the whole recording, the span in all leads, each replaced by a flat line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ecgcli.models.relevance import relevance
from ecgcli.records.leads import LEADS
from ecgcli.signals.coarse import COARSE_RATE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ecgcli.engines.opinion import Opinion

    Floats = NDArray[np.float32]

SPAN = round(1.2 * COARSE_RATE)  # a beat with its P and T waves
SHARE = 0.6  # of the relevance that speaks for it, which the leads that are named make up
MOST_LEADS = 4


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
    network, signal, numbers = way.network, way.signal, way.numbers
    outputs = list(network.card["outputs"])
    found = {}
    for code in codes:
        output = outputs.index(code)
        weights = relevance(network, signal, way.tape, output)
        before = opinion.statements[code].probability
        leads = _leads(weights)
        span = _span(weights)
        without = signal.copy()
        without[leads] = 0.0
        gone = signal.copy()
        gone[:, span] = 0.0
        after = [
            float(network.probabilities(network.logits(changed, numbers))[output])
            for changed in (without, gone)
        ]
        found[code] = _told(before, leads, after[0], span, after[1])
    return found


def _leads(weights: Floats) -> list[int]:
    """Return the fewest leads that make up most of what speaks for the statement."""
    total = weights.sum(axis=1)
    ranked = [int(at) for at in np.argsort(-total) if total[at] > 0.0]
    enough = SHARE * sum(float(total[at]) for at in ranked)
    chosen: list[int] = []
    for at in ranked[:MOST_LEADS]:
        chosen.append(at)
        if sum(float(total[each]) for each in chosen) >= enough:
            break
    return chosen


def _span(weights: Floats) -> slice:
    """Return the samples of the span that speaks for the statement most."""
    summed = np.concatenate(([0.0], weights.sum(axis=0, dtype=np.float64).cumsum()))
    start = int(np.argmax(summed[SPAN:] - summed[:-SPAN]))
    return slice(start, start + SPAN)


def _told(before: float, leads: list[int], without: float, span: slice, gone: float) -> Explanation:
    falls, ends = bool(leads) and without < before, gone < before
    return Explanation(
        leads=tuple(LEADS[at] for at in leads) if falls else (),
        without_leads=round(without, 3) if falls else None,
        start_s=round(span.start / COARSE_RATE, 2) if ends else None,
        end_s=round(span.stop / COARSE_RATE, 2) if ends else None,
        without_span=round(gone, 3) if ends else None,
    )
