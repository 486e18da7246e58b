"""What the reports tell of the statement model: its drivers, its doubts, the contradictions."""

from __future__ import annotations

import json
from io import BytesIO

import jsonschema
import pytest
from pypdf import PdfReader

from ecgcli.clinical.statement import Contradiction, Interpretation, Statement, Urgency
from ecgcli.engines.explain import Explanation
from ecgcli.engines.opinion import Judgement, Opinion
from ecgcli.reports import document, html_report, json_report, pdf_report, schema, sheet, view
from ecgcli.reports.spans import bracketed
from tests.reports import builder
from tests.reports.test_html_report import Page

DRIVEN = Explanation(("V1", "II"), 0.31, 2.4, 3.6, 0.42)
FLUTTER = builder.statement(
    "Atrial flutter", Urgency.URGENT, code="AFLT", explanation=DRIVEN, caution="It may not."
)
DISPUTED = Contradiction(
    "IMI", "Possible inferior infarction", False, ("Q wave in III",), ("Improbable (2 %)",)
)
SEEN = Opinion(
    {"AFLT": Judgement(0.83456, 0.4), "PRC(S)": Judgement(0.01, None)}, {"CD": 0.2}, "0123abcd"
)


def said(**changes: object) -> Interpretation:
    return builder.interpretation(FLUTTER, contradictions=(DISPUTED,), **changes)


@pytest.fixture(scope="module")
def report() -> document.Report:
    return document.build(builder.analysis(), said(), builder.PROVENANCE, SEEN)


def test_json_holds_probabilities_thresholds_and_contradictions(report: document.Report) -> None:
    content = json.loads(json_report.render(report))
    jsonschema.validate(content, schema.json_schema())
    assert content["model"]["probabilities"] == {"AFLT": 0.835, "PRC(S)": 0.01}
    assert content["model"]["thresholds"] == {"AFLT": 0.4, "PRC(S)": None}
    assert content["contradictions"][0]["speaks_against"] == ["Improbable (2 %)"]
    assert content["statements"][0]["explanation"]["leads"] == ["V1", "II"]


def test_without_a_model_there_is_none() -> None:
    report = document.build(builder.analysis(), builder.interpretation(), builder.PROVENANCE)
    content = json.loads(json_report.render(report))
    assert content["model"] is None
    assert content["contradictions"] == []


def test_html_tells_drivers_caution_and_both_sides(report: document.Report) -> None:
    text = Page(html_report.render(report, builder.analysis())).text
    for words in (
        "Driven by V1, II (without 31 %); 2.4–3.6 s (without 42 %)",
        "Caution: It may not",
        "Not stated, the sources disagree",
        "Q wave in III; but: improbable (2 %)",
    ):
        assert words in text


def test_the_page_stays_one(report: document.Report) -> None:
    drawn = bracketed(sheet.lay_out(builder.analysis()), said())
    pdf = pdf_report.render(report, builder.analysis(), sheet=drawn)
    assert len(PdfReader(BytesIO(pdf)).pages) == 1
    assert pdf == pdf_report.render(report, builder.analysis(), sheet=drawn)


def test_a_bracket_stands_where_the_span_is() -> None:
    plain = sheet.lay_out(builder.analysis())
    made = bracketed(plain, said())
    (line,) = made.separators[len(plain.separators) :]
    assert line.points[:, 0].min() == sheet.ORIGIN + 2.4 * sheet.UNITS_PER_S
    assert line.points[:, 0].max() == sheet.ORIGIN + 3.6 * sheet.UNITS_PER_S
    assert line.points[:, 1].max() < sheet.HEIGHT
    assert made.labels[-1].text == "AFLT"
    assert bracketed(plain, None) == plain


def test_nothing_is_drawn_of_what_did_not_lower_the_probability() -> None:
    plain = sheet.lay_out(builder.analysis())
    silent = builder.statement(code="AFLT", explanation=Explanation())
    assert bracketed(plain, builder.interpretation(silent)).labels == plain.labels
    assert view.drivers(silent) == ""


def test_a_name_that_would_leave_the_sheet_stands_before_its_bracket() -> None:
    late = builder.statement(code="IPLMI", explanation=Explanation((), None, 8.8, 10.0, 0.1))
    made = bracketed(sheet.lay_out(builder.analysis()), builder.interpretation(late))
    label, line = made.labels[-1], made.separators[-1]
    assert label.x < line.points[:, 0].min()
    assert line.points[:, 0].max() <= sheet.WIDTH


def driven(code: str, start: float) -> Statement:
    return builder.statement(code=code, explanation=Explanation((), None, start, start + 1.2, 0.1))


def test_statements_with_the_same_span_share_a_bracket() -> None:
    plain = sheet.lay_out(builder.analysis())
    both = builder.interpretation(driven("IMI", 2.0), driven("LAFB", 2.0))
    made = bracketed(plain, both)
    assert len(made.separators) == len(plain.separators) + 1
    assert made.labels[-1].text == "IMI, LAFB"


def test_brackets_that_overlap_stand_above_each_other() -> None:
    plain = sheet.lay_out(builder.analysis())
    many = [driven("IMI", 2.0), driven("LAFB", 2.4), driven("LVH", 6.0), driven("ISC_", 2.8)]
    made = bracketed(plain, builder.interpretation(*many))
    heights = {label.text: label.y for label in made.labels[len(plain.labels) :]}
    assert heights["ISC_"] < heights["LAFB"] < heights["IMI"] == heights["LVH"] < sheet.HEIGHT


def test_what_finds_no_room_is_told_in_the_text_alone() -> None:
    plain = sheet.lay_out(builder.analysis())
    crowd = [driven(f"CODE{at}", 2.0 + at / 10) for at in range(9)]
    made = bracketed(plain, builder.interpretation(*crowd))
    assert 2 < len(made.labels) - len(plain.labels) < len(crowd)
    assert view.drivers(crowd[-1]).startswith("Driven by 2.8")
