"""Augmented recordings keep their marks where the waves are."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecgcli.signals.delineation import PEAK
from ecgcli.training.augment import Piece, Settings, Source, augment, labels
from tests import synthetic
from tests.signals.test_shares import BEAT, lead

CLEAN = Settings(
    rebuild=1.0, stretch=1.0, no_p=0.0, noise=0.0, low_pass=0.0, flip=0.0, empty=0.0, lost_lead=0.0
)
NOTHING = Settings(
    rebuild=0.0, stretch=0.0, no_p=0.0, noise=0.0, low_pass=0.0, flip=0.0, empty=0.0, lost_lead=0.0
)


@pytest.fixture(scope="module")
def source() -> Source:
    """Return a regular rhythm whose marks are those of the synthetic waves' centres."""
    times = synthetic.beat_times(70.0, 10.0)
    marks = lead([float(t * 500.0) for t in times])
    return Source(synthetic.signal(times), tuple(marks for _ in range(12)))


def test_nothing_done_nothing_moves(source: Source) -> None:
    piece = augment(source, np.random.default_rng(1), 5000, settings=NOTHING)
    ratio = piece.signal / np.where(np.abs(source.signal) > 0.05, source.signal, np.nan)
    assert np.nanstd(ratio, axis=1) == pytest.approx(0.0, abs=1e-4)  # scaled, no more
    assert piece.waves[0].qrs == pytest.approx(source.waves[0].qrs)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_r_peaks_stay_under_their_marks(source: Source, seed: int) -> None:
    piece = augment(source, np.random.default_rng(seed), 4096, settings=CLEAN)
    row = piece.signal[1]  # lead II: upright R
    inside = [p for p in piece.waves[1].qrs[:, PEAK] if 30 < p < 4066]
    assert inside
    for peak in inside:
        near = row[round(peak) - 20 : round(peak) + 21]
        assert abs(int(np.argmax(near)) - 20) <= 2


def test_the_same_seed_gives_the_same_example(source: Source) -> None:
    one, two = (augment(source, np.random.default_rng(7), 4096) for _ in range(2))
    assert np.array_equal(one.signal, two.signal)
    assert all(np.array_equal(a.qrs, b.qrs) for a, b in zip(one.waves, two.waves, strict=True))


def test_without_p_waves_no_lead_has_any_and_qrs_stay(source: Source) -> None:
    none = Settings(rebuild=0.0, stretch=0.0, no_p=1.0, noise=0.0, empty=0.0, lost_lead=0.0)
    pieces = [augment(source, np.random.default_rng(s), 5000, settings=none) for s in range(10)]
    bare = [piece for piece in pieces if all(len(w.p) == 0 for w in piece.waves)]
    assert len(bare) >= 4
    assert all(len(w.qrs) == len(source.waves[0].qrs) for piece in pieces for w in piece.waves)


def test_a_recording_without_a_heart_has_no_marks_and_all_of_it_is_known(source: Source) -> None:
    piece = augment(source, np.random.default_rng(3), 4096, settings=Settings(empty=1.0))
    assert all(len(w.of(wave)) == 0 for w in piece.waves for wave in BEAT)
    assert piece.known.all()


def test_labels_are_shares_and_unknown_counts_nothing(source: Source) -> None:
    shares, weight = labels(Piece(source.signal, source.waves, source.known), 2)
    assert shares.shape == (12, 7, 2500)
    assert shares.sum(axis=1) == pytest.approx(1.0, abs=1e-5)
    assert shares.min() >= -1e-6
    first = source.waves[0].p[0, 0]
    assert not weight[0, : int(first / 2) - 10].any()
    assert weight[0, int(first / 2) : 2000].all()


def test_a_missing_onset_makes_the_time_before_the_peak_unknown(source: Source) -> None:
    marks = lead([1000.0, 2000.0])
    marks.qrs[0, 0] = np.nan
    known = Source(source.signal[:1], (marks,)).known[0]
    assert not known[930:1000].any()
    assert known[1000:1100].all()
    assert known[1900:2000].all()
