"""Waves are read off class shares where they are, and only there."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ecgcli.signals.delineation import LeadWaves
from ecgcli.signals.shares import waves
from ecgcli.training.augment import Piece, labels

ALL = ("p", "qrs", "t")
BEAT = {"p": (-90.0, -65.0, -40.0), "qrs": (-20.0, 0.0, 25.0), "t": (80.0, 140.0, 180.0)}


def lead(
    beats: list[float], shift: float = 0.0, waves: tuple[str, ...] = ("p", "qrs", "t")
) -> LeadWaves:
    """Return marks of beats at samples of 500 Hz."""
    return LeadWaves(
        **{
            wave: np.array(
                [[beat + shift + at for at in BEAT[wave]] for beat in beats if wave in waves]
            ).reshape(-1, 3)
            for wave in BEAT
        }
    )


def shares(marks: LeadWaves, samples: int = 3000) -> NDArray[np.float32]:
    piece = Piece(np.zeros((1, samples), np.float32), (marks,), np.ones((1, samples), bool))
    every, _ = labels(piece, 2)
    row: NDArray[np.float32] = every[0]
    return row


@settings(max_examples=30, deadline=None)
@given(shift=st.floats(0.0, 20.0))
def test_marks_between_samples_come_back(shift: float) -> None:
    truth = lead([400.0, 900.0, 1500.0, 2300.0], shift)
    found = waves(shares(truth))
    for wave in BEAT:
        assert found.of(wave) == pytest.approx(truth.of(wave), abs=0.05)


@pytest.mark.parametrize("missing", ["p", "t"])
def test_a_wave_that_is_not_there_is_not_found(missing: str) -> None:
    present = tuple(wave for wave in BEAT if wave != missing)
    found = waves(shares(lead([400.0, 900.0], waves=present)))
    assert len(found.of(missing)) == 0
    assert len(found.qrs) == 2


def test_no_heart_no_waves() -> None:
    nothing = np.zeros((7, 1000))
    nothing[0] = 1.0
    found = waves(nothing)
    assert [len(found.of(wave)) for wave in BEAT] == [0, 0, 0]


def test_doubt_below_a_half_is_no_wave() -> None:
    sure = shares(lead([400.0, 900.0]))
    doubtful = sure * 0.4
    doubtful[0] += 0.6
    assert len(waves(doubtful).qrs) == 0


def test_the_surer_of_two_complexes_too_near_stays() -> None:
    both = shares(lead([400.0, 455.0], waves=("qrs",)))
    both[:, 215:] *= 0.8
    both[0, 215:] += 0.2
    assert waves(both).qrs[:, 1] == pytest.approx([400.0], abs=1.0)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_any_shares_give_ordered_marks(seed: int) -> None:
    rng = np.random.default_rng(seed)
    walk = np.cumsum(rng.normal(0.0, 0.6, (7, 800)), axis=1)
    powers = np.exp(walk - walk.max(axis=0))
    found = waves(powers / powers.sum(axis=0))
    for wave in BEAT:
        marks = found.of(wave)
        assert (np.diff(marks, axis=1) >= 0.0).all()
        assert (np.diff(marks[:, 1]) > 0.0).all()
