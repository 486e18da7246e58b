from typing import Any

import pytest

from ecgcli.clinical.catalogue import catalogue
from ecgcli.clinical.criteria import AGE_UNKNOWN_FACTOR, COLUMNS, criteria, judge, load
from ecgcli.clinical.limits import limits_for
from ecgcli.clinical.statement import Urgency
from ecgcli.clinical.tables import TableError, parse
from ecgcli.clinical.values import Values
from tests.clinical.builders import measurements, quality

HEAD = ",".join(COLUMNS) + "\n"


def table(*lines: str) -> str:
    return HEAD + "".join(line + "\n" for line in lines)


def line(
    id: str = "A_1",
    statement: str = "IVCD",
    when: str = "",
    condition: str = "qrs_duration >= 120",
    suppressed_by: str = "",
    ages: str = ",",
    confidence: str = "0.5",
    critical: str = "",
) -> str:
    quoted = f'"{when}","{condition}"'
    return f"{id},{statement},{ages},any,{quoted},{suppressed_by},{confidence},,{critical},,here"


def test_every_row_has_a_source_and_critical_rows_are_critical() -> None:
    assert all(row.source for row in criteria())
    for row in criteria():
        urgency = row.urgency or catalogue()[row.statement].urgency
        assert row.critical is (urgency is Urgency.CRITICAL), row.id


def test_suppressors_come_first() -> None:
    seen: set[str] = set()
    known = {row.statement for row in criteria()}
    for row in criteria():
        assert row.suppressed_by & known <= seen, row.id
        seen.add(row.statement)


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ([line(condition="qrs_duration > ")], "line 2, column condition: character 15: expected"),
        ([line(when="qrs > 1")], "line 2, column applies_when: character 1"),
        ([line(condition="qrs_duration > @wide")], "column condition: no table has a limit wide"),
        ([line(statement="XYZ")], "column statement: XYZ is not in the catalogue"),
        ([line(suppressed_by="SR ABC")], "column suppressed_by: ABC is not in the catalogue"),
        ([line(confidence="1.5")], "column confidence: must be above 0 and at most 1"),
        ([line(confidence="")], "column confidence: must be above 0 and at most 1"),
        ([line(critical="no")], "column critical: 'no' is none of"),
        ([line(ages="18,")], "column from_age: '18' is no age"),
        ([line(), line()], "line 3, column id: 'A_1' stands twice"),
        (
            [
                line(statement="IVCD", suppressed_by="LVH"),
                line(id="B_1", statement="LVH", suppressed_by="IVCD"),
            ],
            "a circle",
        ),
    ],
)
def test_a_wrong_table_is_refused(lines: list[str], problem: str) -> None:
    with pytest.raises(TableError, match=problem):
        load(parse("criteria.csv", table(*lines), COLUMNS))


def judged(*lines: str, age: float | None = 60, **values: Any) -> tuple[list[str], ...]:
    rows = load(parse("criteria.csv", table(*lines), COLUMNS))
    found = judge(rows, Values(measurements(**values), quality()), limits_for(age, "male"))
    return [f.statement for f in found[0]], [f.statement for f in found[1]]


def test_a_gate_that_is_shut_hides_what_is_missing() -> None:
    gated = line(when="ventricular_rate > 100", condition="pr_interval > 200")
    assert judged(gated, pr_interval=None) == ([], [])
    assert judged(gated, pr_interval=None, ventricular_rate=120) == ([], ["IVCD"])
    assert judged(gated, pr_interval=220, ventricular_rate=None) == ([], ["IVCD"])
    assert judged(gated, pr_interval=180, ventricular_rate=None) == ([], [])
    assert judged(gated, pr_interval=220, ventricular_rate=120) == (["IVCD"], [])


def test_a_gate_is_no_evidence() -> None:
    rows = load(parse("c", table(line(when="ventricular_rate > 60")), COLUMNS))
    limits = limits_for(60, "male")
    outcome = rows[0].evaluate(Values(measurements(qrs_duration=130), quality()), limits)
    assert [e.measurement for e in outcome.evidence] == ["qrs_duration"]


def test_what_stands_suppresses_and_what_is_suppressed_does_not() -> None:
    chain = (
        line(id="A", statement="PACE", condition="qrs_duration > 150"),
        line(id="B", statement="LVH", condition="qrs_axis > 0", suppressed_by="PACE"),
        line(id="C", statement="INVT", condition="qrs_axis > 0", suppressed_by="LVH"),
    )
    assert judged(*chain, qrs_duration=160)[0] == ["PACE", "INVT"]
    assert judged(*chain, qrs_duration=100)[0] == ["LVH"]


def test_a_critical_value_that_cannot_be_judged_is_said() -> None:
    pair = (
        line(id="A", statement="CLBBB", condition="qrs_duration > 130"),
        line(id="B", statement="STELEV", suppressed_by="CLBBB", critical="yes"),
    )
    assert judged(*pair, qrs_duration=160) == (["CLBBB"], ["STELEV"])


def test_one_row_that_holds_is_enough() -> None:
    two = (line(id="A", condition="pr_interval > 1"), line(id="B"))
    assert judged(*two, pr_interval=None, qrs_duration=130) == (["IVCD"], [])
    assert judged(*two, pr_interval=None, qrs_duration=100) == ([], ["IVCD"])


@pytest.mark.parametrize(
    ("age", "stands"), [(17.9, False), (18, True), (39.9, True), (40, False), (None, True)]
)
def test_ages(age: float | None, stands: bool) -> None:
    found = judged(line(ages="18 y,40 y"), age=age, qrs_duration=130)
    assert found == (["IVCD"] if stands else [], [])


def test_an_unknown_age_costs_confidence_where_age_matters() -> None:
    adult, any_age = line(ages="18 y,"), line(id="B")
    for text, factor in ((adult, AGE_UNKNOWN_FACTOR), (any_age, 1.0)):
        (row,) = load(parse("c", table(text), COLUMNS))
        values = Values(measurements(qrs_duration=130), quality())
        assert row.evaluate(values, limits_for(60, "male")).confidence == 0.5
        assert row.evaluate(values, limits_for(None, "male")).confidence == 0.5 * factor
