"""The worklist: rows in, one page out, whatever the rows hold."""

from __future__ import annotations

import io
import json
import re
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecgcli.reports import document, thumbnail, worklist
from ecgcli.reports.worklist import WorklistRow
from ecgcli.signals.results import Grade
from tests import synthetic
from tests.reports import builder


@cache
def base() -> WorklistRow:
    analysis = builder.analysis()
    report = document.build(analysis, builder.interpretation(builder.CRITICAL), builder.PROVENANCE)
    return worklist.row(
        report, analysis, path="ward 3/a.xml", output="ward 3/a", formats=("json", "html", "pdf"),
        log_id="f00d",
    )  # fmt: skip


def done(**changes: Any) -> WorklistRow:
    return replace(base(), **changes)


def page(*rows: WorklistRow) -> str:
    stream = io.StringIO()
    worklist.write(iter(rows), stream)
    return stream.getvalue()


def cells(text: str) -> list[list[Any]]:
    data = re.search(r'id="rows">(.*?)</script>', text, re.DOTALL)
    assert data is not None
    rows: list[list[Any]] = json.loads(data[1])
    return rows


def test_a_row_holds_what_the_list_shows() -> None:
    row = done()
    assert row.critical
    assert row.codes == ("STE_INF",)
    assert row.measurements["pr_interval"] == 162
    assert row.measurements["t_axis"] is None
    (shown,) = cells(page(row))
    assert shown[:6] == [0, "Doe, Jane", "4711-0815", "63", "f", "2020-06-04 12:13:14"]
    assert shown[8] == [70, 162, 94, 408]
    assert shown[11:14] == ["ward%203/a", "hpj", "f00d"]


def test_a_row_survives_a_journal() -> None:
    for row in (done(), WorklistRow(path="x\udce9", status="failed", reason="r")):
        assert WorklistRow.loads(row.dumps()) == row
        assert "\n" not in row.dumps()


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        (done(), "critical"),
        (done(critical=False, urgency="urgent"), "urgent"),
        (done(critical=False, urgency="normal"), "normal"),
        (done(critical=False, urgency="", grade="not usable"), "not interpreted"),
        (WorklistRow(path="a", status="failed", category="damaged", reason="r"), "not interpreted"),
        (WorklistRow(path="a", status="not an ECG", reason="text"), "not an ECG"),
    ],
)
def test_every_row_has_its_place_in_the_order(row: WorklistRow, kind: str) -> None:
    assert worklist.KINDS[cells(page(row))[0][0]] == kind


def test_python_and_the_page_script_agree() -> None:
    from ecgcli.reports.templates import text

    script = text("index.js")
    kinds = re.search(r"const KINDS = (\[.*?\]);", script)
    assert kinds is not None
    assert tuple(json.loads(kinds[1])) == worklist.KINDS
    assert f'"{thumbnail.ALPHABET}"' in script
    positions = dict(re.findall(r"([A-Z_]+) = (\d+)", script.split(";")[1]))
    assert len(positions) == len(cells(page(done()))[0])
    assert sorted(int(at) for at in positions.values()) == list(range(len(positions)))


@settings(max_examples=100, deadline=None)
@given(st.text(), st.text(), st.text())
def test_no_text_leaves_its_place(name: str, path: str, said: str) -> None:
    row = WorklistRow(
        path=path, status="failed", patient_name=name, reason=said, output=path, remedy=name
    )
    text = page(row)
    assert len(cells(text)) == 1
    text.encode("utf-8", "surrogatepass")
    assert text.count("</script") == page().count("</script")


@pytest.mark.parametrize("evil", ["</script><script>alert(1)</script>", "<!--<script>", "\u2028"])
def test_a_record_named_like_markup_does_not_break_the_page(evil: str) -> None:
    text = page(done(path=evil, conclusion=evil, patient_name=evil))
    assert text.count("<script") == page().count("<script")
    assert len(cells(text)) == 1


def test_links_are_relative_and_quoted() -> None:
    (shown,) = cells(page(done(output="a b/#1?/ü%.hea\udce9")))
    assert shown[11] == "a%20b/%231%3F/%C3%BC%25.hea%E9"
    (shown,) = cells(page(done(output="javascript:alert(1)")))
    assert ":" not in shown[11]


def test_the_page_has_no_outside_part_and_a_word_for_browsers_without_script() -> None:
    text = page(done())
    assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in text
    assert "default-src 'none'" in text
    assert re.search(r"<noscript>.*findings\.csv.*</noscript>", text)
    assert "innerHTML" not in text


def test_the_same_rows_give_the_same_bytes() -> None:
    assert page(done(), done(path="b")) == page(done(), done(path="b"))
    assert cells(page()) == []


def test_memory_does_not_grow_with_the_number_of_rows() -> None:
    class Sink(io.StringIO):
        size = 0

        def write(self, text: str) -> int:
            self.size += len(text)
            return len(text)

    def rows(count: int) -> Iterator[WorklistRow]:
        return (done(path=f"r{i}") for i in range(count))

    def peak(count: int) -> tuple[int, int]:
        sink = Sink()
        worklist.write(rows(10), Sink())
        tracemalloc.start()
        worklist.write(rows(count), sink)
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used, sink.size

    used, size = peak(6000)
    assert size > 2_000_000
    assert used < size / 3  # what the garbage collector has not got to yet
    assert size / 6000 < 600  # 20,000 rows in 12 MB


def test_a_thumbnail_keeps_every_r_wave() -> None:
    analysis = builder.analysis(synthetic.normal(rate_bpm=75))
    lead, points = thumbnail.encode(analysis).split(":")
    assert lead == "II"
    levels = np.array([thumbnail.ALPHABET.index(char) for char in points])
    assert len(levels) == thumbnail.POINTS
    assert levels.max() == 63
    high = levels > 50
    assert np.count_nonzero(high[1:] & ~high[:-1]) == np.count_nonzero(
        synthetic.beat_times(75, 10) < 5
    )


def test_a_thumbnail_shows_a_lead_that_can_be_used_or_nothing() -> None:
    assert thumbnail.encode(builder.analysis(bad=("II",))).startswith("I:")
    nothing = builder.analysis(grade=Grade.NOT_USABLE, bad=tuple(thumbnail.PREFERRED))
    assert thumbnail.encode(nothing) == ""
    flat = builder.analysis(synthetic.record(np.zeros((12, 2600), dtype=np.float32)))
    assert len(set(thumbnail.encode(flat).split(":")[1])) == 1
