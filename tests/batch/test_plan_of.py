"""How a model is loaded in process: what goes to vLLM beside its name."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

import ecgcli.models
from ecgcli.batch.asking import THREADS, plan_of
from ecgcli.batch.settings import Settings
from ecgcli.engines import host

ECGLM = Path(ecgcli.models.__file__).parent / "weights" / "ecglm"


def settings(model: Path) -> Settings:
    return Settings((Path("in"),), Path("out"), model=str(model))


def test_the_small_model_leaves_the_processors_to_the_workers(
    tmp_path: Path,
) -> None:
    assert plan_of(settings(ECGLM)).environment == {THREADS: "1"}
    assert plan_of(settings(tmp_path)).environment == {}


@pytest.mark.parametrize("chosen", [None, "4"])
def test_threads_that_the_user_has_chosen_stay(
    chosen: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = {} if chosen is None else {THREADS: chosen}
    monkeypatch.setattr(os, "environ", environment)
    host.quiet(replace(plan_of(settings(ECGLM)), loud=True))
    assert environment[THREADS] == (chosen or "1")
