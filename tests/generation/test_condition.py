"""What the networks are told of a request."""

from __future__ import annotations

import numpy as np
import pytest

from ecgcli.generation.condition import FEWEST, condition, learned
from ecgcli.generation.reading import read
from ecgcli.generation.refusal import RequestError
from ecgcli.models.generator.layout import CENTRE, SCALARS, SPREAD
from ecgcli.models.generator.rhythm import HIGHEST, LOWEST
from ecgcli.models.generator.weights import Weights

CODES = ("NORM", "SR", "SBRAD", "STACH", "AFIB", "1AVB", "CLBBB", "IMI", "LNGQT", "3AVB")
WEIGHTS = Weights({}, CODES, {**dict.fromkeys(CODES, 100), "3AVB": FEWEST - 1})


def told(text: str, seed: int = 0) -> tuple[set[str], dict[str, float], tuple[float, float]]:
    made = condition(read(text), WEIGHTS, np.random.default_rng(seed))
    asked = {code for code, one in zip(CODES, made.asked.statements, strict=True) if one}
    assert asked == set(made.statements)
    scaled = made.asked.scalars * np.array(SPREAD) + np.array(CENTRE)
    values = {
        name: float(value)
        for name, value in zip(SCALARS, scaled, strict=True)
        if not np.isnan(value)
    }
    return asked, values, made.rates


@pytest.mark.parametrize(
    ("text", "statements"),
    [
        ("60yo male", {"NORM", "SR"}),
        ("normal ECG", {"NORM", "SR"}),
        ("sinus rhythm", {"NORM", "SR"}),
        ("LBBB", {"CLBBB", "SR"}),
        ("AF", {"AFIB"}),
        ("sinus tachycardia", {"STACH"}),
        ("sinus bradycardia with first degree block", {"SBRAD", "1AVB"}),
        ("PR 260", {"SR"}),  # nobody calls that normal
        ("left axis deviation", {"SR"}),
        ("old inferior MI, no AF", {"IMI", "SR"}),
        ("not normal", {"SR"}),
    ],
)
def test_what_goes_without_saying(text: str, statements: set[str]) -> None:
    assert told(text)[0] == statements


def test_numbers_are_told_as_they_were_asked() -> None:
    _, values, rates = told("sinus rhythm, rate 72, PR 180, QRS 90, QT 400, axis 30, 50yo woman")
    assert rates == (72.0, 72.0)
    assert values["heart_rate"] == pytest.approx(np.log(72.0))
    assert [values[name] for name in ("pr", "qrs", "qt", "age", "female")] == pytest.approx(
        [180.0, 90.0, 400.0, 50.0, 1.0]
    )
    assert values["axis_cos"] == pytest.approx(np.cos(np.radians(30.0)), abs=1e-6)


def test_what_was_not_asked_is_not_told() -> None:
    _, values, rates = told("LBBB")
    assert set(values) == {"quality"}
    assert rates == (LOWEST, HIGHEST)


def test_statement_that_is_only_a_range_is_told_as_a_number() -> None:
    for seed in range(20):
        _, values, _ = told("left axis deviation", seed)
        axis = np.degrees(np.arctan2(values["axis_sin"], values["axis_cos"]))
        assert -90.0 < axis < -30.0


def test_statement_that_was_learned_leaves_the_number_to_the_networks() -> None:
    assert "pr" not in told("first degree block")[1]


def test_rates_follow_from_statements() -> None:
    assert told("sinus tachycardia")[2] == (100.0, HIGHEST)
    assert told("AF, rate 90 to 120")[2] == (90.0, 120.0)


def test_corrected_qt_is_told_at_the_rate_asked_for() -> None:
    assert told("QTc 480, rate 60")[1]["qt"] == pytest.approx(480.0)
    assert told("QTc 480, rate 120")[1]["qt"] == pytest.approx(480.0 * 0.5 ** (1 / 3))
    assert "qt" not in told("QTc 480")[1]  # at which rate?


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("complete heart block", "too few"),
        ("WPW", "too few"),
        ("newborn boy", "adults"),
        ("sinus tachycardia, rate at least 260", "heart rate"),
    ],
)
def test_what_the_networks_have_not_learned_is_refused(text: str, why: str) -> None:
    with pytest.raises(RequestError, match=why):
        told(text)


def test_what_can_be_had() -> None:
    known = learned(WEIGHTS)
    assert {"NORM", "ONORM", "AFIB", "LAD"} <= known
    assert "STELEV" in known  # by `injury`
    assert not {"3AVB", "WPW"} & known
