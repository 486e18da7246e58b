"""Marks are compared as the table says: one with one, within 150 ms, inside the annotated span."""

import numpy as np
import pytest

from ecgcli.signals.delineation import LeadWaves, no_waves
from ecgcli.signals.evaluate_delineation import compare, intervals, match, table, total


def rows(*marks: tuple[float, float, float]) -> np.ndarray:
    return np.array(marks, dtype=float).reshape(-1, 3)


TRUTH = LeadWaves(
    p=rows((100, 120, 140), (600, 620, 640)),
    qrs=rows((200, 220, 250), (700, 720, 750)),
    t=rows((300, 350, 400), (800, 850, 900)),
)


def test_the_same_marks_score_full() -> None:
    for score in compare([TRUTH], [TRUTH], 500.0).values():
        assert (score.matched, score.missed, score.invented) == (2, 0, 0)
        assert (score.mean, score.sd) == (0.0, 0.0)


def test_differences_are_found_minus_set_in_ms() -> None:
    late = LeadWaves(TRUTH.p + 5, TRUTH.qrs, TRUTH.t - 10)
    scores = compare([late], [TRUTH], 500.0)
    assert scores["P onset"].mean == pytest.approx(10.0)
    assert scores["T end"].mean == pytest.approx(-20.0)
    assert scores["QRS end"].sd == 0.0


def test_what_is_missing_costs_sensitivity_and_what_is_invented_precision() -> None:
    found = LeadWaves(TRUTH.p[:1], rows((200, 220, 250), (450, 470, 490), (700, 720, 750)), TRUTH.t)
    scores = compare([found], [TRUTH], 500.0)
    assert scores["P onset"].sensitivity == 0.5
    assert scores["P onset"].precision == 1.0
    assert scores["QRS onset"].precision == pytest.approx(2 / 3)


def test_nothing_outside_the_annotated_span_counts() -> None:
    found = LeadWaves(
        TRUTH.p, np.concatenate((TRUTH.qrs, rows((10, 20, 40), (1200, 1220, 1250)))), TRUTH.t
    )
    assert compare([found], [TRUTH], 500.0)["QRS onset"].invented == 0


def test_a_lead_without_marks_is_not_compared() -> None:
    scores = compare([TRUTH], [no_waves()], 500.0)
    assert scores["QRS onset"].invented == 0
    assert np.isnan(scores["QRS onset"].sensitivity)


def test_an_onset_near_a_complex_without_one_is_not_judged() -> None:
    open_ = LeadWaves(TRUTH.p, rows((np.nan, 220, 250), (700, 720, 750)), TRUTH.t)
    score = compare([TRUTH], [open_], 500.0)["QRS onset"]
    assert (score.matched, score.missed, score.invented) == (1, 0, 0)


@pytest.mark.parametrize(("distance", "matches"), [(74, 1), (75, 1), (76, 0)])
def test_the_limit_is_150_ms(distance: int, matches: int) -> None:
    score = match(np.array([500.0 + distance]), np.array([500.0]), (0.0, 1000.0), 500.0)
    assert (score.matched, score.missed, score.invented) == (matches, 1 - matches, 1 - matches)


def test_each_mark_matches_one_other_the_nearest_first() -> None:
    score = match(np.array([490.0, 505.0]), np.array([500.0]), (0.0, 1000.0), 500.0)
    assert score.differences == [10.0]
    assert score.invented == 1


def test_intervals_are_medians_in_ms() -> None:
    assert intervals([TRUTH, TRUTH], 500.0) == {"PR": 200.0, "QRS": 100.0, "QT": 400.0}
    assert intervals([no_waves()], 500.0) == {}


def test_the_table_names_every_mark_once() -> None:
    lines = list(table(total([compare([TRUTH], [TRUTH], 500.0)] * 2)))
    assert len(lines) == 10
    assert "T end" in lines[-1]
    assert lines[-1].split()[-1] == "4"
