"""Charts: well-formed, to scale, and whole where a number is missing."""

from __future__ import annotations

from xml.etree import ElementTree as Xml

import numpy as np
import pytest

from ecgcli.generation.chart import Band, Line, Panel, chart, marks

NAME = "{http://www.w3.org/2000/svg}"


def drawn(*panels: Panel) -> Xml.Element:
    return Xml.fromstring(chart("a & b", panels, (("real <1>", "#000"),)))


def test_lines_are_to_scale_and_interrupted_where_a_number_is_missing() -> None:
    x = np.arange(5.0)
    y = np.array([0.0, 10.0, np.nan, 5.0, 10.0])
    root = drawn(Panel("I", "s", "mV", [Line(x, y, "#c00")], [Band(x, x, x + 1.0, "#00c")]))
    lines = root.findall(f".//{NAME}polyline")
    assert len(lines) == 2
    (x0, y0), (x1, y1) = (
        tuple(map(float, pair.split(","))) for pair in (lines[0].get("points") or "").split()
    )
    assert x1 > x0
    assert y1 < y0  # up is up
    assert len(root.findall(f".//{NAME}polygon")) == 1
    assert "a & b" in [text.text for text in root.iter(f"{NAME}text")]


def test_a_panel_without_numbers_is_empty() -> None:
    empty = np.zeros(0)
    root = drawn(Panel("P", "s", "mV", [Line(empty, empty, "#c00")]), Panel("Q", "s", "mV"))
    assert root.findall(f".//{NAME}polyline") == []


def test_names_stand_where_they_are_asked_for() -> None:
    root = drawn(Panel("R", "lead", "mV", names=[(0.0, "V1"), (1.0, "V2"), (9.0, "V3")]))
    texts = {text.text for text in root.iter(f"{NAME}text")}
    assert {"V1", "V2"} <= texts
    assert "V3" not in texts  # beyond the axis


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [
        (0.0, 1.0, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (-120.0, -20.0, [-120.0, -100.0, -80.0, -60.0, -40.0, -20.0]),
        (0.0, 10.0, [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]),
    ],
)
def test_marks_are_round(low: float, high: float, wanted: list[float]) -> None:
    assert marks(low, high) == pytest.approx(wanted)
