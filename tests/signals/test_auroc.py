import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecgcli.signals.auroc import auroc, interval

YES = np.array([False, False, True, True])


def test_order_is_all_that_counts() -> None:
    assert auroc(np.array([1.0, 2.0, 3.0, 400.0]), YES) == 1.0
    assert auroc(np.array([4.0, 3.0, 2.0, 1.0]), YES) == 0.0
    assert auroc(np.array([1.0, 3.0, 2.0, 4.0]), YES) == 0.75
    assert auroc(np.ones(4), YES) == 0.5


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=2, max_size=30).filter(
        lambda rows: len({label for _, label in rows}) == 2
    )
)
def test_it_is_the_share_of_pairs_in_order(rows: list[tuple[int, bool]]) -> None:
    values, labels = np.array([v for v, _ in rows], float), np.array([y for _, y in rows])
    pairs = [(v, w) for v in values[labels] for w in values[~labels]]
    expected = np.mean([1.0 if v > w else 0.5 if v == w else 0.0 for v, w in pairs])
    assert auroc(values, labels) == pytest.approx(expected)
    low, high = interval(values, labels, 1, resamples=20)
    assert 0.0 <= low <= high <= 1.0


def test_of_one_kind_only_there_is_no_number() -> None:
    none = np.zeros(3, bool)
    assert np.isnan(auroc(np.arange(3.0), none))
    assert np.isnan(interval(np.arange(3.0), none, 1)).all()


def test_the_interval_is_seeded_and_holds_the_truth_as_often_as_it_says() -> None:
    # Two normal distributions one SD apart: the area is Phi(1 / sqrt 2) = 0.760.
    rng = np.random.default_rng(5)
    labels = np.arange(120) < 60
    held = 0
    for number in range(60):
        values = rng.normal(0.0, 1.0, 120) + labels
        low, high = interval(values, labels, number, resamples=200)
        held += low <= 0.760 <= high
    assert held >= 51
    assert interval(values, labels, 3, 50) == interval(values, labels, 3, 50)
    assert interval(values, labels, 3, 50) != interval(values, labels, 4, 50)
    wide, narrow = (interval(np.tile(values, n), np.tile(labels, n), 1, 200) for n in (1, 10))
    assert narrow[1] - narrow[0] < 0.5 * (wide[1] - wide[0])
