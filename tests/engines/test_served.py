"""A server of the run's own: how it is born, dies, is born again, and leaves nothing behind.

In vLLM's place stands `standin`; vLLM itself is in `test_vllm_pictures`.
"""

from __future__ import annotations

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

from ecgcli.engines import served, serving, unloaded
from ecgcli.engines.host import Answered
from ecgcli.engines.local import CRASHED, LocalEngine
from ecgcli.engines.question import Question
from ecgcli.engines.served import ServerPlan
from ecgcli.errors import ExitCode, ModelError, UsageError
from tests.cli.running import ecgcli, write_csv
from tests.engines import standin

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
PATIENCE_S = 60.0
ANSWER = json.dumps({"findings": [], "impression": "Sinus rhythm."})
SCHEMA = {"type": "object"}
PATIENT = "Mustermann"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = standin.install(tmp_path / "path")
    monkeypatch.setenv("PYTHONPATH", f"{path}{os.pathsep}{ROOT}")
    monkeypatch.syspath_prepend(path)
    monkeypatch.delenv("ECGCLI_API_KEY", raising=False)
    folder = tmp_path / "picture-model"
    (folder / "notes").mkdir(parents=True)
    (folder / "config.json").write_text('{"model_type": "llava"}')
    (folder / "notes" / "answer").write_text(ANSWER)
    return folder


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    for number in range(3):
        write_csv(tmp_path / "in" / f"rec{number}.csv")
    return tmp_path / "in"


def engine(model: Path, window: int = 4) -> LocalEngine:
    return LocalEngine(ServerPlan(str(model), window, 20.0), window, served.serve)


def all_answers(asked: LocalEngine) -> dict[int, Answered]:
    found: dict[int, Answered] = {}
    deadline = time.monotonic() + PATIENCE_S
    while asked.in_flight:
        assert time.monotonic() < deadline
        found |= {each.number: each for each in asked.answers(0.5)}
    return found


def born(model: Path) -> list[int]:
    """Return every process that a server and its engine were."""
    file = model / "notes" / "pids"
    return [int(word) for word in file.read_text().split()] if file.exists() else []


def wait_for(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def none_left(model: Path) -> bool:
    return not any(_lives(number) for number in born(model))


def _lives(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def start(folder: Path, model: Path, *more: str) -> subprocess.Popen[str]:
    words = ["interpret", str(folder), "--out", str(folder.parent / "out"), "--format", "json"]
    command = [sys.executable, "-m", "ecgcli", *words, "--model", str(model), "--serve", *more]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def interpret(folder: Path, model: Path, *more: object) -> subprocess.CompletedProcess[str]:
    out = folder.parent / "out"
    words = ("--format", "json", "--jobs", 1, "--model", model, "--serve", *more)
    return ecgcli("interpret", folder, "--out", out, *words)


def report_of(folder: Path) -> Any:
    return json.loads((folder.parent / "out" / "run.json").read_text())


def test_it_answers_and_leaves_no_process_behind(model: Path) -> None:
    with engine(model) as asked:
        assert asked.version == "0.0"
        for number in range(6):
            asked.ask(number, Question("", PATIENT, SCHEMA))
        assert {each.text for each in all_answers(asked).values()} == {ANSWER}
    assert len(born(model)) == 2
    wait_for(lambda: none_left(model))


def test_nobody_else_can_ask_it_and_the_key_shows_nowhere(model: Path) -> None:
    with engine(model) as asked:
        asked.ask(1, Question("", PATIENT, SCHEMA))
        all_answers(asked)
        lists = [Path(f"/proc/{number}/cmdline").read_text() for number in born(model)]
    seen = json.loads((model / "notes" / "seen").read_text())
    assert seen["mode"] == "0o700"
    assert len(seen["key"]) > 30
    for text in (*lists, str(seen["words"])):
        assert seen["key"] not in text
        assert PATIENT not in text
    assert not Path(seen["words"][seen["words"].index("--uds") + 1]).parent.exists()


def test_a_server_that_dies_is_started_again_and_asked_again(model: Path) -> None:
    (model / "notes" / "does").write_text("die once")
    with engine(model) as asked:
        for number in range(4):
            asked.ask(number, Question("", PATIENT, SCHEMA))
        assert {each.text for each in all_answers(asked).values()} == {ANSWER}
        assert asked.restarts == 1
    wait_for(lambda: none_left(model))


def test_a_question_that_it_dies_of_is_given_up(model: Path) -> None:
    (model / "notes" / "does").write_text("die")
    with engine(model) as asked:
        asked.ask(1, Question("", PATIENT, SCHEMA))
        assert all_answers(asked)[1].ended == CRASHED
    wait_for(lambda: none_left(model))


def test_one_that_refuses_for_good_is_not_started_again(model: Path) -> None:
    (model / "notes" / "does").write_text("refuse")
    with engine(model) as asked:
        asked.ask(1, Question("", PATIENT, SCHEMA))
        with pytest.raises(ModelError, match="the run's own server forbids it"):
            all_answers(asked)
    assert asked.restarts == 0


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("torch.OutOfMemoryError: CUDA out of memory. Tried to", "not enough memory.*--window"),
        (
            "RuntimeError: Engine core initialization failed. Failed core proc(s): {'Core_0': -9}",
            "not enough memory",
        ),
        (
            "ValueError: Model architectures ['X'] are not supported for now.",
            "does not know this kind",
        ),
        ("api_server.py: error: unrecognized arguments: --foo", "--vllm-options"),
        (
            "ValueError: To serve at least one request, 2.0 GiB KV cache is needed, which",
            "--max-model-len",
        ),
        (
            "ValueError: Free memory on device cuda:0 is less than desired GPU memory utilization",
            "something else uses the memory",
        ),
        (
            "ValueError: Available memory (1 GiB) on kv cache allocation is less than requested"
            " memory for kv (9 GiB).",
            "smaller VLLM_CPU_KVCACHE_SPACE",
        ),
        ("RuntimeError: operator torchvision::nms does not exist", "torchvision"),
        ("OSError: /m does not appear to have a file named config.json.", "not the whole"),
        ("RuntimeError: something new about Mustermann", "ended while it loaded.*--verbose"),
    ],
)
def test_why_it_does_not_load_is_said_in_plain_words(model: Path, said: str, reason: str) -> None:
    (model / "notes" / "does").write_text(f"say {said}")
    with pytest.raises(ModelError, match=reason) as found, engine(model):
        pass
    assert PATIENT not in str(found.value)
    wait_for(lambda: none_left(model))


def test_a_run_starts_its_server_and_ends_it(recordings: Path, model: Path) -> None:
    (model / "notes" / "does").write_text("die once")
    config = model / "notes" / "night.toml"
    config.write_text("serve = true\nvllm-options = '--max-model-len 4096'\n")
    out = recordings.parent / "out"
    result = ecgcli("interpret", recordings, "--out", out, "--model", model, "--config", config)
    assert result.returncode == ExitCode.OK, result.stderr
    reports = sorted(recordings.parent.glob("out/*.csv.json"))
    assert len(reports) == 3
    for file in reports:
        report = json.loads(file.read_text())
        assert report["answer"]["impression"] == "Sinus rhythm."
        assert "--max-model-len 4096" in report["provenance"]["language_model"]
    about = report_of(recordings)["versions"]["model"]
    assert about["engine"] == "vllm server"
    assert about["engine_version"] == "0.0"
    assert about["restarts"] == 1
    seen = json.loads((model / "notes" / "seen").read_text())
    assert seen["words"][-2:] == ["--max-model-len", "4096"]
    assert seen["key"] not in result.stderr
    wait_for(lambda: none_left(model))


def test_a_server_that_does_not_load_ends_the_run(recordings: Path, model: Path) -> None:
    (model / "notes" / "does").write_text("say torch.OutOfMemoryError: CUDA out of memory")
    result = interpret(recordings, model)
    assert result.returncode == ExitCode.MODEL_NOT_AVAILABLE
    assert "--window" in result.stderr
    assert report_of(recordings)["counts"]["done"] == 0


def test_a_server_that_stays_dead_ends_the_run_and_the_next_goes_on(
    recordings: Path, model: Path
) -> None:
    (model / "notes" / "does").write_text("die for good")
    result = interpret(recordings, model, "--window", 1)
    assert result.returncode == ExitCode.MODEL_NOT_AVAILABLE
    assert report_of(recordings)["counts"]["done"] == 1
    assert report_of(recordings)["counts"]["failed"] == 0
    (model / "notes" / "does").unlink()
    assert interpret(recordings, model).returncode == ExitCode.OK
    assert report_of(recordings)["counts"]["done"] == 2


@pytest.mark.parametrize("does", ["", "load for ever"])
def test_a_run_that_is_killed_takes_its_server_along(
    recordings: Path, model: Path, does: str
) -> None:
    (model / "notes" / "does").write_text(does)
    with start(recordings, model) as process:
        wait_for(lambda: len(born(model)) == 2)
        process.kill()
    wait_for(lambda: none_left(model))


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, ExitCode.INTERRUPTED), (signal.SIGTERM, ExitCode.TERMINATED)],
)
def test_a_signal_while_the_model_loads_ends_the_run_at_once(
    recordings: Path, model: Path, number: signal.Signals, code: ExitCode
) -> None:
    (model / "notes" / "does").write_text("load for ever")
    with start(recordings, model) as process:
        wait_for(lambda: len(born(model)) == 2)
        process.send_signal(number)
        assert process.wait(PATIENCE_S) == code
    wait_for(lambda: none_left(model))


def test_when_what_stands_between_is_killed_the_server_goes_too(model: Path) -> None:
    with engine(model) as asked:
        (between,) = {_parent(number) for number in born(model)[:1]}
        os.kill(between, signal.SIGKILL)
        asked.ask(1, Question("", PATIENT, SCHEMA))
        assert all_answers(asked)[1].text == ANSWER
        assert asked.restarts == 1
        wait_for(lambda: not _lives(born(model)[0]))
    for number in born(model):  # the first engine's, which vLLM ends itself and `sleep` does not
        if _lives(number):
            os.kill(number, signal.SIGKILL)


def _parent(number: int) -> int:
    return int(Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[1])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--api-key x", "--api-key"),
        ("--api_key=x", "--api-key"),
        ("--enable-log-req", "--enable-log-req"),
        ("--dtype 'half", "quote"),
        ("half", "begin with --"),
    ],
)
def test_options_that_are_the_runs_own_are_refused(options: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        serving.further(options)


def test_other_options_go_on_to_vllm() -> None:
    words = serving.further("--dtype bfloat16 --max-model-len=8192")
    assert words == ("--dtype", "bfloat16", "--max-model-len=8192")


def test_words_that_nobody_knows_are_no_reason() -> None:
    assert unloaded.why("RuntimeError: something new") is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--serve"], "--serve is for"),
        (["--serve", "--model", "http://127.0.0.1:1/v1"], "--serve is for"),
        (["--vllm-options", "--dtype half", "--model", "http://127.0.0.1:1/v1"], "that --serve"),
        (["--model", "."], "holds no config.json"),
    ],
)
def test_what_makes_no_sense_is_said_at_once(recordings: Path, words: list[str], said: str) -> None:
    out = recordings.parent / "out"
    result = ecgcli("interpret", recordings, "--out", out, *words)
    assert result.returncode == ExitCode.USAGE
    assert said in result.stderr
    assert not out.exists()


def test_a_model_that_reads_signals_is_not_served(recordings: Path, model: Path) -> None:
    (model / "config.json").write_text('{"model_type": "ecglm"}')
    result = interpret(recordings, model)
    assert result.returncode == ExitCode.USAGE
    assert "leave --serve out" in result.stderr
