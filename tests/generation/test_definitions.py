"""What follows from a request for its numbers, and what a generator lacks."""

from __future__ import annotations

import pytest

from ecgcli.generation.consistency import corrected
from ecgcli.generation.definitions import ranges, told_by_value, wanting
from ecgcli.generation.reading import read
from ecgcli.generation.refusal import Kind, RequestError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("AF", {}),
        ("AF with RVR", {"heart_rate": (100, None)}),
        ("AF with RVR, 3 year old girl", {"heart_rate": (124, None)}),
        ("AF with bradycardia", {"heart_rate": (None, 60)}),
        ("sinus tachycardia", {"heart_rate": (100, None)}),
        ("sinus tachycardia, 2 year old girl", {"heart_rate": (178, None)}),
        ("sinus bradycardia", {"heart_rate": (None, 60)}),
        ("sinus bradycardia, rate 40-50", {"heart_rate": (40, 50)}),
        ("first degree block", {"pr_ms": (200, None)}),
        ("LBBB", {"qrs_ms": (120, None)}),
        ("LBBB, 10 year old", {"qrs_ms": (100, None)}),
        ("bifascicular block", {"qrs_ms": (120, None), "axis_deg": (-90, -40)}),
        ("long QT, woman", {"qtc_ms": (460, None)}),
        ("long QT, man", {"qtc_ms": (450, None)}),
        ("normal axis", {"axis_deg": (-30, 90)}),
        ("no left axis deviation", {}),
        ("no long QT, man", {"qtc_ms": (None, 450)}),
        ("no first degree block, no long PR, no short PR", {"pr_ms": (120, 200)}),
        ("AF, no first degree block", {}),
        ("narrow QRS", {"qrs_ms": (None, 120)}),
    ],
)
def test_ranges_follow(text: str, expected: dict[str, tuple[float | None, float | None]]) -> None:
    assert {name: (x.low, x.high) for name, x in ranges(read(text)).items()} == expected


def test_a_normal_ecg_has_the_limits_of_its_age() -> None:
    adult = ranges(read("normal ECG, 40yo man"))
    assert (adult["heart_rate"].low, adult["heart_rate"].high) == (50, 100)
    assert (adult["qtc_ms"].low, adult["qtc_ms"].high) == (330, 450)
    child = ranges(read("normal ECG, 4 year old boy"))
    assert (child["heart_rate"].low, child["heart_rate"].high) == (73, 123)


def test_a_normal_ecg_yields_to_what_is_said_beside_it() -> None:
    assert ranges(read("normal ECG with sinus tachycardia"))["heart_rate"].low == 100


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sinus tachycardia, PR 700", "600 ms"),
        ("long QT, QT 380, rate 60", "QTc"),
        ("normal ECG, QT 520, rate 60", "QTc"),
        ("narrow QRS, LBBB", "present and absent"),
        ("RAD, LAFB", "left and right"),
        ("SVT, rate 60", "100/min"),
        ("AF, PR > 200", "no PR"),
        ("complete heart block with PR 200", "no PR"),
        ("no left axis deviation, axis -60", "without left axis deviation"),
        ("no left axis deviation, axis -60 to -40", "without left axis deviation"),
        ("narrow QRS, QRS 140", "140 ms"),
        ("rate > 100, rate < 80", "at least 100/min and at most 80/min"),
        ("sinus bradycardia, rate above 70", "at least 70/min"),
        ("WPW, first degree block", "short and long"),
        ("QRS 300, QT 250", "beginning of the QT"),
        ("bigeminy, no ectopy", "present and absent"),
        ("regular AF", "present and absent"),
    ],
)
def test_contradictions_name_both_sides(text: str, said: str) -> None:
    with pytest.raises(RequestError) as caught:
        read(text)
    assert caught.value.kind is Kind.CONTRADICTION
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "sinus tachycardia, rate 100",
        "first degree block, PR 200",
        "no first degree block, PR 200",
        "LBBB, QRS 120",
        "left axis deviation, axis -30",
        "AF, rate 250",
        "QT 400, QTc 400, rate 60",
        "QT 360, QTc 465, rate 100",
        "normal ECG, newborn, rate 150",
        "normal ECG, newborn, QTc 420",
        "normal ECG with sinus bradycardia, rate 55",
    ],
)
def test_limits_themselves_and_what_is_possible_are_taken(text: str) -> None:
    read(text)


def test_what_a_generator_has_not_learned_is_named() -> None:
    request = read("AF, left axis deviation, no ST elevation")
    assert wanting(request, {"AFIB"}) == ["LAD", "STELEV", "STE_"]
    assert wanting(request, {"AFIB", "STELEV", "STE_"} | told_by_value()) == []


def test_corrections_agree_at_60_per_minute() -> None:
    assert corrected(400, 60) == pytest.approx((400, 400, 400, 400))
    assert corrected(360, 100) == pytest.approx((464.8, 426.8, 421.6, 430), abs=0.1)
