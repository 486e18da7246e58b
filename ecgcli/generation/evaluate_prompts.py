"""Requests made from real recordings: what a recording shows is asked of the generator.

It knows how a row of PTB-XL's table and its measurements become a `Request`, and that a label and a
measurement may contradict each other; it draws nothing and judges nothing.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from ecgcli.clinical.catalogue import catalogue
from ecgcli.generation import consistency
from ecgcli.generation.condition import condition, learned
from ecgcli.generation.definitions import missing
from ecgcli.generation.request import Request
from ecgcli.generation.statements import in_order

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from ecgcli.models.generator.weights import Weights
    from ecgcli.training.ptbxl_table import Row

ASKED = ("heart_rate", "pr_ms", "qrs_ms", "qt_ms", "axis_deg")
"""Measurements that are asked for, by the request's fields."""


def request_of(row: Row, measured: Mapping[str, float], weights: Weights) -> Request:
    """Return the request for a recording like this one.

    A label counts whatever its likelihood, as in the training and in the benchmark (Strodthoff et
    al., IEEE J Biomed Health Inform 25:1519, 2021); one that the generator has not learned is left
    out. Numbers are rounded as people say them. What does not exist beside a label (a PR interval
    in atrial fibrillation) is not asked for, even where something was measured.

    Args:
        row: The recording's labels, age and sex.
        measured: What was measured in it, by the request's fields.
        weights: Of the generator, which know its statements.

    Raises:
        RequestError: It contradicts itself, or the generator cannot be asked for it.
    """
    present = _present(row.codes, learned(weights))
    bare = Request(present=present, age_years=row.patient.age_years, sex=row.patient.sex)
    none = missing(bare)
    values = {
        field: float(round(measured[field]))
        for field in ASKED
        if field in measured and field not in none
    }
    if values.get("axis_deg") == -180.0:
        values["axis_deg"] = 180.0
    request = Request(
        present=present,
        age_years=bare.age_years,
        sex=bare.sex,
        heart_rate=values.get("heart_rate"),
        pr_ms=values.get("pr_ms"),
        qrs_ms=values.get("qrs_ms"),
        qt_ms=values.get("qt_ms"),
        axis_deg=values.get("axis_deg"),
    )
    consistency.check(request)
    condition(request, weights, np.random.default_rng(0))  # refuses children, say
    return request


def scp_codes(request: Request) -> frozenset[str]:
    """Return the statements that are asked for as PTB-XL spells them."""
    return frozenset(scp for code in request.present if (scp := catalogue()[code].scp) is not None)


def _present(labels: Collection[str], known: Collection[str]) -> tuple[str, ...]:
    ours = _by_scp()
    return in_order(ours[scp] for scp in labels if ours.get(scp) in known)


@cache
def _by_scp() -> dict[str, str]:
    """Return our code of each SCP-ECG code; of two the one of the same name."""
    found: dict[str, str] = {}
    for code, entry in catalogue().items():
        if entry.scp is not None and (entry.scp not in found or code == entry.scp):
            found[entry.scp] = code
    return found
