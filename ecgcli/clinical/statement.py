"""Statements: what is said of an ECG, each with its codes, its evidence and its urgency.

It knows the form of a statement; the catalogue of texts and codes and the criteria that assert
them are data files beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ecgcli.engines.explain import Explanation


class Urgency(StrEnum):
    """How soon a physician should look, most urgent first."""

    CRITICAL = "critical"
    URGENT = "urgent"
    ABNORMAL = "abnormal"
    BORDERLINE = "borderline"
    NORMAL = "normal"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One measured value that a statement rests on, beside the limit it was held against.

    `value` is `None` for evidence that is a finding (`text` then says it). `text` reads well on its
    own: "QRS duration 142 ms, limit 120 ms or more".
    """

    measurement: str
    text: str
    value: float | None = None
    unit: str = ""
    operator: str = ""
    limit: float | None = None
    leads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing said of the ECG.

    Attributes:
        code: Key in the catalogue; the SCP-ECG code where there is one.
        text: As a physician would write it.
        scp: SCP-ECG (PTB-XL) code, `None` where the vocabulary has none.
        aha: AHA/ACC/HRS 2007 statement number.
        snomed: SNOMED CT concept ids; the ECG finding first, then the disorder.
        confidence: 0 to 1.
        urgency: How soon a physician should look.
        critical: Whether it is a critical value, which stands first everywhere.
        evidence: What it rests on; never empty.
        source: The criterion and its publication.
        caution: Why to doubt it in this recording: leads that it rests on may be exchanged, or the
            statement model finds it improbable.
        explanation: What in the recording drives it, where the statement model made it.
    """

    code: str
    text: str
    scp: str | None
    aha: str | None
    snomed: tuple[str, ...]
    confidence: float
    urgency: Urgency
    critical: bool
    evidence: tuple[Evidence, ...]
    source: str
    caution: str | None = None
    explanation: Explanation | None = None


@dataclass(frozen=True, slots=True)
class NotAssessed:
    """A statement that could be neither asserted nor ruled out, and why."""

    code: str
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Where the measurements and the statement model disagree.

    Attributes:
        code: Key in the catalogue.
        text: The statement.
        stated: Whether the statement was made all the same.
        speaks_for: What speaks for it, a sentence each.
        speaks_against: What speaks against it.
    """

    code: str
    text: str
    stated: bool
    speaks_for: tuple[str, ...]
    speaks_against: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Interpretation:
    """All that is said of one ECG.

    `statements` are sorted: critical first, then by urgency, then by the catalogue's order.
    `urgency` is that of the most urgent one. `conclusion` is a line for worklists ("Abnormal ECG:
    atrial fibrillation, LBBB"). `limits` says which age and sex limits were used and why.
    `contradictions` are where the measurements and the statement model disagree.
    """

    statements: tuple[Statement, ...]
    not_assessed: tuple[NotAssessed, ...]
    urgency: Urgency | None
    conclusion: str
    limits: str
    contradictions: tuple[Contradiction, ...] = ()
