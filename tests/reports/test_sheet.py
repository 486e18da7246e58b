"""The sheet's geometry: true scale, continuous in time, never over its edge."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecgcli.records.leads import LEADS
from ecgcli.reports import sheet
from ecgcli.reports.svg_sheet import draw
from ecgcli.signals.results import Analysis
from tests import synthetic
from tests.reports import builder


def analysis_of(signal: np.ndarray, **more: Any) -> Analysis:
    return builder.analysis(synthetic.record(signal.astype(np.float32)), **more)


def cell(made: sheet.Sheet, lead: str) -> np.ndarray:
    """Return the points drawn in the 3x4 cell of a lead."""
    row = next(i for i, leads in enumerate(sheet.LAYOUT) if lead in leads)
    left = sheet.ORIGIN + sheet.LAYOUT[row].index(lead) * sheet.COLUMN
    lines = [
        line.points
        for line in made.traces
        if left <= line.points[0, 0] and line.points[-1, 0] <= left + sheet.COLUMN
    ]
    near = [p for p in lines if abs(np.median(p[:, 1]) - sheet.BASELINES[row]) < 9 * sheet.MM]
    return np.concatenate(near)


def pulse_of(lead: str, at_s: float, mv: float = 1.0) -> np.ndarray:
    """Return a recording in which one lead is 1 mV for 100 ms from a time on."""
    signal = np.zeros((12, 5000))
    start = round(at_s * 500)
    signal[LEADS.index(lead), start : start + 50] = mv
    return signal


@pytest.mark.parametrize(("lead", "column"), [("I", 0), ("aVL", 1), ("V3", 2), ("V6", 3)])
def test_time_and_amplitude_stand_at_true_scale(lead: str, column: int) -> None:
    at = 2.5 * column + 1.2
    points = cell(sheet.lay_out(analysis_of(pulse_of(lead, at))), lead)
    row = next(i for i, leads in enumerate(sheet.LAYOUT) if lead in leads)
    up = points[points[:, 1] == sheet.BASELINES[row] - 10 * sheet.MM]
    assert up[:, 0].min() == sheet.ORIGIN + round(at * 25 * sheet.MM)
    assert up[:, 0].max() - up[:, 0].min() == round(49 / 500 * 25 * sheet.MM)


def test_columns_continue_in_time_and_the_strip_runs_below_them() -> None:
    made = sheet.lay_out(analysis_of(pulse_of("II", 6.0)))
    assert cell(made, "II")[:, 1].min() == sheet.BASELINES[1]  # 6 s is not in the first column
    strip = [line for line in made.traces if np.ptp(line.points[:, 0]) > sheet.COLUMN]
    high = [line for line in strip if line.points[:, 1].min() == sheet.BASELINES[3] - 10 * sheet.MM]
    assert len(high) == 1
    top = high[0].points[high[0].points[:, 1] == high[0].points[:, 1].min()]
    assert top[0, 0] == sheet.ORIGIN + 150 * sheet.MM


def test_a_short_record_leaves_the_rest_blank_and_says_so() -> None:
    made = sheet.lay_out(builder.analysis(synthetic.normal(duration_s=6.0)))
    end = sheet.ORIGIN + 150 * sheet.MM
    assert max(int(line.points[:, 0].max()) for line in made.traces) < end
    remarks = [label.text for label in made.labels if label.kind == "remark"]
    assert remarks == ["no signal here"] * 3  # V4, V5, V6


def test_missing_and_doubtful_leads_are_named_as_such() -> None:
    made = sheet.lay_out(builder.analysis(missing=("V5",), bad=("V3",)))
    remarks = {label.text for label in made.labels if label.kind == "remark"}
    assert remarks == {"not recorded", "noisy"}
    assert sum(line.doubtful for line in made.traces) == 1
    assert len(made.traces) == 12  # thirteen stretches less the missing one


def test_samples_that_the_source_lacks_are_not_drawn() -> None:
    signal = np.zeros((12, 5000))
    signal[0, 400:600] = np.nan
    made = sheet.lay_out(analysis_of(signal))
    gap = (sheet.ORIGIN + 400 * 5, sheet.ORIGIN + 600 * 5)
    first_row = [line for line in made.traces if line.points[0, 1] == sheet.BASELINES[0]]
    for line in first_row:
        a, b = line.points[0, 0], line.points[-1, 0]
        assert b <= gap[0] or a >= gap[1]


def test_tall_chest_leads_are_drawn_at_half_the_gain_and_labelled() -> None:
    made = sheet.lay_out(analysis_of(pulse_of("V2", 6.0, 4.0)))
    assert made.gains == "limb leads 10 mm/mV, chest leads 5 mm/mV"
    assert cell(made, "V2")[:, 1].min() == sheet.BASELINES[1] - 20 * sheet.MM
    assert [label.text for label in made.labels if label.kind == "remark"] == ["5 mm/mV"] * 6
    heights = {int(sheet.BASELINES[0] - y) for y in made.pulses[0].points[:, 1]}
    assert heights == {0, 5 * sheet.MM, 10 * sheet.MM}  # a step of both gains
    assert {int(sheet.BASELINES[3] - y) for y in made.pulses[3].points[:, 1]} == {0, 1000}


def test_what_is_too_tall_even_so_is_cut_off_and_said() -> None:
    made = sheet.lay_out(analysis_of(pulse_of("V2", 6.0, 9.0)))
    assert made.clipped == ("V2",)
    assert "5 mm/mV; cut off" in {label.text for label in made.labels}


def test_an_artefact_in_a_bad_lead_does_not_halve_the_others() -> None:
    made = sheet.lay_out(analysis_of(pulse_of("V2", 6.0, 9.0), bad=("V2",)))
    assert made.gains == "10 mm/mV"


def test_ectopic_beats_are_marked_under_the_strip() -> None:
    marks = [label for label in sheet.lay_out(builder.analysis()).labels if label.kind == "beat"]
    assert [(mark.text, mark.x) for mark in marks] == [("V", sheet.ORIGIN + 35 * sheet.MM)]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.01, 40), st.integers(2500, 5000))
def test_no_trace_passes_the_edge_of_the_sheet(seed: int, size: float, samples: int) -> None:
    noise = np.random.default_rng(seed).normal(0, size, (12, samples))
    made = sheet.lay_out(analysis_of(noise))
    for line in (*made.traces, *made.pulses, *made.separators):
        assert line.points.min() >= 0
        assert line.points[:, 0].max() <= sheet.WIDTH
        assert line.points[:, 1].max() <= sheet.HEIGHT
    for label in made.labels:
        assert 0 <= label.x <= sheet.WIDTH
        assert 0 <= label.y <= sheet.HEIGHT


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-3000, 3000), min_size=2, max_size=400))
def test_leaving_points_out_moves_the_line_by_three_hundredths_at_most(levels: list[int]) -> None:
    y = np.array(levels, dtype=np.int64)
    x = np.arange(y.size, dtype=np.int64) * 5
    kept = sheet.simplified(x, y)
    assert (kept[0] == (x[0], y[0])).all()
    assert (kept[-1] == (x[-1], y[-1])).all()
    assert np.abs(np.interp(x, kept[:, 0], kept[:, 1]) - y).max() <= 3 * sheet.TOLERANCE + 1e-9
    assert kept[:, 1].max() >= y.max() - 3
    assert len(kept) <= y.size


def test_the_svg_path_ends_where_the_line_ends() -> None:
    made = sheet.lay_out(builder.analysis())
    drawing = draw(made)
    for line, path in zip(made.traces, drawing.traces, strict=True):
        start, moves = path[1:].split("l")
        x, y = (int(part) for part in start.split())
        steps = [int(part) for part in moves.replace("-", " -").split()]
        end = np.rint(line.points[-1] / 5).astype(int)
        assert (x + sum(steps[::2]), y + sum(steps[1::2])) == tuple(end)


def test_leads_share_one_lay_out() -> None:
    assert sorted(lead for row in sheet.LAYOUT for lead in row) == sorted(LEADS)
    analysis = builder.analysis()
    again = replace(analysis, measurements=None)
    assert len(sheet.lay_out(again).traces) == 13
