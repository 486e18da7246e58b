import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecgcli.clinical.condition import (
    AllLeads,
    And,
    AtLeast,
    Compare,
    Contiguous,
    LeadValue,
    Or,
    PWaveIs,
    limit_names,
)
from ecgcli.clinical.parser import ConditionError, parse
from ecgcli.signals.results import PWave


def test_and_binds_stronger_than_or() -> None:
    tree = parse("qrs_duration > 1 or qrs_axis > 2 and p_axis > 3")
    assert isinstance(tree, Or)
    assert isinstance(tree.parts[1], And)
    grouped = parse("(qrs_duration > 1 or qrs_axis > 2) and p_axis > 3")
    assert isinstance(grouped, And)


@pytest.mark.parametrize(
    ("negated", "plain"),
    [
        ("not qrs_duration >= 120", "qrs_duration < 120"),
        ("not not qrs_duration >= 120", "qrs_duration >= 120"),
        ("not (qrs_axis < 0 or p_axis <= 1)", "qrs_axis >= 0 and p_axis > 1"),
        ("not (qrs_axis < 0 and p_axis <= 1)", "qrs_axis >= 0 or p_axis > 1"),
        ("not any(I, V6: q_ms >= 30)", "all(I, V6: q_ms < 30)"),
        ("not all(I, V6: q_ms >= 30)", "any(I, V6: q_ms < 30)"),
        ("not atleast(2 of I, II, III: r_mv > 1)", "atleast(2 of I, II, III: r_mv <= 1)"),
        ("not atleast(3 of I, II, III: r_mv > 1)", "atleast(1 of I, II, III: r_mv <= 1)"),
    ],
)
def test_not_is_resolved(negated: str, plain: str) -> None:
    assert parse(negated) == parse(plain)


def test_quantifiers() -> None:
    assert isinstance(parse("all(limb: qrs_peak_to_peak_mv < 0.5)"), AllLeads)
    any_lead = parse("any(V1, V2: r2_mv >= 0.1)")
    assert isinstance(any_lead, AtLeast)
    assert any_lead.leads == ("V1", "V2")
    neighbours = parse("contiguous(2 of I, -aVR, II: st_j_mv >= @st_elevation)")
    assert isinstance(neighbours, Contiguous)
    assert limit_names(neighbours) == {"st_elevation"}


def test_sums_and_factors() -> None:
    tree = parse("-3 * aVF.q_mv - aVF.r_mv > 0")
    assert isinstance(tree, Compare)
    assert tree.left.terms == ((-3.0, LeadValue("aVF", "q_mv")), (-1.0, LeadValue("aVF", "r_mv")))


def test_p_wave() -> None:
    assert parse("not p_wave = present") == PWaveIs(PWave.PRESENT, negated=True)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "character 1: expected a measurement, a number or a limit, found the end"),
        ("qrs_duration", "character 13: expected a comparison"),
        ("qrs_duration >= 120 qrs_axis", "character 21: expected 'and', 'or' or the end"),
        ("qrs >= 120", "character 1: expected a measurement"),
        ("V7.r_mv > 1", "character 1: expected a measurement"),
        ("V1.height > 1", "character 4: expected a value of a lead"),
        ("r_mv > 1", "character 1: r_mv needs its lead here"),
        ("(qrs_axis > 1", "expected '\\)', found the end"),
        ("any(V1: any(V2: r_mv > 1))", "character 9: a quantifier stands inside another"),
        ("any(V1, V1: r_mv > 1)", "V1 is listed twice"),
        ("atleast(3 of V1, V2: r_mv > 1)", "3 of 2 leads cannot be"),
        ("atleast(0 of V1: r_mv > 1)", "expected a number of leads"),
        ("contiguous(2 of aVR, II: st_j_mv > 1)", "aVR has no neighbours"),
        ("contiguous(2 of -aVR, II: q_ms > 1)", "-aVR has only"),
        ("not contiguous(2 of V1, V2: r_mv > 1)", "not supported"),
        ("p_wave = there", "expected present, absent or uncertain, found 'there'"),
        ("count(odd) > 1", "expected a kind of beat"),
        ("__import__('os') > 1", 'character 12: "\'" is not part of the language'),
    ],
)
def test_errors_say_where(text: str, problem: str) -> None:
    with pytest.raises(ConditionError, match=problem):
        parse(text)


WORDS = (
    "qrs_duration >= < ( ) and or not any all contiguous of : , V1 -aVR . r_mv 2 @x + - * ="
    " p_wave present count normal é"
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(WORDS.split()), max_size=14))
def test_any_text_parses_or_is_refused_at_a_character(words: list[str]) -> None:
    text = " ".join(words)
    try:
        parse(text)
    except ConditionError:
        with pytest.raises(ConditionError, match=r"^character \d+: "):
            parse(text)
