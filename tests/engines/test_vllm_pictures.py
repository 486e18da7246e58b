"""Real vLLM with a model that looks at pictures, from recordings to reports through both engines.

The model is of the LLaVA kind, with weights by chance (`tiny_llava`). It needs torchvision, for
which `make test-vllm` makes a place beside vLLM's environment. Without either this is skipped.
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("vllm")
pytest.importorskip("torch")

from tests.cli.running import write_csv

HERE = Path(__file__).parent
BESIDE = Path(sys.prefix) / "pictures"  # where `make test-vllm` puts torchvision
PATIENCE_S = 400.0
RECORDS = 16  # so many that a server is needed for long after the first report
SENTENCE = "Sinus rhythm, by chance."  # as in `tiny_llava`, which needs what may not be there

pytestmark = [
    pytest.mark.slow,
    pytest.mark.vllm,
    pytest.mark.skipif(
        not BESIDE.is_dir() and importlib.util.find_spec("torchvision") is None,
        reason="torchvision is not installed",
    ),
]


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    """Return the environment of processes that may look at pictures."""
    before = os.environ.get("PYTHONPATH", "")
    parts = [str(HERE / "torchvision_beside"), str(BESIDE), str(HERE.parents[1]), before]
    return os.environ | {
        "PYTHONPATH": os.pathsep.join(part for part in parts if part),
        "PYTHONWARNINGS": "ignore",
    }


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Path:
    folder = tmp_path_factory.mktemp("models") / "tiny-llava"
    command = [sys.executable, "-m", "tests.engines.tiny_llava", str(folder)]
    subprocess.run(command, env=environment, check=True, cwd=HERE.parents[1])
    return folder


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    for number in range(RECORDS):
        write_csv(tmp_path / "in" / f"rec{number}.csv")
    return tmp_path / "in"


def test_a_server_that_is_killed_in_the_middle_loses_no_record(
    recordings: Path, model: Path, environment: dict[str, str]
) -> None:
    words = ["--serve", "--vllm-options", "--dtype float32 --enforce-eager", "--window", "1"]
    with started(recordings, model, environment, *words) as process:
        # Looked for while it loads: one that has been told to stop loses its engine first.
        server = wait_for(process, "api_server", process.pid)[0]
        engines = wait_for(process, "EngineCore", server)
        wait_for_a_report(recordings, process)
        os.kill(server, signal.SIGKILL)
        process.communicate(timeout=PATIENCE_S)
    about = checked(recordings, process.returncode)
    assert about["engine"] == "vllm server"
    assert about["restarts"] == 1
    # The engine of a server that is killed would live on.
    assert not any("EngineCore" in line(number) for number in engines)


def test_the_same_model_in_process(
    recordings: Path, model: Path, environment: dict[str, str]
) -> None:
    with started(recordings, model, environment) as process:
        process.communicate(timeout=PATIENCE_S)
    about = checked(recordings, process.returncode)
    assert about["engine"] == "vllm"
    assert about["tokens_read"] > 100 * RECORDS  # question and picture


def started(
    recordings: Path, model: Path, environment: dict[str, str], *more: str
) -> subprocess.Popen[str]:
    words = [str(recordings), "--out", str(recordings.parent / "out"), "--model", str(model)]
    command = [sys.executable, "-m", "ecgcli", "interpret", *words, "--jobs", "1", *more]
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)


def wait_for_a_report(recordings: Path, process: subprocess.Popen[str]) -> None:
    until(process, lambda: list(recordings.parent.glob("out/*.csv.json")))


def wait_for(process: subprocess.Popen[str], word: str, above: int) -> list[int]:
    """Wait for processes below one whose command line has a word."""
    return until(process, lambda: [each for each in family(above) if word in line(each)])


def until(process: subprocess.Popen[str], found: Callable[[], list[Any]]) -> list[Any]:
    """Wait until something is found, as long as a run goes on."""
    deadline = time.monotonic() + PATIENCE_S
    while not (those := found()):
        assert process.poll() is None, process.stderr and process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return those


def checked(recordings: Path, code: int) -> dict[str, Any]:
    """Check that every record has its reports with an answer; return what the run says of it."""
    out = recordings.parent / "out"
    run: dict[str, Any] = json.loads((out / "run.json").read_text())
    assert code == 0, run
    assert run["counts"]["done"] == RECORDS
    for kind in ("json", "html", "pdf"):
        assert len(list(out.glob(f"*.csv.{kind}"))) == RECORDS
    for file in out.glob("*.csv.json"):
        answer = json.loads(file.read_text())["answer"]
        assert answer["impression"] == SENTENCE
        assert SENTENCE in file.with_suffix(".html").read_text()
    about: dict[str, Any] = run["versions"]["model"]
    assert about["name"].startswith("tiny-llava ")
    assert about["engine_version"]
    return about


def family(number: int) -> list[int]:
    """Return the processes below one."""
    words = ["pgrep", "-P", str(number)]
    found = subprocess.run(words, capture_output=True, text=True, check=False).stdout.split()
    below = [int(word) for word in found]
    return below + [each for child in below for each in family(child)]


def line(number: int) -> str:
    """Return a process's command line, nothing where it has ended."""
    try:
        return Path(f"/proc/{number}/cmdline").read_text()
    except OSError:
        return ""
