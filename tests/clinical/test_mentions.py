"""Statements in a free text: what is read, what is left alone, what the recording says to them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecgcli.clinical.catalogue import catalogue
from ecgcli.clinical.checked import CheckedMention, Verdict
from ecgcli.clinical.claims import verify
from ecgcli.clinical.mentioned import apart_from
from ecgcli.clinical.mentions import Mention, read
from ecgcli.engines.answer import Answer, Finding
from ecgcli.signals.analyse import analyse
from ecgcli.training import ecglm_answers
from tests import synthetic

NORMAL = analyse(synthetic.normal(72))


def said(text: str) -> dict[str, bool]:
    """Return the statements of a text, and whether each is made (or denied)."""
    return {code: not each.denied for each in read(text) for code in each.codes}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sinus rhythm, LBBB and left axis deviation.", {"SR": True, "CLBBB": True, "LAD": True}),
        ("Old inferior infarction", {"IMI": True}),
        ("1st degree AV block; PVCs", {"1AVB": True, "PVC": True}),
        ("Probable left ventricular hypertrophy", {"LVH": True}),
        ("- Sinus rhythm\n- RBBB", {"SR": True, "CRBBB": True}),
        ("SINUS TACHYCARDIA", {"STACH": True}),
        ("An abnormal ECG.", {"NORM": False}),
        ("No ST depression.", {"STD_": False}),
        ("no T inversion, ST depression, or LVH", {"INVT": False, "STD_": False, "LVH": False}),
        ("No evidence of atrial fibrillation or flutter.", {"AFIB": False, "AFLT": False}),
        ("Without ST depression but with LVH", {"STD_": False, "LVH": True}),
        ("Sinus rhythm without LVH", {"SR": True, "LVH": False}),
        ("Absent P waves, consistent with atrial fibrillation", {"AFIB": True}),
        ("No finding consistent with LVH", {"LVH": False}),
        ("Premature ventricular complexes", {"PVC": True}),
        ("Normal axis", {"AXSUP": False, "LAD": False, "RAD": False}),
        ("PR is 160 ms. RBBB is seen in V1.", {"CRBBB": True}),
    ],
)
def test_what_is_made_and_what_is_denied(text: str, expected: dict[str, bool]) -> None:
    assert said(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Rule out inferior infarction.",
        "Atrial fibrillation versus flutter",
        "Is this atrial fibrillation?",
        "History of myocardial infarction, known AF.",
        "Consider a pacemaker; repeat the ECG for LVH.",
        "This may be LBBB.",
        "Compared with the last ECG LBBB is new.",
        "LBBB is not present.",
        "not without LVH",
        "P waves are normal and regular, the QRS is within normal limits.",
        "Occlusion of the LAD, proximal LAD lesion",
        "rad, dig, el, norm, pace",  # no abbreviation is written so
        "Small Q waves in the lateral leads",
        "Sinus node function",
        "Wide QRS complexes with RSR' in V1",
        "blockade, sinusoidal, infarctions of other kinds",
    ],
)
def test_what_is_left_alone(text: str) -> None:
    assert read(text) == ()


def test_what_may_or_may_not_be_denied_is_left_alone() -> None:
    assert said("No ST depression and LVH") == {"STD_": False}
    assert said("No ST depression, LVH") == {"STD_": False}
    assert said("No ST depression with LVH") == {"STD_": False}
    assert said("No ST depression. LVH") == {"STD_": False, "LVH": True}


def test_each_is_told_once_in_the_words_of_the_text() -> None:
    found = read("RBBB. Right bundle branch block. No 1st-degree AV block.")
    assert found == (
        Mention("RBBB", ("CRBBB",), denied=False, alike=frozenset({"CRBBB"})),
        Mention("no 1st degree AV block", ("1AVB",), denied=True),
    )


@pytest.mark.parametrize("code", sorted(catalogue()))
def test_every_statement_is_read_under_its_code_or_its_text(code: str) -> None:
    text = catalogue()[code].text.partition(":")[0].partition(",")[0]
    assert code in said(f"{code}. {text}.")


@given(st.text(max_size=300))
def test_any_text_can_be_read(text: str) -> None:
    for each in read(text):
        assert set(each.codes) <= catalogue().keys()


WORDS = "no|,|or|and|but|with|LBBB|LVH|ST depression|not|.|seen".split("|")  # noqa: SIM905


@given(st.lists(st.sampled_from(WORDS)))
def test_nothing_is_made_that_stands_behind_a_negation(words: list[str]) -> None:
    for sentence in " ".join(words).split("."):
        first, negated, _ = sentence.partition("no ")
        if negated and "but" not in sentence:
            made = {code for code, is_made in said(sentence).items() if is_made}
            assert made <= {code for code, is_made in said(first).items() if is_made}


def mentions(text: str, *findings: Finding) -> tuple[CheckedMention, ...]:
    return verify(Answer(findings, text), NORMAL).mentions


def test_what_was_measured_decides() -> None:
    made, denied, normal = mentions("LBBB. No atrial fibrillation. Narrow QRS.")
    assert (made.verdict, denied.verdict) == (Verdict.CONTRADICTED, Verdict.SUPPORTED)
    assert "QRS duration" in made.text
    assert normal.denied
    assert set(normal.codes) == {"CLBBB", "CRBBB", "IVCD"}


def test_what_a_finding_says_already_is_not_told_twice() -> None:
    assert mentions("Sinus rhythm.", Finding("SR", "definite")) == ()
    (found,) = mentions("Sinus rhythm.")
    assert found.verdict is Verdict.SUPPORTED
    assert mentions("Ischaemic changes.", Finding("ISCAN", "definite")) == ()


@pytest.mark.parametrize("code", ecglm_answers.rows())
@pytest.mark.parametrize("likelihood", [1.0, 0.6, 0.3])
def test_sentences_from_findings_say_nothing_beside_them(code: str, likelihood: float) -> None:
    told = ecglm_answers.answer({code: likelihood}, {("heart_rate", None): 70.0})
    assert code in {finding.code for finding in told.findings}
    assert apart_from(read(told.impression), {code}) == []


def test_words_that_deny_a_finding_of_the_same_answer_are_contradicted() -> None:
    (found,) = mentions("No left bundle branch block.", Finding("CLBBB", "definite"))
    assert found.verdict is Verdict.CONTRADICTED
    assert "The answer also says complete left bundle branch block" in found.text


def test_words_that_exclude_a_finding_of_the_same_answer_are_contradicted() -> None:
    (alone,) = mentions("Supraventricular arrhythmia.")
    (beside,) = mentions("Atrial flutter.", Finding("SR", "definite"))
    assert alone.verdict is not Verdict.CONTRADICTED
    assert beside.verdict is Verdict.CONTRADICTED
    assert "The answer also says sinus rhythm: A sinus rhythm is none of these" in beside.text


def test_denying_what_stands_is_contradicted() -> None:
    (found,) = mentions("No sinus rhythm.")
    assert found.verdict is Verdict.CONTRADICTED
    assert "Found: sinus rhythm" in found.text


def test_a_denial_is_borne_out_only_where_all_of_it_is_ruled_out() -> None:
    (found,) = mentions("No infarction.")
    assert found.verdict is Verdict.NOT_CHECKABLE
    assert "not ruled out: " in found.text
    assert "and 6 more" in found.text


def test_critical_values_in_words_ask_for_review() -> None:
    fast = analyse(synthetic.normal(190))
    answer = Answer((), "Complete heart block.")
    (found,) = verify(answer, fast).mentions
    assert found.critical
    assert found.needs_review
    assert found.text.endswith("a physician has to look")
    assert not mentions("No complete heart block.")[0].needs_review


def test_a_critical_value_that_its_words_hold_is_mentioned() -> None:
    fast = analyse(synthetic.normal(190))
    codes = {one.code for one in verify(Answer((), "Rate 190."), fast).unmentioned}
    assert "RATEHI" in codes
    told = verify(Answer((), "Very fast ventricular rate."), fast)
    assert "RATEHI" not in {one.code for one in told.unmentioned}


def test_of_a_flat_recording_nothing_can_be_said() -> None:
    flat = analyse(synthetic.record(np.zeros((12, 5000), np.float32)))
    found = verify(Answer((), "LBBB. No atrial fibrillation."), flat).mentions
    assert {one.verdict for one in found} == {Verdict.NOT_CHECKABLE}
    assert all("not usable" in one.text for one in found)
