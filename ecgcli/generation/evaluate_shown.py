"""Whether the statement network sees what was asked for: areas under the ROC curve.

It knows probabilities and what was asked; it does not know how the recordings were made. The same
network on the real recordings that the requests were made from stands beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ecgcli.generation.evaluate_prompts import scp_codes
from ecgcli.models import statements
from ecgcli.signals.auroc import auroc

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from ecgcli.generation.observed import Observed
    from ecgcli.generation.request import Request

ENOUGH = 30
"""Training examples that a statement needs to count in the mean."""
ENOUGH_ASKED = 10
"""Requests for it from which on its area is more than chance; a second mean counts only those."""


def areas(
    requests: Sequence[Request],
    observed: Sequence[Observed | None],
    examples: Mapping[str, int],
) -> dict[str, Any]:
    """Return the area of each statement that some requests ask for and some do not.

    A recording that could not be read counts as one in which the network sees nothing at all.

    Args:
        requests: What was asked for.
        observed: The recordings, in the same order.
        examples: How many recordings of each statement the generator has learned from.
    """
    network = statements.shipped()
    places = {name: at for at, name in enumerate(network.card["outputs"])}
    silent = np.zeros(len(places))
    probability = np.stack(
        [silent if one is None else network.probabilities(one.logits) for one in observed]
    )
    found = {}
    for code in sorted(code for code in examples if code in places):
        asked: NDArray[np.bool_] = np.array([code in scp_codes(request) for request in requests])
        if 0 < asked.sum() < len(asked):
            found[code] = {
                "asked": int(asked.sum()),
                "examples": examples[code],
                "auroc": auroc(probability[:, places[code]], asked),
            }
    counted = {code: row for code, row in found.items() if row["examples"] >= ENOUGH}
    often = [row["auroc"] for row in counted.values() if row["asked"] >= ENOUGH_ASKED]
    return {
        "macro_auroc": _mean([row["auroc"] for row in counted.values()]),
        "counted": len(counted),
        "macro_auroc_often_asked": _mean(often),
        "counted_often_asked": len(often),
        "statements": found,
    }


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None
