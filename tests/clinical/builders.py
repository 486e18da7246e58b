"""Hand-built analyses: a normal adult's measurements, of which a test changes what it is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ecgcli.clinical.condition import Outcome
from ecgcli.clinical.criteria import Finding, criteria
from ecgcli.clinical.statement import Evidence
from ecgcli.records.leads import LEADS
from ecgcli.records.record import Patient, Record, Sex
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
    PWave,
    Quality,
)

UNITS = {
    "ventricular_rate": "/min",
    "atrial_rate": "/min",
    "rr_variation": "%",
    "p_wave_share": "%",
    "sokolow_lyon": "mV",
    "cornell": "mV",
    "cornell_product": "mV ms",
    "peguero": "mV",
    "r_progression": "mV",
    "r_transition": "V",
    "f_wave_v1": "mV",
    "f_wave_ii": "mV",
    "f_wave_frequency": "Hz",
    "f_wave_concentration": "%",
}
GLOBALS: dict[str, float] = {
    "ventricular_rate": 70,
    "atrial_rate": 70,
    "rr_mean": 857,
    "rr_sd": 26,
    "rr_variation": 3,
    "rr_rmssd": 20,
    "shortest_rr": 820,
    "longest_rr": 900,
    "p_wave_share": 100,
    "p_duration": 100,
    "pr_interval": 160,
    "qrs_duration": 92,
    "qt_interval": 390,
    "jt_interval": 298,
    "qtc_bazett": 421,
    "qtc_fridericia": 411,
    "qtc_framingham": 412,
    "qtc_hodges": 408,
    "p_axis": 50,
    "qrs_axis": 40,
    "t_axis": 45,
    "sokolow_lyon": 2.1,
    "cornell": 1.1,
    "cornell_product": 101.2,
    "peguero": 1.7,
    "r_progression": 0.25,
    "r_transition": 3.0,
    "f_wave_v1": 0.015,
    "f_wave_ii": 0.018,
    "f_wave_frequency": 6.0,
    "f_wave_concentration": 14,
}
# p, r, s, t in mV of a normal adult
WAVES: dict[str, tuple[float, float, float, float]] = {
    "I": (0.08, 0.7, -0.1, 0.2),
    "II": (0.12, 1.1, -0.15, 0.3),
    "III": (0.04, 0.4, -0.1, 0.1),
    "aVR": (-0.1, 0.12, -0.9, -0.25),
    "aVL": (0.02, 0.3, -0.1, 0.1),
    "aVF": (0.08, 0.75, -0.1, 0.2),
    "V1": (0.04, 0.25, -0.9, -0.05),
    "V2": (0.05, 0.5, -1.2, 0.35),
    "V3": (0.06, 0.8, -0.8, 0.4),
    "V4": (0.06, 1.2, -0.5, 0.4),
    "V5": (0.06, 1.2, -0.25, 0.35),
    "V6": (0.06, 0.95, -0.1, 0.28),
}
NORMAL = BeatClass.NORMAL
VENTRICULAR = BeatClass.VENTRICULAR


def lead(name: str) -> LeadMeasurements:
    p, r, s, t = WAVES[name]
    return LeadMeasurements(
        lead=name,
        absent=("q", "r2", "s2"),
        p_mv=p,
        r_mv=r,
        r_ms=45,
        s_mv=s,
        s_ms=30,
        st_j_mv=0.02,
        st_60_mv=0.03,
        t_mv=t,
        qrs_peak_to_peak_mv=r - s,
        intrinsicoid_ms=38,
    )


def measurements(
    p_wave: PWave = PWave.PRESENT,
    leads: Mapping[str, Mapping[str, Any]] | None = None,
    kinds: Sequence[BeatClass] = (NORMAL,) * 11,
    **values: float | None,
) -> Measurements:
    """Return a normal adult's measurements with some replaced; `None` is "not measurable"."""
    numbers: dict[str, float | None] = {**GLOBALS, **values}
    measured: dict[str, Any] = {
        name: Measured(
            value, UNITS.get(name, "ms"), reason="not measurable" if value is None else None
        )
        for name, value in numbers.items()
    }
    return Measurements(
        **measured,
        p_wave=p_wave,
        leads=tuple(replace(lead(name), **(leads or {}).get(name, {})) for name in LEADS),
        beats=tuple(Beat(0.5 + 0.857 * at, kind) for at, kind in enumerate(kinds)),
    )


def quality(faulty: Sequence[str] = (), grade: Grade | None = None) -> Quality:
    return Quality(
        grade=grade or (Grade.IN_PART if faulty else Grade.USABLE),
        score=0.9,
        reasons=("most leads are flat",) if grade is Grade.NOT_USABLE else (),
        leads=tuple(
            LeadQuality(name, name not in faulty, (Fault.FLAT,) if name in faulty else ())
            for name in LEADS
        ),
    )


def analysis(
    measured: Measurements | None,
    age: float | None = 60,
    sex: Sex | None = "male",
    judged: Quality | None = None,
) -> Analysis:
    signal = np.zeros((12, 5000), dtype=np.float32)
    record = Record(
        name="built",
        signal=signal,
        rate=500.0,
        leads=LEADS,
        format="test",
        content_hash="0" * 64,
        source_duration_s=10.0,
        patient=Patient(age_years=age, sex=sex),
    )
    whole = np.ones((12, 5000), dtype=np.bool_)
    conditioned = Conditioned(signal, signal, np.ones(12, dtype=np.bool_), whole, 0.0)
    return Analysis(record, conditioned, judged or quality(), measured, None, None)


def standing(code: str, critical: bool = False) -> list[Finding]:
    """Return a finding of the criteria that stands."""
    row = next(iter(criteria()))
    row = replace(row, id=f"{code}_0", statement=code, critical=critical)
    outcome = Outcome(True, (Evidence("qrs_duration", "QRS duration 150 ms"),), confidence=0.6)
    return [Finding(code, ((row, outcome),))]
