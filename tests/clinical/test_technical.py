"""A suspected exchange of electrodes becomes a statement and a caution on what rests on it."""

from dataclasses import fields, replace

import pytest

from ecgcli.clinical.catalogue import catalogue
from ecgcli.clinical.interpret import interpret
from ecgcli.clinical.statement import Interpretation, Statement
from ecgcli.clinical.technical import depends
from ecgcli.records.leads import LEADS
from ecgcli.signals.exchanges import exchanges
from ecgcli.signals.results import (
    Chamber,
    Measured,
    Measurements,
    Pacing,
    Suspicion,
)
from tests.clinical.builders import analysis, measurements


def suspicion(kind: str, confidence: float = 0.9) -> Suspicion:
    known = exchanges()[kind]
    return Suspicion(kind, f"{known.text}.", confidence, known.leads, ("As seen.",), known.effect)


def said(measured: Measurements, *kinds: str) -> Interpretation:
    found = tuple(suspicion(kind) for kind in kinds)
    return interpret(replace(analysis(measured), suspicions=found))


def named(interpretation: Interpretation, code: str) -> Statement:
    return next(s for s in interpretation.statements if s.code == code)


@pytest.mark.parametrize(
    ("kind", "code", "aha"),
    [("RA/LA", "LREV", "10"), ("LA/RL", "LREV", "10"), ("V1/V2", "CREV", "11")],
)
def test_a_suspicion_is_a_statement(kind: str, code: str, aha: str) -> None:
    statement = named(said(measurements(), kind), code)
    assert statement.aha == aha
    assert statement.text == exchanges()[kind].text
    assert statement.evidence
    assert statement.confidence == 0.9
    assert not statement.critical


def test_every_exchange_has_a_statement() -> None:
    for kind in exchanges():
        (statement,) = (
            s
            for s in said(measurements(), kind).statements
            if catalogue()[s.code].category == "technical"
        )
        assert statement.evidence


def test_an_ecg_with_exchanged_electrodes_is_not_called_normal() -> None:
    assert said(measurements()).conclusion.startswith("Normal ECG")
    doubted = said(measurements(), "RA/LA")
    assert not {"NORM", "ONORM"} & {s.code for s in doubted.statements}
    assert "arm electrodes" in doubted.conclusion


def test_what_rests_on_the_leads_carries_a_caution() -> None:
    measured = measurements(qrs_axis=-60, leads={"V2": {"q_ms": 30.0, "q_mv": -0.2}})
    free = said(measured)
    assert all(s.caution is None for s in free.statements)
    limb = said(measured, "RA/LA")
    caution = named(limb, "LAD").caution
    assert caution is not None
    assert "arm electrodes (RA and LA) may be exchanged" in caution
    assert named(limb, "ASMI").caution is None
    assert named(limb, "SR").caution is None
    chest = said(measured, "V1/V2")
    assert named(chest, "LAD").caution is None
    assert named(chest, "ASMI").caution is not None


def test_measurements_that_depend_on_leads_exist() -> None:
    names = {field.name for field in fields(Measurements)}
    assert depends().keys() <= names
    assert all(set(leads) <= set(LEADS) for leads in depends().values())


@pytest.mark.parametrize(
    ("chamber", "text"),
    [
        (Chamber.ATRIAL, "Atrial pacing"),
        (Chamber.DUAL, "Atrial and ventricular pacing"),
    ],
)
def test_pacing_names_the_chamber(chamber: Chamber, text: str) -> None:
    pacing = Pacing(True, 12, Measured(70.0, "/min", confidence=0.9), chamber)
    statement = named(said(replace(measurements(), pacing=pacing)), "PACE")
    assert statement.text == text


def test_pacing_that_cannot_be_told_leaves_the_rest_in_peace() -> None:
    why = "at 100 samples per second pacing spikes leave no trace"
    pacing = Pacing(None, 0, Measured(None, "/min", reason=why), None, why)
    assert said(replace(measurements(), pacing=pacing)).conclusion.startswith("Normal ECG")
