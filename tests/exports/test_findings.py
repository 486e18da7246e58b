"""findings.csv: one row per record, safe in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecgcli.exports import findings
from ecgcli.reports.worklist import WorklistRow
from tests.reports.test_worklist import done


def written(*rows: WorklistRow) -> str:
    stream = io.StringIO(newline="")
    findings.write(iter(rows), stream)
    return stream.getvalue()


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def test_a_row_holds_all_measurements_with_their_units_in_the_heading() -> None:
    (row,) = read(written(done()))
    assert row["pr_interval_ms"] == "162"
    assert row["ventricular_rate_per_min"] == "70"
    assert row["qrs_axis_deg"] == "-34"
    assert row["sokolow_lyon_mv"] == "2.1"
    assert row["t_axis_deg"] == ""
    assert row["critical"] == "yes"
    assert row["codes"] == "STE_INF"
    assert row["status"] == "done"
    assert len(row) == len(set(findings.COLUMNS)) == len(findings.COLUMNS)


def test_a_failed_record_tells_why() -> None:
    row = WorklistRow(
        path="a.xml", status="failed", category="damaged", reason="it ends early", remedy="again"
    )
    (shown,) = read(written(row))
    assert (shown["category"], shown["reason"], shown["remedy"]) == (
        "damaged", "it ends early", "again",
    )  # fmt: skip
    assert shown["conclusion"] == shown["critical"] == shown["pr_interval_ms"] == ""


@pytest.mark.parametrize("evil", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1"])
def test_no_cell_is_a_formula(evil: str) -> None:
    (row,) = read(written(done(path=evil, patient_id=evil, conclusion=evil)))
    for column in ("path", "patient_id", "conclusion"):
        assert row[column].startswith("'")


def test_lines_end_as_the_standard_says() -> None:
    text = written(done(), done())
    assert text.count("\r\n") == text.count("\n") == 3


@settings(max_examples=100, deadline=None)
@given(st.text(), st.text())
def test_any_text_is_one_cell(name: str, said: str) -> None:
    rows = read(written(done(path=name, conclusion=said, patient_id=name), done()))
    assert len(rows) == 2
    assert rows[1] == read(written(done()))[0]
    assert not rows[0]["conclusion"].startswith(("=", "+", "-", "@"))
    written(done(path=name)).encode("utf-8")


def test_rows_are_written_as_they_come() -> None:
    stream = io.StringIO(newline="")
    sizes: list[int] = []

    def rows() -> Iterator[WorklistRow]:
        for _ in range(3):
            sizes.append(len(stream.getvalue()))
            yield done()

    findings.write(rows(), stream)
    assert sizes[0] < sizes[1] < sizes[2]
