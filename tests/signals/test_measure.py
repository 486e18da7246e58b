"""Measurements against synthetic ECGs whose truth is known."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecgcli.records.leads import LEADS
from ecgcli.signals.analyse import analyse
from ecgcli.signals.intervals import corrected
from ecgcli.signals.measure import NotMeasurable, measure, measure_conditioned
from ecgcli.signals.results import Grade, Measured, PWave
from tests import synthetic
from tests.signals.engine import all_usable, as_conditioned, measured, numbers, value

P, Q, R, S, T = synthetic.SHAPE


@pytest.mark.parametrize("rate", [30, 40, 60, 72, 90, 120, 150, 180, 200])
def test_rate(rate: float) -> None:
    result = measured(synthetic.normal(rate)).measurements
    assert value(result.ventricular_rate) == pytest.approx(rate, rel=0.02)
    assert value(result.rr_mean) == pytest.approx(60000 / rate, rel=0.02)
    assert value(result.rr_variation) < 2.0


def test_longest_rr_and_variation() -> None:
    times = np.array([0.5, 1.3, 2.1, 2.9, 6.1, 6.9, 7.7, 8.5])
    result = measured(synthetic.record(synthetic.signal(times))).measurements
    assert value(result.longest_rr) == pytest.approx(3200, abs=10)
    assert value(result.rr_variation) > 50


@pytest.mark.parametrize("rate", [50, 75, 100])
def test_intervals_lie_where_the_waves_are(rate: float) -> None:
    """A Gaussian wave has no onset; the eye sees one at about 2.3 standard deviations."""
    result = measured(synthetic.normal(rate)).measurements
    onset, end = Q[0] - 2.0 * Q[1], S[0] + 2.4 * S[1]
    assert value(result.qrs_duration) == pytest.approx(end - onset, abs=14)
    assert value(result.pr_interval) == pytest.approx(onset - (P[0] - 2.3 * P[1]), abs=14)
    assert value(result.qt_interval) == pytest.approx(T[0] + 2.3 * T[1] - onset, abs=20)
    assert value(result.p_duration) == pytest.approx(4.6 * P[1], abs=16)
    assert result.p_wave is PWave.PRESENT
    assert value(result.p_wave_share) == 100


@pytest.mark.parametrize("later", [40.0, 80.0, 140.0])
def test_pr_follows_the_p_wave(later: float, monkeypatch: pytest.MonkeyPatch) -> None:
    before = value(measured(synthetic.normal(60)).measurements.pr_interval)
    monkeypatch.setattr(synthetic, "SHAPE", ((P[0] - later, P[1]), Q, R, S, T))
    after = value(measured(synthetic.normal(60)).measurements.pr_interval)
    assert after - before == pytest.approx(later, abs=8)


@pytest.mark.parametrize("later", [-40.0, 50.0, 100.0])
def test_qt_follows_the_t_wave(later: float, monkeypatch: pytest.MonkeyPatch) -> None:
    before = value(measured(synthetic.normal(60)).measurements.qt_interval)
    monkeypatch.setattr(synthetic, "SHAPE", (P, Q, R, S, (T[0] + later, T[1])))
    after = value(measured(synthetic.normal(60)).measurements.qt_interval)
    assert after - before == pytest.approx(later, abs=10)


# A complex of 190 ms is measured 25 ms too short: LUDB has none so wide to learn from.
@pytest.mark.parametrize(("scale", "within"), [(1.3, 0.12), (1.6, 0.12), (2.0, 0.16)])
def test_a_wider_qrs_measures_wider(scale: float, within: float) -> None:
    normal = value(measured(synthetic.normal(70)).measurements.qrs_duration)
    times = synthetic.beat_times(70, 10.0)
    wide = measured(synthetic.record(synthetic.signal(times, qrs_scale=scale))).measurements
    assert value(wide.qrs_duration) == pytest.approx(normal * scale, rel=within)


def test_pacing_spikes_do_not_widen_the_qrs() -> None:
    times = synthetic.beat_times(70, 10.0)
    bare = synthetic.signal(times, p_wave=False, qrs_scale=1.5)
    paced = bare.copy()
    for time in times:
        at = round((time - 0.16) * 500)
        paced[:, at : at + 2] += np.linspace(0.8, 2.0, 12, dtype=np.float32)[:, None]
    one = measured(synthetic.record(bare)).measurements
    two = measured(synthetic.record(paced)).measurements
    assert value(two.qrs_duration) == pytest.approx(value(one.qrs_duration), abs=8)


def test_without_p_waves_there_is_no_pr() -> None:
    rng = np.random.default_rng(2)
    times = 0.5 + np.cumsum(rng.uniform(0.5, 1.1, 11))
    signal = synthetic.signal(times[times < 9.4], p_wave=False)
    t = np.arange(signal.shape[1]) / 500.0
    for row in signal:  # f waves, 6 Hz with a wandering phase
        phase = 2 * np.pi * 6.1 * t + np.cumsum(rng.normal(0, 0.15, len(t)))
        row += (0.05 * np.sin(phase)).astype(np.float32)
    result = measured(synthetic.record(signal)).measurements
    assert result.p_wave is PWave.ABSENT
    assert result.pr_interval.value is None
    assert result.pr_interval.reason
    assert value(result.rr_variation) > 10


@pytest.mark.parametrize("shift", [-0.3, -0.1, 0.1, 0.2, 0.4])
def test_st_shifts_are_measured(shift: float) -> None:
    times = synthetic.beat_times(70, 10.0)
    still = measured(synthetic.record(synthetic.signal(times))).measurements
    moved = measured(
        synthetic.record(synthetic.signal(times, st_mv={"V2": shift, "V3": shift / 2}))
    ).measurements
    for lead, expected in (("V2", shift), ("V3", shift / 2), ("V6", 0.0)):
        a, b = (m.leads[LEADS.index(lead)].st_60_mv for m in (still, moved))
        assert a is not None
        assert b is not None
        assert b - a == pytest.approx(expected, abs=0.02)


def test_amplitudes_of_each_lead() -> None:
    result = measured(synthetic.normal(60)).measurements
    for lead, (p, q, r, s, t) in synthetic.NORMAL.items():
        waves = result.leads[LEADS.index(lead)]
        assert waves.lead == lead
        assert waves.r_mv == pytest.approx(r, abs=0.06)
        assert waves.s_mv == pytest.approx(s, abs=0.06)
        assert waves.t_mv == pytest.approx(t, abs=0.03)
        assert waves.p_mv == pytest.approx(p, abs=0.03) or "p" in waves.absent
        assert ("q" in waves.absent) == (waves.q_mv is None)
        if q == 0.0:
            assert waves.q_mv is None
    v1, v5, v3, avl = (result.leads[LEADS.index(n)] for n in ("V1", "V5", "V3", "aVL"))
    assert v1.s_mv is not None
    assert v5.r_mv is not None
    assert v3.s_mv is not None
    assert avl.r_mv is not None
    assert value(result.sokolow_lyon) == pytest.approx(v5.r_mv - v1.s_mv)
    assert value(result.cornell) == pytest.approx(avl.r_mv - v3.s_mv)


@pytest.mark.parametrize("degrees", [-150, -100, -60, -30, 0, 30, 60, 90, 120, 170])
def test_axis(degrees: float) -> None:
    angle = np.deg2rad(degrees)
    size = {"I": float(np.cos(angle)), "II": float(np.cos(angle - np.pi / 3))}
    waves = {
        lead: (0.1 * k, 0.0, k, 0.0, 0.3 * k)
        for lead, k in (size | dict.fromkeys(("V1", "V2", "V3", "V4", "V5", "V6"), 0.8)).items()
    }
    times = synthetic.beat_times(60, 10.0)
    result = measured(synthetic.record(synthetic.signal(times, waves=waves))).measurements
    assert value(result.qrs_axis) == pytest.approx(degrees, abs=6)
    assert value(result.t_axis) == pytest.approx(degrees, abs=8)
    assert value(result.p_axis) == pytest.approx(degrees, abs=12)


def test_an_axis_at_right_angles_to_the_plane_is_indeterminate() -> None:
    waves = synthetic.NORMAL | {"I": (0.0, 0.0, 0.0, 0.0, 0.0), "II": (0.0, 0.0, 0.0, 0.0, 0.0)}
    times = synthetic.beat_times(60, 10.0)
    result = measured(synthetic.record(synthetic.signal(times, waves=waves))).measurements
    assert result.qrs_axis.value is None
    assert "indeterminate" in (result.qrs_axis.reason or "")


def test_a_flat_t_wave_gives_no_qt() -> None:
    flat = {lead: (p, q, r, s, 0.0) for lead, (p, q, r, s, _) in synthetic.NORMAL.items()}
    times = synthetic.beat_times(60, 10.0)
    result = measured(synthetic.record(synthetic.signal(times, waves=flat))).measurements
    assert result.qt_interval.value is None
    assert result.qtc_fridericia.value is None
    assert "no QT" in (result.qtc_fridericia.reason or "")


def test_qt_correction_by_four_formulas() -> None:
    values = corrected(Measured(400.0, "ms", confidence=1.0), 640.0)
    assert value(values["qtc_bazett"]) == pytest.approx(500.0)
    assert value(values["qtc_fridericia"]) == pytest.approx(464.16, abs=0.01)
    assert value(values["qtc_framingham"]) == pytest.approx(455.44)
    assert value(values["qtc_hodges"]) == pytest.approx(400 + 1.75 * (93.75 - 60))
    still = corrected(Measured(400.0, "ms", confidence=1.0), 1000.0)
    assert {value(v) for v in still.values()} == {400.0}


def no_number(name: str, signal: np.ndarray) -> None:
    result = measure_conditioned(as_conditioned(signal), all_usable())
    for key, item in numbers(result.measurements).items():
        assert item.value is None, (name, key)
        assert item.reason
    assert result.measurements.beats == ()
    assert result.measurements.p_wave is PWave.UNCERTAIN
    assert all(lead.reason for lead in result.measurements.leads)
    assert result.median_beat is None


def test_what_is_no_ecg_gets_reasons_and_no_number() -> None:
    t = np.arange(5000) / 500.0
    no_number("noise", np.random.default_rng(0).normal(0, 0.2, (12, 5000)))
    no_number("flat", np.zeros((12, 5000)))
    no_number("mains", np.tile(0.5 * np.sin(2 * np.pi * 50 * t), (12, 1)))
    no_number("wander", np.tile(np.sin(2 * np.pi * 0.3 * t), (12, 1)))


def test_an_unusable_record_is_refused_or_measured_as_nothing() -> None:
    """The whole chain, quality included: never a number, whichever room says so."""
    rng = np.random.default_rng(1)
    gone = np.full((12, 5000), np.nan, dtype=np.float32)
    for signal in (rng.normal(0, 0.3, (12, 5000)), np.zeros((12, 5000)), gone):
        record = synthetic.record(signal.astype(np.float32))
        result = analyse(record)
        if result.quality.grade is Grade.NOT_USABLE:
            assert result.measurements is None
            assert result.median_beat is None
            assert result.fiducials is None
            with pytest.raises(NotMeasurable):
                measure(record)
        else:
            assert result.measurements is not None
            assert all(i.value is None for i in numbers(result.measurements).values())


def test_a_stretch_without_samples_is_no_pause() -> None:
    record = synthetic.normal(75)
    signal = record.signal.copy()
    signal[:, 2000:3500] = np.nan
    result = measured(dataclasses.replace(record, signal=signal)).measurements
    assert value(result.ventricular_rate) == pytest.approx(75, rel=0.02)
    assert value(result.longest_rr) < 1000


@pytest.mark.parametrize("leads", [("II",), ("I", "II"), ("V5",)])
def test_few_leads_still_give_rate_and_intervals(leads: tuple[str, ...]) -> None:
    whole = synthetic.normal(70)
    rows = np.stack([whole.signal[LEADS.index(lead)] for lead in leads])
    full = measured(whole).measurements
    few = measured(dataclasses.replace(whole, signal=rows, leads=leads)).measurements
    assert value(few.ventricular_rate) == pytest.approx(70, rel=0.02)
    assert value(few.qrs_duration) == pytest.approx(value(full.qrs_duration), abs=20)
    assert value(few.pr_interval) == pytest.approx(value(full.pr_interval), abs=25)
    assert few.qrs_duration.confidence is not None
    assert full.qrs_duration.confidence is not None
    assert few.qrs_duration.confidence < full.qrs_duration.confidence
    assert few.sokolow_lyon.value is None
    assert [lead.lead for lead in few.leads if lead.reason is None] == list(leads)


@given(order=st.permutations(range(12)))
@settings(max_examples=8, deadline=None)
def test_the_order_of_the_leads_does_not_matter(order: list[int]) -> None:
    record = synthetic.normal(83)
    mixed = dataclasses.replace(
        record, signal=record.signal[order], leads=tuple(LEADS[i] for i in order)
    )
    assert measured(mixed).measurements == measured(record).measurements


# Small waves are the network's by their microvolts, too: marks move a little with the gain.
@given(scale=st.floats(0.6, 2.0))
@settings(max_examples=10, deadline=None)
def test_intervals_do_not_depend_on_the_gain(scale: float) -> None:
    record = synthetic.normal(66)
    one = measured(record).measurements
    two = measured(
        dataclasses.replace(record, signal=(record.signal * scale).astype(np.float32))
    ).measurements
    assert value(two.ventricular_rate) == pytest.approx(value(one.ventricular_rate))
    for name in ("pr_interval", "qrs_duration", "qt_interval"):
        assert value(getattr(two, name)) == pytest.approx(value(getattr(one, name)), abs=10)
    assert value(two.sokolow_lyon) == pytest.approx(scale * value(one.sokolow_lyon), rel=0.02)


@pytest.mark.parametrize("rate", [100.0, 250.0, 1000.0])
def test_other_sampling_rates_measure_alike(rate: float) -> None:
    one = measured(synthetic.normal(70)).measurements
    two = measured(synthetic.normal(70, rate=rate)).measurements
    tolerance = 12 if rate == 100.0 else 6
    assert value(two.ventricular_rate) == pytest.approx(value(one.ventricular_rate), rel=0.005)
    for name in ("pr_interval", "qrs_duration", "qt_interval"):
        assert value(getattr(two, name)) == pytest.approx(value(getattr(one, name)), abs=tolerance)


def test_measuring_twice_is_measuring_once() -> None:
    noise = np.random.default_rng(4).normal(0, 0.03, (12, 5000)).astype(np.float32)
    record = synthetic.record(synthetic.signal(synthetic.beat_times(77, 10.0)) + noise)
    assert measured(record).measurements == measured(record).measurements


def test_noise_lowers_the_confidence_and_not_the_truth() -> None:
    times = synthetic.beat_times(70, 10.0)
    clean = measured(synthetic.record(synthetic.signal(times))).measurements
    noise = np.random.default_rng(6).normal(0, 0.06, (12, 5000)).astype(np.float32)
    noisy = measured(synthetic.record(synthetic.signal(times) + noise)).measurements
    assert value(noisy.ventricular_rate) == pytest.approx(70, rel=0.02)
    assert value(noisy.qrs_duration) == pytest.approx(value(clean.qrs_duration), abs=16)
    for name in ("qrs_duration", "pr_interval", "qt_interval"):
        a, b = getattr(clean, name).confidence, getattr(noisy, name).confidence
        assert b is None or b < a


@pytest.mark.parametrize("rate", [100.0, 500.0, 1000.0])
def test_fiducials_are_samples_of_the_record(rate: float) -> None:
    record = synthetic.normal(60, rate=rate)
    result = analyse(record)
    assert result.fiducials is not None
    truth = synthetic.beat_times(60, 10.0) * rate
    peaks = result.fiducials["II"].r_peak
    assert len(peaks) == len(truth)
    for found, expected in zip(peaks, truth, strict=True):
        assert found is not None
        assert abs(found - expected) <= max(0.006 * rate, 1)
    points = result.fiducials["global"]
    for p, on, r, end, t in zip(
        points.p_onset, points.qrs_onset, points.r_peak, points.qrs_end, points.t_end, strict=True
    ):
        order = [mark for mark in (p, on, r, end, t) if mark is not None]
        assert order == sorted(order)


def test_fiducials_of_a_window_count_from_the_start_of_the_record() -> None:
    record = synthetic.normal(60, duration_s=25.0)
    signal = record.signal.copy()
    signal[:, :5000] += np.random.default_rng(8).normal(0, 0.5, (12, 5000)).astype(np.float32)
    result = analyse(dataclasses.replace(record, signal=signal))
    assert result.conditioned.start_s > 5.0
    assert result.fiducials is not None
    truth = synthetic.beat_times(60, 25.0) * 500
    for peak in result.fiducials["II"].r_peak:
        assert peak is not None
        assert np.abs(truth - peak).min() <= 3
