"""Beats are found where they are, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ecgcli.signals import beats, classes, spikes
from ecgcli.signals.results import BeatClass
from tests import synthetic

RATE = 500.0
PREMATURE_S = 0.45


def found(signal: NDArray[np.float32]) -> NDArray[np.float64]:
    return beats.detect(spikes.remove(signal, spikes.find(signal))).at / RATE


def assert_same(at: NDArray[np.float64], truth: NDArray[np.float64]) -> None:
    assert len(at) == len(truth)
    assert np.abs(at - truth).max() < 0.03


@pytest.mark.parametrize("rate", [20, 30, 45, 60, 75, 100, 130, 160, 200, 230])
def test_finds_every_beat(rate: float) -> None:
    times = synthetic.beat_times(rate, 10.0)
    assert_same(found(synthetic.signal(times)), times)


@pytest.mark.parametrize("scale", [0.12, 0.3, 3.0, 8.0])
def test_finds_beats_of_any_voltage(scale: float) -> None:
    times = synthetic.beat_times(80, 10.0)
    assert_same(found(scale * synthetic.signal(times)), times)


def test_a_tall_t_wave_is_no_beat() -> None:
    tall = {
        lead: (p, q, r, s, 1.3 * max(r, -s)) for lead, (p, q, r, s, _) in synthetic.NORMAL.items()
    }
    times = synthetic.beat_times(60, 10.0)
    assert_same(found(synthetic.signal(times, waves=tall)), times)


def test_one_wild_lead_makes_no_beat() -> None:
    times = synthetic.beat_times(70, 10.0)
    signal = synthetic.signal(times)
    wild = np.random.default_rng(0).normal(0.0, 2.0, (1, signal.shape[1]))[0]
    wild[::400] += 30.0
    signal[7] = wild
    assert_same(found(signal), times)


def test_a_pause_is_searched_for_lower_beats() -> None:
    times = synthetic.beat_times(75, 10.0)
    signal = synthetic.signal(times[np.arange(len(times)) != 5])
    signal += 0.35 * synthetic.signal(times[5:6])
    assert_same(found(signal), times)


def test_noise_has_no_beats() -> None:
    for seed in range(10):
        noise = np.random.default_rng(seed).normal(0.0, 0.2, (12, 5000))
        detection = beats.detect(noise.astype(np.float32))
        assert len(detection.at) == 0
        assert detection.reason


@pytest.mark.parametrize("hz", [50.0, 60.0, 5.0])
def test_a_sine_has_no_beats(hz: float) -> None:
    wave = np.sin(2 * np.pi * hz * np.arange(5000) / RATE)
    detection = beats.detect(np.tile(0.5 * wave, (12, 1)).astype(np.float32))
    assert len(detection.at) == 0
    assert detection.reason


def test_a_flat_line_has_no_beats() -> None:
    assert beats.detect(np.zeros((12, 5000), dtype=np.float32)).reason
    assert beats.detect(np.zeros((0, 5000), dtype=np.float32)).reason


def paced(times: NDArray[np.float64], width: int = 2) -> NDArray[np.float32]:
    signal = synthetic.signal(times, p_wave=False, qrs_scale=2.0)
    for time in times:
        at = round((time - 0.09) * RATE)
        signal[:, at : at + width] += np.linspace(0.8, 2.0, 12, dtype=np.float32)[:, None]
    return signal


def test_pacing_spikes_are_found_and_bridged() -> None:
    times = synthetic.beat_times(70, 10.0)
    signal = paced(times)
    at = spikes.find(signal)
    assert len(at) == len(times)
    bare = synthetic.signal(times, p_wave=False, qrs_scale=2.0)
    assert np.abs(spikes.remove(signal, at) - bare).max() < 0.05
    assert_same(found(signal), times)
    kinds = classes.classify(spikes.remove(signal, at), beats.detect(bare).at, at).kinds
    assert set(kinds) == {BeatClass.PACED}


def test_an_unpaced_ecg_has_no_spikes() -> None:
    noise = np.random.default_rng(3).normal(0.0, 0.03, (12, 5000)).astype(np.float32)
    for rate in (60, 180):
        signal = 3.0 * synthetic.signal(synthetic.beat_times(rate, 10.0), qrs_scale=0.7)
        assert len(spikes.find(signal + noise)) == 0


def ectopic(every: int, wide: bool) -> tuple[NDArray[np.float32], list[BeatClass]]:
    """Return a rhythm in which every n-th beat is premature, and the classes of its beats."""
    times: list[float] = []
    kinds: list[BeatClass] = []
    at = 0.6
    while at < 9.4:
        early = len(times) % every == every - 1
        times.append(at - (PREMATURE_S if early else 0.0))
        special = BeatClass.VENTRICULAR if wide else BeatClass.SUPRAVENTRICULAR
        kinds.append(special if early else BeatClass.NORMAL)
        at += 0.9
    every_time = np.array(times)
    own = np.array([kind is BeatClass.NORMAL for kind in kinds])
    signal = synthetic.signal(every_time[own])
    if wide:
        odd = {
            lead: (0.0, 0.0, -1.4 * r + 0.3, 0.6, -t)
            for lead, (_, _, r, _, t) in synthetic.NORMAL.items()
        }
        signal += synthetic.signal(every_time[~own], p_wave=False, qrs_scale=2.2, waves=odd)
    else:
        signal += synthetic.signal(every_time[~own])
    return signal, kinds


@pytest.mark.parametrize("every", [2, 3, 5])
def test_ventricular_ectopic_beats(every: int) -> None:
    signal, truth = ectopic(every, wide=True)
    detection = beats.detect(signal)
    result = classes.classify(signal, detection.at, np.zeros(0, dtype=np.int64))
    assert list(result.kinds[1:-1]) == truth[1:-1]
    assert (result.dominant == np.array([kind is BeatClass.NORMAL for kind in truth])).all()


def test_supraventricular_ectopic_beats() -> None:
    signal, truth = ectopic(5, wide=False)
    detection = beats.detect(signal)
    result = classes.classify(signal, detection.at, np.zeros(0, dtype=np.int64))
    assert list(result.kinds) == truth
    assert result.dominant.all()


def test_an_irregular_rhythm_has_no_premature_beats() -> None:
    intervals = np.random.default_rng(5).uniform(0.5, 1.1, 14)
    times = 0.5 + np.cumsum(intervals)
    signal = synthetic.signal(times[times < 9.5], p_wave=False)
    detection = beats.detect(signal)
    kinds = classes.classify(signal, detection.at, np.zeros(0, dtype=np.int64)).kinds
    assert set(kinds) == {BeatClass.NORMAL}
