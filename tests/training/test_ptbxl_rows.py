"""PTB-XL's table and recordings as arrays, computed once; its vocabulary as in the benchmark."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ecgcli.errors import ModelError
from ecgcli.signals.reading import NUMBERS
from ecgcli.training.ptbxl_rows import load
from ecgcli.training.ptbxl_table import table
from ecgcli.training.vocabulary import vocabulary
from tests.training import small_ptbxl


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_ptbxl.make(tmp_path_factory.mktemp("ptbxl"), 10)


def test_a_label_is_one_whatever_its_likelihood(folder: Path) -> None:
    words = vocabulary(folder)
    labels = words.labels({"IMI": 35.0, "ASMI": 0.0, "SBRAD": 0.0})
    row = dict(zip(words.names, labels, strict=True))
    assert row["IMI"] == pytest.approx(0.35)
    assert row["ASMI"] == 0.0
    assert row["SBRAD"] == 1.0  # rhythms carry no likelihood
    assert row["superclass:MI"] == pytest.approx(0.35)
    assert np.isnan(row["NORM"])
    assert np.isnan(row["superclass:CD"])


def test_groups_are_those_of_the_benchmark(folder: Path) -> None:
    words = vocabulary(folder)
    named = {group: [words.names[at] for at in columns] for group, columns in words.groups.items()}
    assert named["form"] == ["NDT", "LVOLT"]
    assert named["rhythm"] == ["SR", "SBRAD"]
    assert named["superclass"] == [
        f"superclass:{name}" for name in ("NORM", "MI", "STTC", "CD", "HYP")
    ]
    assert len(named["all"]) == 9


def test_what_was_measured_is_kept(folder: Path, tmp_path: Path) -> None:
    words = vocabulary(folder)
    said: list[str] = []
    first = load(folder, 100, range(1, 10), words, tmp_path, 1, said.append)
    assert said
    said.clear()
    again = load(folder, 100, range(1, 10), words, tmp_path, 1, said.append)
    assert said == []
    assert (again.signal == first.signal).all()
    assert np.array_equal(again.numbers, first.numbers, equal_nan=True)
    rate = first.numbers[:, NUMBERS.index("ventricular_rate")]
    slow = ~np.isnan(first.labels[:, words.names.index("SBRAD")])
    assert (rate[slow] < 51).all()
    assert (rate[~slow] > 70).all()
    assert first.numbers[0, NUMBERS.index("age")] == 30 + first.numbers_of[0] - 1


def test_folds_and_rates(folder: Path, tmp_path: Path) -> None:
    assert len(table(folder, 100)) == 10
    assert [row.number for row in table(folder, 500)] == [1, 2]
    words = vocabulary(folder)
    both = load(folder, 100, range(1, 10), words, tmp_path, 1, lambda line: None)
    assert set(both.of(range(1, 9)).fold.tolist()) == set(range(1, 9))


def test_a_folder_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no folder of PTB-XL"):
        vocabulary(tmp_path)
    with pytest.raises(ModelError, match="no folder of PTB-XL"):
        table(tmp_path, 100)
