"""`serve`: what it starts, with which environment, and what it refuses to start."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ecgcli.cli.serve import serve
from ecgcli.errors import ModelError, UsageError


class Started(Exception):  # noqa: N818  (nothing went wrong)
    """What would have been started."""


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(program: str, words: list[str], environment: dict[str, str]) -> None:
        raise Started(program, words, environment)

    monkeypatch.setattr(os, "execve", start)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    monkeypatch.delenv("ECGCLI_API_KEY", raising=False)


def run(*words: object) -> Any:
    return CliRunner().invoke(serve, list(map(str, words)), catch_exceptions=False)


def test_it_starts_vllm_on_this_machine_and_tells_nobody(started: None, tmp_path: Path) -> None:
    with pytest.raises(Started) as found:
        run(tmp_path / "ecg-vlm", "--port", 8123, "--", "--dtype", "bfloat16")
    program, words, environment = found.value.args
    assert program == sys.executable
    assert words[words.index("--host") + 1] == "127.0.0.1"
    assert words[words.index("--served-model-name") + 1] == "ecg-vlm"
    assert words[words.index("--port") + 1] == "8123"
    assert words[-2:] == ["--dtype", "bfloat16"]
    for name in ("VLLM_NO_USAGE_STATS", "VLLM_DO_NOT_TRACK", "HF_HUB_OFFLINE"):
        assert environment[name] == "1"
    assert "VLLM_API_KEY" not in environment
    assert "VLLM_ENABLE_V1_MULTIPROCESSING" not in environment or os.environ.get(
        "VLLM_ENABLE_V1_MULTIPROCESSING"
    )


def test_a_key_goes_through_the_environment_alone(
    started: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="ECGCLI_API_KEY"):
        run(tmp_path, "--host", "0.0.0.0")
    monkeypatch.setenv("ECGCLI_API_KEY", "s3cret")
    with pytest.raises(Started) as found:
        run(tmp_path, "--host", "0.0.0.0")
    _, words, environment = found.value.args
    assert environment["VLLM_API_KEY"] == "s3cret"
    assert not any("s3cret" in word for word in words)


def test_a_model_that_reads_signals_is_not_for_a_server(started: None, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "ecglm"}')
    with pytest.raises(UsageError, match="reads signals"):
        run(tmp_path)


def test_without_vllm_it_says_what_to_install(
    started: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match=r"ecgcli\[vllm\]"):
        run(tmp_path)
