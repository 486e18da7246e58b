"""The report as data: what is said of one recording, and nothing that changes from run to run.

It knows the document's structure, its rounding and its JSON Schema; it does not know how a report
looks (the renderers beside it do) or how anything in it was found. Everything but the envelope is
typed with the dataclasses that the other rooms pass around, so that each has one definition.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ecgcli.clinical.checked import Checked
from ecgcli.clinical.statement import (
    Contradiction,
    Evidence,
    Interpretation,
    NotAssessed,
    Statement,
    Urgency,
)
from ecgcli.engines.opinion import Opinion
from ecgcli.records.record import SYNTHETIC, Patient, Record
from ecgcli.reports.quantities import QUANTITIES, rounded
from ecgcli.reports.synthetic import Synthetic
from ecgcli.reports.text import clean, clean_or_none
from ecgcli.signals.results import (
    ANALYSIS_RATE,
    Analysis,
    Beat,
    Grade,
    LeadMeasurements,
    LeadQuality,
    Measured,
    Measurements,
    Quality,
    Suspicion,
)

SCHEMA_VERSION: Literal["1.5"] = "1.5"
DISCLAIMER = "Unconfirmed computer interpretation. Not a medical device. Needs physician review."
NOT_FINITE = "the measurement gave no finite number"


@dataclass(frozen=True, slots=True)
class Provenance:
    """What made the report; two reports of one recording with the same provenance are the same.

    Attributes:
        software_version: Version of ecgcli.
        engine: Name of the engine that made the statements.
        engine_version: Version of that engine, of its criteria or its weights.
        filter: The filter that was applied to what is measured and drawn, in words.
        settings_hash: SHA-256, hexadecimal, over the settings that influence the result.
        model: Name of the statement model, where it took part.
        model_version: Version of that model.
        language_model: Name and version of the language model that was asked, where one was.
    """

    software_version: str
    engine: str
    engine_version: str
    filter: str
    settings_hash: str
    model: str | None = None
    model_version: str | None = None
    language_model: str | None = None


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class RecordFacts(_Part):
    """What was recorded, as the file says."""

    name: str = Field(description="Name of the record, without folders")
    format: str = Field(description='File format, "wfdb" or "hl7-aecg" say')
    rate_hz: float = Field(description="Samples per second of the recording")
    duration_s: float = Field(description="Length of the part that was read (s)")
    source_duration_s: float = Field(description="Length of the whole recording (s)")
    window_start_s: float = Field(
        description="Where in the whole recording the interpreted window begins (s)"
    )
    window_s: float = Field(description="Length of the interpreted window (s)")
    leads: tuple[str, ...] = Field(description="Leads, recorded or derived")
    derived: tuple[str, ...] = Field(
        description="Those of the leads that were computed from others (Einthoven, Goldberger)"
    )
    acquired: datetime | None = Field(
        description="When it was recorded; local time of the recorder where no zone is given"
    )
    device: str | None = Field(description="Maker and model of the recorder")
    content_hash: str = Field(description="SHA-256 over the bytes of the recording's files")
    notes: tuple[str, ...] = Field(description="What the reader of the file had to decide")
    source_statements: tuple[str, ...] = Field(
        description="Statements that the file carries; never an input to the interpretation"
    )


class ModelOpinion(_Part):
    """What the statement model says, asserted or not: calibrated probabilities by SCP-ECG code."""

    name: str = Field(description="Name of the model")
    version: str = Field(description="SHA-256 of its file, the first 16 digits")
    superclasses: dict[str, float] = Field(
        description="Probability of PTB-XL's five superclasses (NORM, MI, STTC, CD, HYP)"
    )
    probabilities: dict[str, float] = Field(description="Probability of each statement")
    thresholds: dict[str, float | None] = Field(
        description="Probability from which on the model asserts it; null where it has learned"
        " from too few examples to assert it at all"
    )


class Report(_Part):
    """One recording's report: measurements, statements, quality and where they come from.

    A recording that cannot be used has neither measurements nor statements (null); `quality` says
    why, and `conclusion` says so in a line.
    """

    schema_version: Literal["1.5"] = Field(description="Version of this document's structure")
    generator: Literal["ecgcli"] = Field(description="The program that wrote it")
    disclaimer: str = Field(description="What the report is not")
    mark: str | None = Field(
        description="What stands on every page of it: SYNTHETIC where no patient was recorded, as"
        " far as the file says; else null"
    )
    generated: Synthetic | None = Field(
        description="What a synthetic recording was made from, in the report that is written with"
        " it; else null"
    )
    record: RecordFacts = Field(description="What was recorded")
    patient: Patient = Field(description="Who was recorded, as far as the file says")
    quality: Quality = Field(description="Technical quality of the recording and of each lead")
    suspicions: tuple[Suspicion, ...] = Field(
        description="Technical faults that the recording speaks for (exchanged electrodes), the"
        " surest first; nothing is corrected for them"
    )
    measurements: Measurements | None = Field(
        description="Measurements; null where the recording is not usable"
    )
    statements: tuple[Statement, ...] | None = Field(
        description="What is stated, critical values first; null where nothing may be stated"
    )
    not_assessed: tuple[NotAssessed, ...] | None = Field(
        description="What could be neither asserted nor ruled out, and why"
    )
    contradictions: tuple[Contradiction, ...] | None = Field(
        description="Where the measurements and the statement model disagree"
    )
    model: ModelOpinion | None = Field(
        description="What the statement model says; null where none was asked"
    )
    answer: Checked | None = Field(
        description="What the language model says, each claim beside what was measured; null where"
        " none was asked. No statement is made or dropped because of it"
    )
    urgency: Urgency | None = Field(description="That of the most urgent statement")
    conclusion: str = Field(description="One line for worklists")
    limits: str | None = Field(description="The limits of age and sex that were used, and why")
    provenance: Provenance = Field(description="What made the report")

    @property
    def critical(self) -> tuple[Statement, ...]:
        """Return the statements that are critical values."""
        return tuple(s for s in self.statements or () if s.critical)


def build(
    analysis: Analysis,
    interpretation: Interpretation | None,
    provenance: Provenance,
    opinion: Opinion | None = None,
    answer: Checked | None = None,
    generated: Synthetic | None = None,
) -> Report:
    """Make the report of one recording.

    Where the quality forbids measuring, an interpretation is left out even if one is given: such
    a recording gets no numbers and no statements.

    Args:
        analysis: What the signals room found.
        interpretation: What is stated of it, `None` where nothing may be.
        provenance: What made both.
        opinion: What the statement model says, where one was asked.
        answer: What the language model says, checked, where one was asked.
        generated: What a synthetic recording was made from.
    """
    usable = analysis.quality.grade is not Grade.NOT_USABLE and analysis.measurements is not None
    said = interpretation if usable else None
    if said is None:
        reasons = "; ".join(reason.rstrip(".") for reason in analysis.quality.reasons)
        conclusion = f"Not interpreted: {reasons}" if reasons else "Not interpreted"
    else:
        conclusion = said.conclusion
    return Report(
        schema_version=SCHEMA_VERSION,
        generator="ecgcli",
        disclaimer=DISCLAIMER,
        mark=_mark(analysis.record, generated),
        generated=generated,
        record=_record_facts(analysis),
        patient=_patient(analysis.record.patient),
        quality=_quality(analysis.quality),
        suspicions=tuple(_suspicion(found) for found in analysis.suspicions),
        measurements=_measurements(analysis.measurements) if usable else None,
        statements=tuple(_statement(s) for s in said.statements) if said else None,
        not_assessed=tuple(
            replace(n, text=clean(n.text), reason=clean(n.reason)) for n in said.not_assessed
        )
        if said
        else None,
        contradictions=tuple(_contradiction(c) for c in said.contradictions) if said else None,
        model=_model(opinion, provenance) if said and opinion else None,
        answer=_answer(answer) if said and answer else None,
        urgency=said.urgency if said else None,
        conclusion=clean(conclusion),
        limits=said.limits if said else None,
        provenance=provenance,
    )


def _mark(record: Record, generated: Synthetic | None) -> str | None:
    if generated is not None:
        return generated.mark
    return SYNTHETIC if record.synthetic else None


def _answer(checked: Checked) -> Checked:
    """Return an answer with the model's own words made harmless; the other texts are ours."""
    mentions = tuple(
        replace(each, words=clean(each.words), text=clean(each.text)) for each in checked.mentions
    )
    return replace(checked, impression=clean(checked.impression), mentions=mentions)


def _contradiction(found: Contradiction) -> Contradiction:
    return replace(
        found,
        speaks_for=tuple(clean(said) for said in found.speaks_for),
        speaks_against=tuple(clean(said) for said in found.speaks_against),
    )


def _model(opinion: Opinion, provenance: Provenance) -> ModelOpinion:
    judged = opinion.statements.items()
    return ModelOpinion(
        name=provenance.model or "",
        version=opinion.model,
        superclasses={name: round(p, 3) for name, p in opinion.superclasses.items()},
        probabilities={code: round(judgement.probability, 3) for code, judgement in judged},
        thresholds={code: judgement.threshold for code, judgement in judged},
    )


def _patient(patient: Patient) -> Patient:
    return Patient(
        id=clean_or_none(patient.id),
        name=clean_or_none(patient.name),
        age_years=rounded(patient.age_years),
        sex=patient.sex,
    )


def _record_facts(analysis: Analysis) -> RecordFacts:
    record, conditioned = analysis.record, analysis.conditioned
    return RecordFacts(
        name=clean(record.name),
        format=record.format,
        rate_hz=round(record.rate, 3),
        duration_s=round(record.duration_s, 3),
        source_duration_s=round(record.source_duration_s, 3),
        window_start_s=round(conditioned.start_s, 3),
        window_s=round(conditioned.signal.shape[1] / ANALYSIS_RATE, 3),
        leads=tuple(clean(lead) for lead in record.leads),
        derived=tuple(clean(lead) for lead in record.derived),
        acquired=record.acquired,
        device=clean_or_none(record.device),
        content_hash=record.content_hash,
        notes=tuple(clean(note) for note in record.notes),
        source_statements=tuple(clean(said) for said in record.source_statements),
    )


def _share(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else round(float(value), 2) + 0.0


def _quality(quality: Quality) -> Quality:
    return replace(
        quality,
        reasons=tuple(clean(reason) for reason in quality.reasons),
        score=_share(quality.score) or 0.0,
        leads=tuple(
            LeadQuality(
                lead=lead.lead,
                usable=lead.usable,
                faults=lead.faults,
                noise_mv=rounded(lead.noise_mv, "mV"),
                mains_mv=rounded(lead.mains_mv, "mV"),
                wander_mv=rounded(lead.wander_mv, "mV"),
            )
            for lead in quality.leads
        ),
    )


def _suspicion(found: Suspicion) -> Suspicion:
    return replace(
        found,
        text=clean(found.text),
        confidence=_share(found.confidence) or 0.0,
        evidence=tuple(clean(said) for said in found.evidence),
        effect=clean(found.effect),
    )


def _measured(measured: Measured) -> Measured:
    value = rounded(measured.value, measured.unit)
    reason = measured.reason
    if value is None and reason is None:
        reason = NOT_FINITE
    return Measured(value, measured.unit, _share(measured.confidence), reason)


_ENDINGS = {"_mv_ms": "mV ms", "_mv_s": "mV/s", "_mv": "mV", "_ms": "ms"}  # the longer ones first
_LEAD_UNITS = {
    name: next(unit for ending, unit in _ENDINGS.items() if name.endswith(ending))
    for name in LeadMeasurements.__dataclass_fields__
    if name.endswith(tuple(_ENDINGS))
}


def _lead(lead: LeadMeasurements) -> LeadMeasurements:
    numbers: dict[str, Any] = {
        name: rounded(getattr(lead, name), unit) for name, unit in _LEAD_UNITS.items()
    }
    return replace(lead, confidence=_share(lead.confidence), **numbers)


def _measurements(measurements: Measurements | None) -> Measurements | None:
    if measurements is None:
        return None
    values: dict[str, Any] = {q.field: _measured(q.of(measurements)) for q in QUANTITIES}
    pacing = measurements.pacing
    return replace(
        measurements,
        pacing=replace(pacing, rate=_measured(pacing.rate)) if pacing else None,
        leads=tuple(_lead(lead) for lead in measurements.leads),
        beats=tuple(Beat(round(float(b.time_s), 3), b.kind) for b in measurements.beats),
        **values,
    )


def _statement(statement: Statement) -> Statement:
    evidence = tuple(
        Evidence(
            measurement=e.measurement,
            text=clean(e.text),
            value=rounded(e.value, e.unit),
            unit=e.unit,
            operator=e.operator,
            limit=rounded(e.limit),
            leads=e.leads,
        )
        for e in statement.evidence
    )
    return replace(
        statement,
        text=clean(statement.text),
        confidence=_share(statement.confidence) or 0.0,
        evidence=evidence,
        source=clean(statement.source),
        caution=clean_or_none(statement.caution),
    )
