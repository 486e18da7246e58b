"""What is called usable, usable in part and not usable, and what is said about it."""

import csv
import dataclasses
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt

from ecgcli.records.leads import LEADS
from ecgcli.records.record import Record
from ecgcli.signals.condition import condition
from ecgcli.signals.quality import ALL_FLAT, NO_LEAD, NO_QRS, NOISE_ONLY, assess, limits
from ecgcli.signals.results import Fault, Grade, LeadQuality, Quality
from tests import synthetic

N = 5000
T = np.arange(N) / 500
Samples = NDArray[np.float32]


def ecg(bpm: float = 70) -> Samples:
    return synthetic.signal(synthetic.beat_times(bpm, 10.0))


def judge(samples: Samples, rate: float = 500.0) -> Quality:
    return assess(condition(synthetic.record(samples.astype(np.float32), rate)))


def lead(quality: Quality, name: str) -> LeadQuality:
    return quality.leads[LEADS.index(name)]


def noise(seed: int, size: float, low: float = 0.0, high: float = 0.0) -> Samples:
    """Return noise in eight independent leads, and the limb leads that follow from I and II."""
    x = np.random.default_rng(seed).standard_normal((8, N))
    if high:
        x = sosfiltfilt(butter(2, [low, high], "bandpass", fs=500, output="sos"), x, axis=1)
        x /= x.std(axis=1, keepdims=True)
    return twelve(size * x)


def twelve(x: NDArray[np.float64]) -> Samples:
    one, two = x[0], x[1]
    limb = [one, two, two - one, -(one + two) / 2, one - two / 2, two - one / 2]
    return np.stack([*limb, *x[2:]]).astype(np.float32)


def test_a_clean_ecg_is_usable_and_nothing_is_said() -> None:
    quality = judge(ecg())
    assert quality.grade is Grade.USABLE
    assert quality.reasons == ()
    assert quality.score > 0.98
    assert quality.usable_leads() == LEADS
    assert all(not lead.faults for lead in quality.leads)


@pytest.mark.parametrize("bpm", [25, 40, 100, 150, 220])
def test_no_heart_rate_counts_as_a_disturbance(bpm: float) -> None:
    assert judge(ecg(bpm)).grade is Grade.USABLE


def test_atrial_fibrillation_is_no_noise() -> None:
    rng = np.random.default_rng(1)
    beats = np.cumsum(rng.uniform(0.4, 1.1, 12))
    samples = synthetic.signal(beats, p_wave=False)
    samples += noise(1, 0.04, 4.0, 9.0)
    assert judge(samples).grade is Grade.USABLE


def test_ectopic_beats_are_no_noise() -> None:
    beats = synthetic.beat_times(70, 10.0)
    inverted = {
        name: (0.0, 0.0, -2.0 * (r or 0.5), 2.0, -0.6)
        for name, (_, _, r, _, _) in synthetic.NORMAL.items()
    }
    normal = synthetic.signal(beats[::2])
    ectopic = synthetic.signal(beats[1::2] - 0.2, p_wave=False, qrs_scale=2.0, waves=inverted)
    assert judge(normal + ectopic).grade is Grade.USABLE


def test_pacing_spikes_are_no_noise() -> None:
    samples = ecg()
    for beat in synthetic.beat_times(70, 10.0):
        at = round((beat - 0.05) * 500)
        samples[:, at : at + 2] += 3.0
    assert judge(samples).grade is Grade.USABLE


def test_a_pause_does_not_make_leads_flat() -> None:
    quality = judge(synthetic.signal([0.6, 1.4, 8.0, 8.9]))
    assert quality.grade is Grade.USABLE


def test_low_voltage_is_usable() -> None:
    assert judge(0.2 * ecg() + noise(2, 0.004)).grade is Grade.USABLE


def fibrillation(seed: int) -> Samples:
    """Return three dipole components of 3.5 to 6.5 Hz in eight leads."""
    rng = np.random.default_rng(seed)
    sos = butter(2, [3.5, 6.5], "bandpass", fs=500, output="sos")
    dipole = sosfiltfilt(sos, rng.standard_normal((3, N)), axis=1)
    dipole /= dipole.std(axis=1, keepdims=True)
    return twelve(0.25 * rng.standard_normal((8, 3)) @ dipole + 0.005 * rng.normal(size=(8, N)))


def test_ventricular_fibrillation_is_never_hidden_and_mostly_told() -> None:
    judged = [judge(fibrillation(seed)) for seed in range(20)]
    assert all(quality.grade is not Grade.NOT_USABLE for quality in judged)
    assert all(len(quality.usable_leads()) >= 9 for quality in judged)
    assert sum(NO_QRS in quality.reasons for quality in judged) >= 16


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("size", "low", "high"),
    [(0.02, 0, 0), (0.1, 0, 0), (1.0, 0, 0), (0.1, 20, 120), (0.5, 0.5, 8)],
)
def test_noise_in_every_lead_is_no_ecg(seed: int, size: float, low: float, high: float) -> None:
    quality = judge(noise(seed, size, low, high))
    assert quality.grade is Grade.NOT_USABLE
    assert quality.score == 0.0


def test_movement_in_every_lead_is_called_noise() -> None:
    assert NOISE_ONLY in judge(noise(3, 0.5, 0.5, 8)).reasons


@pytest.mark.parametrize("size", [0.0, 0.2, 2.0])
def test_nothing_but_mains_is_no_ecg(size: float) -> None:
    hum = size * np.sin(2 * np.pi * 50 * T) * np.linspace(0.5, 1.5, 12)[:, None]
    quality = judge(hum.astype(np.float32))
    assert quality.grade is Grade.NOT_USABLE
    assert quality.reasons[0] == ALL_FLAT
    assert all(lead.faults == (Fault.FLAT,) for lead in quality.leads)


def test_no_standard_lead_is_not_usable() -> None:
    record = synthetic.record(np.zeros((1, N), dtype=np.float32), leads=("X",))
    quality = assess(condition(record))
    assert quality.grade is Grade.NOT_USABLE
    assert quality.reasons == (NO_LEAD,)
    assert [lead.faults for lead in quality.leads] == [(Fault.MISSING,)] * 12


def test_a_lead_that_is_off_costs_itself() -> None:
    samples = ecg()
    samples[7] = 3.2
    quality = judge(samples)
    assert quality.grade is Grade.IN_PART
    assert lead(quality, "V2").faults == (Fault.FLAT,)
    assert set(quality.usable_leads()) == set(LEADS) - {"V2"}
    assert "V2" in quality.reasons[0]


def test_missing_leads_are_named() -> None:
    samples = ecg()
    names = LEADS[:9]
    quality = assess(condition(synthetic.record(samples[:9], leads=names)))
    assert quality.grade is Grade.IN_PART
    assert lead(quality, "V5") == LeadQuality("V5", False, (Fault.MISSING,))
    assert any(reason == "V4, V5, V6: not recorded." for reason in quality.reasons)


def test_two_leads_are_too_few() -> None:
    quality = assess(condition(synthetic.record(ecg()[:2], leads=LEADS[:2])))
    assert quality.grade is Grade.NOT_USABLE
    assert quality.reasons[0].startswith("2 of 12 leads")


def test_a_saturated_lead_is_told() -> None:
    samples = ecg()
    samples[8, 1000:2500] = 5.0
    samples[8, 2500:3000] = -5.0
    quality = judge(samples)
    assert Fault.SATURATED in lead(quality, "V3").faults
    assert not lead(quality, "V3").usable


def test_qrs_complexes_that_are_cut_off_are_told() -> None:
    samples = 3 * ecg(100)
    quality = judge(np.clip(samples, -1.2, 1.2))
    assert Fault.SATURATED in lead(quality, "V4").faults
    assert Fault.SATURATED not in lead(quality, "aVL").faults


def test_a_disturbed_lead_is_used_outside_the_disturbance() -> None:
    samples = ecg()
    samples[6, 1000:2250] += np.random.default_rng(4).normal(0, 1.5, 1250).astype(np.float32)
    quality = judge(samples)
    assert quality.grade is Grade.IN_PART
    assert lead(quality, "V1").faults == (Fault.NOISY,)
    assert lead(quality, "V1").usable
    assert all(not other.faults for other in quality.leads if other.lead != "V1")


def test_a_loose_electrode_is_movement_and_no_muscle_noise() -> None:
    samples = ecg()
    for at, step in ((900, 3.0), (1700, -4.0), (2600, 3.5), (3300, -3.0)):
        samples[8, at:] += step
    v3 = lead(judge(samples), "V3")
    assert Fault.MOTION in v3.faults
    assert Fault.NOISY not in v3.faults


def test_a_lead_disturbed_throughout_is_not_used() -> None:
    samples = ecg()
    samples[6] += np.random.default_rng(4).normal(0, 1.5, N).astype(np.float32)
    quality = judge(samples)
    assert quality.grade is Grade.IN_PART
    assert not lead(quality, "V1").usable


def test_mains_and_wander_are_noted_but_cost_nothing() -> None:
    samples = ecg()
    samples[9] += (0.2 * np.sin(2 * np.pi * 60 * T)).astype(np.float32)
    samples[10] += np.sin(2 * np.pi * 0.3 * T).astype(np.float32)
    quality = judge(samples)
    assert quality.grade is Grade.USABLE
    v4, v5 = lead(quality, "V4"), lead(quality, "V5")
    assert v4.faults == (Fault.MAINS,)
    assert v4.mains_mv == pytest.approx(0.2, abs=0.01)
    assert v5.faults == (Fault.WANDER,)
    assert v5.wander_mv == pytest.approx(2.0, abs=0.1)
    assert any("mains interference of 0.20 mV" in reason for reason in quality.reasons)


def test_noise_is_measured_in_mv() -> None:
    samples = ecg()
    samples[11] += np.random.default_rng(0).normal(0, 0.08, N).astype(np.float32)
    v6 = lead(judge(samples), "V6")
    assert v6.noise_mv == pytest.approx(0.054, rel=0.15)  # what the 150 Hz filter leaves of it
    assert v6.faults == (Fault.NOISY,)
    assert v6.usable


def test_a_lead_that_repeats_another_one_is_not_believed() -> None:
    samples = ecg()
    samples[8] = samples[9] + 1.0
    quality = judge(samples)
    assert set(quality.usable_leads()) == set(LEADS) - {"V3", "V4"}
    assert Fault.SAME in lead(quality, "V3").faults


def test_a_long_gap_is_told() -> None:
    samples = ecg()
    samples[4, 1000:4000] = np.nan
    quality = judge(samples)
    assert lead(quality, "aVL").faults[0] is Fault.MISSING
    assert not lead(quality, "aVL").usable


def test_levels_that_cannot_be_judged_are_not_invented() -> None:
    quality = assess(condition(synthetic.record(ecg()[:6], leads=LEADS[:6])))
    assert lead(quality, "V1").noise_mv is None
    assert lead(quality, "II").noise_mv is not None


@settings(max_examples=15, deadline=None)
@given(offsets=st.lists(st.floats(-300, 300), min_size=12, max_size=12))
def test_an_electrode_offset_has_no_influence(offsets: list[float]) -> None:
    samples = ecg() + noise(9, 0.03)
    moved = judge(samples + np.array(offsets, dtype=np.float32)[:, None])
    still = judge(samples)
    assert moved.grade is still.grade
    assert moved.score == pytest.approx(still.score, abs=0.01)
    assert [lead.faults for lead in moved.leads] == [lead.faults for lead in still.leads]


def disturbed() -> Record:
    samples = ecg() + noise(10, 0.02)
    samples[2] += (0.1 * np.sin(2 * np.pi * 50 * T)).astype(np.float32)
    samples[5] = 0.0
    samples[8, :2000] += np.random.default_rng(4).normal(0, 1, 2000).astype(np.float32)
    return synthetic.record(samples)


@settings(max_examples=15, deadline=None)
@given(order=st.permutations(range(12)))
def test_the_order_of_leads_has_no_influence(order: list[int]) -> None:
    record = disturbed()
    mixed = dataclasses.replace(
        record, signal=record.signal[order], leads=tuple(LEADS[k] for k in order)
    )
    assert assess(condition(mixed)) == assess(condition(record))


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 1000),
    size=st.floats(0, 1e4),
    leads=st.lists(st.sampled_from(LEADS), min_size=1, max_size=12, unique=True),
    holes=st.booleans(),
)
def test_whatever_comes_gets_a_grade_and_a_score(
    seed: int, size: float, leads: list[str], holes: bool
) -> None:
    rng = np.random.default_rng(seed)
    samples = (size * rng.standard_normal((len(leads), 2500))).astype(np.float32)
    if holes:
        samples[rng.random(samples.shape) < 0.3] = np.nan
    quality = assess(condition(synthetic.record(samples, leads=tuple(leads))))
    assert 0.0 <= quality.score <= 1.0
    assert [lead.lead for lead in quality.leads] == list(LEADS)
    assert quality.grade is Grade.NOT_USABLE
    assert quality.reasons


def test_every_limit_has_a_source_and_rises_with_severity() -> None:
    text = files("ecgcli.signals").joinpath("data/quality_limits.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    assert all(row["source"] and row["what"] and row["unit"] for row in rows)
    assert [row["measure"] for row in rows] == list(limits())
    assert all(x.noted <= x.in_part <= x.unusable for x in limits().values())
