"""How far one angle is from another, on the shorter way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecgcli.signals.angles import turn


@pytest.mark.parametrize(
    ("difference", "shorter"), [(0.0, 0.0), (20.0, 20.0), (340.0, -20.0), (-350.0, 10.0)]
)
def test_the_shorter_way_is_taken(difference: float, shorter: float) -> None:
    assert turn(difference) == shorter
    assert turn(np.array([difference])).tolist() == [shorter]


@given(st.integers(-720, 720))
def test_it_leads_to_the_same_angle(difference: int) -> None:
    found = turn(float(difference))
    assert -180.0 <= found < 180.0
    assert (found - difference) % 360.0 == 0.0
