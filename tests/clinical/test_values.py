"""What conditions may name: all that is measured, each in its own unit."""

from __future__ import annotations

import dataclasses

import pytest

from ecgcli.clinical.limits import limits_for
from ecgcli.clinical.parser import parse
from ecgcli.clinical.values import GLOBALS, PRECISION, WAVES, Values
from ecgcli.reports.quantities import DIGITS
from ecgcli.signals.assemble import UNITS
from ecgcli.signals.results import LeadMeasurements, Measured, Measurements
from tests.clinical.builders import measurements, quality

ENDINGS = {"_mv_ms": "mV ms", "_mv_s": "mV/s", "_mv": "mV", "_ms": "ms"}


def test_every_measurement_can_stand_in_a_condition() -> None:
    assert {name: unit for name, (_, unit) in GLOBALS.items()} == UNITS
    fields = {f.name for f in dataclasses.fields(Measurements) if f.type == "Measured"}
    assert fields == set(UNITS)


def test_every_value_of_a_lead_can_stand_in_a_condition() -> None:
    numbers = {f.name for f in dataclasses.fields(LeadMeasurements)} - {
        "lead",
        "reason",
        "absent",
        "confidence",
    }
    assert set(WAVES) == numbers
    for name, (_, unit, _) in WAVES.items():
        assert unit == next(u for ending, u in ENDINGS.items() if name.endswith(ending)), name


def test_what_is_judged_is_what_is_printed() -> None:
    units = set(UNITS.values()) | {unit for _, unit, _ in WAVES.values()}
    assert {unit: PRECISION[unit] for unit in units & set(PRECISION)} == {
        unit: DIGITS[unit] for unit in units & set(PRECISION)
    }


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("peguero > 2.3", "Peguero-Lo Presti voltage 2.46 mV (limit above 2.30 mV)"),
        ("V1.p_terminal_mv_ms <= -4", "P terminal force in V1 −5.2 mV ms (limit −4.0 mV ms or"),
        ("V1.p_negative_mv <= -0.1", "P− in V1 −0.12 mV (limit −0.10 mV or"),
        ("V1.st_80_mv >= 0.1", "ST at J+80 in V1 0.15 mV (limit 0.10 mV or more)"),
        ("V1.st_slope_mv_s > 1", "ST slope in V1 1.50 mV/s (limit above 1.00 mV/s)"),
        ("r_transition > 4", "R transition V4.3 (limit above V4.0)"),
    ],
)
def test_new_measurements_as_evidence(text: str, reads: str) -> None:
    changes = {
        "p_terminal_mv_ms": -5.2,
        "p_negative_mv": -0.12,
        "st_80_mv": 0.15,
        "st_slope_mv_s": 1.5,
    }
    measured = measurements(peguero=2.46, r_transition=4.3, leads={"V1": changes})
    outcome = parse(text).evaluate(Values(measured, quality()), limits_for(60, "male"))
    assert outcome.truth is True
    assert outcome.evidence[0].text.startswith(reads)


def test_a_part_that_is_absent_measures_nothing_and_one_without_p_waves_has_a_reason() -> None:
    gone = measurements(leads={"V1": {"absent": ("p_terminal",)}})
    reading = Values(gone, quality()).in_lead("V1", "p_terminal_mv_ms")
    assert reading.value == 0.0
    none = dataclasses.replace(
        measurements(leads={"V1": {"p_mv": None}}),
        p_duration=Measured(None, "ms", reason="no P wave: nothing recurs"),
    )
    reading = Values(none, quality()).in_lead("V1", "p_positive_mv")
    assert reading.value is None
    assert reading.reason == "lead V1: P+: no P wave: nothing recurs"
