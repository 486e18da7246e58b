"""The evaluation of generated recordings: prompts, scores, and the whole of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from ecgcli.cli import evaluate_generation as command
from ecgcli.cli import evaluated
from ecgcli.errors import ModelError, OutputError, RecordError
from ecgcli.generation import (
    evaluate_features,
    evaluate_numbers,
    evaluate_shown,
    evaluate_signals,
    synthetic_rows,
)
from ecgcli.generation.check import Check, Item
from ecgcli.generation.condition import Condition
from ecgcli.generation.evaluate_prompts import request_of, scp_codes
from ecgcli.generation.evaluate_samples import Made, Way
from ecgcli.generation.observed import (
    WAVES,
    Observed,
    coarse_leads,
    frequencies,
    law_error,
    of_analysis,
    spectrum,
)
from ecgcli.generation.order import CANDIDATES
from ecgcli.generation.refusal import RequestError
from ecgcli.generation.request import Request
from ecgcli.generation.sample import Sample, nearest
from ecgcli.models import statements
from ecgcli.models.generator import weights
from ecgcli.models.generator.flow import GUIDANCE, STEPS, Asked
from ecgcli.models.generator.weights import Weights
from ecgcli.records.leads import LEADS
from ecgcli.records.record import Patient
from ecgcli.signals.analyse import analyse
from ecgcli.training.generator.rows import Shard
from ecgcli.training.ptbxl_table import Row
from ecgcli.training.vocabulary import vocabulary
from tests import synthetic
from tests.generation import random_generator
from tests.training import small_ptbxl

MEASURED = {"heart_rate": 71.6, "pr_ms": 161.0, "qrs_ms": 92.4, "qt_ms": 390.0, "axis_deg": 45.0}
KNOWN = Weights({}, random_generator.CODES, dict.fromkeys(random_generator.CODES, 100))


@pytest.fixture(scope="module")
def seen() -> Observed:
    """Return what is kept of a normal recording of 75 /min."""
    found = of_analysis(analyse(synthetic.normal(75.0)))
    assert found is not None
    return found


def row(codes: dict[str, float], age: float | None = 60.0) -> Row:
    return Row(1, 9, Path("x"), Patient(None, None, age, "female"), codes)


def test_a_request_holds_labels_patient_and_rounded_measurements() -> None:
    request = request_of(row({"SR": 0.0, "1AVB": 100.0}), MEASURED | {"pr_ms": 230.4}, KNOWN)
    assert set(request.present) == {"1AVB", "SR"}
    assert request.values() == {
        "heart_rate": 72.0,
        "pr_ms": 230.0,
        "qrs_ms": 92.0,
        "qt_ms": 390.0,
        "axis_deg": 45.0,
    }
    assert (request.age_years, request.sex, request.text) == (60.0, "female", "")
    assert scp_codes(request) == {"1AVB", "SR"}


def test_an_uncertain_label_is_asked_for_and_an_unlearned_one_is_not() -> None:
    request = request_of(row({"NORM": 0.0, "SARRH": 0.0, "nonsense": 100.0}), MEASURED, KNOWN)
    assert request.present == ("NORM",)


def test_what_the_rhythm_does_not_have_is_not_asked_for() -> None:
    request = request_of(row({"AFIB": 0.0}), MEASURED, KNOWN)
    assert request.pr_ms is None
    assert request.qrs_ms == 92.0


def test_what_was_not_measured_is_not_asked_for() -> None:
    assert request_of(row({"SR": 0.0}, None), {}, KNOWN).values() == {}
    turned = request_of(row({"SR": 0.0}), {"axis_deg": -179.9}, KNOWN)
    assert turned.axis_deg == 180.0


@pytest.mark.parametrize(
    ("codes", "age", "measured"),
    [
        ({"1AVB": 100.0}, 60.0, MEASURED),  # PR 161 ms
        ({"NORM": 100.0, "IMI": 100.0}, 60.0, MEASURED),
        ({"SR": 0.0}, 12.0, MEASURED),
    ],
)
def test_contradictions_and_children_are_refused(
    codes: dict[str, float], age: float, measured: dict[str, float]
) -> None:
    with pytest.raises(RequestError):
        request_of(row(codes, age), measured, KNOWN)


def test_what_is_kept_of_a_recording(seen: Observed) -> None:
    assert seen.grade == "usable"
    assert seen.values["heart_rate"] == pytest.approx(75.0, abs=1.0)
    assert seen.rmssd < evaluate_signals.REGULAR_MS
    assert seen.amplitudes.shape == (12, len(WAVES))
    assert seen.features.shape == (768,)
    assert np.diff(seen.beats[np.isfinite(seen.beats)]) == pytest.approx(0.8, abs=0.01)
    assert seen.leads.shape == (8, 1000)
    assert seen.leads.dtype == np.int16
    network = statements.shipped()
    assert seen.features @ network.weights["head.weight"][:768] == pytest.approx(
        seen.logits - _of_numbers(seen), abs=1e-3
    )


def _of_numbers(seen: Observed) -> np.ndarray[Any, Any]:
    """Return what the head makes of all but the pooled features."""
    network = statements.shipped()
    rest = network._read(seen.numbers)
    made: np.ndarray[Any, Any] = rest @ network.weights["head.weight"][768:]
    return made + network.weights["head.bias"]


def test_the_same_recording_at_both_rates_is_kept_alike(seen: Observed) -> None:
    slow = of_analysis(analyse(synthetic.normal(75.0, rate=100.0)))
    assert slow is not None
    assert slow.fine_spectrum is None
    assert seen.fine_spectrum is not None
    assert slow.leads[:, 50:-50] == pytest.approx(seen.leads[:, 50:-50], abs=30)
    assert slow.values["heart_rate"] == pytest.approx(seen.values["heart_rate"], abs=0.5)


def test_short_leads_end_in_zeros() -> None:
    assert (
        coarse_leads(np.ones((8, 600), np.float32), 100.0)[0, 590:610].tolist()
        == [1.0] * 10 + [0.0] * 10
    )


@pytest.mark.parametrize("rate", [100.0, 500.0])
def test_a_spectrum_holds_the_power_of_a_wave_where_it_is(rate: float) -> None:
    t = np.arange(round(10 * rate)) / rate
    power = spectrum(np.sin(2 * np.pi * 7.0 * t)[None].astype(np.float32), rate)[0]
    at = frequencies(rate)
    assert at[power.argmax()] == 7.0
    assert power.sum() * 0.5 == pytest.approx(0.5, rel=0.01)  # half the square of 1 mV


def test_the_laws_of_the_limb_leads() -> None:
    record = synthetic.normal()
    assert law_error(record) < 1e-6
    bent = record.signal.copy()
    bent[LEADS.index("aVF"), 100] += 0.25
    assert law_error(replace(record, signal=bent)) == pytest.approx(0.25, abs=1e-6)


def test_numbers_asked_for_beside_those_measured(seen: Observed) -> None:
    requests = [Request(heart_rate=70.0, axis_deg=-170.0), Request(heart_rate=80.0), Request()]
    two = [
        replace(seen, values={"heart_rate": 72.0, "axis_deg": 170.0}),
        replace(seen, values={"heart_rate": 90.0}),
        replace(seen, values={"heart_rate": 10.0}),
    ]
    found = evaluate_numbers.numbers(requests, two)
    assert found["heart_rate"] == {
        "asked": 2,
        "not_measured": 0,
        "mean_absolute_error": 6.0,
        "median_error": 6.0,
        "tolerance": 3.0,
        "within": 0.5,
    }
    assert found["axis_deg"]["mean_absolute_error"] == pytest.approx(20.0)
    assert found["axis_deg"]["median_error"] == pytest.approx(-20.0)
    assert found["pr_ms"]["mean_absolute_error"] is None
    unread = evaluate_numbers.numbers(requests, [None, two[1], None])["heart_rate"]
    assert (unread["not_measured"], unread["within"]) == (1, 0.0)


def test_grades_and_laws_over_all(seen: Observed) -> None:
    bad = replace(seen, grade="not usable", law_mv=0.002)
    assert evaluate_numbers.grades([seen, bad, None, seen]) == {
        "not read": 1,
        "not usable": 1,
        "usable": 2,
    }
    assert evaluate_numbers.law_mv([seen, bad, None]) == 0.002
    assert evaluate_numbers.law_mv([None]) is None


def test_areas_of_what_was_asked_for(seen: Observed) -> None:
    outputs = statements.shipped().card["outputs"]
    requests, observed = [], []
    for at in range(20):
        asked = at < 12
        logits = seen.logits.copy()
        logits[outputs.index("AFIB")] = 5.0 if asked else -5.0
        logits[outputs.index("1AVB")] = -5.0 if asked else 5.0
        present = ("1AVB", "AFIB") if asked else ("SR",)
        requests.append(Request(present=present))
        observed.append(replace(seen, logits=logits))
    examples = {"AFIB": 500, "1AVB": 29, "SR": 500, "NORM": 500}
    found = evaluate_shown.areas(requests, observed, examples)
    rows = found["statements"]
    assert (rows["AFIB"]["auroc"], rows["1AVB"]["auroc"], rows["SR"]["auroc"]) == (1.0, 0.0, 0.5)
    assert rows["AFIB"]["asked"] == 12
    assert "NORM" not in rows  # nobody asked for it
    assert found["macro_auroc"] == pytest.approx(0.75)  # 1AVB has too few examples
    assert found["macro_auroc_often_asked"] == 1.0  # SR was asked for 8 times
    none: list[Observed | None] = [None] * 20
    assert evaluate_shown.areas(requests, none, examples)["macro_auroc"] == 0.5


def test_distances_in_the_space_of_features(seen: Observed) -> None:
    rng = np.random.default_rng(1)
    real = [replace(seen, features=rng.normal(0.0, 2.0, 768).astype(np.float32)) for _ in range(40)]
    where = evaluate_features.space(real)
    assert where.points(real).std(axis=0) == pytest.approx(1.0)
    assert where.directions.shape == (768, 40)
    assert where.kept == pytest.approx(1.0)
    same = evaluate_features.compared(where, real, real)
    assert same is not None
    assert same["frechet"] == pytest.approx(0.0, abs=1e-6)
    assert same["precision"] == same["recall"] == same["coverage"] == 1.0
    far = [replace(one, features=one.features + np.float32(50.0)) for one in real]
    away = evaluate_features.compared(where, real, far)
    assert away is not None
    assert away["frechet"] > 100.0
    assert away["precision"] == 0.0
    assert evaluate_features.compared(where, real, real[:2]) is None


def test_distances_of_signals(seen: Observed) -> None:
    louder = replace(
        seen,
        spectrum=4.0 * seen.spectrum,
        amplitudes=seen.amplitudes + np.float32(0.25),
        rmssd=seen.rmssd + 30.0,
    )
    apart = evaluate_signals.spectra([seen] * 3, [louder] * 3, [], [])
    assert apart["to_45_hz"]["mean_db"] == pytest.approx(6.02, abs=0.01)
    assert apart["45_to_150_hz"] is None
    amplitudes = evaluate_signals.amplitudes([seen] * 3, [louder] * 2)
    assert amplitudes["r_mv"]["II"] == {
        "real": 3,
        "records": 2,
        "wasserstein": pytest.approx(0.25, abs=1e-6),
    }
    none = replace(seen, amplitudes=np.full_like(seen.amplitudes, np.nan))
    assert evaluate_signals.amplitudes([seen], [none])["r_mv"]["II"]["wasserstein"] is None
    found = evaluate_signals.variability([seen, seen], [louder, seen])
    assert found["wasserstein"] == pytest.approx(15.0)
    assert (found["regular_real"], found["regular"]) == (1.0, 0.5)


def sample(candidate: int, *items: Item) -> Sample:
    asked = Asked(np.zeros(1, np.float32), np.zeros(1, np.float32))
    told = Condition(asked, (60.0, 60.0), (), {})
    return Sample(synthetic.normal(), None, Check(items), told, 1, 0, candidate, candidate + 1)


def test_a_drawing_that_passes_is_taken_even_if_another_is_nearer_in_sum() -> None:
    near = sample(0, Item("heart_rate", "", "", False, 0.1))
    passing = sample(1, *(Item(name, "", "", True, 0.24) for name in "abcdef"))
    assert near.check.miss < passing.check.miss
    best = nearest([near, passing])
    assert (best.candidate, best.tried) == (1, 2)
    assert nearest([sample(0, Item("a", "", "", False, 0.9)), near]).candidate == 0
    with pytest.raises(ValueError, match="at least one"):
        nearest([])


def test_the_options_have_the_values_of_the_generator() -> None:
    assert (command.STEPS, command.GUIDANCE, command.CANDIDATES) == (STEPS, GUIDANCE, CANDIDATES)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return random_generator.make(tmp_path_factory.mktemp("model") / "random.safetensors")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_ptbxl.make(tmp_path_factory.mktemp("ptbxl"), 36, sharp=9)


def run(*arguments: object) -> str:
    said = [str(each) for each in arguments]
    result = CliRunner().invoke(command.generation, said, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.slow
def test_the_whole_evaluation(folder: Path, model: Path, tmp_path: Path) -> None:
    file, figures = tmp_path / "numbers.json", tmp_path / "figures"
    options = ("--n", 2, "--model", model, "--steps", 4, "--candidates", 2)
    more = ("--work", tmp_path / "work", "--out", file, "--figures", figures)
    printed = run(folder, *options, *more)
    assert "2 prompts from fold 9" in printed
    found = json.loads(file.read_text())
    assert set(found) == {
        "generator", "statement_model", "fold", "prompts", "other_recordings", "skipped", "seed",
        "steps", "guidance", "candidates", "first", "best", "real", "real_to_real", "copies",
        "time",
    }  # fmt: skip
    assert found["best"]["law_error_mv"] <= 2e-6  # float32, 20 mV
    assert 1.0 <= found["best"]["mean_tried"] <= 2.0
    assert found["copies"]["training"] == 32
    assert set(found["time"]["by_steps"]) == {"4", "8", "12", "16", "24", "32"}
    assert {each.name for each in figures.iterdir()} == {
        "numbers.svg", "spectra.svg", "spectra-500-hz.svg", "amplitudes.svg", "variability.svg",
        "distances.svg", "closest-signals.svg", "closest-beats.svg",
    }  # fmt: skip
    again = tmp_path / "again.json"
    run(folder, *options, "--against", 0, "--no-time", "--out", again, "--jobs", 2)
    numbers = json.loads(again.read_text())
    assert numbers["copies"] is None
    assert numbers["time"] is None
    assert (numbers["first"], numbers["best"]) == (found["first"], found["best"])


@pytest.mark.real
@pytest.mark.slow
def test_real_recordings_are_found_good(ecg_data: Path, model: Path, tmp_path: Path) -> None:
    file = tmp_path / "numbers.json"
    options = ("--n", 4, "--model", model, "--steps", 4, "--candidates", 2, "--against", 8)
    printed = run(ecg_data / "ptbxl", *options, "--no-time", "--out", file)
    assert "4 prompts from fold 9" in printed
    found = json.loads(file.read_text())
    assert found["real"]["quality"].get("usable", 0) >= 3
    assert found["real"]["statements"]["macro_auroc"] > 0.7
    assert found["best"]["law_error_mv"] <= 2e-6  # float32, 20 mV
    apart = found["real_to_real"]["spectra"]["to_45_hz"]["mean_db"]
    assert apart < found["first"]["spectra"]["to_45_hz"]["mean_db"]
    assert found["copies"]["signal"]["records"] == 4


def test_a_folder_without_its_table_is_named(model: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="ptbxl_database"):
        run(tmp_path, "--model", model)


def test_a_figure_that_cannot_be_written_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from ecgcli.generation import evaluate_figures

    def refuse(*_: object) -> None:
        raise OSError(28, "no space")

    monkeypatch.setattr(evaluate_figures, "draw", refuse)
    with pytest.raises(OutputError, match="no space"):
        command._draw(None, tmp_path)  # type: ignore[arg-type]


def test_missing_numbers_are_shown_as_such() -> None:
    assert (evaluated.number(None, 2), evaluated.number(1.234, 2)) == ("-", "1.23")
    assert (evaluated.share(None), evaluated.share(0.123)) == ("-", "12.3%")


class Serial:
    """Stands for a pool of processes: does the work here, with a recording that is usable."""

    def __init__(self, one: Observed) -> None:
        self.one = one
        self.calls = 0

    def map(self, function: Callable[..., Any], jobs: Iterable[Any]) -> Iterator[Made]:
        for number, _ in jobs:
            self.calls += 1
            grade = "not usable" if number == 1 else "usable"
            yield Made(None, replace(self.one, grade=grade), (), (), 1)


def test_samples_become_rows_with_the_labels_that_were_asked_for(
    folder: Path, model: Path, seen: Observed, tmp_path: Path
) -> None:
    words = vocabulary(folder)
    table = [row({"SR": 0.0, "IMI": 35.0}), replace(row({"SR": 0.0, "nonsense": 9.0}), number=2)]
    measured = np.array([[72, 160, 92, 390, np.nan]] * 2, np.float32)
    shard = Shard(
        ids=np.array([1, 2]),
        leads=np.zeros((2, 8, 1000), np.int16),
        beats=np.zeros((2, 1), np.float32),
        kinds=np.zeros((2, 1), np.int8),
        measured=measured,
        patient=np.zeros((2, 2), np.float32),
        score=np.zeros(2, np.float32),
    )
    found = synthetic_rows.sources(table, shard, weights.load(model))
    assert [one.codes() for one in found] == [{"SR": 0.0, "IMI": 35.0}, {"SR": 0.0}]
    assert found[0].request.axis_deg is None
    pool, way = Serial(seen), Way(model, 1, 4)
    said: list[str] = []
    chosen = synthetic_rows.spread(found, 3, 1)
    assert {one.row.number for one in chosen[:2]} == {1, 2}
    made = synthetic_rows.recordings(pool, chosen, words, way, tmp_path, said.append)  # type: ignore[arg-type]
    assert made.numbers_of.tolist() == [-1, -3]  # the second is not usable
    assert (made.signal == seen.signal).all()
    for at, place in enumerate((0, 2)):
        wanted = words.labels(chosen[place].codes())
        assert np.array_equal(made.labels[at], wanted, equal_nan=True)
    assert (pool.calls, len(said)) == (3, 1)
    again = synthetic_rows.recordings(pool, chosen, words, way, tmp_path, said.append)  # type: ignore[arg-type]
    assert (pool.calls, len(said)) == (3, 1)
    assert np.array_equal(again.numbers, made.numbers, equal_nan=True)
    other = replace(way, guidance=1.0)
    synthetic_rows.recordings(pool, chosen, words, other, tmp_path, said.append)  # type: ignore[arg-type]
    assert pool.calls == 6
    two = synthetic_rows.both(made, again)
    assert len(two.labels) == 4
    assert synthetic_rows.spread([], 5, 1) == []


def test_what_cannot_be_read_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    from ecgcli.errors import Category
    from ecgcli.generation import observed

    def refuse(path: Path) -> None:
        raise RecordError(Category.TOO_SHORT, "", "")

    monkeypatch.setattr(observed, "read_path", refuse)
    assert observed.of_row(row({})) is None
    assert observed.fine_spectrum_of(row({})) is None
