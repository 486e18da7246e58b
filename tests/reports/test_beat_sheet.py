"""The median beat drawn: true scale, marks where they were measured, nothing over the edge."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecgcli.records.leads import LEADS
from ecgcli.reports import beat_sheet, document, html_report, pdf_report
from ecgcli.reports.beat_sheet import FRAME, BeatSheet, grid, overlay
from ecgcli.reports.fit import width
from ecgcli.reports.sheet import LAYOUT, MM, lay_out
from ecgcli.signals.results import Analysis, Measured, MedianBeat, PWave
from tests.reports import builder
from tests.reports.test_html_report import Page

MARKED = {"p_onset": 120, "p_end": 170, "qrs_onset": 200, "qrs_end": 245, "t_end": 400}


def beat_of(signal: np.ndarray | None = None, **marks: Any) -> MedianBeat:
    rows = np.zeros((12, 600)) if signal is None else signal
    return MedianBeat(rows.astype(np.float32), r_index=220, **{**MARKED, **marks})


def analysis_of(signal: np.ndarray | None = None, **marks: Any) -> Analysis:
    return replace(builder.analysis(), median_beat=beat_of(signal, **marks))


def pulse(lead: str, mv: float, at: int = 220) -> np.ndarray:
    signal = np.zeros((12, 600))
    signal[LEADS.index(lead), at : at + 5] = mv
    return signal


def drawn(made: BeatSheet | None) -> BeatSheet:
    assert made is not None
    return made


def report_of(analysis: Analysis) -> document.Report:
    return document.build(analysis, builder.interpretation(), builder.PROVENANCE)


def without_p() -> Analysis:
    reason = "no P wave: nothing recurs before the QRS complexes"
    m = builder.measurements(
        p_wave=PWave.ABSENT,
        p_duration=Measured(None, "ms", None, reason),
        pr_interval=Measured(None, "ms", None, reason),
    )
    analysis = builder.analysis(measurements=m)
    return replace(analysis, median_beat=beat_of(p_onset=None, p_end=None))


def test_a_millivolt_and_100_ms_are_10_mm_and_5_mm() -> None:
    made = drawn(overlay(analysis_of(pulse("V2", 1.0))))
    assert made.scale == "50 mm/s · 10 mm/mV"
    ys = {name: line.points[:, 1] for name, line in zip(made.leads, made.traces, strict=True)}
    assert ys["V2"].max() - ys["V2"].min() == 10 * MM
    assert np.ptp(ys["I"]) == 0
    xs = {mark.name: mark.x for mark in made.marks}
    assert xs["T end"] - xs["QRS on"] == round((400 - 200) / 500 * 50 * MM)
    assert xs["P end"] - xs["P on"] == round((170 - 120) / 500 * 50 * MM)


def test_the_pulse_stands_where_the_marks_say() -> None:
    for made in (overlay(analysis_of(pulse("V2", 1.0))), grid(analysis_of(pulse("V2", 1.0)))):
        made = drawn(made)
        column = 0 if len(made.columns) == 1 else next(
            leads.index("V2") for leads in LAYOUT if "V2" in leads
        )  # fmt: skip
        trace = next(line.points for line in made.traces if np.ptp(line.points[:, 1]))
        top = trace[trace[:, 1] == trace[:, 1].min()]
        onset = next(mark.x for mark in made.marks if mark.name == "QRS on")
        step = round(made.speed * MM / 500)
        assert top[0, 0] == made.columns[column] + onset + 20 * step


def test_amplitudes_count_from_the_level_before_the_qrs_complex() -> None:
    shifted = pulse("V2", 1.0) + 0.7
    one, other = overlay(analysis_of(pulse("V2", 1.0))), overlay(analysis_of(shifted))
    for a, b in zip(drawn(one).traces, drawn(other).traces, strict=True):
        assert np.array_equal(a.points, b.points)


@pytest.mark.parametrize(("mv", "gain"), [(1.0, 10), (3.6, 10), (3.8, 5), (7.5, 2.5), (14.0, 2.5)])
def test_the_gain_is_halved_until_the_leads_fit(mv: float, gain: float) -> None:
    made = drawn(overlay(analysis_of(pulse("V4", mv))))
    assert made.gain == gain
    assert not made.cut


def test_what_fits_at_no_gain_is_cut_off_and_named() -> None:
    assert drawn(overlay(analysis_of(pulse("V4", 40.0)))).cut == ("V4",)
    made = drawn(grid(analysis_of(pulse("V4", 40.0))))
    assert made.cut == ("V4",)
    assert [label.text for label in made.labels if label.kind == "remark"] == ["cut off"]


@settings(max_examples=60, deadline=None)
@given(
    length=st.integers(150, 610),
    places=st.lists(st.floats(0, 1), min_size=5, max_size=5),
    absent=st.sets(st.sampled_from(["p_onset", "p_end", "qrs_onset", "t_end"])),
    scale=st.floats(0.01, 60),
)
def test_nothing_leaves_the_paper_and_every_mark_is_on_it(
    length: int, places: list[float], absent: set[str], scale: float
) -> None:
    at = sorted(min(round(place * length), length - 1) for place in places)
    marks: dict[str, Any] = dict(zip(MARKED, at, strict=True))
    marks |= dict.fromkeys(absent)
    signal = np.random.default_rng(length).normal(0, scale, (12, length))
    analysis = analysis_of(signal, **marks)
    for made in (drawn(overlay(analysis)), drawn(grid(analysis))):
        assert len(made.marks) == 5 - len(absent)
        for line in made.traces:
            assert line.points[:, 0].min() >= 0
            assert line.points[:, 0].max() <= made.width
            assert line.points[:, 1].min() >= 0
            assert line.points[:, 1].max() <= made.height
        for left in made.columns:
            for mark in made.marks:
                assert 0 <= left + mark.x <= made.width
    framed = drawn(overlay(analysis))
    assert (framed.width, framed.height) == FRAME
    first = min(mark.x for mark in framed.marks)
    assert first >= beat_sheet.FRAME_SIDE - 10  # room for its name, but for less than a sample


def test_a_long_beat_is_drawn_at_25_mm_per_second() -> None:
    made = drawn(overlay(analysis_of(p_onset=20, p_end=60, t_end=590)))
    assert made.speed == 25
    assert len(made.marks) == 5


def test_leads_that_are_not_relied_on_are_not_overlaid_but_shown_by_themselves() -> None:
    analysis = builder.analysis(bad=("V3",), missing=("V5",))
    assert "V3" not in drawn(overlay(analysis)).leads
    made = drawn(grid(analysis))
    assert sum(line.doubtful for line in made.traces) == 1
    assert len(made.traces) == 11
    remarks = {label.text for label in made.labels if label.kind == "remark"}
    assert remarks == {"not used", "not recorded"}


def test_without_a_median_beat_nothing_is_drawn_and_the_reason_is_told() -> None:
    reason = "no beat lies wholly inside the recording"
    m = builder.measurements(qrs_duration=Measured(None, "ms", None, reason))
    analysis = replace(builder.analysis(measurements=m), median_beat=None)
    assert overlay(analysis) is None
    assert grid(analysis) is None
    reader = pypdf.PdfReader(io.BytesIO(pdf_report.render(report_of(analysis), analysis)))
    assert f"None: {reason}." in " ".join(reader.pages[0].extract_text().split())
    assert "MEDIAN BEAT: WHAT" not in Page(html_report.render(report_of(analysis), analysis)).text


def pdf_of(analysis: Analysis) -> tuple[str, str]:
    """Return the text of the page and the content stream of the median beat."""
    page = pypdf.PdfReader(io.BytesIO(pdf_report.render(report_of(analysis), analysis))).pages[0]
    contents: Any = page["/Contents"]
    return " ".join(page.extract_text().split()), contents[1].get_object().get_data().decode()


def test_the_pdf_draws_the_marks_at_true_scale_with_their_names() -> None:
    analysis = analysis_of(pulse("V2", 1.0))
    text, stream = pdf_of(analysis)
    for name in ("MEDIAN BEAT", "50 mm/s · 10 mm/mV", "QRS on", "J", "P on", "P end", "T end"):
        assert name in text
    assert "12 leads overlaid" in text
    a, b, c, d, *_ = map(float, re.findall(r"q ([-\d. ]+) cm", stream)[0].split())
    assert (b, c) == (0, 0)
    assert a == -d == pytest.approx(72 / 25.4 / MM)
    lines = {int(x) for x in re.findall(r"^(\d+) \d+ m \1 \d+ l S$", stream, re.MULTILINE)}
    assert lines == {mark.x for mark in drawn(overlay(analysis)).marks}


def test_the_names_stand_beside_their_lines() -> None:
    analysis = analysis_of()
    found: dict[str, float] = {}

    def visit(text: str, cm: list[float], tm: list[float], *_: object) -> None:
        for name in ("QRS on", "P on", "T end"):  # J and P end are read as part of these
            if text.strip().startswith(name):
                found[name] = (tm[4] * cm[0] + cm[4]) * 25.4 / 72

    page = pypdf.PdfReader(io.BytesIO(pdf_report.render(report_of(analysis), analysis))).pages[0]
    page.extract_text(visitor_text=visit)
    left = pdf_report.margins("a4")[0] + pdf_report.BEAT_AT[0]
    assert len(found) == 3
    for mark in drawn(overlay(analysis)).marks:
        if mark.name not in found:
            continue
        wide = width(mark.name, pdf_report.MARK_POINTS, bold=True)
        at = mark.x / MM + (-0.5 - wide if mark.before else 0.5)
        assert found[mark.name] == pytest.approx(left + at, abs=0.3), mark.name


def test_an_absent_wave_has_no_line_and_both_reports_say_why() -> None:
    analysis = without_p()
    text, stream = pdf_of(analysis)
    assert "No P wave: nothing recurs before the QRS complexes" in text
    assert "P on" not in text
    assert len(re.findall(r"^(\d+) \d+ m \1 \d+ l S$", stream, re.MULTILINE)) == 3
    page = Page(html_report.render(report_of(analysis), analysis)).text
    assert "No P wave: nothing recurs before the QRS complexes" in page
    assert "P on" not in page
    assert page.count("QRS on") == 4


def test_a_p_wave_of_which_nobody_can_tell_is_not_said_to_be_absent() -> None:
    analysis = without_p()
    assert analysis.measurements is not None
    m = replace(analysis.measurements, p_wave=PWave.UNCERTAIN)
    text, _ = pdf_of(replace(analysis, measurements=m))
    assert "P wave not marked: nothing recurs" in text
    assert "No P wave" not in text


def test_a_t_end_that_was_not_found_is_told() -> None:
    flat = Measured(None, "ms", None, "the T wave is too flat")
    analysis = builder.analysis(measurements=builder.measurements(qt_interval=flat))
    text, _ = pdf_of(replace(analysis, median_beat=beat_of(t_end=None)))
    assert "T end not marked: the T wave is too flat" in text


def test_the_html_report_marks_each_column_of_leads() -> None:
    page = html_report.render(report_of(analysis_of()), analysis_of()).decode()
    parsed = Page(page.encode())
    for name, kind in (("P on", "p before"), ("P end", "p"), ("T end", "t before")):
        assert len(re.findall(rf'class="name {kind}">{name}<', page)) == 4
    for kind, lines in (("p", 8), ("qrs", 8), ("t", 4)):
        path = re.search(rf'<path class="mark {kind}" d="([^"]+)"', page)
        assert path is not None
        assert path[1].count("M") == lines
    assert "50 mm/s · 10 mm/mV" in parsed.text


def test_a_sheet_laid_out_before_gives_the_same_reports() -> None:
    analysis = builder.analysis()
    report, sheet = report_of(analysis), lay_out(analysis)
    assert html_report.render(report, analysis, sheet) == html_report.render(report, analysis)
    one = pdf_report.render(report, analysis, "letter", sheet)
    assert one == pdf_report.render(report, analysis, "letter")


def test_colours_are_those_of_the_stylesheets() -> None:
    from ecgcli.reports.pdf_sheet import MARK
    from ecgcli.reports.templates import text

    for kind, pen in MARK.items():
        parts = [round(float(part) * 255) for part in pen.split()[:3]]
        colour = "#" + "".join(f"{part:02x}" for part in parts)
        for name in ("report.css", "report.pdf.css"):
            assert re.search(rf"\.{kind} {{[^}}]*{colour}", text(name)), (kind, colour, name)
    assert len({pen.split("w ")[1] for pen in MARK.values()}) == 3  # told apart without colour
