"""What holds for every request, whatever its words."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ecgcli.errors import ExitCode
from ecgcli.generation import vocabulary
from ecgcli.generation.reading import LONGEST_TEXT, read
from ecgcli.generation.refusal import Kind, RequestError
from ecgcli.generation.request import Bound, Request
from ecgcli.generation.statements import entries
from ecgcli.generation.wording import sentence
from tests.generation.test_prompts import ACCEPTED

PARTS = (
    "AF",
    "sinus tachycardia",
    "bradycardia",
    "LBBB",
    "RBBB + LAFB",
    "no LVH",
    "no ST elevation or Q waves",
    "inferior STEMI",
    "normal axis",
    "RVR",
    "old anterior MI",
    "60 year old",
    "3 month old boy",
    "newborn",
    "female",
    "rate 45",
    "rate 130-150",
    "QTc > 480 ms",
    "PR 0.26 s",
    "QRS 145",
    "axis -60",
    "QT 400 ms",
    "narrow QRS",
    "normal ECG",
)
WORDS = st.sampled_from(
    [
        *sorted({word for item in vocabulary.items() for word in item.written.split()}),
        *("140", "60", "-45", "0.26", "900", "ms", "bpm", "yo", "no", "or", "and", ","),
        *("/", "-", "to", "at least", "?", "(", ")", "flurb", "between", ">", "%", "'"),
    ]
)


def without_text(request: Request) -> dict[str, Any]:
    return {**request.as_dict(), "text": None}


def taken(text: str, age_years: float | None = None) -> Request | None:
    try:
        return read(text, age_years=age_years)
    except RequestError:
        return None


@given(st.text(max_size=80))
@settings(deadline=None)  # the first text loads the tables
def test_any_text_is_read_or_refused(text: str) -> None:
    taken(text)


@given(st.lists(WORDS, max_size=12).map(" ".join))
@settings(max_examples=300, deadline=None)
def test_any_words_are_read_or_refused_and_said_again(text: str) -> None:
    found = taken(text)
    if found is not None:
        assert without_text(read(sentence(found))) == without_text(found)


@pytest.mark.parametrize("row", ACCEPTED, ids=lambda row: row["prompt"])
def test_a_prompt_is_said_again(row: Any) -> None:
    found = read(row["prompt"])
    again = read(sentence(found))
    assert without_text(again) == without_text(found)


codes = st.sampled_from(sorted(entries()))
ages = st.one_of(
    st.floats(0, 120),
    st.integers(0, 120).map(float),
    st.integers(1, 40).map(lambda months: months / 12),
    st.integers(1, 60).map(lambda days: days / 365.25),
)


@given(st.sets(codes, max_size=4), st.sets(codes, max_size=4), st.none() | ages)
@settings(max_examples=300, deadline=None)
def test_any_statements_are_said_and_read_again(
    present: set[str], absent: set[str], age: float | None
) -> None:
    words = [*sorted(present), *(f"no {code}" for code in sorted(absent)), "an ECG"]
    found = taken(", ".join(words), age_years=age)
    if found is None:
        return
    assert (set(found.present), set(found.absent)) == (present, absent)
    assert without_text(read(sentence(found))) == without_text(found)


@given(st.lists(st.sampled_from(PARTS), max_size=4, unique=True).flatmap(st.permutations))
@settings(deadline=None)  # the first text loads the tables
def test_the_order_of_phrases_does_not_matter(parts: list[str]) -> None:
    one, other = taken(", ".join(parts)), taken(", ".join(sorted(parts)))
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert without_text(one) == without_text(other)


@given(st.lists(st.sampled_from(PARTS), min_size=1, max_size=3, unique=True).map(", ".join))
@settings(deadline=None)  # the first text loads the tables
def test_case_does_not_matter(text: str) -> None:
    found = [taken(each) for each in (text, text.upper(), text.lower(), text.title())]
    assert len({repr(each and without_text(each)) for each in found}) == 1


@given(st.sampled_from(PARTS), st.text("bcdfghjklmnpqrstvwxz", min_size=6, max_size=10))
@settings(deadline=None)  # the first text loads the tables
def test_an_unknown_word_is_never_dropped(part: str, word: str) -> None:
    assume(not any(word.startswith(known) for known in ("prc",)))
    with pytest.raises(RequestError) as caught:
        read(f"{part}, {word}")
    assert caught.value.kind is Kind.UNKNOWN
    assert word in caught.value.reason


@pytest.mark.parametrize("code", entries())
def test_a_statement_can_be_asked_for_by_code_and_by_text(code: str) -> None:
    entry = entries()[code]
    text = entry.text.replace(", {leads}", "")
    for words in {code, code.lower(), text, vocabulary.names()[code]}:
        found = read(words)
        assert code in found.present
        assert found.present == (code,)
    if entry.scp is not None and entry.scp in entries():
        assert read(entry.scp).present == (entry.scp,)


def test_what_is_given_beside_the_text_is_joined() -> None:
    found = read("AF", age_years=60, sex="male", heart_rate=140, qrs_ms=90, axis_deg=200)
    assert found == Request("AF", ("AFIB",), (), 60, "male", 140, None, 90, axis_deg=-160)
    assert read("60yo male", age_years=60, sex="male").age_years == 60
    assert read("", heart_rate=60).heart_rate == 60


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("rate 140", {"heart_rate": 120}, "140/min in the text and 120/min in the option"),
        ("60yo", {"age_years": 61}, "60 years in the text and 61 years in the option"),
        ("a man", {"sex": "female"}, "male in the text and female in the option"),
        ("AF", {"pr_ms": 200}, "no PR interval"),
        ("newborn", {"age_years": 40}, "does not fit"),
        ("RVR", {"heart_rate": 60}, "at least 100/min"),
    ],
)
def test_options_that_disagree_are_refused(text: str, options: dict[str, Any], said: str) -> None:
    with pytest.raises(RequestError) as caught:
        read(text, **options)
    assert caught.value.kind is Kind.CONTRADICTION
    assert said in str(caught.value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0, 900.0])
def test_impossible_options_are_refused(value: float) -> None:
    with pytest.raises(RequestError) as caught:
        read("AF", heart_rate=value)
    assert caught.value.kind is Kind.IMPOSSIBLE


def test_nothing_and_too_much_are_refused() -> None:
    for text in ("", " \n", "x" * (LONGEST_TEXT + 1)):
        with pytest.raises(RequestError, match="unclear"):
            read(text)


def test_the_error_is_one_of_usage_and_survives_pickling() -> None:
    error = RequestError(Kind.UNCLEAR, "reason", "remedy")
    assert error.exit_code is ExitCode.USAGE
    assert str(pickle.loads(pickle.dumps(error))) == "unclear: reason (remedy)"


def test_nothing_is_added_that_was_not_said() -> None:
    assert read("an ECG").as_dict() == Request("an ECG").as_dict()


def test_json_has_the_same_keys_in_the_same_order() -> None:
    found = json.dumps(read("AF with RVR, 60yo male").as_dict())
    assert found == (
        '{"text": "AF with RVR, 60yo male", "present": ["AFIB"], "absent": [], "age_years": 60.0,'
        ' "sex": "male", "heart_rate": null, "pr_ms": null, "qrs_ms": null, "qt_ms": null,'
        ' "qtc_ms": null, "axis_deg": null, "bounds": {"heart_rate": [100.0, null]}}'
    )


def test_a_sentence_is_plain_english() -> None:
    text = "AF with LAD, LBBB, no LVH or Q waves, 60yo male, rate 130-150, QRS 150, axis -45"
    assert sentence(read(text)) == (
        "An ECG showing atrial fibrillation, complete left bundle branch block and left axis"
        " deviation, without left ventricular hypertrophy or Q waves, of a 60-year-old male, with"
        " heart rate 130 to 150/min, QRS duration 150 ms and QRS axis -45 degrees."
    )


def test_the_range_of_the_rate_is_at_hand() -> None:
    assert read("AF, rate 130-150").heart_rate_range == (130, 150)
    assert read("AF with RVR").heart_rate_range == (100, None)
    assert read("AF, rate 130").heart_rate_range is None
    assert read("AF, rate 130").bounds == ()


def test_a_range_and_its_ends() -> None:
    assert Bound("pr_ms", 120, 200).holds(200)
    assert Bound("pr_ms", 120).narrowed(Bound("pr_ms", high=100)).empty


def test_reading_brings_no_numpy_until_a_text_is_read() -> None:
    code = "import sys, ecgcli.generation.reading; print('numpy' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "False\n"
