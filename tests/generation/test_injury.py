"""ST elevation drawn by rule: the right leads, the right course, found by our own measurement."""

from __future__ import annotations

import numpy as np
import pytest

from ecgcli.generation.check import Seen, look
from ecgcli.generation.injury import SIZE, course, injured, walls
from ecgcli.generation.request import Request
from ecgcli.generation.sample import recorded
from ecgcli.models.generator.draw import Drawn
from ecgcli.models.generator.layout import INDEPENDENT
from ecgcli.models.generator.rhythm import Beats
from ecgcli.records.leads import LEADS
from tests import synthetic

ROWS = [LEADS.index(lead) for lead in INDEPENDENT]
RAISED = {
    "IMI": {"II", "III", "aVF"},
    "AMI": {"V2", "V3", "V4"},
    "ASMI": {"V1", "V2", "V3"},
    "ALMI": {"V3", "V4", "V5", "V6", "I", "aVL"},
    "LMI": {"I", "aVL", "V5", "V6"},
    "ILMI": {"II", "III", "aVF", "V5", "V6"},
    "IPMI": {"II", "III", "aVF"},
    "IPLMI": {"II", "III", "aVF", "V6"},
}


def drawn(rate: float = 75.0) -> Drawn:
    times = synthetic.beat_times(rate, 10.0)
    leads = synthetic.signal(times)[ROWS]
    leads += np.random.default_rng(0).normal(0.0, 0.005, leads.shape).astype(np.float32)
    return Drawn(leads, Beats(times, np.zeros(len(times), np.int64)))


def raised(present: tuple[str, ...], seed: int) -> tuple[Seen, dict[str, float]]:
    """Return the injured recording as seen, and by how much each lead's ST level rose (mV)."""
    what, request = drawn(), Request(age_years=60.0, sex="male", present=present)
    before = look(recorded(what, request, "plain"))
    assert before is not None
    assert before.analysis.median_beat is not None
    chance = np.random.default_rng(seed)
    after = look(
        recorded(injured(what, before.analysis.median_beat, present, chance), request, "injured")
    )
    assert after is not None
    level = levels(before)
    return after, {lead: value - level[lead] for lead, value in levels(after).items()}


def levels(seen: Seen) -> dict[str, float]:
    """Return the ST level at J + 60 ms (mV) by lead."""
    assert seen.analysis.measurements is not None
    return {lead.lead: lead.st_60_mv or 0.0 for lead in seen.analysis.measurements.leads}


@pytest.mark.parametrize("wall", walls())
def test_every_wall_is_found_in_its_leads(wall: str) -> None:
    seen, rise = raised((wall, "STELEV"), 1)
    assert seen.said is not None
    assert "STELEV" in {each.code for each in seen.said.statements}
    assert {lead for lead in LEADS if rise[lead] >= 0.14} >= RAISED[wall]
    assert max(rise[lead] for lead in set(LEADS) - RAISED[wall]) < min(
        rise[lead] for lead in RAISED[wall]
    )


def test_without_a_wall_one_is_drawn_by_chance() -> None:
    found = set()
    for seed in (10, 11):  # by numpy: ASMI, IMI
        _, rise = raised(("STELEV",), seed)
        found.add(max(rise, key=lambda lead: rise[lead]) in {"II", "III", "aVF"})
    assert found == {True, False}


def test_the_course_is_one_at_each_j_point_and_nothing_between_the_beats() -> None:
    times = np.array([0.5, 1.3, 2.1])
    whole = course(times, 0.05, 0.36, 1500)
    for time in times:
        assert whole[round((time + 0.05) * 500)] == pytest.approx(1.0)
        assert whole[round((time - 0.1) * 500)] == 0.0
        assert whole[round((time + 0.4) * 500)] == 0.0
    assert 1.0 < whole.max() <= 1.25
    assert whole.min() == 0.0


def test_a_beat_that_comes_early_cuts_it_short() -> None:
    whole = course(np.array([1.0, 1.35]), 0.05, 0.4, 1000)
    assert whole[round(1.25 * 500)] == 0.0


def test_sizes_of_the_table_reach_the_limits() -> None:
    for wall, shift in walls().items():
        assert np.abs(shift).max() * SIZE[0] >= 0.15, wall
