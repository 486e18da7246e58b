"""Beats of all leads together: what most leads show, from its early leads to its late ones."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecgcli.signals.delineation import LeadWaves, no_waves
from ecgcli.signals.fuse import QRS, BeatWaves, P, T, fuse
from tests.signals.test_shares import BEAT, lead

COLUMNS = {"p": P, "qrs": QRS, "t": T}


def fused(leads: list[LeadWaves], *places: float) -> BeatWaves:
    return fuse(leads, np.array(places, dtype=np.int64))


def test_equal_leads_give_their_own_marks() -> None:
    one = lead([400.0, 900.0, 1400.0])
    waves = fused([one] * 12, 400, 900, 1400)
    for wave in BEAT:
        assert waves.common[:, COLUMNS[wave]] == pytest.approx(one.of(wave))
        assert waves.leads[5][:, COLUMNS[wave]] == pytest.approx(one.of(wave))
    assert len(waves.lone) == 0


def test_a_wave_lasts_from_the_early_leads_to_the_late_ones_but_not_to_the_oddest() -> None:
    shifts = [*range(-5, 6), 40]
    one = lead([400.0]).qrs[0]
    waves = fused([lead([400.0, 900.0], float(s)) for s in shifts], 400, 900)
    onset, _, end = waves.common[0, QRS] - one
    assert -2.0 <= onset < 0.0
    assert 0.0 < end <= 4.0


def test_what_one_lead_alone_shows_is_no_p_wave_even_in_that_lead() -> None:
    odd = lead([400.0, 900.0])
    waves = fused([lead([400.0, 900.0], waves=("qrs", "t"))] * 11 + [odd], 400, 900)
    assert np.isnan(waves.common[:, P]).all()
    assert np.isnan(waves.leads[:, :, P]).all()


def test_a_lead_whose_p_wave_lies_elsewhere_has_none() -> None:
    usual, odd = lead([400.0, 900.0]), lead([400.0, 900.0])
    odd = LeadWaves(odd.p - 70.0, odd.qrs, odd.t)
    waves = fused([usual] * 11 + [odd], 400, 900)
    assert np.isfinite(waves.common[:, P]).all()
    assert np.isnan(waves.leads[11, 1, P]).all()


def test_a_beat_without_a_wave_has_none_and_every_beat_has_a_row() -> None:
    first, both = lead([400.0]), lead([400.0, 900.0])
    waves = fused([LeadWaves(first.p, both.qrs, both.t)] * 3, 400, 900)
    assert np.isfinite(waves.common[0]).all()
    assert np.isnan(waves.common[1, P]).all()
    assert np.isfinite(waves.common[1, QRS]).all()


def test_a_p_wave_that_no_beat_follows_is_kept_by_itself() -> None:
    both = lead([400.0, 900.0])
    blocked = LeadWaves(both.p, both.qrs[:1], both.t[:1])
    waves = fused([blocked] * 12, 400)
    assert waves.lone == pytest.approx(both.p[1:])
    assert all(rows == pytest.approx(both.p[1:]) for rows in waves.lone_leads)


def test_no_leads_no_beats_and_empty_leads() -> None:
    assert fused([]).common.shape == (0, 9)
    assert fused([no_waves()] * 12).common.shape == (0, 9)
    assert np.isnan(fused([no_waves()] * 12, 400).common).all()


@settings(max_examples=30, deadline=None)
@given(st.permutations(range(6)), st.integers(-50, 400))
def test_the_order_of_leads_and_the_start_of_time_change_nothing(
    order: list[int], later: int
) -> None:
    leads = [lead([400.0, 900.0], float(s)) for s in (-6, -2, 0, 1, 3, 9)]
    one = fused(leads, 400, 900)
    moved = [LeadWaves(*(leads[i].of(w) + later for w in ("p", "qrs", "t"))) for i in order]
    other = fused(moved, 400 + later, 900 + later)
    assert other.common == pytest.approx(one.common + later)
