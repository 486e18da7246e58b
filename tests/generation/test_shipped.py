"""The generator that ships shows what it is asked for, by our own measurements."""

from __future__ import annotations

import numpy as np
import pytest

from ecgcli.generation.condition import learned
from ecgcli.generation.reading import read
from ecgcli.generation.sample import Sample, sample
from ecgcli.models.generator import draw, weights
from ecgcli.records.leads import LEADS

MOST_MIB = 25


def made(text: str, seed: int = 1) -> Sample:
    return sample(read(text), draw.shipped(), seed=seed)


def test_the_file_is_small_and_knows_common_statements() -> None:
    assert weights.SHIPPED.stat().st_size < MOST_MIB * 2**20
    assert {"AFIB", "CLBBB", "CRBBB", "1AVB", "LVH", "PVC", "NORM"} <= learned(weights.shipped())


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "sinus tachycardia, 60yo male",
        "normal ECG, 25 year old woman",
        "AF with RVR",
        "atrial fibrillation, rate 80, 70 year old woman",
        "LBBB",
        "RBBB, 70 year old man",
        "bradycardia 45 bpm with first degree block, PR 260",
        "inferior STEMI",
        "left axis deviation, 50yo male",
        "paced rhythm, 80 year old man",
        "PVCs, 55 year old woman",
        "incomplete right bundle branch block, 30yo",
        "LVH, 65 year old man",
    ],
)
def test_it_shows_what_is_asked_for(text: str) -> None:
    found = made(text)
    assert found.check.passed, found.check.unmet()
    signal = found.record.signal.astype(np.float64)
    rows = dict(zip(LEADS, signal, strict=True))
    assert np.abs(rows["III"] - (rows["II"] - rows["I"])).max() < 1e-6
    assert np.abs(rows["aVF"] - (rows["II"] + rows["III"]) / 2).max() < 1e-6


def test_two_seeds_are_two_patients_and_one_seed_is_one() -> None:
    text = "sinus rhythm, rate 70"
    first, again, other = made(text), made(text), made(text, seed=2)
    assert first.record.content_hash == again.record.content_hash
    assert first.record.content_hash != other.record.content_hash
    assert np.corrcoef(first.record.signal[1], other.record.signal[1])[0, 1] < 0.9


@pytest.mark.slow
def test_a_longer_recording_shows_it_too() -> None:
    request = read("normal ECG, 40 year old woman, rate 70")
    found = sample(request, draw.shipped(), seed=1, duration_s=30.0, candidates=3)
    assert found.record.signal.shape == (12, 15_000)
    assert found.check.passed, found.check.unmet()
