"""The PDF: one page, true scale, nothing outside, the same bytes again."""

from __future__ import annotations

import io
import logging
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pypdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecgcli.clinical.statement import NotAssessed, Statement, Urgency
from ecgcli.records.record import Patient
from ecgcli.reports import document, pdf_report, sheet
from ecgcli.reports.fit import Type, item, lines, shortened, width, wrapped
from ecgcli.reports.pdf_report import PAPERS, Paper, margins
from ecgcli.signals.results import Analysis, Grade, Measured
from tests import synthetic
from tests.reports import builder

MM = 72 / 25.4
HOSTILE = (
    "<script>alert(1)</script><img src='http://example.invalid/x.png'> {{ 7 * 7 }} \x00\x1b[31m "
    "\u202eevil\u202c \u0639\u0631\u0628\u064a \u05e2\u05d1\u05e8\u05d9\u05ea Ωμέγα Привет 😀 "
    "\ud800" + "W" * 600
)


def made(
    *statements: Statement, analysis: Analysis | None = None, paper: Paper = "a4", **more: Any
) -> pypdf.PdfReader:
    analysis = analysis or builder.analysis()
    said = builder.interpretation(*statements, **more)
    report = document.build(analysis, said, builder.PROVENANCE)
    return pypdf.PdfReader(io.BytesIO(pdf_report.render(report, analysis, paper)))


def words(reader: pypdf.PdfReader) -> str:
    return " ".join(reader.pages[0].extract_text().split())


def drawing(reader: pypdf.PdfReader) -> str:
    """Return the content stream that draws paper and traces."""
    contents: Any = reader.pages[0]["/Contents"]
    stream: bytes = contents[0].get_object().get_data()
    return stream.decode("ascii")


@pytest.mark.parametrize("paper", ["a4", "letter"])
def test_the_page_has_its_size_and_the_ecg_true_scale(paper: Paper) -> None:
    reader = made(paper=paper)
    page = reader.pages[0]
    wide, high = PAPERS[paper]
    assert float(page.mediabox.width) == pytest.approx(wide * MM, abs=0.01)
    assert float(page.mediabox.height) == pytest.approx(high * MM, abs=0.01)
    assert page.get("/UserUnit", 1) == 1
    assert page.get("/Rotate", 0) == 0

    stream = drawing(reader)
    a, b, c, d, x, y = map(float, re.findall(r"q ([-\d. ]+) cm", stream)[0].split())
    assert (b, c) == (0, 0)
    assert stream.count(" cm") == 1
    # A unit is a hundredth of a millimetre, so 1 mV at 10 mm/mV is 1000 units of this size.
    assert 1000 * -d == pytest.approx(10 * MM, rel=1e-6)
    assert 500 * a == pytest.approx(5 * MM, rel=1e-6)
    left, top = margins(paper)
    assert x == pytest.approx(left * MM, abs=1e-4)
    assert y == pytest.approx((high - top - pdf_report.SHEET_TOP) * MM, abs=1e-4)
    # The sheet lies on the page.
    assert left + sheet.WIDTH / sheet.MM < wide
    assert top + pdf_report.SHEET_TOP + sheet.HEIGHT / sheet.MM < high


def test_the_calibration_pulse_is_1_mv_and_200_ms_and_10_s_are_250_mm() -> None:
    stream = drawing(made())
    base = sheet.BASELINES[0]
    assert f"250 {base} l\n250 {base - 1000} l\n750 {base - 1000} l\n750 {base} l" in stream
    xs = [int(x) for x in re.findall(r"^(\d+) \d+ l$", stream, re.MULTILINE)]
    # The last of 5000 samples stands 0.05 mm before 250 mm.
    assert max(xs) == sheet.ORIGIN + 25000 - 5


@pytest.mark.parametrize("count", [0, 1, 6, 12, 40])
@pytest.mark.parametrize("critical", [0, 1, 5])
def test_one_page_whatever_the_number_of_statements(count: int, critical: int) -> None:
    said = [replace(builder.CRITICAL, text=f"Critical finding {i}") for i in range(critical)]
    said += [
        builder.statement(
            f"Finding number {i}", Urgency.ABNORMAL, evidence=f"value {i} " * (1 + i % 9)
        )
        for i in range(count)
    ]
    analysis = builder.analysis()
    interpretation = replace(
        builder.interpretation(),
        statements=tuple(said),
        conclusion="No abnormality in what could be assessed",
    )
    report = document.build(analysis, interpretation, builder.PROVENANCE)
    reader = pypdf.PdfReader(io.BytesIO(pdf_report.render(report, analysis)))
    assert len(reader.pages) == 1
    text = words(reader)
    for i in range(critical):
        assert f"Critical finding {i}" in text
    if critical:
        others = text.find("Finding number")
        assert (
            others < 0
            or text.index("Critical finding 4" if critical > 4 else "Critical finding 0") < others
        )
        assert "NEEDS IMMEDIATE REVIEW" in text
    shown = sum(f"Finding number {i} value {i}" in text for i in range(count))
    left = re.search(r"And (\d+) more, see the HTML report", text)
    assert shown + (int(left[1]) if left else 0) == count
    if not count and not critical:
        assert "No abnormality in what could be assessed." in text


def test_what_the_page_must_tell_is_there() -> None:
    text = words(made(builder.CRITICAL, builder.statement()))
    for part in (
        "Doe, Jane", "4711-0815", "63 years", "female", "2020-06-04 12:13:14", "Acme Cart 3",
        "70 /min", "162 ms", "388 / 408 ms", "52° / −34° / –", "Sinus rhythm", "ST at J 0.24 mV",
        "Left ventricular hypertrophy", "sex is not known", "25 mm/s", "10 mm/mV",
        "derived: III, aVR, aVL, aVF", document.DISCLAIMER, "ecgcli 0.1.0", "0" * 64,
        "Reviewed by", "aVR", "V6",
    ):  # fmt: skip
        assert part in text, part


def test_lead_names_stand_where_the_sheet_says() -> None:
    found: dict[str, tuple[float, float]] = {}

    def visit(text: str, cm: list[float], tm: list[float], *_: object) -> None:
        name = text.strip()
        if name in ("V1", "V6", "aVL"):
            found[name] = (tm[4] * cm[0] + cm[4], tm[5] * cm[3] + cm[5])

    made().pages[0].extract_text(visitor_text=visit)
    left, top = margins("a4")
    labels = {label.text: label for label in sheet.lay_out(builder.analysis()).labels}
    for name, (x, y) in found.items():
        assert x == pytest.approx((left + labels[name].x / 100) * MM, abs=0.5)
        wanted = PAPERS["a4"][1] - top - pdf_report.SHEET_TOP - labels[name].y / 100
        assert y == pytest.approx(wanted * MM, abs=1.0)
    assert found


def test_hostile_text_is_text_and_stays_in_its_place(caplog: pytest.LogCaptureFixture) -> None:
    record = replace(
        synthetic.normal(), name=HOSTILE, device=HOSTILE,
        patient=Patient(id=HOSTILE, name=HOSTILE, age_years=0.03, sex="male"),
        notes=(HOSTILE,) * 5,
    )  # fmt: skip
    made()
    with caplog.at_level(logging.DEBUG):
        reader = made(
            replace(builder.CRITICAL, text=HOSTILE),
            builder.statement(HOSTILE, evidence=HOSTILE),
            analysis=builder.analysis(record),
            not_assessed=(NotAssessed("X", HOSTILE, HOSTILE),) * 20,
            limits=HOSTILE,
        )
    assert len(reader.pages) == 1
    text = words(reader)
    assert "<script>alert(1)</script>" in text
    assert "11 days" in text
    assert "/Annots" not in reader.pages[0]
    resources: Any = reader.pages[0]["/Resources"]
    assert not resources["/XObject"]
    assert "49" not in text.split("{{")[1][:10]
    assert not [r for r in caplog.records if r.name.startswith(("weasyprint", "fontTools"))]
    assert "evil" not in caplog.text


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_gives_one_page(one: str, other: str) -> None:
    record = replace(synthetic.normal(), name=one, patient=Patient(name=other, id=one))
    reader = made(builder.statement(one or "x", evidence=other), analysis=builder.analysis(record))
    assert len(reader.pages) == 1


def test_nothing_is_fetched() -> None:
    with pytest.raises(PermissionError):
        pdf_report.refuse("file:///etc/passwd")


def test_a_record_that_is_not_usable_says_so_and_gives_no_numbers() -> None:
    analysis = builder.analysis(grade=Grade.NOT_USABLE, bad=("I", "II", "V1"))
    report = document.build(analysis, None, builder.PROVENANCE)
    reader = pypdf.PdfReader(io.BytesIO(pdf_report.render(report, analysis)))
    text = words(reader)
    assert "NOT INTERPRETED – THE RECORDING IS NOT USABLE" in text
    assert "V1 is noisy." in text
    assert "/min" not in text


def test_the_same_report_gives_the_same_bytes_in_any_process(tmp_path: Path) -> None:
    analysis = builder.analysis()
    report = document.build(analysis, builder.interpretation(), builder.PROVENANCE)
    first = pdf_report.render(report, analysis)
    other = document.build(analysis, builder.interpretation(builder.CRITICAL), builder.PROVENANCE)
    pdf_report.render(other, analysis, "letter")  # what came between makes no difference
    assert pdf_report.render(report, analysis) == first
    script = (
        "import sys; from tests.reports import builder as b; from ecgcli.reports import document, "
        "pdf_report; a = b.analysis(); r = document.build(a, b.interpretation(), b.PROVENANCE); "
        "sys.stdout.buffer.write(pdf_report.render(r, a))"
    )
    again = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        check=True,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"},
    ).stdout
    assert again == first


def test_it_is_an_archive_pdf_without_dates_or_outside_parts() -> None:
    reader = made()
    catalog: Any = reader.trailer["/Root"]
    resources: Any = reader.pages[0]["/Resources"]
    assert "/OutputIntents" in catalog
    metadata = catalog["/Metadata"].get_data()
    assert b'part="3"' in metadata
    assert b'conformance="U"' in metadata
    assert "/ID" in reader.trailer
    info = reader.metadata
    assert info is not None
    assert info.creation_date is None
    assert info.modification_date is None
    assert "/AcroForm" not in catalog
    assert "/Names" not in catalog
    for font in resources["/Font"].values():
        descendant = font["/DescendantFonts"][0]
        assert "/FontFile2" in descendant["/FontDescriptor"]
        assert "Report" in str(font["/BaseFont"])  # ours, not one of the machine's
        assert "/ToUnicode" in font


def test_widths_are_those_of_the_fonts() -> None:
    assert width("", 10) == 0
    assert width("0" * 10, 10) == pytest.approx(10 * 1011 / 2048 * 10 * 25.4 / 72)
    assert lines([("one two", 10, False)], 1000) == 1
    assert lines([("W" * 100, 10, False)], 30) == -(-width("W" * 100, 10) // 30)
    assert shortened("abc", 1000, 8) == "abc"
    assert shortened("W" * 100, 20, 8).endswith("…")
    assert width(shortened("W" * 100, 20, 8), 8) <= 20


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=400), st.integers(1, 3), st.floats(10, 90), st.text(max_size=20))
def test_wrapped_text_fits_into_its_lines(text: str, most: int, room: float, first: str) -> None:
    before = (first, 8.0, True)
    if lines([before], room) <= most:
        cut = wrapped(text, room, most, 7.0, before=before)
        assert not cut or lines([before, (cut, 7.0, False)], room) <= most
        assert text.startswith(cut.rstrip("…")[: max(len(cut) - 2, 0)])


def test_a_suspicion_stands_before_the_quality_on_page_one() -> None:
    text = words(made(analysis=replace(builder.analysis(), suspicions=(builder.SUSPICION,))))
    assert "TECHNICAL SUSPICION" in text
    assert text.index("TECHNICAL SUSPICION") < text.index("QUALITY")
    assert builder.SUSPICION.text in text
    assert builder.SUSPICION.effect in text


def test_an_atrial_rate_of_its_own_is_told_beside_the_ventricular_one() -> None:
    m = builder.measurements(atrial_rate=Measured(300.0, "/min", 0.8))
    text = words(made(analysis=builder.analysis(measurements=m)))
    assert "Rate ventricular / atrial 70 / 300 /min" in text
    assert "Rate ventricular / atrial" not in words(made())


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=400), st.text(max_size=800), st.booleans())
def test_a_paragraph_takes_no_more_lines_than_its_type_allows(
    text: str, detail: str, stacked: bool
) -> None:
    size = Type("t", 100, 9, 8, 4, 2, stacked=stacked, detail_line=3)
    assert item(text, detail, size).height <= (2 * 4 + 3 * 3 if stacked else 2 * 4)


def test_drawing_a_report_does_not_change_its_signal() -> None:
    analysis = builder.analysis()
    before = analysis.conditioned.signal.copy()
    made(analysis=analysis)
    assert np.array_equal(before, analysis.conditioned.signal)
