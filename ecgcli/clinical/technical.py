"""Suspected technical faults as statements, and as a caution on what rests on the leads concerned.

It knows which statement of the catalogue stands for which suspicion, and from which leads each
measurement of the whole record comes (`data/depends.csv`). It does not know how a fault is found
(`signals.exchanges`), and corrects nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from ecgcli.clinical import tables
from ecgcli.clinical.catalogue import catalogue
from ecgcli.clinical.statement import Evidence, Statement
from ecgcli.signals.results import Suspicion

COLUMNS = ("measurement", "leads", "source")
LIMB, CHEST, MIRRORED = "LREV", "CREV", "DEXTRO"
SOURCE = "this project: comparison with ordinary recordings (signals/exchanges.py)"
CAUTION = "Depends on lead{s} {leads}: {suspicion}"


def statements(suspicions: Sequence[Suspicion]) -> list[Statement]:
    """Return a statement for each suspicion."""
    return [_statement(suspicion) for suspicion in suspicions]


def with_caution(statement: Statement, suspicions: Sequence[Suspicion]) -> Statement:
    """Return the statement, with a caution where its evidence comes from leads under suspicion."""
    needed = {lead.removeprefix("-") for e in statement.evidence for lead in _leads(e)}
    cautions = [statement.caution] if statement.caution else []
    for suspicion in suspicions:
        shared = [lead for lead in suspicion.leads if lead in needed]
        if shared:
            cautions.append(
                CAUTION.format(
                    s="s" if len(shared) > 1 else "",
                    leads=", ".join(shared),
                    suspicion=f"{suspicion.text[0].lower()}{suspicion.text[1:].rstrip('.')}",
                )
            )
    return replace(statement, caution="; ".join(cautions)) if cautions else statement


@cache
def depends() -> dict[str, tuple[str, ...]]:
    """Return the leads that measurements of the whole record come from.

    Those that are not in it (rate, intervals) come from all leads together and do not change when
    leads are exchanged.
    """
    rows = tables.read("depends.csv", COLUMNS)
    return {row.required("measurement"): tuple(row.required("leads").split()) for row in rows}


def _leads(evidence: Evidence) -> tuple[str, ...]:
    return evidence.leads or depends().get(evidence.measurement, ())


def _statement(suspicion: Suspicion) -> Statement:
    entry = catalogue()[_code(suspicion)]
    return Statement(
        code=entry.code,
        text=suspicion.text.rstrip("."),
        scp=entry.scp,
        aha=entry.aha,
        snomed=entry.snomed,
        confidence=suspicion.confidence,
        urgency=entry.urgency,
        critical=False,
        evidence=tuple(Evidence("electrodes", said) for said in suspicion.evidence),
        source=SOURCE,
    )


def _code(suspicion: Suspicion) -> str:
    if suspicion.kind == MIRRORED:
        return MIRRORED
    return LIMB if "I" in suspicion.leads or "II" in suspicion.leads else CHEST
