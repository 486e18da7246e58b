"""What generated recordings teach: both experiments, small, with samples that show what they say.

All of fold 9 has the same rhythm here, so that only infarctions are told apart.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

torch = pytest.importorskip("torch")

from ecgcli.cli.evaluate import evaluate  # noqa: E402
from ecgcli.errors import UsageError  # noqa: E402
from ecgcli.generation import evaluate_training  # noqa: E402
from ecgcli.generation.evaluate_samples import Made, Way  # noqa: E402
from ecgcli.generation.observed import Observed, of_analysis  # noqa: E402
from ecgcli.signals.analyse import analyse  # noqa: E402
from ecgcli.training import ptbxl_rows, statements  # noqa: E402
from ecgcli.training.generator import rows as generator_rows  # noqa: E402
from ecgcli.training.vocabulary import vocabulary  # noqa: E402
from tests import synthetic  # noqa: E402
from tests.generation import random_generator  # noqa: E402
from tests.training import small_ptbxl  # noqa: E402

RECIPE = statements.Recipe(epochs=2, batch=8, warm_up=2, average=0.9, widths=(16, 16, 16, 32))


def observed(rate: float) -> Observed:
    found = of_analysis(analyse(synthetic.normal(rate)))
    assert found is not None
    return found


class Serial:
    """Stands for a pool of processes: of every request the recording with its heart rate."""

    def __init__(self) -> None:
        self.slow, self.fast = observed(45.0), observed(75.0)

    def map(self, function: Callable[..., Any], jobs: Iterable[Any]) -> Iterator[Made]:
        for _, request in jobs:
            one = self.slow if "SBRAD" in request.present else self.fast
            yield Made(one, one, (), (), 1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_ptbxl.make(tmp_path_factory.mktemp("ptbxl"), 36, sharp=0)


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Path:
    """Return a folder with the arrays of the recordings, as a training leaves it."""
    work = tmp_path_factory.mktemp("rows")
    words = vocabulary(folder)
    generator_rows.load(folder, 100, range(1, 9), words, work, 1, lambda line: None)
    ptbxl_rows.load(folder, 100, range(1, 10), words, work, 1, lambda line: None)
    return work


@pytest.fixture
def plan(
    folder: Path, rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> evaluate_training.Plan:
    @contextmanager
    def processes(jobs: int) -> Iterator[Serial]:
        yield Serial()

    monkeypatch.setattr(evaluate_training, "processes", processes)
    shutil.copytree(rows, tmp_path / "work" / "rows")
    model = random_generator.make(tmp_path / "random.safetensors")
    return evaluate_training.Plan(folder, tmp_path / "work", Way(model), RECIPE)


@pytest.mark.slow
def test_trained_on_generated_and_tested_on_real(plan: evaluate_training.Plan) -> None:
    said: list[str] = []
    found = evaluate_training.on_generated(plan, 40, said.append)
    assert (found["samples"], found["usable"]) == (40, 40)  # more than there are recordings
    assert 0.0 <= found["generated"]["macro_auroc"]["diagnostic"] <= 1.0
    assert found["generated"]["macro_auroc"]["rhythm"] is None
    assert found["generated"]["statements"]["IMI"]["count"] == 1
    assert found["generated"]["statements"].keys() == found["real"]["statements"].keys()
    assert json.dumps(found, allow_nan=False)
    printed = evaluate_training.lines(found)
    assert printed[0] == "40 samples, 40 of them usable"
    assert any(line.startswith("IMI ") for line in printed)
    trainings = [line for line in said if line.startswith("training on")]
    assert [line.split()[2] for line in trainings] == ["40", "40"]


@pytest.mark.slow
def test_statements_are_augmented(plan: evaluate_training.Plan) -> None:
    said: list[str] = []
    found = evaluate_training.augmented(plan, ["ASMI", "IMI"], 5, said.append)
    assert (found["samples"], found["codes"]) == (10, ["ASMI", "IMI"])
    trainings = [line for line in said if line.startswith("training on")]
    assert [line.split()[2] for line in trainings] == ["42", "32"]
    printed = evaluate_training.lines(found)
    assert sum(line.startswith(("ASMI", "IMI")) for line in printed) == 2
    assert not any(line.startswith("NORM ") for line in printed)
    with pytest.raises(UsageError, match="WPW"):
        evaluate_training.augmented(plan, ["WPW"], 5, said.append)


def test_samples_that_are_not_usable_teach_nothing(
    plan: evaluate_training.Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Bad(Serial):
        def __init__(self) -> None:
            super().__init__()
            self.slow = self.fast = replace(self.slow, grade="not usable")

    @contextmanager
    def processes(jobs: int) -> Iterator[Serial]:
        yield Bad()

    monkeypatch.setattr(evaluate_training, "processes", processes)
    found = evaluate_training.on_generated(plan, 3, lambda line: None)
    assert (found["usable"], found["generated"], found["real"]) == (0, None, None)
    assert evaluate_training.lines(found)[-1] == "nothing to train on"


def test_the_command_does_one_experiment_at_a_time(
    plan: evaluate_training.Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ["generation", str(plan.folder), "--model", str(plan.way.file), "--epochs", "1"]
    both = ["--train-on-generated", "2", "--augment", "IMI"]
    with pytest.raises(UsageError, match="one at a time"):
        CliRunner().invoke(evaluate, [*options, *both], catch_exceptions=False)
    done = []

    def augmented(plan: object, codes: object, each: int, say: object) -> dict[str, Any]:
        done.append((codes, each))
        return {"samples": 0, "usable": 0, "codes": codes, "with": None, "without": None}

    monkeypatch.setattr(evaluate_training, "augmented", augmented)
    file = tmp_path / "numbers.json"
    more = ["--augment", "IMI, LVH", "--each", "7", "--out", str(file)]
    result = CliRunner().invoke(evaluate, [*options, *more], catch_exceptions=False)
    assert result.exit_code == 0
    assert done == [(["IMI", "LVH"], 7)]
    assert json.loads(file.read_text())["codes"] == ["IMI", "LVH"]


def test_the_labels_of_the_comparison_are_the_same(plan: evaluate_training.Plan) -> None:
    material = evaluate_training._material(plan, lambda line: None)
    chosen = material.asked[:4]
    made = evaluate_training._generated(plan, material, chosen, lambda line: None)
    for number, fold, labels in zip(made.numbers_of, made.fold, made.labels, strict=True):
        row = chosen[-1 - int(number)].row
        at = material.learned.numbers_of.tolist().index(row.number)
        assert fold == row.fold
        assert np.array_equal(labels, material.learned.labels[at], equal_nan=True)
