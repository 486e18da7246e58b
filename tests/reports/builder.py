"""Analyses and interpretations made by hand, so that reports are tested without the other rooms."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np

from ecgcli.clinical.statement import (
    Evidence,
    Interpretation,
    NotAssessed,
    Statement,
    Urgency,
)
from ecgcli.records.leads import LEADS
from ecgcli.records.record import Patient, Record
from ecgcli.reports.document import Provenance
from ecgcli.signals.results import (
    Analysis,
    Beat,
    BeatClass,
    Conditioned,
    Fault,
    Grade,
    LeadMeasurements,
    LeadQuality,
    Measured,
    Measurements,
    MedianBeat,
    PWave,
    Quality,
    Suspicion,
)
from tests import synthetic

PROVENANCE = Provenance(
    software_version="0.1.0",
    engine="criteria",
    engine_version="1",
    filter="0.05–150 Hz, mains removed",
    settings_hash="ab" * 32,
)
PATIENT = Patient(id="4711-0815", name="Doe, Jane", age_years=63.0, sex="female")


def measurements(**changes: Any) -> Measurements:
    """Return a full set of measurements of a normal adult; one of them without a value."""
    values: dict[str, Any] = {
        "ventricular_rate": Measured(70.2, "/min", 0.991),
        "rr_mean": Measured(857.3, "ms", 0.99),
        "atrial_rate": Measured(70.2, "/min", 0.9),
        "rr_sd": Measured(20.1, "ms", 0.9),
        "rr_rmssd": Measured(18.4, "ms", 0.9),
        "shortest_rr": Measured(824.0, "ms", 0.9),
        "rr_variation": Measured(2.345, "%", 0.9),
        "longest_rr": Measured(890.0, "ms", 0.9),
        "p_wave_share": Measured(100.0, "%", 0.9),
        "p_duration": Measured(104.4, "ms", 0.8),
        "pr_interval": Measured(162.3, "ms", 0.9),
        "qrs_duration": Measured(94.0, "ms", 0.95),
        "qt_interval": Measured(388.0, "ms", 0.9),
        "jt_interval": Measured(294.0, "ms", 0.9),
        "qtc_bazett": Measured(419.0, "ms", 0.9),
        "qtc_fridericia": Measured(408.0, "ms", 0.9),
        "qtc_framingham": Measured(410.0, "ms", 0.9),
        "qtc_hodges": Measured(405.9, "ms", 0.9),
        "p_axis": Measured(52.0, "deg", 0.7),
        "qrs_axis": Measured(-34.2, "deg", 0.9),
        "t_axis": Measured(None, "deg", None, "T wave too flat"),
        "sokolow_lyon": Measured(2.1004, "mV", 0.9),
        "cornell": Measured(1.2, "mV", 0.9),
        "cornell_product": Measured(112.84, "mV ms", 0.9),
        "peguero": Measured(1.7, "mV", 0.9),
        "r_progression": Measured(0.21, "mV", 0.9),
        "r_transition": Measured(3.46, "V", 0.9),
        "f_wave_v1": Measured(0.0144, "mV", 0.9),
        "f_wave_ii": Measured(0.0181, "mV", 0.9),
        "f_wave_frequency": Measured(None, "Hz", None, "no single frequency stands out"),
        "f_wave_concentration": Measured(14.42, "%", 0.9),
    }
    leads = [
        LeadMeasurements(
            lead=lead,
            absent=("q",),
            p_mv=0.1,
            r_mv=1.01234,
            r_ms=44.0,
            s_mv=-0.2,
            s_ms=30.0,
            st_j_mv=0.01,
            st_60_mv=0.02,
            t_mv=0.3,
            qrs_peak_to_peak_mv=1.2,
        )
        for lead in LEADS[:-1]
    ]
    leads.append(LeadMeasurements(lead="V6", reason="the lead is noisy"))
    beats = (Beat(0.5, BeatClass.NORMAL), Beat(1.4, BeatClass.VENTRICULAR))
    return replace(
        Measurements(p_wave=PWave.PRESENT, leads=tuple(leads), beats=beats, **values), **changes
    )


def quality(grade: Grade = Grade.USABLE, bad: tuple[str, ...] = ()) -> Quality:
    """Return a quality in which the leads named are noisy."""
    return Quality(
        grade=grade,
        score=0.876,
        reasons=tuple(f"{lead} is noisy." for lead in bad),
        leads=tuple(
            LeadQuality(
                lead,
                usable=lead not in bad,
                faults=(Fault.NOISY,) if lead in bad else (),
                noise_mv=0.012345,
                mains_mv=0.001,
                wander_mv=0.1,
            )
            for lead in LEADS
        ),
    )


def analysis(
    record: Record | None = None,
    *,
    grade: Grade = Grade.USABLE,
    bad: tuple[str, ...] = (),
    missing: tuple[str, ...] = (),
    **changes: Any,
) -> Analysis:
    """Return an analysis of a record at 500 Hz whose signal is taken as conditioned."""
    if record is None:
        record = replace(
            synthetic.normal(),
            patient=PATIENT,
            acquired=datetime(2020, 6, 4, 12, 13, 14),
            device="Acme Cart 3",
            derived=("III", "aVR", "aVL", "aVF"),
        )
    rows = record.signal.copy()
    present = np.array([lead not in missing for lead in LEADS])
    rows[~present] = 0
    conditioned = Conditioned(
        signal=np.nan_to_num(rows),
        raw=np.nan_to_num(rows),
        present=present,
        valid=np.isfinite(rows),
        start_s=0.0,
    )
    usable = grade is not Grade.NOT_USABLE
    median = MedianBeat(
        signal=rows[:, 100:500], r_index=150, p_onset=60, p_end=100, qrs_onset=130, qrs_end=175,
        t_end=340,
    )  # fmt: skip
    return Analysis(
        record=record,
        conditioned=conditioned,
        quality=quality(grade, bad),
        measurements=changes.get("measurements", measurements()) if usable else None,
        median_beat=median if usable else None,
        fiducials={} if usable else None,
    )


def statement(
    text: str = "Sinus rhythm",
    urgency: Urgency = Urgency.NORMAL,
    critical: bool = False,
    **more: Any,
) -> Statement:
    """Return a statement with one piece of evidence."""
    evidence = Evidence(
        measurement="qrs_duration",
        text=more.pop("evidence", "P waves precede all QRS complexes, rate 70 /min"),
        value=142.123456,
        unit="ms",
        operator=">=",
        limit=120.0,
        leads=("V1", "V2"),
    )
    fields: dict[str, Any] = {
        "code": "SR", "scp": "SR", "aha": "20", "snomed": ("426783006",), "confidence": 0.951,
        "source": "AHA/ACC/HRS 2007",
    } | more  # fmt: skip
    return Statement(text=text, urgency=urgency, critical=critical, evidence=(evidence,), **fields)


def interpretation(*statements: Statement, **changes: Any) -> Interpretation:
    """Return an interpretation, of sinus rhythm if nothing is given."""
    said = statements or (statement(),)
    return replace(
        Interpretation(
            statements=said,
            not_assessed=(NotAssessed("LVH", "Left ventricular hypertrophy", "sex is not known"),),
            urgency=said[0].urgency,
            conclusion=f"{said[0].urgency.value.capitalize()} ECG: {said[0].text}",
            limits="adult limits, female",
        ),
        **changes,
    )


CRITICAL = statement(
    "Acute inferior ST elevation myocardial infarction pattern",
    Urgency.CRITICAL,
    critical=True,
    code="STE_INF",
    evidence="ST at J 0.24 mV in II, 0.31 mV in III, 0.27 mV in aVF, limit 0.1 mV in two leads",
)
SUSPICION = Suspicion(
    kind="arms",
    text="The arm electrodes (RA and LA) may be exchanged.",
    confidence=0.91,
    leads=("I", "II", "III", "aVR", "aVL"),
    evidence=("Lead I is upside down.", "The P axis is 135°."),
    effect="Lead I would be upside down; the axes would change.",
)
