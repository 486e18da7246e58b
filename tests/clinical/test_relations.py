"""The tables that answers are checked against: relations, families, conflicts, lead signs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecgcli.clinical.catalogue import catalogue, codes
from ecgcli.clinical.criteria import criteria
from ecgcli.clinical.hybrid import ALONE, Decides, sources
from ecgcli.clinical.interpret import interpret
from ecgcli.clinical.lead_signs import lead_signs
from ecgcli.clinical.limits import limits_for
from ecgcli.clinical.relations import conflicts, exclusive, kin, relations
from ecgcli.clinical.tables import Row, TableError
from ecgcli.clinical.tolerances import tolerances
from ecgcli.clinical.values import Values
from ecgcli.engines.quantities import quantities
from ecgcli.records.leads import LEADS
from tests.clinical import builders
from tests.clinical.test_interpret import CASES

MEASURED = {"q_mv", "q_ms", "r_mv", "s_mv", "s_ms", "r2_mv", "st_j_mv", "st_60_mv", "st_80_mv"}
MEASURED |= {"t_mv", "t_negative_mv", "p_mv", "p_positive_mv", "qrs_peak_to_peak_mv"}
MEASURED |= {"intrinsicoid_ms"}


def values(**changes: Any) -> Values:
    return Values(builders.measurements(**changes), builders.quality())


def test_every_statement_that_measurement_decides_can_be_ruled_out() -> None:
    by_measurement = {
        row.statement
        for row in criteria()
        if sources().get(row.statement, ALONE).decides in (Decides.MEASUREMENT, Decides.BOTH)
    }
    ruled_out = {code for code, each in relations().items() if each.excluded_by is not None}
    assert by_measurement - ruled_out == set()


@pytest.mark.parametrize(("code", "changes"), CASES)
def test_what_the_criteria_find_is_not_ruled_out(code: str, changes: dict[str, Any]) -> None:
    relation = relations().get(code)
    if relation is None or relation.excluded_by is None:
        assert code in {"PACE", "IMI", "ASMI", "LMI", "RVH"}  # patterns, or gone at 100 Hz
        return
    outcome = relation.excluded_by.evaluate(values(**changes), limits_for(60, "male"))
    assert not outcome.truth


@pytest.mark.parametrize(("code", "changes"), CASES)
def test_the_program_does_not_say_what_it_calls_a_conflict(
    code: str, changes: dict[str, Any]
) -> None:
    made = [
        s.code for s in interpret(builders.analysis(builders.measurements(**changes))).statements
    ]
    assert code in made
    assert conflicts(made) == []


@settings(deadline=None, max_examples=40)
@given(
    st.dictionaries(
        st.sampled_from(sorted(MEASURED)),
        st.none() | st.floats(-2, 2) | st.floats(0, 100),
    ),
    st.floats(60, 200),
)
def test_no_lead_shows_and_rules_out(wave: dict[str, float | None], qrs: float) -> None:
    of = values(qrs_duration=qrs, leads=dict.fromkeys(LEADS, wave))
    limits = limits_for(60, "female")
    for sign in lead_signs().values():
        shown, excluded = sign.shown_by.evaluate(of, limits), sign.excluded_by.evaluate(of, limits)
        assert not (shown.truth and excluded.truth)


def test_a_family_is_one_both_ways() -> None:
    assert "ISCAN" in kin("ISCAL")
    for code in catalogue():
        assert code not in kin(code)
        assert all(code in kin(other) for other in kin(code))


def test_exclusive_is_one_both_ways() -> None:
    for one in catalogue():
        assert exclusive(one, one) is None
        for other in catalogue():
            assert exclusive(one, other) == exclusive(other, one)


@pytest.mark.parametrize(
    ("one", "other", "excluded"),
    [
        ("NORM", "IMI", True),
        ("NORM", "SBRAD", False),  # borderline
        ("NORM", "ONORM", True),
        ("ONORM", "PVC", False),
        ("ONORM", "AFIB", True),
        ("SR", "AFIB", True),
        ("SBRAD", "STACH", True),
        ("SR", "3AVB", False),  # the sinus node goes on
        ("CLBBB", "CRBBB", True),
        ("CRBBB", "LAFB", False),
        ("LVH", "LAFB", False),
    ],
)
def test_what_excludes_what(one: str, other: str, excluded: bool) -> None:
    assert (exclusive(one, other) is not None) is excluded


def test_what_implies_does_not_exclude() -> None:
    for code, relation in relations().items():
        for other in relation.implied_by:
            assert exclusive(code, other) is None


def test_a_code_that_is_not_in_the_catalogue_is_refused() -> None:
    with pytest.raises(TableError, match=r"families\.csv, line 2, column statements"):
        codes(Row("families.csv", 2, {"statements": "IMI HEART"}), "statements")


def test_every_quantity_has_a_tolerance_that_is_no_nonsense() -> None:
    units = {"/min": 10, "ms": 60, "%": 5, "deg": 45, "mV": 0.25}
    assert tolerances().keys() == quantities().keys()
    for name, row in tolerances().items():
        assert 0 < row.within <= units[quantities()[name].unit]
        assert 0 <= row.percent <= 25
        assert (row.share is None) is (row.compare == "angle")
        assert len(row.source) > 5


def test_every_row_has_a_source() -> None:
    assert all(len(each.source) > 5 for each in relations().values())
    assert all(len(each.source) > 5 for each in lead_signs().values())
