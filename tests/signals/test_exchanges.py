"""Exchanged electrodes are suspected and named; what is in order, or cannot be told, is not."""

import csv
import dataclasses
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ecgcli.records.leads import LEADS
from ecgcli.records.read import read_path
from ecgcli.signals import evaluate_exchanges, exchanges
from ecgcli.signals.analyse import analyse
from ecgcli.signals.beatshape import INDEPENDENT, shapes
from ecgcli.signals.results import Analysis, Suspicion
from tests import synthetic

UNDOABLE = [kind for kind, each in exchanges.exchanges().items() if each.undo is not None]
LIMB = ["RA/LA", "RA/LL", "LA/LL", "LIMB+", "LIMB-"]


def ecg() -> NDArray[np.float32]:
    return synthetic.signal(synthetic.beat_times(70, 10.0))


def exchanged(samples: NDArray[np.float32], kind: str) -> NDArray[np.float32]:
    """Return what the twelve leads would be with an exchange."""
    undo = exchanges.exchanges()[kind].undo
    assert undo is not None
    eight = np.linalg.inv(undo) @ samples[[LEADS.index(lead) for lead in INDEPENDENT]]
    return twelve(eight)


def twelve(eight: NDArray[np.float64]) -> NDArray[np.float32]:
    one, two = eight[0], eight[1]
    limb = [one, two, two - one, -(one + two) / 2, one - two / 2, two - one / 2]
    return np.stack([*limb, *eight[2:]]).astype(np.float32)


def suspected(samples: NDArray[np.float32]) -> tuple[Suspicion, ...]:
    return analyse(synthetic.record(samples)).suspicions


def test_nothing_is_suspected_of_a_normal_ecg() -> None:
    assert suspected(ecg()) == ()


@pytest.mark.parametrize("kind", ["RA/LA", "RA/LL", "LIMB+", "LIMB-", "V1/V3", "V2/V4", "V1-V6"])
def test_an_exchange_is_named_with_evidence(kind: str) -> None:
    (found,) = suspected(exchanged(ecg(), kind))
    assert found.kind == kind
    assert found.confidence >= 0.5
    assert len(found.evidence) >= 2
    assert set(found.leads) <= set(LEADS)
    assert found.text.endswith(".")
    assert found.effect.endswith(".")


def test_arm_electrodes_turn_lead_one_upside_down_but_not_v6() -> None:
    samples = ecg()
    turned = exchanged(samples, "RA/LA")
    assert np.allclose(turned[0], -samples[0], atol=1e-6)
    assert np.allclose(turned[LEADS.index("aVR")], samples[LEADS.index("aVL")], atol=1e-6)
    (found,) = suspected(turned)
    said = " ".join(found.evidence)
    assert "I: P negative, QRS negative, T negative" in said
    assert "V6: P upright, QRS upright, T upright" in said


def test_a_heart_on_the_right_is_considered() -> None:
    mirrored = dict(synthetic.NORMAL)
    p, q, r, s, t = mirrored["I"]
    mirrored["I"] = (-p, -q, -r, -s, -t)
    one, two = synthetic.NORMAL["I"], synthetic.NORMAL["II"]
    mirrored["II"] = tuple(b - a for a, b in zip(one, two, strict=True))  # type: ignore[assignment]
    for lead, height in (("V3", 1.0), ("V4", 0.7), ("V5", 0.5), ("V6", 0.3)):
        mirrored[lead] = (-0.02, 0.0, 0.1 * height, -height, -0.15 * height)
    (found,) = suspected(synthetic.signal(synthetic.beat_times(70, 10.0), waves=mirrored))
    assert found.kind == exchanges.MIRRORED
    assert "dextrocardia" in found.text


def test_one_limb_and_one_chest_exchange_are_both_named() -> None:
    found = suspected(exchanged(exchanged(ecg(), "V1/V3"), "RA/LA"))
    assert {suspicion.kind for suspicion in found} == {"V1/V3", "RA/LA"}


@pytest.mark.parametrize(("kind", "flat"), [("RA/RL", "II"), ("LA/RL", "III"), ("ARMS/LEGS", "I")])
def test_an_arm_electrode_on_a_leg_leaves_one_lead_flat(kind: str, flat: str) -> None:
    samples = evaluate_exchanges.without_right_leg(ecg().astype(np.float64), kind)
    (found,) = suspected(samples.astype(np.float32))
    assert found.kind == kind
    assert found.evidence[0].startswith(f"Lead {flat}:")
    assert set(found.leads) == set(LEADS)


def test_a_lead_that_fell_off_is_no_exchange() -> None:
    samples = ecg()
    samples[1] = 0.0
    assert suspected(samples) == ()


def test_leads_that_are_not_to_be_trusted_are_not_suspected() -> None:
    samples = exchanged(ecg(), "RA/LA")
    samples /= np.ptp(samples, axis=1, keepdims=True)
    analysis = analyse(synthetic.record(samples))
    assert any(lead.distrust for lead in analysis.quality.leads)
    assert analysis.suspicions == ()


def test_missing_leads_leave_it_open() -> None:
    samples = exchanged(ecg(), "RA/LA")
    record = synthetic.record(samples[:9], leads=LEADS[:9])
    assert analyse(record).suspicions == ()


@settings(max_examples=10, deadline=None)
@given(gain=st.floats(0.4, 3.0), kind=st.sampled_from(["RA/LA", "V2/V4"]))
def test_the_gain_does_not_matter(gain: float, kind: str) -> None:
    samples = exchanged(ecg(), kind)
    assert [s.kind for s in suspected(samples * np.float32(gain))] == [kind]


@pytest.mark.parametrize("kind", UNDOABLE)
def test_undoing_an_exchange_gives_the_recording_back(kind: str) -> None:
    undo = exchanges.exchanges()[kind].undo
    assert undo is not None
    eight = np.random.default_rng(0).standard_normal((8, 50))
    assert np.allclose(undo @ (np.linalg.inv(undo) @ eight), eight)
    # A permutation of electrodes: six powers of it are none (2, 3 and 6 divide 6).
    assert np.allclose(np.linalg.matrix_power(undo, 6), np.eye(8))


def test_every_exchange_has_a_source_and_names_the_leads_it_changes() -> None:
    text = files("ecgcli.signals").joinpath("data/exchanges.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    assert all(row["source"] and row["text"] and row["effect"] for row in rows)
    samples = ecg()
    for kind in UNDOABLE:
        changed = exchanged(samples, kind)
        moved = np.abs(changed - samples).max(axis=1) > 1e-5
        named = exchanges.exchanges()[kind].leads
        assert tuple(lead for lead, m in zip(LEADS, moved, strict=True) if m) == named


def test_usual_waves_are_whole() -> None:
    for usual in shapes().values():
        assert np.allclose(usual.inverse, usual.inverse.T)
        assert np.linalg.eigvalsh(usual.inverse).min() > 0
        assert np.abs(usual.mean).max() < 5


def _analysed(folder: Path) -> list[Analysis]:
    return [analyse(read_path(path)) for path in sorted(folder.rglob("*.hea"))]


@pytest.mark.real
def test_nothing_is_suspected_of_children(ecg_data: Path) -> None:
    found = _analysed(ecg_data / "paediatric")
    assert len(found) == 12
    assert all(analysis.suspicions == () for analysis in found)


@pytest.mark.real
def test_scaled_leads_say_nothing(ecg_data: Path) -> None:
    folder = ecg_data / "ludb"
    for path in sorted(folder.rglob("*.hea"))[:10]:
        assert analyse(read_path(path)).suspicions == ()


@pytest.mark.real
@pytest.mark.slow
def test_exchanges_made_in_real_recordings(ecg_data: Path) -> None:
    folder = ecg_data / "ptbxl" / "records500"
    paths = sorted(folder.rglob("*.hea"))[::23]
    plain, alarms = 0, 0
    hits = dict.fromkeys(["RA/LA", "RA/LL", "LA/LL", "V1/V2", "V3/V5"], 0)
    for at, path in enumerate(paths):
        record = read_path(path)
        plain += 1
        alarms += bool(analyse(record).suspicions)
        kind = list(hits)[at % len(hits)]
        rows = [record.leads.index(lead) for lead in LEADS]
        moved = dataclasses.replace(
            record, signal=exchanged(record.signal[rows], kind), leads=LEADS, derived=()
        )
        hits[kind] += any(s.kind == kind for s in analyse(moved).suspicions)
    share = {kind: count / (plain / len(hits)) for kind, count in hits.items()}
    print(plain, alarms, share)
    assert alarms <= 0.03 * plain
    assert share["LA/LL"] >= 0.5
    assert min(value for kind, value in share.items() if kind != "LA/LL") >= 0.85
