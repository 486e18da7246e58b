"""Two sources, one opinion: who decides, what agreement and contradiction do, what is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ecgcli.clinical.catalogue import catalogue
from ecgcli.clinical.hybrid import Decides, Source, combine, likely, percent, sources
from ecgcli.clinical.interpret import interpret
from ecgcli.clinical.statement import Statement
from ecgcli.engines.opinion import Judgement, Opinion
from tests.clinical import builders


def seen(threshold: float | None = 0.4, **probabilities: float) -> Opinion:
    """Return a network's opinion; it finds improbable what is not named."""
    codes = {code for code in catalogue() if catalogue()[code].scp == code}
    found = {code: Judgement(probabilities.get(code, 0.01), threshold) for code in codes}
    found["NORM"] = Judgement(probabilities.get("NORM", 0.3), threshold)
    return Opinion(found, {}, "hash")


def decided(code: str, decides: Decides) -> Mapping[str, Source]:
    return {code: Source(decides, frozenset(), "a test")}


def said(opinion: Opinion | None, **values: Any) -> dict[str, Statement]:
    analysis = builders.analysis(builders.measurements(**values))
    return {s.code: s for s in interpret(analysis, opinion).statements}


BRADYCARDIA: dict[str, Any] = {"ventricular_rate": 44.0, "rr_mean": 1364.0}


@pytest.mark.parametrize(
    ("decides", "found", "probability", "stands"),
    [
        (Decides.MEASUREMENT, True, 0.01, True),
        (Decides.MEASUREMENT, False, 0.99, False),
        (Decides.NETWORK, True, 0.01, False),
        (Decides.NETWORK, False, 0.99, True),
        (Decides.BOTH, True, 0.99, True),
        (Decides.BOTH, True, 0.39, False),
        (Decides.BOTH, False, 0.99, False),
        (Decides.EITHER, False, 0.40, True),
        (Decides.EITHER, True, 0.01, True),
        (Decides.EITHER, False, 0.39, False),
    ],
)
def test_who_decides(decides: Decides, found: bool, probability: float, stands: bool) -> None:
    standing = builders.standing("CLBBB") if found else []
    made, _ = combine(standing, seen(CLBBB=probability), decided("CLBBB", decides))
    assert ("CLBBB" in {each.code for each in made}) is stands


def test_what_the_network_has_not_learned_is_the_measurements_word() -> None:
    table = decided("CLBBB", Decides.NETWORK)
    made, contradictions = combine(builders.standing("CLBBB"), seen(None, CLBBB=0.0), table)
    assert [each.code for each in made] == ["CLBBB"]
    assert contradictions == []
    assert combine([], seen(None, CLBBB=1.0), table)[0] == []


def test_a_critical_finding_is_never_dropped() -> None:
    table = decided("3AVB", Decides.NETWORK)
    made, contradictions = combine(builders.standing("3AVB", critical=True), seen(), table)
    assert [each.code for each in made] == ["3AVB"]
    assert [c.stated for c in contradictions if c.code == "3AVB"] == [True]


def test_agreement_raises_the_confidence() -> None:
    table = decided("CLBBB", Decides.MEASUREMENT)
    standing = builders.standing("CLBBB")
    (agreed,), _ = combine(standing, seen(CLBBB=0.9), table)
    (silent,), _ = combine(standing, seen(CLBBB=0.2), table)
    assert agreed.confidence > silent.confidence
    assert agreed.confidence <= 0.99


def test_a_contradiction_is_told_with_both_sides() -> None:
    made, (contradiction,) = combine(
        builders.standing("CLBBB"), seen(CLBBB=0.02), decided("CLBBB", Decides.NETWORK)
    )
    assert made == []
    assert contradiction.code == "CLBBB"
    assert not contradiction.stated
    assert contradiction.speaks_for
    assert "2 %" in contradiction.speaks_against[0]


def test_beside_what_explains_it_only_a_critical_value_stands() -> None:
    table = {
        "CLBBB": Source(Decides.EITHER, frozenset(), "a test"),
        "LVH": Source(Decides.EITHER, frozenset({"CLBBB"}), "a test"),
    }
    made, _ = combine([], seen(CLBBB=0.9, LVH=0.9), table)
    assert [each.code for each in made] == ["CLBBB"]
    made, _ = combine(builders.standing("LVH"), seen(CLBBB=0.9, LVH=0.9), table)
    assert [each.code for each in made] == ["CLBBB"]
    made, _ = combine(builders.standing("LVH", critical=True), seen(CLBBB=0.9, LVH=0.9), table)
    assert {each.code for each in made} == {"CLBBB", "LVH"}


def test_measured_bradycardia_stands_against_the_network() -> None:
    statement = said(seen(SBRAD=0.01, SR=0.9), **BRADYCARDIA)
    assert "SBRAD" in statement
    assert "improbable" in (statement["SBRAD"].caution or "")


def test_without_an_opinion_nothing_changes() -> None:
    assert "SBRAD" in said(None, **BRADYCARDIA)
    analysis = builders.analysis(builders.measurements(**BRADYCARDIA))
    assert interpret(analysis).contradictions == ()


def test_normal_is_said_where_both_say_so() -> None:
    assert "NORM" in said(seen(SR=0.9, NORM=0.9))
    assert "NORM" not in said(seen(SR=0.9, NORM=0.3))
    assert "NORM" not in said(seen(SR=0.9, NORM=0.9, LVH=0.9))


def test_every_statement_of_the_table_has_a_reason() -> None:
    for code, source in sources().items():
        assert code in catalogue()
        assert len(source.why) > 10


@pytest.mark.parametrize(
    ("probability", "text"), [(0.0, "below 1 %"), (1.0, "above 99 %"), (0.834, "83 %")]
)
def test_no_probability_is_0_or_100(probability: float, text: str) -> None:
    assert percent(probability) == text


@pytest.mark.parametrize(
    ("probability", "word"),
    [(0.95, "very likely"), (0.6, "likely"), (0.4, "possible"), (0.16, "not excluded")],
)
def test_probabilities_have_words(probability: float, word: str) -> None:
    assert likely(probability) == word
