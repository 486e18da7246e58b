"""A recording that was generated says so on every page, and what was asked beside what is there."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import numpy as np
import pypdf
import pytest
from jsonschema import Draft202012Validator
from PIL import Image

from ecgcli.engines import paper
from ecgcli.engines.picture import picture
from ecgcli.generation.check import Check, Item
from ecgcli.generation.condition import Condition
from ecgcli.generation.reading import read
from ecgcli.generation.sample import Sample
from ecgcli.models.generator.flow import Asked
from ecgcli.reports import document, html_report, pdf_report, synthetic, worklist
from ecgcli.reports.document import Report
from tests import synthetic as ecg
from tests.reports import builder
from tests.reports.test_html_report import Page
from tests.reports.test_pdf_report import HOSTILE

RATE = Item("heart_rate", "140/min", "139/min", True, 0.1)
STATED = Item("AFIB", "present", "not stated, probability 3%", False, 0.97)
TOLD = Condition(
    Asked(np.zeros(3, np.float32), np.zeros(9, np.float32)), (140.0, 140.0), ("AFIB",), {"age": 60}
)


def made(*items: Item, text: str = "AF, rate 140") -> synthetic.Synthetic:
    request = replace(read("AF, rate 140, 60yo male"), text=text)
    sample = Sample(ecg.normal(), None, Check(items, (("IMI", 0.7),)), TOLD, 7, 2, 3, 4)
    return synthetic.document(
        request, sample, candidates=8, best_effort=True, model="0123456789abcdef", software="0.1"
    )


def report(generated: synthetic.Synthetic | None, is_synthetic: bool = True) -> Report:
    record = replace(ecg.normal(), synthetic=is_synthetic)
    return document.build(
        builder.analysis(record), builder.interpretation(), builder.PROVENANCE, generated=generated
    )


def pdf(of: Report) -> str:
    reader = pypdf.PdfReader(io.BytesIO(pdf_report.render(of, builder.analysis())))
    assert len(reader.pages) == 1
    title = (reader.metadata and reader.metadata.title) or ""
    return f"{title} {' '.join(reader.pages[0].extract_text().split())}"


def test_the_document_holds_what_its_schema_says() -> None:
    made_ = made(RATE, STATED)
    content = json.loads(synthetic.render(made_))
    Draft202012Validator(synthetic.json_schema()).validate(content)
    assert content["synthetic"] is True
    assert content["prompt"] == "AF, rate 140"
    assert content["parse"]["present"] == ["AFIB"]
    assert (content["seed"], content["number"], content["candidate"]) == (7, 2, 3)
    assert content["check"]["items"][0]["requested"] == "140/min"
    assert content["check"]["items"][1]["text"] == "atrial fibrillation"
    assert content["check"]["unasked"] == ["IMI"]
    assert read(content["sentence"]).as_dict() | {"text": ""} == read(
        "AF, rate 140, 60yo male"
    ).as_dict() | {"text": ""}


def test_the_mark_says_whether_it_is_as_asked() -> None:
    assert made(RATE).mark == "SYNTHETIC"
    assert made(RATE, STATED).mark == "SYNTHETIC – NOT AS ASKED"


@pytest.mark.parametrize("generated", [None, made(RATE, STATED)], ids=["read", "generated"])
def test_every_page_is_marked(generated: synthetic.Synthetic | None) -> None:
    of = report(generated)
    mark = "SYNTHETIC – NOT AS ASKED" if generated else "SYNTHETIC"
    assert of.mark == mark
    page = html_report.render(of, builder.analysis())
    assert f"<title>{mark} – 12-lead ECG".encode() in page
    assert Page(page).text.count("SYNTHETIC") >= 4  # title, banner, sheet, median beats
    said = pdf(of)
    assert said.startswith(f"{mark} – 12-lead ECG")
    assert said.count("SYNTHETIC") == 3  # title, head, across the sheet
    assert ("NOT AS ASKED" in said) == (generated is not None)
    row = worklist.row(of, builder.analysis(), path="a", output="a", formats=())
    assert row.mark == mark


def test_a_patients_report_is_not_marked() -> None:
    of = report(None, is_synthetic=False)
    assert of.mark is None
    assert b"SYNTHETIC" not in html_report.render(of, builder.analysis())
    assert "SYNTHETIC" not in pdf(of)


def test_both_pages_tell_what_was_asked_and_what_is_there() -> None:
    of = report(made(RATE, STATED))
    text = Page(html_report.render(of, builder.analysis())).text
    for words in ("AF, rate 140", "140/min", "139/min", "not as asked", "Seed 7"):
        assert words in text
    said = pdf(of)
    for words in ("“AF, rate 140”", "140/min / 139/min", "NOT AS ASKED: present / not stated"):
        assert words in said


def test_a_hostile_prompt_is_only_text() -> None:
    of = report(made(STATED, text=HOSTILE))
    page = Page(html_report.render(of, builder.analysis()))
    assert not {"script", "img"} & set(page.tags)
    pdf(of)
    synthetic.render(made(STATED, text=HOSTILE)).decode()


def test_the_picture_is_stamped_and_the_traces_are_as_without() -> None:
    plain, stamped = (picture(builder.analysis(), stamp) for stamp in (None, "SYNTHETIC"))
    assert stamped == picture(builder.analysis(), "SYNTHETIC")
    ink = [np.asarray(Image.open(io.BytesIO(one))) % paper.SHADES for one in (plain, stamped)]
    assert (ink[1] >= ink[0]).all()
    assert (ink[1] > ink[0]).mean() > 0.02
    black = ink[0] == paper.SHADES - 1
    assert (ink[1][black] == paper.SHADES - 1).all()
