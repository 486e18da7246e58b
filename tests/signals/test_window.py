"""The rule by which ten seconds of a long recording are chosen."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ecgcli.signals.condition import condition
from ecgcli.signals.results import Grade, Quality
from ecgcli.signals.window import candidates, choose
from tests import synthetic


def judged(*qualities: tuple[Grade, float]) -> tuple[int, int]:
    """Return which window is chosen of those with these qualities, and how many were judged."""
    windows = [slice(k, k + 1) for k in range(len(qualities))]
    asked: list[int] = []

    def judge(window: slice) -> Quality:
        asked.append(window.start)
        grade, score = qualities[window.start]
        return Quality(grade, score, (), ())

    return choose(windows, judge).start, len(asked)


def test_short_recordings_are_one_window() -> None:
    assert candidates(5000, 500.0) == [slice(0, 5000)]
    assert candidates(3000, 500.0) == [slice(0, 3000)]


def test_the_last_window_ends_with_the_recording() -> None:
    assert candidates(12500, 500.0) == [slice(0, 5000), slice(5000, 10000), slice(7500, 12500)]
    assert candidates(10000, 500.0) == [slice(0, 5000), slice(5000, 10000)]


def test_only_ten_minutes_are_looked_at() -> None:
    windows = candidates(24 * 3600 * 200, 200.0)
    assert len(windows) == 60
    assert windows[-1] == slice(590 * 200, 600 * 200)


@given(samples=st.integers(500, 400_000), rate=st.floats(100, 2000))
def test_windows_are_ten_seconds_within_the_recording(samples: int, rate: float) -> None:
    windows = candidates(samples, rate)
    assert windows[0].start == 0
    assert all(0 <= w.start < w.stop <= samples for w in windows)
    assert all(w.stop - w.start == min(samples, round(10 * rate)) for w in windows)
    assert [w.start for w in windows] == sorted({w.start for w in windows})


def test_the_first_clean_window_is_taken_without_looking_further() -> None:
    assert judged((Grade.USABLE, 0.96), (Grade.USABLE, 1.0)) == (0, 1)


def test_the_grade_comes_before_the_score() -> None:
    assert judged((Grade.IN_PART, 0.9), (Grade.USABLE, 0.6))[0] == 1
    assert judged((Grade.NOT_USABLE, 0.0), (Grade.IN_PART, 0.1))[0] == 1


def test_the_earliest_wins_within_the_margin() -> None:
    assert judged((Grade.USABLE, 0.80), (Grade.USABLE, 0.86), (Grade.USABLE, 0.90))[0] == 1
    assert judged((Grade.USABLE, 0.86), (Grade.USABLE, 0.90))[0] == 0


def test_a_disturbed_beginning_is_passed_over() -> None:
    signal = synthetic.signal(synthetic.beat_times(70, 30), 30.0)
    signal[:, :4000] += np.random.default_rng(0).normal(0, 0.5, (12, 4000)).astype(np.float32)
    conditioned = condition(synthetic.record(signal))
    assert conditioned.start_s == 10.0
    assert conditioned.signal.shape == (12, 5000)


def test_a_clean_long_recording_is_analysed_from_its_beginning() -> None:
    conditioned = condition(synthetic.normal(70, 23.0, 250.0))
    assert conditioned.start_s == 0.0
    assert conditioned.signal.shape == (12, 5000)


def test_a_window_comes_out_as_if_it_were_alone() -> None:
    signal = synthetic.signal(synthetic.beat_times(70, 25), 25.0)
    signal[:, :5000] = 0
    chosen = condition(synthetic.record(signal))
    alone = condition(synthetic.record(signal[:, 5000:10000]))
    assert chosen.start_s == 10.0
    assert np.array_equal(chosen.signal, alone.signal)
