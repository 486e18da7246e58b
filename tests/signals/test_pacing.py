"""Pacing spikes tell rate and chamber; where they cannot be seen, that is said."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ecgcli.records.read import read_path
from ecgcli.signals.analyse import analyse
from ecgcli.signals.pacing import pacing
from ecgcli.signals.results import Chamber, Pacing
from tests import synthetic

ONSETS = [200 + 400 * beat for beat in range(12)]  # 75 /min


def spikes(*delays_ms: float, beats: slice = slice(None)) -> NDArray[np.int64]:
    places = [round(onset - ms / 2) for onset in ONSETS[beats] for ms in delays_ms]
    return np.array(sorted(places), dtype=np.int64)


@pytest.mark.parametrize(
    ("delays", "chamber"),
    [
        ((10.0,), Chamber.VENTRICULAR),
        ((160.0,), Chamber.ATRIAL),
        ((160.0, 10.0), Chamber.DUAL),
        ((300.0,), Chamber.ATRIAL),
    ],
)
def test_the_distance_to_the_qrs_complex_tells_the_chamber(
    delays: tuple[float, ...], chamber: Chamber
) -> None:
    found = pacing(spikes(*delays), ONSETS, 500.0)
    assert found.present is True
    assert found.chamber is chamber
    assert found.rate.value == pytest.approx(75, rel=0.01)
    assert found.reason is None


def test_pacing_on_demand() -> None:
    found = pacing(spikes(10.0, beats=slice(3, 7)), ONSETS, 500.0)
    assert found.present is True
    assert found.spikes == 4
    assert found.rate.value == pytest.approx(75, rel=0.01)
    everywhere = pacing(spikes(10.0), ONSETS, 500.0)
    assert (found.rate.confidence or 0) < (everywhere.rate.confidence or 0)


def test_a_spike_that_was_missed_does_not_halve_the_rate() -> None:
    every_other = np.delete(spikes(10.0), [3, 5, 7])
    assert pacing(every_other, ONSETS, 500.0).rate.value == pytest.approx(75, rel=0.01)


def test_a_beat_without_an_onset_does_no_harm() -> None:
    onsets: list[int | None] = [None, *ONSETS[1:]]
    assert pacing(spikes(10.0), onsets, 500.0).chamber is Chamber.VENTRICULAR


def test_no_spikes_is_no_pacing() -> None:
    found = pacing(np.zeros(0, dtype=np.int64), ONSETS, 500.0)
    assert (found.present, found.spikes) == (False, 0)
    assert found.rate.reason


@pytest.mark.parametrize("rate", [100.0, 250.0])
def test_a_slow_recorder_cannot_tell(rate: float) -> None:
    found = pacing(np.zeros(0, dtype=np.int64), ONSETS, rate)
    assert found.present is None
    assert found.reason is not None
    assert f"{rate:g}" in found.reason


def test_a_lone_spike_is_an_artefact() -> None:
    assert pacing(np.array([190]), ONSETS, 500.0).present is False


def test_spikes_anywhere_are_no_pacing() -> None:
    anywhere = np.array([300, 799, 1333, 2020, 2891], dtype=np.int64)
    found = pacing(anywhere, ONSETS, 500.0)
    assert found.chamber is None
    assert found.reason


@settings(max_examples=50, deadline=None)
@given(
    places=st.lists(st.integers(0, 5000), max_size=30, unique=True),
    onsets=st.lists(st.one_of(st.none(), st.integers(0, 5000)), max_size=20),
    rate=st.floats(50, 2000),
)
def test_whatever_comes_has_an_answer_or_a_reason(
    places: list[int], onsets: list[int | None], rate: float
) -> None:
    found = pacing(np.array(sorted(places), dtype=np.int64), onsets, rate)
    assert found.spikes == len(places)
    if found.present is None or (found.present and found.chamber is None):
        assert found.reason
    if found.rate.value is not None:
        assert found.present
        assert 30 <= found.rate.value <= 240


def paced(*before_ms: float, rate: float = 500.0) -> Pacing:
    """Return what is found in a synthetic ECG with spikes this long before the R peaks."""
    beats = synthetic.beat_times(70, 10.0)
    samples = synthetic.signal(beats, qrs_scale=1.0 if max(before_ms) > 100 else 2.0, rate=rate)
    for beat in beats[1:]:
        for ms in before_ms:
            at = round((beat - ms / 1000) * rate)
            samples[:, at : at + 1] += np.linspace(0.8, 2.0, 12, dtype=np.float32)[:, None]
    measured = analyse(synthetic.record(samples, rate)).measurements
    assert measured is not None
    assert measured.pacing is not None
    return measured.pacing


def test_through_the_whole_engine() -> None:
    ventricular = paced(75.0)
    assert ventricular.present
    assert ventricular.chamber is Chamber.VENTRICULAR
    assert ventricular.rate.value == pytest.approx(70, rel=0.02)
    assert paced(230.0).chamber is Chamber.ATRIAL


def test_an_ecg_without_spikes() -> None:
    measured = analyse(synthetic.normal()).measurements
    assert measured is not None
    assert measured.pacing is not None
    assert measured.pacing.present is False
    measured = analyse(synthetic.normal(rate=100.0)).measurements
    assert measured is not None
    assert measured.pacing is not None
    assert measured.pacing.present is None


@pytest.mark.real
def test_paced_recordings(ecg_data: Path) -> None:
    folder = ecg_data / "ptbxl"
    table = (folder / "ptbxl_database.csv").read_text(encoding="utf-8")
    rows = [
        row
        for row in csv.DictReader(table.splitlines())
        if "raw500" in row["signals"] and int(row["strat_fold"]) <= 8
    ]
    of_pace = [row for row in rows if "'PACE'" in row["scp_codes"]]
    others = [row for row in rows if "'PACE'" not in row["scp_codes"]][::30]
    found: dict[str, Pacing] = {}
    for row in of_pace + others:
        measured = analyse(read_path(folder / f"{row['filename_hr']}.hea")).measurements
        if measured is not None and measured.pacing is not None:
            found[row["ecg_id"]] = measured.pacing
    told = [found[row["ecg_id"]] for row in of_pace]
    assert sum(each.present is True for each in told) >= 0.9 * len(told)
    wrong = [found[row["ecg_id"]] for row in others]
    assert sum(each.present is not False for each in wrong) <= 2
    assert found["13507"].chamber is Chamber.DUAL
    assert found["19096"].chamber is Chamber.ATRIAL
    assert found["385"].chamber is Chamber.VENTRICULAR
