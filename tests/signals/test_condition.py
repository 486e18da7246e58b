"""What conditioning takes away, and that it leaves the ECG alone."""

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.signal import freqz_sos

from ecgcli.errors import Category, RecordError
from ecgcli.records.leads import LEADS
from ecgcli.records.record import Record
from ecgcli.signals.condition import LOW_PASS, baseline, condition
from tests import synthetic

RATE = 500
T = np.arange(5000) / RATE


def wander(seed: int) -> NDArray[np.float32]:
    """Return breathing of 1 mV in each lead, at three rates between 0.15 and 0.35 Hz."""
    rng = np.random.default_rng(seed)
    rows = np.zeros((12, 5000))
    for row in rows:
        for frequency in rng.uniform(0.15, 0.35, 3):
            row += np.sin(2 * np.pi * (frequency * T + rng.uniform()))
        row /= np.abs(row).max()
    return rows.astype(np.float32)


def with_st(beats: NDArray[np.float64], level: float, p_wave: bool = True) -> NDArray[np.float32]:
    """Return a synthetic ECG whose ST segments are raised by `level` mV in the chest, I and II."""
    with np.errstate(over="ignore"):  # its logistic edges saturate far from the beat
        return synthetic.signal(beats, p_wave=p_wave, st_mv=dict.fromkeys(synthetic.NORMAL, level))


def st_error(
    conditioned: NDArray[np.float32], truth: NDArray[np.float32], beats: NDArray[np.float64]
) -> float:
    """Return the worst lead's error in mV, in the middle beat, of J+60 ms above the PQ segment."""
    error = (conditioned - truth).astype(np.float64)
    at = np.round(beats[1:-1] * RATE).astype(int)
    # In the synthetic beat J lies 46 ms after the R peak, the PQ segment 60 to 90 ms before it.
    pq = np.stack([error[:, k - 45 : k - 30].mean(axis=1) for k in at])
    j_60 = error[:, at + 53].T
    return float(np.abs(np.median(j_60 - pq, axis=0)).max())


@pytest.mark.parametrize("bpm", [40, 60, 80, 100, 150])
@pytest.mark.parametrize("level", [-0.4, -0.1, 0.1, 0.2, 0.4])
def test_the_st_segment_stays_where_it_is(bpm: float, level: float) -> None:
    beats = synthetic.beat_times(bpm, 10.0)
    truth = with_st(beats, level)
    clean = condition(synthetic.record(truth)).signal
    assert st_error(clean, truth, beats) < 0.010
    wandering = condition(synthetic.record(truth + wander(round(bpm)))).signal
    assert st_error(wandering, truth, beats) < 0.020


def test_the_st_segment_stays_in_an_irregular_rhythm_too() -> None:
    rng = np.random.default_rng(5)
    beats = np.cumsum(rng.uniform(0.45, 1.2, 11)) + 0.2
    truth = with_st(beats, 0.3, p_wave=False)
    conditioned = condition(synthetic.record(truth + wander(5))).signal
    assert st_error(conditioned, truth, beats) < 0.020


def test_a_large_impulse_leaves_no_shift_behind() -> None:
    # The test of IEC 60601-2-25/-51: 3 mV for 100 ms may displace what follows by 0.1 mV.
    signal = np.zeros((12, 5000), dtype=np.float32)
    signal[:, 2500:2550] = 3.0
    after = condition(synthetic.record(signal)).signal[:, 2600:]
    assert np.abs(after).max() < 0.1


def test_a_clean_ecg_passes_nearly_unchanged() -> None:
    truth = synthetic.signal(synthetic.beat_times(75, 10.0))
    change = condition(synthetic.record(truth)).signal - truth
    change -= np.median(change, axis=1, keepdims=True)
    # What moves is the slow level: no wave is reshaped.
    assert np.abs(np.diff(change, axis=1)).max() < 2e-4
    assert np.abs(change[:, 500:-500]).max() < 0.02


def test_low_pass_is_three_decibels_down_at_150_hz() -> None:
    b0, b1, b2, a1, a2 = LOW_PASS
    sections = np.array([[b0, b1, b2, 1.0, a1, a2]])
    _, response = freqz_sos(sections, np.array([40.0, 150.0]), fs=RATE)
    both_ways = np.abs(response) ** 2
    assert both_ways[0] > 0.999
    assert both_ways[1] == pytest.approx(2**-0.5, abs=1e-3)


@pytest.mark.parametrize("hertz", [49.5, 49.9, 50.0, 50.2, 59.7, 60.0, 60.1])
@pytest.mark.parametrize("size", [0.02, 0.1, 0.5])
def test_mains_are_removed(hertz: float, size: float) -> None:
    truth = synthetic.signal(synthetic.beat_times(75, 10.0))
    hum = size * (1 + 0.2 * np.sin(2 * np.pi * 0.1 * T)) * np.sin(2 * np.pi * hertz * T + 1)
    hum += 0.2 * size * np.sin(2 * np.pi * 2 * hertz * T)
    clean = condition(synthetic.record(truth)).signal
    noisy = condition(synthetic.record((truth + hum).astype(np.float32))).signal
    assert np.abs(noisy - clean).max() < max(0.005, 0.03 * size)  # 4 uV of harmonic are left alone


def test_without_mains_nothing_is_subtracted() -> None:
    # 50 /min: the 60th harmonic of the rhythm is 50 Hz exactly.
    truth = synthetic.signal(synthetic.beat_times(50, 10.0))
    level = truth - baseline(truth.astype(np.float64), np.ones_like(truth, dtype=np.float64))
    assert np.abs(condition(synthetic.record(truth)).signal - level).max() < 1e-3


def test_a_recording_at_100_hz_is_not_searched_for_mains() -> None:
    slow = condition(synthetic.normal(70, 10.0, 100.0)).signal
    fast = condition(synthetic.normal(70, 10.0, 500.0)).signal
    assert slow.shape == fast.shape
    assert np.abs(slow - fast)[:, 250:-250].max() < 0.05  # Gaussians of 8 ms reach beyond 50 Hz


def test_leads_are_placed_by_name_and_missing_ones_are_zero() -> None:
    truth = synthetic.signal(synthetic.beat_times(70, 10.0))
    names = ("V6", "II", "I", "vx")
    rows = np.stack([truth[LEADS.index("V6")], truth[1], truth[0], truth[2]])
    got = condition(synthetic.record(rows, leads=names))
    full = condition(synthetic.record(truth))
    assert got.present.tolist() == [lead in names for lead in LEADS]
    assert np.array_equal(got.signal[got.present], full.signal[got.present])
    assert not got.signal[~got.present].any()
    assert not got.raw[~got.present].any()
    assert not got.valid[~got.present].any()


def test_a_recording_without_a_standard_lead_has_none_present() -> None:
    got = condition(synthetic.record(np.zeros((1, 5000), dtype=np.float32), leads=("X",)))
    assert not got.present.any()
    assert got.signal.shape == (12, 5000)


def test_too_short_is_refused_with_a_reason() -> None:
    with pytest.raises(RecordError) as error:
        condition(synthetic.normal(70, 4.9))
    assert error.value.category is Category.TOO_SHORT


def test_five_seconds_are_enough() -> None:
    assert condition(synthetic.normal(70, 5.0)).signal.shape == (12, 2500)


def test_the_start_within_a_longer_source_is_kept() -> None:
    record = dataclasses.replace(synthetic.normal(), start_s=40.0)
    assert condition(record).start_s == 40.0


@settings(max_examples=25, deadline=None)
@given(
    start=st.integers(0, 4400),
    length=st.integers(1, 600),
    rate=st.sampled_from([100.0, 360.0, 500.0, 1000.0]),
)
def test_a_gap_is_marked_and_disturbs_nothing_else(start: int, length: int, rate: float) -> None:
    record = synthetic.normal(70, 10.0, rate)
    signal = record.signal.copy()
    gap = slice(round(start * rate / 500), round((start + length) * rate / 500) + 1)
    signal[3, gap] = np.nan
    got = condition(dataclasses.replace(record, signal=signal))
    whole = condition(record)
    assert np.isfinite(got.signal).all()
    assert np.isfinite(got.raw).all()
    t = np.arange(5000) / 500
    first, last = gap.start / rate, (min(gap.stop, len(signal[3])) - 1) / rate
    assert not got.valid[3, (t >= first) & (t <= last)].any()
    assert got.valid[3, (t < first - 1 / rate) | (t > last + 1 / rate)].all()
    others = [k for k in range(12) if k != 3]
    assert np.array_equal(got.signal[others], whole.signal[others])


def test_a_lead_without_a_valid_sample_is_not_present() -> None:
    signal = synthetic.normal().signal.copy()
    signal[7] = np.nan
    got = condition(synthetic.record(signal))
    assert not got.present[7]
    assert got.present.sum() == 11


def test_a_lead_with_a_single_valid_sample_does_not_break_the_others() -> None:
    signal = synthetic.normal().signal.copy()
    signal[7, 1:] = np.nan
    got = condition(synthetic.record(signal))
    assert np.isfinite(got.signal).all()
    assert np.array_equal(got.signal[0], condition(synthetic.normal()).signal[0])


@settings(max_examples=20, deadline=None)
@given(offsets=st.lists(st.floats(-300, 300), min_size=12, max_size=12))
def test_an_electrode_offset_has_no_influence(offsets: list[float]) -> None:
    truth = synthetic.signal(synthetic.beat_times(70, 10.0))
    moved = truth + np.array(offsets, dtype=np.float32)[:, None]
    change = condition(synthetic.record(moved)).signal - condition(synthetic.record(truth)).signal
    assert np.abs(change).max() < 1e-3  # float32 holds 300 mV to 0.03 uV


@settings(max_examples=15, deadline=None)
@given(order=st.permutations(range(12)), rate=st.sampled_from([250.0, 500.0, 1000.0]))
def test_the_order_of_leads_changes_no_bit(order: list[int], rate: float) -> None:
    record = synthetic.normal(80, 10.0, rate)
    hum = 0.1 * np.sin(2 * np.pi * 50 * np.arange(record.signal.shape[1]) / rate)
    record = dataclasses.replace(record, signal=(record.signal + hum).astype(np.float32))
    mixed = dataclasses.replace(
        record, signal=record.signal[order], leads=tuple(LEADS[k] for k in order)
    )
    assert same_bytes(record, mixed)


def test_the_same_record_gives_the_same_bytes_whatever_came_before() -> None:
    records = [synthetic.normal(bpm, 10.0, rate) for bpm in (55, 90) for rate in (250.0, 500.0)]
    first = [condition(record).signal.tobytes() for record in records]
    again = [condition(record).signal.tobytes() for record in reversed(records)]
    assert first == again[::-1]
    assert all(a != b for a, b in itertools.combinations(first, 2))


def same_bytes(one: Record, other: Record) -> bool:
    a, b = condition(one), condition(other)
    return a.signal.tobytes() == b.signal.tobytes() and a.raw.tobytes() == b.raw.tobytes()
