"""Beats of all leads together: what most leads show, from its earliest to its latest."""

import numpy as np
import pytest

from ecgcli.signals.delineation import LeadWaves, no_waves
from ecgcli.signals.fuse import fuse
from tests.signals.test_shares import BEAT, lead


def test_equal_leads_give_their_own_marks() -> None:
    one = lead([400.0, 900.0, 1400.0])
    fused = fuse([one] * 12)
    for wave in BEAT:
        assert fused.of(wave) == pytest.approx(one.of(wave))


def test_a_wave_lasts_from_the_early_leads_to_the_late_ones_but_not_to_the_oddest() -> None:
    shifts = [*range(-5, 6), 40]
    fused = fuse([lead([400.0, 900.0], float(s)) for s in shifts])
    assert 375.0 <= fused.qrs[0, 0] <= 378.0
    assert 428.0 <= fused.qrs[0, 2] <= 431.0


def test_what_one_lead_alone_shows_is_no_beat_and_no_p_wave() -> None:
    odd = lead([400.0, 650.0, 900.0])
    fused = fuse([lead([400.0, 900.0], waves=("qrs", "t"))] * 11 + [odd])
    assert len(fused.qrs) == 2
    assert np.isnan(fused.p).all()


def test_every_beat_has_a_row_for_every_wave() -> None:
    first = lead([400.0])
    both = lead([400.0, 900.0])
    fused = fuse([LeadWaves(first.p, both.qrs, both.t)] * 3)
    assert np.isfinite(fused.p[0]).all()
    assert np.isnan(fused.p[1]).all()
    assert len(fused.t) == 2


def test_no_leads_and_empty_leads_have_no_beats() -> None:
    assert len(fuse([]).qrs) == 0
    assert len(fuse([no_waves()] * 12).qrs) == 0
