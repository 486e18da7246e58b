"""How a model is loaded in process: what goes to vLLM beside its name."""

from __future__ import annotations

from pathlib import Path

import pytest

import ecgcli.models
from ecgcli.batch.asking import THREADS, plan_of
from ecgcli.batch.settings import Settings

ECGLM = Path(ecgcli.models.__file__).parent / "weights" / "ecglm"


def settings(model: Path) -> Settings:
    return Settings((Path("in"),), Path("out"), model=str(model))


def test_the_small_model_leaves_the_processors_to_the_workers(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv(THREADS, raising=False)
    assert plan_of(settings(ECGLM)).environment == {THREADS: "1"}
    assert plan_of(settings(tmp_path)).environment == {}


def test_threads_that_the_user_has_chosen_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(THREADS, "4")
    assert plan_of(settings(ECGLM)).environment == {}
