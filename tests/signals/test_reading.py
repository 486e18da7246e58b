"""What networks are given: a coarse signal that is the same for both rates, and named numbers."""

from __future__ import annotations

import numpy as np
import pytest

from ecgcli.records.leads import LEADS
from ecgcli.signals.coarse import SAMPLES, coarse
from ecgcli.signals.features import NAMES, features
from ecgcli.signals.reading import NUMBERS
from ecgcli.signals.results import Grade, LeadQuality, Quality
from tests.clinical import builders
from tests.signals.engine import all_usable, as_conditioned


def waves(frequency: float, samples: int = 5000) -> np.ndarray:
    return np.tile(np.sin(2.0 * np.pi * frequency * np.arange(samples) / 500.0), (12, 1))


@pytest.mark.parametrize("frequency", [1.0, 10.0, 25.0])
def test_what_an_ecg_is_made_of_passes_unchanged(frequency: float) -> None:
    out = coarse(as_conditioned(waves(frequency)), all_usable())
    wanted = waves(frequency)[:, ::5]
    assert out[:, 20:-20] == pytest.approx(wanted[:, 20:-20], abs=0.01)


@pytest.mark.parametrize("frequency", [50.0, 60.0, 100.0, 150.0])
def test_what_would_be_aliased_does_not_pass(frequency: float) -> None:
    out = coarse(as_conditioned(waves(frequency)), all_usable())
    assert np.abs(out[:, 20:-20]).max() < 0.002


def test_a_short_recording_ends_in_zeros() -> None:
    out = coarse(as_conditioned(waves(5.0, 2600) + 1.0), all_usable())
    assert out.shape == (12, SAMPLES)
    assert (out[:, 520:] == 0.0).all()
    assert (out[:, :520] != 0.0).all()


def test_a_lead_that_may_not_be_measured_is_zero_and_changes_no_other() -> None:
    leads = tuple(LeadQuality(lead, lead != "V2") for lead in LEADS)
    noise = np.random.default_rng(1).normal(size=(12, 5000))
    everything = coarse(as_conditioned(noise), all_usable())
    some = coarse(as_conditioned(noise), Quality(Grade.IN_PART, 0.9, (), leads))
    assert (some[LEADS.index("V2")] == 0.0).all()
    rest = [at for at, lead in enumerate(LEADS) if lead != "V2"]
    assert (some[rest] == everything[rest]).all()


def test_numbers_stand_where_their_names_say() -> None:
    row = dict(zip(NAMES, features(builders.measurements()), strict=True))
    assert row["pr_interval"] == 160
    assert row["p_wave_present"] == 1.0
    assert row["p_wave_absent"] == 0.0
    assert len(NUMBERS) == len(set(NUMBERS)) == len(NAMES) + 2


def test_what_was_not_measured_is_nan() -> None:
    assert np.isnan(features(None)).all()
    row = dict(zip(NAMES, features(builders.measurements(pr_interval=None)), strict=True))
    assert np.isnan(row["pr_interval"])
