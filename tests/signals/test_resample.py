"""Any rate to 500 Hz: alike, on the right time axis, without ringing at the ends."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ecgcli.signals.resample import nearest_samples, resample, resampled_length

RATES = (100.0, 128.0, 250.0, 257.0, 360.0, 400.0, 500.0, 512.0, 977.0, 1000.0, 1024.0, 2000.0)
ODD_RATES = (999.41, 240.3, 499.3, 1 / 0.0039)
ENDS = 0.3  # s in which the continuation beyond the ends may show


def smooth_ecg(t: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return beats in mV that hold less than 1 uV above 40 Hz."""
    x = np.zeros_like(t)
    for beat in np.arange(0.6, 9.9, 0.83):
        for amplitude, centre, width in ((0.15, -0.16, 0.03), (1.5, 0.0, 0.017), (0.3, 0.27, 0.05)):
            x += amplitude * np.exp(-0.5 * ((t - beat - centre) / width) ** 2)
    return x


def at_rate(rate: float) -> NDArray[np.float64]:
    rows = resample(smooth_ecg(np.arange(round(10 * rate)) / rate)[None], rate)
    return rows.ravel()


@pytest.mark.parametrize("rate", RATES + ODD_RATES)
def test_recordings_of_every_rate_come_out_alike(rate: float) -> None:
    got = at_rate(rate)
    t = np.arange(len(got)) / 500.0
    inner = (t > ENDS) & (t < 10 - ENDS)
    assert len(got) == pytest.approx(5000, abs=2)
    assert np.abs(got - smooth_ecg(t))[inner].max() < 0.002  # 2 uV


@pytest.mark.parametrize("rate", RATES + ODD_RATES)
def test_no_time_shift(rate: float) -> None:
    # A sine of 10 Hz: a shift by one sample of 2 ms would turn its phase by 0.126.
    t = np.arange(round(10 * rate)) / rate
    got = resample(np.sin(2 * np.pi * 10 * t)[None], rate)[0]
    k = np.arange(500, 4500)
    phase = np.angle(np.sum(got[k] * np.exp(-2j * np.pi * 10 * k / 500))) + np.pi / 2
    assert phase == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("rate", [600.0, 1000.0, 2000.0, 999.41])
def test_what_500_hz_cannot_hold_is_filtered_and_not_folded_back(rate: float) -> None:
    t = np.arange(round(10 * rate)) / rate
    folded = resample(np.sin(2 * np.pi * (0.99 * rate / 2) * t)[None], rate)[0]
    assert np.abs(folded[200:-200]).max() < (1e-3 if rate >= 999 else 0.1)


@pytest.mark.parametrize("rate", [100.0, 250.0, 360.0, 1000.0, 999.41])
def test_an_offset_and_a_slope_do_not_ring_at_the_ends(rate: float) -> None:
    t = np.arange(round(10 * rate)) / rate
    got = resample((300.0 + 2.0 * t)[None], rate)[0]
    assert np.abs(got - (300.0 + 2.0 * np.arange(len(got)) / 500)).max() < 5e-4


def test_500_hz_is_left_as_it_is() -> None:
    x = np.random.default_rng(0).standard_normal((3, 3000))
    assert resample(x, 500.0) is x


def test_rows_do_not_influence_each_other() -> None:
    x = np.random.default_rng(0).standard_normal((12, 2500))
    together = resample(x, 250.0)
    assert all(np.array_equal(together[k], resample(x[k : k + 1], 250.0)[0]) for k in range(12))


@settings(max_examples=40, deadline=None)
@given(rate=st.floats(100, 2000), seconds=st.floats(5, 12))
def test_length_and_a_constant_survive_any_rate(rate: float, seconds: float) -> None:
    samples = round(rate * seconds)
    got = resample(np.full((1, samples), 0.7), rate)
    assert got.shape == (1, resampled_length(samples, rate))
    assert got.shape[1] == pytest.approx(samples / rate * 500, abs=1)
    assert np.abs(got - 0.7).max() < 1e-9
    nearest = nearest_samples(got.shape[1], samples, rate)
    assert nearest[0] == 0
    assert np.abs(nearest / rate - np.arange(got.shape[1]) / 500).max() <= 1 / rate + 1e-9


@pytest.mark.parametrize("to", [100.0, 250.0, 1000.0])
def test_other_rates_than_that_of_the_analysis(to: float) -> None:
    source = smooth_ecg(np.arange(5000) / 500.0)[None]
    got = resample(source, 500.0, to).ravel()
    t = np.arange(len(got)) / to
    inner = (t > ENDS) & (t < 10 - ENDS)
    assert len(got) == resampled_length(5000, 500.0, to) == round(10 * to)
    assert np.abs(got - smooth_ecg(t))[inner].max() < 0.002
    hum = np.sin(2 * np.pi * 0.7 * to * np.arange(5000) / 500.0)  # above half the new rate
    if to < 500:
        assert np.abs(resample(hum[None], 500.0, to).ravel()[inner]).max() < 0.01
