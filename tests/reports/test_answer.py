"""A language model's answer in the reports: contradictions first, its words harmless, one page."""

from __future__ import annotations

import io
import json

import numpy as np
import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from ecgcli.clinical.checked import Checked, Verdict
from ecgcli.clinical.claims import verify
from ecgcli.clinical.interpret import interpret
from ecgcli.engines.answer import LONGEST_IMPRESSION, Answer, Claim, Finding
from ecgcli.records.leads import LEADS
from ecgcli.reports import answer_view, document, html_report, json_report, pdf_report, schema
from ecgcli.signals.analyse import analyse
from ecgcli.signals.results import Analysis
from tests import synthetic
from tests.reports import builder
from tests.reports.test_pdf_report import HOSTILE

ANALYSIS = analyse(synthetic.normal(72))
RIGHT = Finding("SR", "definite", (), (Claim("heart_rate", 72.0),))
FAST = Finding("SR", "definite", (), (Claim("heart_rate", 140.0),))
WRONG = Finding("CLBBB", "definite", ("V1",), (Claim("qrs", 180.0),))
OTHERS = ("CLBBB", "CRBBB", "AFIB", "LVH", "IMI", "AMI", "1AVB", "PVC", "STACH", "ASMI")
WORDS = "The rhythm is sinus and nothing in the tracing looks out of the ordinary today."


def checked(*findings: Finding, impression: str = "") -> Checked:
    return verify(Answer(findings, impression), ANALYSIS)


def report(answer: Checked | None, analysis: Analysis = ANALYSIS) -> document.Report:
    said = interpret(analysis) if analysis.measurements is not None else None
    return document.build(analysis, said, builder.PROVENANCE, None, answer)


def paper(answer: Checked) -> tuple[int, str]:
    """Return the number of pages and the words of the first."""
    reader = pypdf.PdfReader(io.BytesIO(pdf_report.render(report(answer), ANALYSIS)))
    return len(reader.pages), " ".join(reader.pages[0].extract_text().split())


def screen(answer: Checked) -> str:
    return html_report.render(report(answer), ANALYSIS).decode()


def test_a_contradiction_stands_beside_the_claim_and_before_all_else() -> None:
    answer = checked(RIGHT, WRONG, impression=WORDS)
    found = answer_view.ordered(answer)
    assert [one.finding.code for one in found] == ["CLBBB", "SR"]
    page = screen(answer)
    assert page.index("left bundle branch block") < page.index("Says heart rate 72/min")
    assert "Says QRS duration 180 ms;" in page
    assert '<span class="badge contradicted">contradicted</span>' in page
    assert "In the model's own words, numbers and statements checked" in page
    pages, words = paper(answer)
    assert pages == 1
    assert "Contradicted: Complete left bundle branch block" in words


def test_a_wrong_number_of_a_right_statement_is_told() -> None:
    _, words = paper(checked(FAST))
    assert "Says heart rate 140/min" in words
    assert answer_view.summary(checked(FAST)).endswith("1 claim contradicted")
    assert "contradicted" not in answer_view.summary(checked(RIGHT))


def test_what_stands_in_its_words_alone_is_checked_and_shown() -> None:
    answer = checked(RIGHT, impression="Sinus rhythm with LBBB. No atrial fibrillation.")
    assert [one.words for one in answer.mentions] == ["LBBB", "no atrial fibrillation"]
    assert answer_view.tally(answer)["contradicted"] == 1
    assert answer_view.summary(answer).endswith("1 claim contradicted")
    page = screen(answer)
    assert "Says “LBBB”. Against it: QRS duration" in page
    _, words = paper(answer)
    assert "In its words – Says “LBBB”. Against it:" in words


def test_a_critical_value_in_its_words_alone_asks_for_review() -> None:
    answer = checked(RIGHT, impression="Complete heart block.")
    assert answer_view.tally(answer)["needs_review"] == 1
    assert "needs review</span>" in screen(answer)
    _, words = paper(answer)
    assert "Needs review: its words – Says “Complete heart block”" in words


def test_a_critical_claim_that_is_contradicted_stays_and_asks_for_review() -> None:
    critical = Finding("3AVB", "definite")
    (found,) = checked(critical).findings
    assert found.verdict is not Verdict.SUPPORTED
    made = report(checked(critical))
    assert made.answer is not None
    assert [one.finding.code for one in made.answer.findings] == ["3AVB"]
    assert "3AVB" not in {statement.code for statement in made.statements or ()}
    if found.needs_review:
        assert answer_view.tally(checked(critical))["needs_review"] == 1


def test_what_needs_a_physician_is_on_the_paper_whatever_else_is_said() -> None:
    others = [Finding(code, "possible", LEADS[:8], FAST.evidence) for code in OTHERS]
    pages, words = paper(checked(RIGHT, *others, Finding("3AVB", "definite"), impression=WORDS * 9))
    assert pages == 1
    assert "needs review: " in words.lower()
    assert "AV block" in words
    assert "more, see the HTML report" in words


@pytest.mark.parametrize("count", [0, 3, 60, 400])
def test_any_length_of_its_own_words_leaves_one_page(count: int) -> None:
    impression = " ".join((WORDS.split() * 30)[:count])
    answer = checked(RIGHT, impression=impression)
    pages, _ = paper(answer)
    assert pages == 1
    assert (impression[:40] in screen(answer)) if count else ("own words" not in screen(answer))


def test_hostile_words_are_words() -> None:
    answer = checked(WRONG, impression=HOSTILE[:LONGEST_IMPRESSION])
    page = screen(answer)
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "\x00" not in page
    pages, _ = paper(answer)
    assert pages == 1
    told = json.loads(json_report.render(report(answer)))
    assert "\x1b" not in told["answer"]["impression"]


@settings(max_examples=15, deadline=None)
@given(st.text(max_size=500))
def test_any_words_give_a_report(impression: str) -> None:
    made = report(checked(RIGHT, impression=impression))
    html_report.render(made, ANALYSIS).decode()
    json.loads(json_report.render(made))


def test_it_is_described_by_the_schema() -> None:
    validator = Draft202012Validator(schema.json_schema())
    for answer in (None, checked(), checked(RIGHT, WRONG, FAST, impression="x")):
        validator.validate(json.loads(json_report.render(report(answer))))


def test_none_was_asked_nothing_is_said() -> None:
    page = html_report.render(report(None), ANALYSIS).decode()
    assert "Language model" not in page


def test_a_recording_that_is_not_usable_has_no_answer() -> None:
    noise = np.random.default_rng(1).normal(0.0, 1.0, (12, 5000)).astype(np.float32)
    analysis = analyse(synthetic.record(noise))
    assert report(checked(RIGHT), analysis).answer is None
