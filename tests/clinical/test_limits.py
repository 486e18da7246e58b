import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecgcli.clinical.limits import limits_for
from ecgcli.records.record import Sex

DAY = 1 / 365.25


@pytest.mark.parametrize(
    ("age", "sex", "name", "value"),
    [
        # As printed by Rijnbeek 2001, one of each group at least.
        (11 * DAY, "male", "heart_rate_high", 192),
        (28 * DAY, "female", "heart_rate_high", 216),
        (30 * DAY, "male", "rv6_high", 1.78),
        (1 / 12, "male", "heart_rate_high", 187),
        (3 / 12, "male", "axis_low", -6),
        (4 / 12, "female", "pr_high", 127),
        (6 / 12, "male", "heart_rate_high", 194),
        (0.9999999, "female", "qrs_high", 85),
        (11 / 12, "female", "qrs_high", 80),
        (1, "male", "qtcb_high", 455),
        (3, "female", "rv1_high", 1.38),
        (5, "male", "pr_high", 160),
        (8, "male", "axis_low", -21),
        (12, "male", "heart_rate_low", 48),
        (15.99, "female", "sv6_high", 0.67),
        # Compiled where Rijnbeek has no children.
        (0, "male", "axis_high", 195),
        (1 * DAY, "male", "heart_rate_high", 175),
        (8 * DAY, "male", "heart_rate_high", 190),
        (10 * DAY, "male", "rv1_high", 2.2),
        (16, "male", "pr_high", 200),
        (17.99, "female", "rv6_high", 2.8),
        # Adults.
        (18, "female", "qrs_high", 120),
        (18, "female", "qtc_high", 460),
        (18, "male", "qtc_high", 450),
    ],
)
def test_limits_by_age_and_sex(age: float, sex: Sex, name: str, value: float) -> None:
    assert limits_for(age, sex).value(name) == value


@pytest.mark.parametrize(
    ("age", "sex", "lead", "value"),
    [
        (39.9, "male", "V2", 0.25),
        (40, "male", "V2", 0.2),
        (40, "male", "V4", 0.1),
        (20, "female", "V3", 0.15),
        (70, "female", "-aVR", 0.1),
        (None, "male", "V3", 0.25),
        (70, None, "V3", 0.2),
        (None, None, "V3", 0.25),
        (None, "female", "V3", 0.15),
    ],
)
def test_st_elevation(age: float | None, sex: Sex | None, lead: str, value: float) -> None:
    assert limits_for(age, sex).value("st_elevation", lead) == value


def test_no_limit_is_no_number() -> None:
    assert limits_for(5 * DAY, "male").value("qtcb_high") is None
    assert limits_for(10, "male").value("st_elevation", "V2") is None


@pytest.mark.parametrize(
    ("age", "sex", "said"),
    [
        (None, "male", "age unknown: adult limits used; sex: male"),
        (
            50,
            None,
            "adult limits used; sex unknown: of the limits for men and women the less sensitive"
            " used",
        ),
    ],
)
def test_what_is_unknown_is_said(age: float | None, sex: Sex | None, said: str) -> None:
    assert limits_for(age, sex).describe() == said


def test_a_childs_group_is_said() -> None:
    assert (
        limits_for(0.5, "male")
        .describe()
        .startswith("paediatric limits for ages from 6 months to 1 year used (Rijnbeek 2001")
    )
    assert "from 11 days to 1 month" in limits_for(20 * DAY, "male").describe()


@settings(max_examples=100, deadline=None)
@given(
    st.floats(0, 110) | st.none(),
    st.sampled_from(["heart_rate", "pr", "qrs", "axis", "qtcb", "critical_rate"]),
)
def test_unknown_sex_is_never_more_sensitive(age: float | None, name: str) -> None:
    unknown = limits_for(age, None)
    for sex in ("female", "male"):
        known = limits_for(age, sex)
        for end, less in (("high", max), ("low", min)):
            value, other = unknown.value(f"{name}_{end}"), known.value(f"{name}_{end}")
            assert (value is None) is (other is None)
            if value is not None and other is not None:
                assert less(value, other) == value


@settings(max_examples=100, deadline=None)
@given(st.floats(0, 110), st.sampled_from(["female", "male"]))
def test_there_is_no_gap_in_age(age: float, sex: Sex) -> None:
    limits = limits_for(age, sex)
    for name in (
        "heart_rate_low",
        "heart_rate_high",
        "pr_high",
        "qrs_high",
        "axis_high",
        "bbb_qrs",
    ):
        assert limits.value(name) is not None
    low, high = limits.value("critical_rate_low"), limits.value("critical_rate_high")
    assert low is not None
    assert high is not None
    # A critical rate lies outside of the normal ones.
    assert low <= (limits.value("heart_rate_low") or 0)
    assert high >= (limits.value("heart_rate_high") or 0)
