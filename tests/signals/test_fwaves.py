"""What goes on between the beats, and the atrial rate, on rhythms that are made."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from numpy.typing import NDArray

from ecgcli.records.leads import LEADS
from ecgcli.records.record import Record
from ecgcli.signals.results import Measurements, PWave
from tests import synthetic
from tests.signals.engine import measured, value

NAMES = ("f_wave_v1", "f_wave_ii", "f_wave_frequency", "f_wave_concentration")


def irregular(seed: int) -> NDArray[np.float64]:
    times: NDArray[np.float64] = 0.5 + np.cumsum(np.random.default_rng(seed).uniform(0.5, 1.1, 18))
    return times[times < 9.4]


def fibrillating(hz: float, height: float, seed: int = 2) -> Record:
    """Return irregular beats without P waves over a sine of a height (mV, peak to peak) in V1."""
    signal = synthetic.signal(irregular(seed), p_wave=False)
    t = np.arange(signal.shape[1]) / 500.0
    wave = (0.5 * height * np.sin(2 * np.pi * hz * t + 0.7)).astype(np.float32)
    for lead, share in (("V1", 1.0), ("V2", 0.7), ("II", 0.5), ("aVF", 0.5), ("III", 0.5)):
        signal[LEADS.index(lead)] += share * wave
    return synthetic.record(signal)


def of(record: Record) -> Measurements:
    return measured(record).measurements


@pytest.mark.parametrize("hz", [4.5, 6.1, 8.0, 10.0])
@pytest.mark.parametrize("height", [0.08, 0.2])
def test_height_and_frequency_of_f_waves(hz: float, height: float) -> None:
    found = of(fibrillating(hz, height))
    assert value(found.f_wave_v1) == pytest.approx(height, rel=0.2)
    assert value(found.f_wave_ii) == pytest.approx(height / 2, rel=0.3)
    assert value(found.f_wave_frequency) == pytest.approx(hz, abs=0.15)
    assert value(found.f_wave_concentration) > 50
    assert found.p_wave is not PWave.PRESENT
    assert value(found.atrial_rate) == pytest.approx(60 * hz, abs=10)


@pytest.mark.parametrize("rate", [50.0, 75.0, 95.0])
def test_in_sinus_rhythm_the_atria_beat_as_the_ventricles_do(rate: float) -> None:
    found = of(synthetic.normal(rate))
    assert value(found.atrial_rate) == pytest.approx(value(found.ventricular_rate), rel=0.02)
    assert value(found.f_wave_v1) < 0.01
    assert found.f_wave_frequency.value is None
    assert "stands out" in (found.f_wave_frequency.reason or "")


def test_without_p_waves_and_f_waves_the_atrial_rate_is_unknown() -> None:
    found = of(synthetic.record(synthetic.signal(irregular(5), p_wave=False)))
    assert found.atrial_rate.value is None
    assert "no P wave" in (found.atrial_rate.reason or "")


def test_p_waves_that_are_not_conducted_are_counted() -> None:
    times = synthetic.beat_times(40, 10.0)
    signal = synthetic.signal(times)
    only_p = {lead: (p, 0.0, 0.0, 0.0, 0.0) for lead, (p, *_) in synthetic.NORMAL.items()}
    signal += synthetic.signal(times + 0.75, waves=only_p)
    found = of(synthetic.record(signal))
    assert value(found.ventricular_rate) == pytest.approx(40, rel=0.02)
    assert value(found.atrial_rate) == pytest.approx(80, rel=0.02)


def test_noise_has_a_height_but_no_frequency() -> None:
    signal = synthetic.signal(synthetic.beat_times(66, 10.0))
    noise = np.random.default_rng(3).normal(0, 0.05, signal.shape).astype(np.float32)
    found = of(synthetic.record(signal + noise))
    assert value(found.f_wave_v1) > 0.02
    assert value(found.f_wave_concentration) < 30
    assert found.f_wave_frequency.value is None


def test_leads_that_are_not_there() -> None:
    whole = fibrillating(6.0, 0.1)
    rows = {lead: whole.signal[LEADS.index(lead)] for lead in ("I", "V1", "V5")}
    one = of(dataclasses.replace(whole, signal=np.stack(list(rows.values())), leads=tuple(rows)))
    assert one.f_wave_ii.value is None
    assert "lead II" in (one.f_wave_ii.reason or "")
    assert value(one.f_wave_frequency) == pytest.approx(6.0, abs=0.15)
    none = of(dataclasses.replace(whole, signal=rows["V5"][None], leads=("V5",)))
    assert all(getattr(none, name).value is None for name in NAMES)
    assert all(getattr(none, name).reason for name in NAMES)


def test_too_little_signal_is_a_reason() -> None:
    whole = fibrillating(6.0, 0.1)
    signal = whole.signal.copy()
    signal[:, 1300:] = np.nan
    found = of(dataclasses.replace(whole, signal=signal))
    assert all(getattr(found, name).value is None for name in NAMES)
    assert all(getattr(found, name).reason for name in NAMES)


@pytest.mark.parametrize("factor", [0.6, 2.0])
def test_the_height_grows_with_the_signal(factor: float) -> None:
    record = fibrillating(6.4, 0.15)
    larger = dataclasses.replace(record, signal=(record.signal * factor).astype(np.float32))
    one, two = of(record), of(larger)
    assert value(two.f_wave_v1) == pytest.approx(factor * value(one.f_wave_v1), rel=0.05)
    assert value(two.f_wave_frequency) == pytest.approx(value(one.f_wave_frequency), abs=0.06)
