"""Requests as clinicians and students write them, with what each has to be read as."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecgcli.clinical.tables import Row, parse
from ecgcli.generation.reading import read
from ecgcli.generation.refusal import RequestError
from ecgcli.generation.request import Bound

COLUMNS = (
    "prompt",
    "present",
    "absent",
    "age",
    "sex",
    "heart_rate",
    "pr",
    "qrs",
    "qt",
    "qtc",
    "axis",
    "bounds",
    "refused",
    "says",
)
TABLE = Path(__file__).with_name("prompts.csv")
ROWS = parse(TABLE.name, TABLE.read_text("utf-8"), COLUMNS)
ACCEPTED = [row for row in ROWS if not row["refused"]]
REFUSED = [row for row in ROWS if row["refused"]]


def prompt(row: Row) -> str:
    return row["prompt"]


def bounds(cell: str) -> tuple[Bound, ...]:
    """Read "heart_rate 100.., pr_ms ..200"."""
    found = []
    for part in filter(None, cell.split(", ")):
        quantity, span = part.split()
        low, high = (float(end) if end else None for end in span.split(".."))
        found.append(Bound(quantity, low, high))
    return tuple(found)


@pytest.mark.parametrize("row", ACCEPTED, ids=prompt)
def test_a_prompt_is_read_in_full(row: Row) -> None:
    found = read(row["prompt"])
    assert set(found.present) == set(row["present"].split())
    assert set(found.absent) == set(row["absent"].split())
    age = row.age("age")
    assert found.age_years == (None if age is None else pytest.approx(age))
    assert (found.sex or "") == row["sex"]
    assert found.values() == {
        field: value
        for field, column in (
            ("heart_rate", "heart_rate"),
            ("pr_ms", "pr"),
            ("qrs_ms", "qrs"),
            ("qt_ms", "qt"),
            ("qtc_ms", "qtc"),
            ("axis_deg", "axis"),
        )
        if (value := row.number(column)) is not None
    }
    assert found.bounds == bounds(row["bounds"])
    assert found.text == row["prompt"]


@pytest.mark.parametrize("row", REFUSED, ids=prompt)
def test_a_prompt_is_refused_and_the_reason_named(row: Row) -> None:
    with pytest.raises(RequestError) as caught:
        read(row["prompt"])
    assert caught.value.kind.value == row["refused"]
    assert row["says"].casefold() in str(caught.value).casefold()


def test_there_are_enough_of_both() -> None:
    assert len(ACCEPTED) >= 60
    assert len(REFUSED) >= 20
