"""Answers of language models: the schema that guides them, and the parser that trusts nobody."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecgcli.engines import answer
from ecgcli.engines.answer import Answer, Claim, Finding, cleaned, parse, schema
from ecgcli.engines.quantities import quantities
from ecgcli.errors import AnswerError
from ecgcli.records.leads import LEADS

CODES = ("NORM", "AFIB", "ISC_", "LAO/LAE", "PRC(S)")
GLOBAL = [each.name for each in quantities().values() if not each.per_lead]
LOCAL = [each.name for each in quantities().values() if each.per_lead]

numbers = st.floats(-answer.LARGEST_NUMBER, answer.LARGEST_NUMBER, allow_subnormal=False)
claims = st.one_of(
    st.builds(Claim, st.sampled_from(GLOBAL), numbers, st.none()),
    st.builds(Claim, st.sampled_from(LOCAL), numbers, st.sampled_from(LEADS)),
)
findings = st.builds(
    Finding,
    st.sampled_from(CODES),
    st.sampled_from(answer.CERTAINTIES),
    st.lists(st.sampled_from(LEADS), max_size=12, unique=True).map(tuple),
    st.lists(claims, max_size=8).map(tuple),
)
answers = st.builds(
    Answer,
    st.lists(findings, max_size=len(CODES), unique_by=lambda f: f.code).map(tuple),
    st.text(max_size=300).map(cleaned),
)


def text(**changes: Any) -> str:
    """Return a good answer of one finding with some of its members replaced."""
    claim = {"quantity": "heart_rate", "value": 72, "lead": None}
    finding = {"code": "AFIB", "certainty": "probable", "leads": ["V1", "II"], "evidence": [claim]}
    for key in [key for key in changes if key in claim]:
        claim[key] = changes.pop(key)
    for key in [key for key in changes if key in finding]:
        finding[key] = changes.pop(key)
    return json.dumps({"findings": [finding], "impression": "Irregular.", **changes})


def valid(said: str) -> bool:
    checker = jsonschema.Draft202012Validator(schema(CODES))
    return bool(checker.is_valid(json.loads(said)))


def refused(said: str) -> str | None:
    """Return why an answer is refused, `None` where it is not."""
    try:
        parse(said, CODES)
    except AnswerError as error:
        return str(error)
    return None


def test_a_good_answer() -> None:
    assert parse(text(), CODES) == Answer(
        (Finding("AFIB", "probable", ("V1", "II"), (Claim("heart_rate", 72.0),)),), "Irregular."
    )
    assert valid(text())


@given(answers)
def test_what_fits_is_read_as_it_was_meant(given_: Answer) -> None:
    said = json.dumps(asdict(given_))
    assert valid(said)
    assert parse(said, CODES) == given_


@given(st.text())
def test_any_text_is_an_answer_or_an_answer_error(said: str) -> None:
    with pytest.raises(AnswerError):
        parse(said, CODES)


anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@given(st.data())
def test_an_answer_with_anything_in_a_place_fits_or_is_an_answer_error(data: st.DataObject) -> None:
    keys = ("code", "certainty", "leads", "evidence", "quantity", "value", "lead", "impression")
    said = text(**{data.draw(st.sampled_from(keys)): data.draw(anything)})
    wrong = refused(said)
    assert valid(said) if wrong is None else len(wrong) < 250


@given(st.data())
def test_an_answer_that_breaks_off_is_an_answer_error(data: st.DataObject) -> None:
    said = text()
    with pytest.raises(AnswerError):
        parse(said[: data.draw(st.integers(0, len(said) - 1))], CODES)


WRONG: list[tuple[str, str]] = [
    (text(code="IMI"), "'IMI' is no statement"),
    (text(code=["AFIB"]), r"findings\[0\].code is a list instead of text"),
    (text(certainty="sure"), "'sure' is no certainty"),
    (text(leads=["V7"]), r"findings\[0\].leads\[0\]: 'V7' is no lead"),
    (text(leads="V1"), "leads is text instead of a list"),
    (text(leads=["V1"] * 13), "leads has 13 entries; 12 are allowed"),
    (text(evidence=[{}] * 9), "evidence has 9 entries; 8 are allowed"),
    (text(evidence=[{}]), r"evidence\[0\] has no quantity"),
    (text(findings=[{}] * 13), "findings has 13 entries; 12 are allowed"),
    (text(findings={}), "findings is an object instead of a list"),
    (text(quantity="pulse"), "'pulse' is no quantity"),
    (text(value="72"), "value is text instead of a number"),
    (text(value=True), "value is true or false instead of a number"),
    (text(value=None), "value is null instead of a number"),
    (text(value=1e300), "value is beyond anything that can be measured"),
    (text().replace("72", "1e999"), "value is beyond anything that can be measured"),
    (text().replace("72", "9" * 9000), "value is beyond anything that can be measured"),
    (text(value=float("nan")), "NaN is no number"),
    (text(value=float("-inf")), "-Infinity is no number"),
    (text(lead="V1"), "heart_rate belongs to no lead"),
    (text(quantity="st_j60"), "lead is null instead of text"),
    (text(impression=7), "impression is a number instead of text"),
    (text(impression="x" * 4001), "impression has 4001 characters; 4000 are allowed"),
    (text(thoughts=""), "the answer has a key 'thoughts' that does not belong there"),
    (text().replace('"code"', '"certainty"'), "the key 'certainty' stands twice"),
    ('{"findings": []}', "the answer has no impression"),
    ("[]", "the answer is a list instead of an object"),
    ("```json\n" + text() + "\n```", "the answer is no JSON: character 1"),
    (text() + " Hope this helps!", "no JSON"),
    ("[" * 60_000, "nested too deeply"),
    (" " * 1_000_000, "the answer has 1000000 characters; 65536 are allowed"),
]


@pytest.mark.parametrize(("said", "message"), WRONG, ids=[message for _, message in WRONG])
def test_what_is_wrong_is_said(said: str, message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        parse(said, CODES)


def test_a_code_stands_once() -> None:
    one = json.loads(text())["findings"][0]
    with pytest.raises(AnswerError, match="AFIB stands in it 2 times"):
        parse(text(findings=[one, one]), CODES)


def test_a_lead_named_twice_counts_once() -> None:
    assert parse(text(leads=["V1", "II", "V1"]), CODES).findings[0].leads == ("V1", "II")


def test_an_error_holds_little_of_the_answer() -> None:
    with pytest.raises(AnswerError) as caught:
        parse(text(code="Mr Smith " * 1000), CODES)
    assert len(str(caught.value)) < 120
    with pytest.raises(AnswerError) as caught:
        parse(text(code="two\nlines\u202e"), CODES)
    assert str(caught.value).isprintable()


def test_free_text_is_cleaned() -> None:
    said = "Sinus\u0000 rhythm\t at\u202e 72.\r\n\r\nNo \ud800 ST\u2028change.\x1b[31m "
    assert parse(text(impression=said), CODES).impression == (
        "Sinus� rhythm at 72.\n\nNo � ST change.�[31m"
    )


@given(st.text(st.characters(), max_size=200))
def test_cleaned_text_can_be_written_and_is_clean(said: str) -> None:
    found = cleaned(said)
    found.encode()
    assert all(line.isprintable() for line in found.split("\n"))
    assert cleaned(found) == found


def test_the_largest_answer_that_fits_is_read() -> None:
    codes = [f"CODE{at:04}" for at in range(12)]
    claim = {"quantity": "t_amplitude", "value": -0.123456789012345, "lead": "aVR"}
    one = {"certainty": "probable", "leads": list(LEADS), "evidence": [claim] * 8}
    many = [{"code": code, **one} for code in codes]
    said = json.dumps({"findings": many, "impression": "\U0001f600" * 4000})
    assert len(parse(said, codes).findings) == 12


def nodes(part: object) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        yield part
        for key, inner in part.items():
            yield from nodes(list(inner.values()) if key == "properties" else inner)
    elif isinstance(part, list):
        for inner in part:
            yield from nodes(inner)


def test_the_schema_is_one_and_asks_only_what_guided_decoding_can_follow() -> None:
    whole = schema(CODES)
    jsonschema.Draft202012Validator.check_schema(whole)
    # What xgrammar, outlines and llguidance all follow; tried with xgrammar 0.2.8.
    known = {"$schema", "type", "properties", "required", "additionalProperties", "items"}
    known |= {"maxItems", "enum", "anyOf"}
    assert {key for node in nodes(whole) for key in node} == known
    free = [node for node in nodes(whole) if node.get("type") == "string" and "enum" not in node]
    assert free == [whole["properties"]["impression"]]
    for node in nodes(whole):
        if node.get("type") == "object":
            assert node["additionalProperties"] is False
            assert node["required"] == list(node["properties"])
        if node.get("type") == "array":
            assert 0 < node["maxItems"] <= 12


def test_every_quantity_can_be_named_and_has_a_unit_and_a_source() -> None:
    assert set(GLOBAL) >= {"heart_rate", "pr", "qrs", "qt", "qtc", "qrs_axis", "sokolow_lyon"}
    assert set(LOCAL) >= {"st_j60", "q_amplitude", "r_amplitude", "s_amplitude", "t_amplitude"}
    for each in quantities().values():
        assert each.unit in {"/min", "ms", "%", "deg", "mV"}
        assert len(each.what) > 10
        assert len(each.source) > 5


def test_it_is_light_to_import() -> None:
    code = "import sys, ecgcli.engines.answer; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"numpy", "scipy", "pydantic", "jsonschema", "torch"} & set(run.stdout.split())
