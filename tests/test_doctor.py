"""`ecgcli doctor` says what is there, what is missing, and which command installs it."""

from __future__ import annotations

import builtins
import ctypes
import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ecgcli.cli import checks
from ecgcli.cli.doctor import doctor
from ecgcli.errors import ExitCode


def ask(*arguments: str) -> Result:
    return CliRunner().invoke(doctor, arguments)


def listed(result: Result) -> dict[str, dict[str, Any]]:
    return {check["name"]: check for check in json.loads(result.stdout)["checks"]}


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretend that the package is installed: the tests also run from a bare clone."""
    wanted = ["click>=8.2", "numpy>=2.0", "ecgdatakit[dicom]>=2", 'torch; extra == "models"']
    version = metadata.version
    monkeypatch.setattr(metadata, "requires", lambda name: wanted)
    monkeypatch.setattr(metadata, "version", lambda n: "0.1" if n == "ecgcli" else version(n))


@pytest.mark.usefixtures("installed")
def test_a_complete_machine_is_ready(tmp_path: Path) -> None:
    result = ask("--json", "--out", str(tmp_path))
    assert result.exit_code == ExitCode.OK, result.output
    assert json.loads(result.stdout)["ready"] is True
    found = listed(result)
    assert found["numpy"] | {"detail": ""} == {
        "name": "numpy", "state": "ok", "detail": "", "remedy": None
    }  # fmt: skip
    assert found["numpy"]["detail"] == metadata.version("numpy")
    assert found["pdf"]["state"] == "ok"
    assert "torch" in found  # an extra: looked at, not required
    assert ask("--out", str(tmp_path)).output.endswith("Ready: interpret can run.\n")


@pytest.mark.usefixtures("installed")
def test_a_missing_library_is_named_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = ["surely-not-a-library>=3", "numpy>=999"]
    monkeypatch.setattr(metadata, "requires", lambda name: wanted)
    result = ask("--json")
    assert result.exit_code == ExitCode.INTERNAL_ERROR
    assert json.loads(result.stdout)["ready"] is False
    found = listed(result)
    assert found["surely-not-a-library"]["state"] == "missing"
    assert found["surely-not-a-library"]["remedy"].endswith(
        "-m pip install 'surely-not-a-library>=3'"
    )
    assert "too old" in found["numpy"]["detail"]


def unable(name: str, error: Exception) -> Callable[..., Any]:
    importing = builtins.__import__

    def instead(wanted: str, *rest: Any) -> Any:
        if wanted == name:
            raise error
        return importing(wanted, *rest)

    return instead


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (ImportError("No module named 'weasyprint'"), "pip install"),
        (OSError("cannot load library 'libpango-1.0-0'\nand more"), "pango"),
    ],
)
def test_it_runs_without_weasyprint_and_without_pango(
    monkeypatch: pytest.MonkeyPatch, error: Exception, remedy: str
) -> None:
    monkeypatch.setattr(builtins, "__import__", unable("weasyprint", error))
    result = ask()
    assert result.exit_code == ExitCode.INTERNAL_ERROR
    assert "MISSING  pdf" in result.output
    assert "and more" not in result.output
    assert remedy in result.output
    assert result.output.endswith("interpret cannot run as it is.\n")


@pytest.mark.usefixtures("installed")
def test_without_the_subsetter_it_is_ready_but_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    loading = ctypes.CDLL

    def instead(name: str, *rest: Any, **more: Any) -> Any:
        if "subset" in str(name):
            raise OSError
        return loading(name, *rest, **more)

    monkeypatch.setattr(ctypes, "CDLL", instead)
    result = ask("--json")
    assert result.exit_code == ExitCode.OK
    assert listed(result)["harfbuzz-subset"]["state"] == "lacking"
    assert listed(result)["harfbuzz-subset"]["remedy"]


@pytest.mark.usefixtures("installed")
def test_an_output_that_cannot_be_written(tmp_path: Path) -> None:
    file = tmp_path / "a file"
    file.touch()
    result = ask("--json", "--out", str(file / "below"))
    assert result.exit_code == ExitCode.OUTPUT_NOT_WRITABLE
    assert listed(result)["output"]["state"] == "missing"


def test_looking_leaves_nothing_behind(tmp_path: Path) -> None:
    assert checks.writable(tmp_path / "not yet" / "there").state is checks.State.OK
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="a shell script stands in for the driver's tool")
@pytest.mark.parametrize(
    ("script", "state", "says"),
    [
        ("echo 'NVIDIA H100 80GB HBM3, 81559 MiB'", None, "H100"),
        ("exit 9", checks.State.LACKING, "does not answer"),
    ],
)
def test_the_driver_is_asked_for_the_gpu(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    script: str,
    state: checks.State | None,
    says: str,
) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(builtins, "__import__", unable("torch", ImportError()))
    found = checks.gpu()
    assert says in found.detail
    assert found.state is (state or checks.State.OK)


@pytest.mark.parametrize(
    ("version", "expected"), [("2.13.0+cpu", (2, 13, 0)), ("66", (66,)), ("1.2rc1", (1, 2))]
)
def test_numbers_of_versions(version: str, expected: tuple[int, ...]) -> None:
    assert checks.numbers(version) == expected


def test_looking_at_the_help_loads_nothing_heavy() -> None:
    code = (
        "import sys, ecgcli.cli.doctor;"
        "sys.exit(bool({'numpy', 'weasyprint', 'torch'} & sys.modules.keys()))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
