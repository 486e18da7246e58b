"""The nearest training recording: copies are found, shifted or not; others are not near."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ecgcli.generation import neighbours
from ecgcli.generation.neighbours import Nearest, banded, beats, median_beat, summary, whole
from ecgcli.models.generator.layout import INDEPENDENT
from ecgcli.training.generator.rows import BEATS
from tests import synthetic

Leads = NDArray[np.int16]


def recording(rate_bpm: float, start_s: float = 0.0) -> Leads:
    """Return 10 s of a rhythm as arrays hold it, from some time on."""
    record = synthetic.normal(rate_bpm, 14.0, 100.0)
    rows = np.stack([record.signal[record.leads.index(lead)] for lead in INDEPENDENT])
    first = round(100.0 * start_s)
    return np.round(1000.0 * rows[:, first : first + 1000]).astype(np.int16)


def noise(seed: int, count: int = 1) -> Leads:
    rng = np.random.default_rng(seed)
    return rng.normal(0.0, 200.0, (count, 8, 1000)).astype(np.int16)


def test_banding_keeps_what_lies_within() -> None:
    t = np.arange(1000) / 100.0
    waves = [np.sin(2 * np.pi * at * t) for at in (0.2, 10.0, 40.0)]
    slow, kept, fast = banded(np.round(1000.0 * np.array(waves)[:, None]).astype(np.int16))[:, 0]
    assert np.abs(slow).max() < 0.002
    assert np.abs(fast).max() < 0.002
    assert kept == pytest.approx(np.sin(2 * np.pi * 10.0 * np.arange(500) / 50.0), abs=0.002)


@pytest.mark.parametrize("later_s", [0.0, 1.4, -1.4])
def test_a_copy_is_found_even_if_it_was_shifted(later_s: float) -> None:
    # Irregular, so that it fits in one place only.
    rng = np.random.default_rng(5)
    long = rng.normal(0.0, 200.0, (8, 1400)).astype(np.int16)
    first = round(100 * (2.0 + later_s))
    query, copy = long[:, 200:1200], long[:, first : first + 1000]
    others = np.concatenate((noise(1, 3), copy[None], noise(2, 2)))
    found = whole(banded(query[None]), banded(others))
    assert found.place[0] == 3
    assert found.shift[0] == pytest.approx(-round(100 * later_s), abs=2)
    assert found.distance[0] < 0.15
    assert whole(banded(query[None]), banded(noise(1, 3))).distance[0] > 0.5


def test_the_same_recording_has_no_distance_and_its_inverse_has() -> None:
    query = banded(recording(70.0)[None])
    assert whole(query, query).distance[0] == pytest.approx(0.0, abs=1e-4)
    assert whole(query, -query).distance[0] > 0.3
    assert whole(query, 3.0 * query).distance[0] == pytest.approx(0.0, abs=1e-4)


def test_nothing_is_near_to_a_flat_line() -> None:
    found = whole(banded(np.zeros((1, 8, 1000), np.int16)), banded(recording(70.0)[None]))
    assert found.distance[0] == 1.0


def beat_of(leads: Leads, rate_bpm: float) -> NDArray[np.float32]:
    times, kinds = np.full(BEATS, np.nan, np.float32), np.full(BEATS, -1, np.int8)
    at = synthetic.beat_times(rate_bpm, 14.0)[:10]
    times[: len(at)], kinds[: len(at)] = at, 0
    return median_beat(leads, times, kinds)


def test_the_median_beat_holds_the_beat_and_not_the_level() -> None:
    leads = recording(70.0) + np.int16(500)
    beat = beat_of(leads, 70.0)
    assert beat.shape == (8, 70)
    middle = round(neighbours.BEFORE_S * 100)
    assert abs(int(beat[1].argmax()) - middle) <= 2
    assert beat[1].max() > 0.5
    assert np.median(beat[1]) == pytest.approx(0.0, abs=0.01)


def test_without_beats_there_is_no_median_beat() -> None:
    empty = np.full(BEATS, -1, np.int8)
    assert np.isnan(median_beat(recording(70.0), np.full(BEATS, np.nan, np.float32), empty)).all()


def test_the_same_complexes_in_another_rhythm_are_found_by_their_beat() -> None:
    own, same = beat_of(recording(60.0), 60.0), beat_of(recording(61.0), 61.0)
    other = -same
    found = beats(own[None], np.stack((other, np.full_like(own, np.nan), same)))
    assert found.place[0] == 2
    assert found.distance[0] < 0.2
    moved = np.roll(own, 1, axis=1)
    found = beats(own[None], moved[None])
    assert (found.shift[0], found.distance[0]) == (1, pytest.approx(0.0, abs=1e-6))
    assert np.isnan(beats(np.full_like(own, np.nan)[None], own[None]).distance[0])


def test_the_summary_counts_what_is_nearer_than_real_ones_are() -> None:
    none = np.zeros(100, np.int64)
    real = Nearest(np.linspace(0.5, 1.5, 100), none, none)
    near = Nearest(np.append(np.full(50, 0.1), np.full(50, 1.0)), none, none)
    near.distance[-1] = np.nan
    found = summary(near, real, np.array([77]))
    assert found is not None
    assert found["records"] == 99
    assert found["nearer_than_real"] == {
        "p1": pytest.approx(50 / 99),
        "p5": pytest.approx(50 / 99),
    }
    assert [one["sample"] for one in found["closest"]] == [0, 1, 2, 3, 4]
    assert found["closest"][0]["training"] == 77
    assert summary(neighbours.nobody(3), real, np.array([77])) is None


def test_many_are_compared_as_each_alone_is() -> None:
    count = 2 * neighbours.AT_ONCE + 1
    queries, others = banded(noise(6, count)), banded(noise(7, 5))
    found = whole(queries, others)
    for row in range(count):
        alone = whole(queries[row : row + 1], others)
        assert found.place[row] == alone.place[0]
        assert found.shift[row] == alone.shift[0]
        assert found.distance[row] == pytest.approx(alone.distance[0], abs=1e-5)
