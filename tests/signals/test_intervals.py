"""RR intervals and rates from beats that are given."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecgcli.signals.intervals import RR_UNITS, rates, rhythm
from ecgcli.signals.results import BeatClass, Measured
from tests.signals.engine import value

NORMAL, VENTRICULAR = BeatClass.NORMAL, BeatClass.VENTRICULAR


def found(
    gaps_ms: list[float], kinds: list[BeatClass] | None = None, start: int = 200
) -> dict[str, Measured]:
    at = (start + np.concatenate(([0], np.cumsum(gaps_ms))) / 2.0).round().astype(np.int64)
    known = np.ones(int(at[-1]) + 500, dtype=bool)
    return rates(rhythm(at, tuple(kinds or [NORMAL] * len(at)), known), leads=12, alike=1.0)


def test_statistics_of_regular_beats_and_of_irregular_ones() -> None:
    gaps = [800.0, 900.0, 700.0, 1000.0, 600.0]
    result = found(gaps)
    assert value(result["rr_mean"]) == pytest.approx(800)
    assert value(result["rr_sd"]) == pytest.approx(np.std(gaps, ddof=1))
    assert value(result["rr_variation"]) == pytest.approx(np.std(gaps, ddof=1) / 8)
    assert value(result["rr_rmssd"]) == pytest.approx(np.sqrt(np.mean(np.diff(gaps) ** 2)))
    assert value(result["shortest_rr"]) == 600
    assert value(result["longest_rr"]) == 1000
    assert value(result["ventricular_rate"]) == pytest.approx(75)
    assert {name: m.unit for name, m in result.items()} == RR_UNITS
    still = found([800.0] * 5)
    assert value(still["rr_sd"]) == value(still["rr_rmssd"]) == 0.0


def test_an_ectopic_beat_is_no_part_of_the_basic_rhythm() -> None:
    kinds = [NORMAL, NORMAL, NORMAL, VENTRICULAR, NORMAL, NORMAL, NORMAL]
    result = found([800.0, 810.0, 500.0, 1100.0, 790.0, 800.0], kinds)
    assert value(result["shortest_rr"]) == 500
    assert value(result["longest_rr"]) == 1100
    assert value(result["rr_mean"]) == pytest.approx(800)
    # 810 and 790 do not follow each other: only the changes by 10 ms on each side count.
    assert value(result["rr_rmssd"]) == pytest.approx(10)


def test_what_takes_more_intervals_says_so() -> None:
    result = found([800.0, 820.0])
    assert value(result["rr_mean"]) == pytest.approx(810)
    for name in ("rr_sd", "rr_variation", "rr_rmssd"):
        assert result[name].value is None
        assert "three RR intervals" in (result[name].reason or "")
    lone = found([])
    assert all(m.value is None and m.reason == "fewer than two beats" for m in lone.values())


@given(
    gaps=st.lists(st.integers(150, 1000), min_size=4, max_size=15),
    start=st.integers(0, 3000),
)
@settings(max_examples=50, deadline=None)
def test_a_later_start_changes_nothing(gaps: list[int], start: int) -> None:
    even = [2.0 * gap for gap in gaps]
    one, two = found(even), found(even, start=start)
    assert one == two
    assert value(one["shortest_rr"]) <= value(one["rr_mean"]) <= value(one["longest_rr"])
