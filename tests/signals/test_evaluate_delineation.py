"""Marks are compared as the table says: one with one, within 150 ms, inside the annotated span."""

import json

import numpy as np
import pytest

from ecgcli.signals.delineation import LeadWaves, no_waves
from ecgcli.signals.delineation_table import Method, lines, plain
from ecgcli.signals.evaluate_delineation import compare, intervals, match, total


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
    expected = {"P": 80.0, "PR": 200.0, "QRS": 100.0, "QT": 400.0}
    assert intervals([TRUTH, TRUTH], 500.0) == expected
    assert intervals([no_waves()], 500.0) == {}


def method(name: str, found: LeadWaves) -> Method:
    pair = (intervals([found] * 2, 500.0), intervals([TRUTH] * 2, 500.0))
    return Method(name, total([compare([found], [TRUTH], 500.0)] * 2), [pair], f"says {name}")


def test_the_table_has_a_row_per_mark_and_all_methods_side_by_side() -> None:
    late = LeadWaves(TRUTH.p + 5, TRUTH.qrs, no_waves().t)
    printed = list(lines([method("ours", TRUTH), method("theirs", late)]))
    assert len({len(line) for line in printed[2:11]}) == 1
    assert printed[2].split() == [
        *("P", "onset", "100.00", "100.00", "+0.00", "0.00", "|"),
        *("100.00", "100.00", "+10.00", "0.00", "|", "4"),
    ]
    assert printed[10].split()[6:] == ["|", "0.00", "-", "-", "-", "|", "4"]
    (pr,) = [line.split() for line in printed if line.startswith("PR")]
    assert pr[1:6] == ["+0.00", "0.00", "1", "0", "0"]
    assert pr[7:12] == ["-10.00", "0.00", "1", "0", "0"]
    (qt,) = [line.split() for line in printed if line.startswith("QT")]
    assert qt[7:12] == ["-", "-", "0", "1", "0"]
    assert printed[-2:] == ["ours: says ours", "theirs: says theirs"]


def test_json_holds_the_numbers_of_the_table() -> None:
    late = LeadWaves(TRUTH.p + 5, TRUTH.qrs, no_waves().t)
    numbers = json.loads(json.dumps(plain(method("theirs", late)), allow_nan=False))
    assert numbers["marks"]["P onset"] == {
        "sensitivity": 1.0,
        "precision": 1.0,
        "mean_ms": 10.0,
        "sd_ms": 0.0,
        "matched": 4,
        "missed": 0,
        "invented": 0,
    }
    assert numbers["marks"]["T end"]["precision"] is None
    assert numbers["intervals"]["PR"]["mean_ms"] == -10.0
    assert numbers["intervals"]["QT"]["missed"] == 1
    assert numbers["remark"] == "says theirs"
