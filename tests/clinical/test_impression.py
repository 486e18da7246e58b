"""Numbers that free text gives: read where they are plain, left alone where they are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecgcli.clinical.impression import read


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Sinus rhythm, rate 84.", {"heart_rate": 84.0}),
        ("Heart rate is approximately 140 beats per minute", {"heart_rate": 140.0}),
        ("ventricular response at 120/min", {"heart_rate": 120.0}),
        ("PR interval of 210 ms, QRS duration is 0.09 s", {"pr": 210.0, "qrs": 90.0}),
        ("QTc = 450 ms; axis −35°.", {"qtc": 450.0, "qrs_axis": -35.0}),
        ("P axis 70 degrees, T axis: -10 deg", {"p_axis": 70.0, "t_axis": -10.0}),
        ("Corrected QT interval 450 ms, QT 380 ms", {"qtc": 450.0, "qt": 380.0}),
        ("QRS 110 ms (prolonged)", {"qrs": 110.0}),
    ],
)
def test_plain_numbers_are_read(text: str, wanted: dict[str, float]) -> None:
    assert {claim.quantity: claim.value for claim in read(text)} == pytest.approx(wanted)
    assert all(claim.lead is None for claim in read(text))


@pytest.mark.parametrize(
    "text",
    [
        "PR above 200 ms",
        "QRS 90-110 ms",
        "rate 100 to 110",
        "atrial rate 300/min",
        "rate 84%",
        "PR 180",
        "QT 1.2.3 ms",
        "ST rate84",
        "at a paper speed of 25 mm/s",
        "",
    ],
)
def test_limits_ranges_and_what_lacks_a_unit_are_left_alone(text: str) -> None:
    assert read(text) == ()


def test_each_number_is_told_once() -> None:
    assert [claim.value for claim in read("rate 84, PR 180 ms; rate 84; rate 85")] == [84, 180, 85]


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    read(text)


@given(st.integers(20, 300))
def test_a_rate_comes_back(rate: int) -> None:
    (claim,) = read(f"Regular rhythm, ventricular rate of {rate} bpm.")
    assert claim.value == rate
