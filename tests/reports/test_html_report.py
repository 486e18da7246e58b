"""The HTML report: one file, nothing outside, everything escaped."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecgcli.clinical.statement import Statement
from ecgcli.records.record import Patient
from ecgcli.reports import document, html_report, view
from ecgcli.reports.quantities import QUANTITIES, shown
from ecgcli.signals.results import Analysis, Chamber, Grade, Measured, Pacing
from tests import synthetic
from tests.reports import builder
from tests.reports.test_pdf_report import HOSTILE

NO_RATE = Measured(None, "/min", None, "no stimuli")
VOID = {"meta", "rect", "path", "br", "link", "img", "input"}


class Page(HTMLParser):
    """A strict reading of a page: its elements, its text, and whether every element is closed."""

    def __init__(self, page: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(page.decode())
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text += data


def rendered(*statements: Statement, analysis: Analysis | None = None, **more: Any) -> bytes:
    analysis = analysis or builder.analysis()
    report = document.build(
        analysis, builder.interpretation(*statements, **more), builder.PROVENANCE
    )
    return html_report.render(report, analysis)


def test_the_page_stands_alone() -> None:
    page = rendered(builder.CRITICAL)
    parsed = Page(page)
    assert not {"script", "link", "img", "iframe", "object", "form"} & set(parsed.tags)
    for name, value in parsed.attributes:
        assert name not in ("src", "href", "style"), value
        assert not name.startswith("on"), value
    assert b"http://" not in page
    assert b"https://" not in page
    assert b"@import" not in page
    assert b"url(" not in page


def test_only_its_own_style_is_allowed() -> None:
    page = rendered().decode()
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src &#39;sha256-{digest}&#39;" in page
    assert "default-src 'none'" in page


def test_critical_values_stand_before_everything_else() -> None:
    text = Page(rendered(builder.CRITICAL, builder.statement())).text
    place = text.index(builder.CRITICAL.text)
    assert place < text.index("25 mm/s")
    assert place < text.index("Sinus rhythm")
    assert "needs immediate review" in text
    assert "ST at J 0.24 mV in II" in text


def test_what_the_report_must_tell_is_there() -> None:
    text = Page(rendered()).text
    for part in (
        "Doe, Jane", "4711-0815", "63 years", "female", "2020-06-04 12:13:14", "Acme Cart 3",
        "70 /min", "162 ms", "T wave too flat", "the lead is noisy", "−0.20", "sex is not known",
        "SNOMED CT 426783006", "SCP-ECG SR", "AHA 20", "AHA/ACC/HRS 2007", "confidence 95 %",
        "III, aVR, aVL, aVF", document.DISCLAIMER, "ab" * 32, "0" * 64,
    ):  # fmt: skip
        assert part in text, part


def test_a_suspicion_stands_before_the_grade_with_what_speaks_for_it() -> None:
    analysis = replace(builder.analysis(), suspicions=(builder.SUSPICION,))
    text = Page(rendered(analysis=analysis)).text
    for part in (*builder.SUSPICION.evidence, builder.SUSPICION.effect, "Confidence 91 %"):
        assert part in text
    assert text.index(builder.SUSPICION.text) < text.index("score 0.88")
    assert "Nothing was corrected" in text


def test_all_measurements_are_told_in_groups() -> None:
    names = [quantity.name for _, group in view.groups() for quantity in group]
    assert sorted(names) == sorted(quantity.name for quantity in QUANTITIES)
    text = Page(rendered()).text
    for quantity in QUANTITIES:
        assert quantity.name in text
    for part in ("V3–V4", "294 ms", "112.8 mV ms", "Rate and rhythm"):
        assert part in text


@pytest.mark.parametrize(
    ("pacing", "said"),
    [
        (None, ""),
        (Pacing(False, 0, NO_RATE), "no stimuli found"),
        (Pacing(None, 0, NO_RATE, reason="500 Hz is too low"), "cannot tell: 500 Hz is too low"),
        (Pacing(True, 1, NO_RATE), "1 stimulus, chamber not told"),
        (
            Pacing(True, 24, Measured(70.0, "/min", 0.9), Chamber.DUAL),
            "24 stimuli, atrial and ventricular, 70 /min",
        ),
    ],
)
def test_a_pacemaker_is_told_as_far_as_it_is_known(pacing: Pacing | None, said: str) -> None:
    m = builder.measurements(pacing=pacing)
    assert view.pacing(m) == said
    text = Page(rendered(analysis=builder.analysis(measurements=m))).text
    assert said in text
    assert ("Pacemaker" in text) is bool(said)


@pytest.mark.parametrize(("place", "said"), [(1.0, "V1"), (3.46, "V3–V4"), (5.9, "V5–V6")])
def test_the_r_transition_is_told_by_its_leads(place: float, said: str) -> None:
    assert shown(Measured(place, "V", 0.9)) == said


def test_a_record_that_is_not_usable_says_so_and_gives_no_numbers() -> None:
    analysis = builder.analysis(grade=Grade.NOT_USABLE, bad=("I", "II"))
    report = document.build(analysis, None, builder.PROVENANCE)
    text = Page(html_report.render(report, analysis)).text
    assert "Not interpreted: the recording is not usable" in text
    assert "I is noisy." in text
    assert "/min" not in text
    assert "Measurements by lead" not in text


@pytest.mark.parametrize("text", [HOSTILE, "</style><script>x</script>", '" onload="x', "]]>"])
def test_text_of_a_file_is_never_markup(text: str) -> None:
    record = replace(
        synthetic.normal(), name=text, device=text, patient=Patient(id=text, name=text),
        notes=(text,), source_statements=(text,),
    )  # fmt: skip
    analysis = builder.analysis(record)
    plain = Page(rendered(builder.statement("x", evidence="x"), limits="x")).tags
    page = rendered(
        builder.statement(text, evidence=text), analysis=analysis, limits=text, conclusion=text
    )
    assert set(Page(page).tags) <= set(plain) | {"bdi", "br"}
    page.decode("utf-8")


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=200))
def test_any_text_gives_a_page(text: str) -> None:
    record = replace(synthetic.normal(), name=text, patient=Patient(name=text))
    Page(rendered(builder.statement(text, evidence=text), analysis=builder.analysis(record)))


def test_the_same_report_gives_the_same_bytes() -> None:
    assert rendered() == rendered()


def test_the_page_stays_small_even_with_noise() -> None:
    noise = np.random.default_rng(1).normal(0, 0.05, (12, 5000))
    signal = synthetic.normal().signal + noise.astype(np.float32)
    page = rendered(analysis=builder.analysis(synthetic.record(signal)))
    assert len(page) < 150_000
    assert len(rendered()) < 60_000


@pytest.mark.parametrize(
    ("years", "said"),
    [(None, "age not given"), (0.0, "0 days"), (0.082, "30 days"), (0.5, "6 months"),
     (1 / 12, "1 month"), (1.99, "23 months"), (2.0, "2 years"), (63.0, "63 years")],
)  # fmt: skip
def test_ages_are_told_as_a_clinic_does(years: float | None, said: str) -> None:
    from ecgcli.reports.view import age

    assert age(years) == said
