"""Files that give their own amplitudes away are found out; sound ones are left in peace."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecgcli.records.leads import LEADS, LIMB_LEADS
from ecgcli.signals.trust import CONTRADICTION, SCALED, distrusted
from tests import synthetic

ALL = np.ones(12, dtype=bool)


def ecg() -> np.ndarray:
    return synthetic.signal(synthetic.beat_times(70, 10)).astype(np.float64)


def test_a_sound_recording_is_trusted() -> None:
    assert distrusted(ecg(), ecg(), ALL) == {}


@given(scale=st.floats(0.01, 100.0))
@settings(max_examples=20, deadline=None)
def test_trust_does_not_depend_on_the_gain(scale: float) -> None:
    assert distrusted(ecg() * scale, ecg() * scale, ALL) == {}


def test_leads_scaled_to_one_height_are_found_out() -> None:
    rows = ecg()
    rows /= np.ptp(rows, axis=1, keepdims=True)
    assert distrusted(rows, rows, ALL) == dict.fromkeys(LEADS, SCALED)


@pytest.mark.parametrize(("first", "second"), [("aVL", "aVF"), ("I", "II"), ("III", "aVR")])
def test_exchanged_leads_are_named(first: str, second: str) -> None:
    rows = ecg()
    one, two = LEADS.index(first), LEADS.index(second)
    rows[[one, two]] = rows[[two, one]]
    found = distrusted(rows, rows, ALL)
    assert set(found) == set(LIMB_LEADS)
    assert all(f"{first} and {second} are exchanged" in reason for reason in found.values())


def test_a_lead_upside_down_is_named() -> None:
    rows = ecg()
    rows[LEADS.index("II")] *= -1
    assert "lead II is upside down" in distrusted(rows, rows, ALL)["aVF"]


def test_what_no_single_change_mends_is_only_told() -> None:
    rows = ecg()
    rows[2] = np.roll(rows[2], 200) * 2
    rows[4] = np.roll(rows[4], 90) * 3
    assert set(distrusted(rows, rows, ALL).values()) == {CONTRADICTION}


def test_limb_leads_that_cannot_be_checked_are_not_blamed() -> None:
    usable = ALL.copy()
    usable[2:6] = False
    rows = ecg()
    rows[0] *= -1
    assert distrusted(rows, rows, usable) == {}
