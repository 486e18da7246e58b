import pytest

from ecgcli.clinical.condition import Contiguous, Outcome
from ecgcli.clinical.limits import limits_for
from ecgcli.clinical.parser import parse
from ecgcli.clinical.values import Values
from ecgcli.signals.results import Measurements, PWave, Quality
from tests.clinical.builders import NORMAL, VENTRICULAR, measurements, quality


def evaluate(
    text: str, measured: Measurements | None = None, judged: Quality | None = None
) -> Outcome:
    values = Values(measured or measurements(), judged or quality())
    return parse(text).evaluate(values, limits_for(60, "male"))


def test_a_comparison_that_holds_is_evidence() -> None:
    outcome = evaluate("qrs_duration >= 120", measurements(qrs_duration=142))
    assert outcome.truth is True
    (evidence,) = outcome.evidence
    assert evidence.text == "QRS duration 142 ms (limit 120 ms or more)"
    assert (evidence.measurement, evidence.value, evidence.unit) == ("qrs_duration", 142, "ms")
    assert (evidence.operator, evidence.limit) == (">=", 120)


@pytest.mark.parametrize(
    ("operator", "truths"),
    [
        (">=", (False, True, True)),
        (">", (False, False, True)),
        ("<=", (True, True, False)),
        ("<", (True, False, False)),
        ("=", (False, True, False)),
        ("!=", (True, False, True)),
    ],
)
def test_operators_at_their_limit(operator: str, truths: tuple[bool, bool, bool]) -> None:
    found = [
        evaluate(f"qrs_duration {operator} 120", measurements(qrs_duration=value)).truth
        for value in (119, 120, 121)
    ]
    assert tuple(found) == truths


T, F, U = "ventricular_rate > 1", "ventricular_rate < 1", "pr_interval > 1"


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        (f"{T} and {U}", None),
        (f"{F} and {U}", False),
        (f"{U} and {F}", False),
        (f"{T} or {U}", True),
        (f"{F} or {U}", None),
        (f"not {U}", None),
        (f"not ({F} and {U})", True),
        (f"{U} and {U}", None),
    ],
)
def test_three_values(text: str, truth: bool | None) -> None:
    outcome = evaluate(text, measurements(pr_interval=None))
    assert outcome.truth is truth
    assert bool(outcome.reasons) is (truth is None)
    assert bool(outcome.evidence) is (truth is True)


def test_what_is_missing_keeps_its_reason() -> None:
    outcome = evaluate(U, measurements(pr_interval=None))
    assert outcome.reasons == ("PR interval: not measurable",)
    outcome = evaluate("V2.r_mv > 0", judged=quality(faulty=["V2"]))
    assert outcome.reasons == ("lead V2: flat",)
    outcome = evaluate("p_wave = present", measurements(PWave.UNCERTAIN))
    assert outcome.reasons == ("whether there are P waves could not be told",)
    assert evaluate("p_wave = uncertain", measurements(PWave.UNCERTAIN)).truth is True


def test_a_wave_that_is_not_there_measures_nothing() -> None:
    assert evaluate("V1.q_ms >= 30").truth is False
    assert evaluate("V1.r2_mv = 0").truth is True
    unmeasured = measurements(leads={"V1": {"st_j_mv": None}})
    assert evaluate("V1.st_j_mv > 0", unmeasured).truth is None


def test_quantifiers_decide_as_soon_as_they_can() -> None:
    judged = quality(faulty=["V6"])
    measured = measurements(leads={"V5": {"q_ms": 40.0, "q_mv": -0.2}})
    assert evaluate("any(V5, V6: q_ms >= 30)", measured, judged).truth is True
    assert evaluate("any(V4, V6: q_ms >= 30)", measured, judged).truth is None
    assert evaluate("all(V4, V6: q_ms >= 30)", measured, judged).truth is False
    assert evaluate("all(V5, V6: q_ms >= 30)", measured, judged).truth is None
    assert evaluate("atleast(2 of V4, V5, V6: q_ms >= 30)", measured, judged).truth is None
    assert evaluate("atleast(3 of V4, V5, V6: q_ms >= 30)", measured, judged).truth is False


def raised(*leads: str, mv: float = 0.3) -> Measurements:
    return measurements(leads={lead: {"st_j_mv": mv} for lead in leads})


ST = "contiguous(2 of aVL, I, -aVR, II, aVF, III, chest: st_j_mv >= @st_elevation)"


@pytest.mark.parametrize(
    ("leads", "truth"),
    [
        (("II", "aVF"), True),
        (("aVF", "III"), True),
        (("aVL", "I"), True),
        (("II", "III"), False),  # aVF lies between them
        (("I", "II"), False),  # and −aVR here
        (("V1", "V2"), True),
        (("V1", "V3"), False),
        (("III", "V1"), False),
        (("V6",), False),
    ],
)
def test_neighbours(leads: tuple[str, ...], truth: bool) -> None:
    outcome = evaluate(ST, raised(*leads))
    assert outcome.truth is truth
    if truth:
        assert {lead for e in outcome.evidence for lead in e.leads} == set(leads)


def test_avr_is_mirrored() -> None:
    both = measurements(leads={"aVR": {"st_j_mv": -0.15}, "I": {"st_j_mv": 0.12}})
    outcome = evaluate(ST, both)
    assert outcome.truth is True
    assert [e.text for e in outcome.evidence][
        1
    ] == "ST at J in −aVR 0.15 mV (limit 0.10 mV or more)"


def test_avr_is_stepped_over_where_it_is_not_listed() -> None:
    tree = parse("contiguous(2 of aVL, I, II, aVF, V2, V3: q_ms > 30)")
    assert isinstance(tree, Contiguous)
    assert tree.rows() == [("aVL", "I", "II", "aVF"), ("V2", "V3")]
    tree = parse("contiguous(2 of II, III, V1, V3, V4: q_ms > 30)")
    assert isinstance(tree, Contiguous)
    assert tree.rows() == [("II",), ("III",), ("V1",), ("V3", "V4")]


def test_a_lost_neighbour_leaves_it_open() -> None:
    judged = quality(faulty=["V3"])
    assert evaluate(ST, raised("V2"), judged).truth is None
    assert evaluate(ST, raised("V5"), judged).truth is False
    assert evaluate(ST, raised("V5", "V6"), judged).truth is True


def test_limits_follow_the_lead() -> None:
    assert evaluate(ST, raised("V2", "V3", mv=0.15)).truth is False
    assert evaluate(ST, raised("V4", "V5", mv=0.15)).truth is True


def test_beats() -> None:
    bigeminy = measurements(kinds=(NORMAL, VENTRICULAR) * 4)
    assert evaluate("repeats(normal, ventricular) = 4", bigeminy).truth is True
    assert evaluate("count(ventricular) = 4", bigeminy).truth is True
    assert evaluate("repeats(ventricular) = 1", bigeminy).truth is True
    assert evaluate("repeats(normal, normal, ventricular) = 0", bigeminy).truth is True
    assert evaluate("count(normal) > 0", measurements(kinds=())).truth is None


def test_sums_read_as_a_calculation() -> None:
    outcome = evaluate("V1.r_mv + V1.s_mv < 0")
    assert outcome.evidence[0].text == (
        "R wave in V1 0.25 mV + S wave in V1 −0.90 mV = −0.65 mV (limit below 0.00 mV)"
    )
    assert outcome.evidence[0].leads == ("V1",)
