"""What is no ECG gives no beat and no number, but a reason, through the whole engine."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ecgcli.errors import Category, RecordError
from ecgcli.signals.analyse import analyse
from ecgcli.signals.results import Analysis, Measured
from tests import synthetic

N = 5000
T = np.arange(N) / 500.0

Samples = NDArray[np.float64]


def twelve(x: Samples) -> Samples:
    """Return twelve leads from eight; the limb leads follow from I and II, as recorders make them.

    Twelve independent noises would contradict Einthoven's law, which is another way to be caught.
    """
    one, two = x[0], x[1]
    limb = [one, two, two - one, -(one + two) / 2, one - two / 2, two - one / 2]
    return np.stack([*limb, *x[2:]])


def analysed(samples: Samples, rate: float = 500.0) -> Analysis:
    return analyse(synthetic.record(samples.astype(np.float32), rate))


def assert_nothing(found: Analysis) -> None:
    """Assert that there is no beat and no number, and that a reason is given."""
    assert found.suspicions == ()
    if found.measurements is None:
        assert found.median_beat is None
        assert found.fiducials is None
        assert found.quality.reasons
        return
    measured = found.measurements
    assert measured.beats == ()
    assert found.median_beat is None
    assert all(points.r_peak == () for points in (found.fiducials or {}).values())
    for field in fields(measured):
        value = getattr(measured, field.name)
        if isinstance(value, Measured):
            assert value.value is None, field.name
            assert value.reason
    assert all(lead.reason for lead in measured.leads)


SEEDS = st.integers(0, 2**32 - 1)
LEVELS = st.floats(-3, 1).map(lambda exponent: 10.0**exponent)  # 0.001 to 10 mV


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, level=LEVELS, limb=st.booleans())
def test_white_noise(seed: int, level: float, limb: bool) -> None:
    rng = np.random.default_rng(seed)
    samples = twelve(rng.standard_normal((8, N))) if limb else rng.standard_normal((12, N))
    assert_nothing(analysed(level * samples))


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, level=LEVELS, rate=st.sampled_from([100.0, 250.0, 360.0, 1000.0]))
def test_white_noise_at_other_rates(seed: int, level: float, rate: float) -> None:
    rng = np.random.default_rng(seed)
    assert_nothing(analysed(level * twelve(rng.standard_normal((8, round(10 * rate)))), rate))


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, level=LEVELS)
def test_noise_that_all_leads_share(seed: int, level: float) -> None:
    one = np.random.default_rng(seed).standard_normal(N)
    gains = np.array([0.6, 1.0, 0.3, 0.5, 0.8, 1.2, 1.1, 0.9])[:, None]
    assert_nothing(analysed(level * twelve(gains * one)))


@settings(max_examples=15, deadline=None)
@given(offsets=st.lists(st.floats(-500, 500), min_size=12, max_size=12))
def test_flat_lines(offsets: list[float]) -> None:
    assert_nothing(analysed(np.tile(np.array(offsets)[:, None], (1, N))))


@settings(max_examples=12, deadline=None)
@given(
    seed=SEEDS,
    level=st.floats(-2, 1).map(lambda exponent: 10.0**exponent),
    hertz=st.sampled_from([49.9, 50.0, 50.1, 59.9, 60.0, 60.1]),
    harmonic=st.floats(0, 0.5),
)
def test_mains_alone(seed: int, level: float, hertz: float, harmonic: float) -> None:
    rng = np.random.default_rng(seed)
    phase = rng.uniform(0, 2 * np.pi, (8, 2))
    gain = level * rng.uniform(0.2, 1.0, (8, 1))
    turns = 2 * np.pi * hertz * T
    hum = np.sin(turns + phase[:, :1]) + harmonic * np.sin(3 * turns + phase[:, 1:])
    assert_nothing(analysed(twelve(gain * hum)))


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, noise=st.floats(0.001, 0.3), hum=st.floats(0.01, 2))
def test_mains_with_noise(seed: int, noise: float, hum: float) -> None:
    rng = np.random.default_rng(seed)
    samples = noise * rng.standard_normal((8, N)) + hum * np.sin(2 * np.pi * 50 * T)
    assert_nothing(analysed(twelve(samples)))


@pytest.mark.parametrize("fill", [np.nan, np.inf])
def test_no_numbers_at_all(fill: float) -> None:
    assert_nothing(analysed(np.full((12, N), fill)))


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS, share=st.floats(0.5, 0.999))
def test_mostly_no_numbers(seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    samples = rng.standard_normal((12, N))
    samples[:, rng.random(N) < share] = np.nan
    assert_nothing(analysed(samples))


@pytest.mark.parametrize("rate", [100.0, 500.0, 1000.0])
@pytest.mark.parametrize("seconds", [0.01, 0.5, 1.0, 4.9])
def test_one_second(rate: float, seconds: float) -> None:
    samples = synthetic.signal([0.4], duration_s=max(seconds, 1 / rate), rate=rate)
    with pytest.raises(RecordError) as caught:
        analyse(synthetic.record(samples, rate))
    assert caught.value.category is Category.TOO_SHORT
    assert str(caught.value)
