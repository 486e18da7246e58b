from datetime import date

import pytest

from ecgcli.records.patient import age, age_between, parse_age, parse_sex
from ecgcli.records.wfdb_comments import read_comments


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("63", 63),
        ("7.5 yr", 7.5),
        ("16 mo", 16 / 12),
        ("7 months", 7 / 12),
        ("012M", 1),
        ("063Y", 63),
        ("30 days", 30 / 365.25),
        ("2 wk", 14 / 365.25),
        ("12,5", 12.5),
    ],
)
def test_ages(text: str, years: float) -> None:
    found, note = parse_age(text)
    assert found == pytest.approx(years)
    assert note is None


@pytest.mark.parametrize("text", ["", "NaN", "Unknown", "?"])
def test_unknown_ages_are_none_without_a_word(text: str) -> None:
    assert parse_age(text) == (None, None)


@pytest.mark.parametrize("text", ["0", "-1", "121", "999", "63 cm"])
def test_impossible_ages_are_none_and_noted(text: str) -> None:
    years, note = parse_age(text)
    assert years is None
    assert note


def test_ages_that_hide() -> None:
    years, note = parse_age("300")
    assert years == 90
    assert note is not None
    assert "90 years or more" in note


def test_ages_of_infants_are_exact() -> None:
    assert age(0, "d") == (0.0, None)
    assert age_between(date(2024, 1, 1), date(2024, 1, 31))[0] == pytest.approx(0.0821, abs=1e-4)
    assert age_between(date(2024, 2, 1), date(2024, 1, 31))[0] is None


@pytest.mark.parametrize(
    ("text", "sex"),
    [("F", "female"), ("Male", "male"), ("m", "male"), ("U", None), ("", None), ("NaN", None)],
)
def test_sexes(text: str, sex: str | None) -> None:
    assert parse_sex(text) == sex


def test_comments_of_the_challenges() -> None:
    found = read_comments(["Age: 81", "Sex: Female", "Dx: 426177001,59931005", "Rx: Unknown"])
    assert (found.age, found.sex) == (81, "female")
    assert found.statements == ["426177001", "59931005"]


def test_comments_of_ludb() -> None:
    found = read_comments(["<age>: 51", "<sex>: F", "<diagnoses>:", "Rhythm: Sinus bradycardia."])
    assert (found.age, found.sex) == (51, "female")
    assert found.statements == ["Rhythm: Sinus bradycardia."]


def test_comments_of_mit_bih() -> None:
    found = read_comments(["69 M 1085 1629 x1", "Aldomet, Inderal"])
    assert (found.age, found.sex, found.statements) == (69, "male", [])


def test_comments_of_children() -> None:
    found = read_comments(["Age: 7 mo", "Sex: F", "AHA: C21,K141", "ICD-10: J18.9"])
    assert found.age == pytest.approx(7 / 12)
    assert found.statements == ["AHA C21", "AHA K141", "ICD-10 J18.9"]


def test_comments_that_say_nothing() -> None:
    found = read_comments(["Age: NaN", "Sex: Unknown", "Dx: Unknown", "free text", ""])
    assert (found.age, found.sex, found.statements, found.notes) == (None, None, [], [])
