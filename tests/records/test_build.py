"""The rules that hold for every format, and the calibration pulse."""

import numpy as np
import pytest

from ecgcli.errors import Category, RecordError
from ecgcli.records.build import Found, build, check_size, millivolts_per
from ecgcli.records.calibration import without_pulse
from ecgcli.records.leads import LEADS
from tests import synthetic


def found(signal: np.ndarray, names: tuple[str, ...] = LEADS, rate: float = 500.0) -> Found:
    return Found(format="test", rate=rate, names=list(names), rows=list(signal))


def test_leads_come_in_standard_order_and_others_after_them() -> None:
    signal = synthetic.normal().signal
    names = ("vz", "v6", "avl", "i", "ii", "Resp")
    record = build(found(signal[:6], names), "x", "0")
    assert record.leads == ("I", "II", "III", "aVR", "aVL", "aVF", "V6", "vz", "Resp")
    assert record.derived == ("III", "aVR", "aVF")


def test_others_of_one_name_are_kept_apart() -> None:
    signal = synthetic.normal().signal
    record = build(found(signal[:4], ("II", "x", "x", "")), "x", "0")
    assert record.leads == ("II", "x", "x_2", "unnamed")


def test_leads_of_different_lengths_are_refused() -> None:
    signal = synthetic.normal().signal
    given = Found(format="test", rate=500, names=["I", "II"], rows=[signal[0], signal[1, :-1]])
    with pytest.raises(RecordError) as caught:
        build(given, "x", "0")
    assert caught.value.category is Category.DAMAGED


def test_no_valid_sample_at_all() -> None:
    with pytest.raises(RecordError) as caught:
        build(found(np.full((12, 5000), np.nan)), "x", "0")
    assert caught.value.category is Category.INCOMPLETE


def test_a_flat_recording_is_read() -> None:
    assert build(found(np.zeros((12, 5000))), "x", "0").notes == ()


def test_tiny_amplitudes_are_noted() -> None:
    record = build(found(synthetic.normal().signal / 1000), "x", "0")
    assert any("gain or the unit" in note for note in record.notes)


def test_a_saturated_recording_is_the_signals_room_s_to_judge() -> None:
    signal = np.where(np.arange(5000) % 700 < 350, 163.0, -163.0)
    assert build(found(np.tile(signal, (12, 1))), "x", "0").leads == LEADS


@pytest.mark.parametrize(
    ("unit", "factor"),
    [("mV", 1), ("MV", 1), ("uV", 1e-3), ("µV", 1e-3), ("μV", 1e-3), ("Microvolts", 1e-3),
     ("nV", 1e-6), ("V", 1e3), ("volt", 1e3), ("millivolt", 1)],
)  # fmt: skip
def test_units(unit: str, factor: float) -> None:
    assert millivolts_per(unit) == pytest.approx(factor)


@pytest.mark.parametrize("unit", ["", "mmHg", "bpm", "NU", "%", "m", "ADC"])
def test_what_is_no_voltage(unit: str) -> None:
    assert millivolts_per(unit) is None


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan"), float("inf"), 49.0, 1e6])
def test_rates_that_no_ecg_has(rate: float) -> None:
    with pytest.raises(RecordError):
        check_size(rate, 5000, 12)


def test_limits_of_length() -> None:
    check_size(500, 2500, 12)
    check_size(500, 3600 * 500, 12)
    for samples, category in ((2498, Category.TOO_SHORT), (3600 * 500 + 1, Category.UNSAFE)):
        with pytest.raises(RecordError) as caught:
            check_size(500, samples, 12)
        assert caught.value.category is category
    with pytest.raises(RecordError):
        check_size(1000, 3600 * 1000, 12)


def pulse(rate: int) -> np.ndarray:
    high = np.zeros(rate // 2)
    high[rate // 10 : 3 * rate // 10] = 1.0
    return np.tile(high, (12, 1))


@pytest.mark.parametrize("rate", [500, 1000])
def test_a_calibration_pulse_is_cut_off(rate: int) -> None:
    signal = synthetic.normal(rate=float(rate)).signal + 0.001 * np.arange(12)[:, None]
    length = signal.shape[1]
    assert without_pulse(np.hstack([signal, pulse(rate)]), rate) == (0, length)
    assert without_pulse(np.hstack([pulse(rate), signal]), rate) == (
        rate // 2,
        length + rate // 2,
    )
    assert without_pulse(signal, rate) == (0, length)


def test_what_is_no_calibration_pulse() -> None:
    signal = synthetic.normal().signal
    for level in (0.0, 0.5, 3.0, np.nan):  # flat or railed ends, all leads alike
        padded = np.hstack([signal, np.full((12, 250), level)])
        assert without_pulse(padded, 500) == (0, padded.shape[1])
    assert without_pulse(np.zeros((12, 5000)), 500) == (0, 5000)
    assert without_pulse(np.ones((12, 5000)), 500) == (0, 5000)
    alone = np.hstack([signal[:1], pulse(500)[:1]])
    assert without_pulse(alone, 500) == (0, alone.shape[1])


def test_where_the_signal_begins_is_told() -> None:
    signal = synthetic.normal().signal + 0.001 * np.arange(12)[:, None]
    record = build(found(np.hstack([pulse(500), signal])), "x", "0")
    assert (record.start_s, record.duration_s, record.source_duration_s) == (0.5, 10.0, 10.5)
    assert any("calibration pulse" in note for note in record.notes)
