"""Sums of voltages and the growth of R, from waves that are given."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecgcli.records.leads import LEADS
from ecgcli.signals.progression import progression
from ecgcli.signals.results import LeadMeasurements, Measured
from ecgcli.signals.voltages import voltages
from tests.signals.engine import value

QRS = Measured(100.0, "ms", confidence=0.9)
# R and S in V1 to V6: R equals S midway between V2 and V3.
GROWING = ((0.2, -1.0), (0.4, -1.2), (1.2, -0.4), (1.4, -0.3), (1.2, -0.2), (0.9, -0.1))


def leads(chest: tuple[tuple[float, float], ...] = GROWING) -> dict[str, LeadMeasurements]:
    limb = {name: LeadMeasurements(name, r_mv=0.5, s_mv=-0.1) for name in LEADS[:6]}
    return limb | {
        f"V{n}": LeadMeasurements(f"V{n}", r_mv=r or None, s_mv=s or None)
        for n, (r, s) in enumerate(chest, start=1)
    }


def without(name: str) -> dict[str, LeadMeasurements]:
    return leads() | {name: LeadMeasurements(name, reason="the lead is missing")}


def test_the_sums() -> None:
    found = voltages(leads(), QRS, 0.8)
    assert value(found["sokolow_lyon"]) == pytest.approx(1.0 + 1.2)
    assert value(found["cornell"]) == pytest.approx(0.5 + 0.4)
    assert value(found["cornell_product"]) == pytest.approx(90.0)
    assert found["cornell_product"].unit == "mV ms"
    assert value(found["peguero"]) == pytest.approx(1.2 + 0.3)
    assert {m.confidence for m in found.values()} == {0.8}


def test_a_qs_complex_counts_as_an_s_wave() -> None:
    chest = {"V2": LeadMeasurements("V2", q_mv=-1.9)}
    assert value(voltages(leads() | chest, QRS, 0.8)["peguero"]) == pytest.approx(1.9 + 0.3)


@pytest.mark.parametrize(
    ("lead", "lost"),
    [
        ("V1", {"sokolow_lyon", "peguero"}),
        ("V4", {"peguero"}),
        ("V3", {"cornell", "cornell_product", "peguero"}),
        ("aVL", {"cornell", "cornell_product"}),
        ("III", set()),
    ],
)
def test_a_missing_lead_is_the_reason(lead: str, lost: set[str]) -> None:
    found = voltages(without(lead), QRS, 0.8)
    assert {name for name, m in found.items() if m.value is None} == lost
    assert all(f"lead {lead}" in (found[name].reason or "") for name in lost)


def test_without_a_qrs_duration_there_is_no_product() -> None:
    found = voltages(leads(), Measured(None, "ms", reason="no beats"), 0.8)
    assert found["cornell"].value is not None
    assert "no beats" in (found["cornell_product"].reason or "")


def test_transition_and_progression() -> None:
    found = progression(leads(), 0.8)
    assert value(found["r_transition"]) == pytest.approx(2.5)
    assert found["r_transition"].confidence == 0.8
    assert value(found["r_progression"]) == pytest.approx(0.2)


@pytest.mark.parametrize(("lead", "names"), [("V2", 2), ("V6", 1), ("aVF", 0)])
def test_progression_needs_its_leads(lead: str, names: int) -> None:
    found = progression(without(lead), 0.8)
    lost = [m for m in found.values() if m.value is None]
    assert len(lost) == names
    assert all(f"lead {lead}" in (m.reason or "") for m in lost)


def test_a_transition_outside_the_chest_leads_has_a_reason() -> None:
    early = progression(leads(tuple((1.0, -0.2) for _ in range(6))), 0.8)["r_transition"]
    late = progression(leads(tuple((0.2, -1.0) for _ in range(6))), 0.8)["r_transition"]
    assert "before" in (early.reason or "")
    assert "behind" in (late.reason or "")


def test_r_that_loses_height() -> None:
    chest = ((0.5, -1.0), (0.3, -1.2), (0.2, -0.9), (0.9, -0.4), (1.2, -0.2), (0.9, -0.1))
    found = progression(leads(chest), 0.8)
    assert value(found["r_progression"]) == pytest.approx(-0.2)
    assert 3.0 < value(found["r_transition"]) < 4.0


def test_places_that_change_more_than_once_are_less_sure() -> None:
    chest = ((0.2, -1.0), (0.9, -0.3), (0.9, -0.4), (0.3, -0.8), (0.9, -0.2), (0.9, -0.1))
    found = progression(leads(chest), 0.8)["r_transition"]
    assert 1.0 < value(found) < 2.0
    assert found.confidence == pytest.approx(0.4)


PAIR = st.tuples(st.floats(0.0, 3.0), st.floats(-3.0, 0.0))


@given(chest=st.tuples(*[PAIR] * 6), factor=st.floats(0.5, 4.0))
@settings(max_examples=60, deadline=None)
def test_sums_grow_with_the_signal_and_the_transition_stays(
    chest: tuple[tuple[float, float], ...], factor: float
) -> None:
    one = leads(chest)
    two = {
        name: dataclasses.replace(
            lead,
            r_mv=lead.r_mv and lead.r_mv * factor,
            s_mv=lead.s_mv and lead.s_mv * factor,
        )
        for name, lead in one.items()
    }
    before, after = (voltages(each, QRS, 0.8) | progression(each, 0.8) for each in (one, two))
    for name, measurement in before.items():
        assert (measurement.value is None) == (after[name].value is None)
        if measurement.value is not None:
            grown = measurement.value * (1.0 if name == "r_transition" else factor)
            assert after[name].value == pytest.approx(grown, abs=1e-9), name
    if before["r_transition"].value is not None:
        assert 1.0 <= before["r_transition"].value <= 6.0
