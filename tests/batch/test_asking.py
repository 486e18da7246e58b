"""Runs that ask a language model: what it says is in the reports, and nothing is lost with it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ecgcli.errors import ExitCode
from tests.cli.running import PATIENCE_S, counts, ecgcli, files, write_csv
from tests.engines import scripted
from tests.engines.scripted import (
    Behaviour,
    Handler,
    Scripted,
    fails,
    offers,
    reply,
    says,
    serving,
    waits,
)

ANSWER = {
    "findings": [
        {
            "code": "SR",
            "certainty": "definite",
            "leads": [],
            "evidence": [{"quantity": "heart_rate", "value": 140, "lead": None}],
        },
        {"code": "CLBBB", "certainty": "possible", "leads": ["V1"], "evidence": []},
    ],
    "impression": "Sinus rhythm <script>alert(1)</script> with a left bundle branch block.",
}
GOOD = says(json.dumps(ANSWER))
WORDS = (*["--quiet", "--format", "json", "--jobs", "2", "--model"],)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(3):
        (tmp_path / "in").mkdir(exist_ok=True)
        write_csv(tmp_path / "in" / f"rec{number}.csv")
    return tmp_path / "in"


@pytest.fixture
def server() -> Iterator[Scripted]:
    with serving(Scripted(GOOD)) as served:
        yield served


def interpret(folder: Path, server: Scripted, *more: object) -> subprocess.CompletedProcess[str]:
    return ecgcli("interpret", folder, "--out", folder.parent / "out", *WORDS, server.url, *more)


def reports(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(file.read_text()) for file in sorted(folder.parent.glob("out/*.csv.json"))]


def test_what_it_says_stands_checked_in_every_report(folder: Path, server: Scripted) -> None:
    result = interpret(folder, server, "--format", "json,html,pdf")
    assert result.returncode == ExitCode.OK, result.stderr
    for report in reports(folder):
        rhythm, block = report["answer"]["findings"]
        assert rhythm["verdict"] == "supported"
        (claim,) = rhythm["claims"]
        assert claim["verdict"] == "contradicted"
        assert claim["text"].startswith("Says heart rate 140/min;")
        assert block["verdict"] == "contradicted"
        # What it says changes nothing of what is stated.
        assert "CLBBB" not in {statement["code"] for statement in report["statements"]}
        assert report["provenance"]["language_model"] == f"{scripted.MODEL} of a server"
    out = folder.parent / "out"
    run = json.loads((out / "run.json").read_text())
    assert run["claims"]["contradicted"] >= 6  # a rate and a block in each
    lines = (out / "findings.csv").read_text().splitlines()
    heading, *rows = [line.split(",") for line in lines]
    assert heading[-4:] == [
        f"claims_{name}" for name in ("supported", "not_checkable", "contradicted", "needs_review")
    ]
    assert [int(row[-2]) >= 2 for row in rows] == [True] * 3
    assert "of the language model contradicted" in (out / "index.html").read_text()
    page = (folder.parent / "out" / "rec0.csv.html").read_text()
    assert "Says heart rate 140/min" in page
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert interpret(folder, server).returncode == ExitCode.OK
    assert len(server.questions) == 3  # nothing new, nothing asked


def test_the_question_holds_the_picture_and_only_if_asked_the_numbers(
    folder: Path, server: Scripted
) -> None:
    (folder / "rec1.csv").unlink()
    (folder / "rec2.csv").unlink()
    assert interpret(folder, server).returncode == ExitCode.OK
    assert interpret(folder, server, "--with-measurements").returncode == ExitCode.OK
    plain, told = ["".join(map(str, question["messages"])) for question in server.questions]
    assert "data:image/png;base64," in plain
    assert "Measured:" not in plain
    assert "Measured: heart rate" in told
    for text in (plain, told):
        assert "rec0" not in text


def test_the_configuration_may_hold_it_all(folder: Path, server: Scripted) -> None:
    config = folder.parent / "night.toml"
    config.write_text(
        f"model = '{server.url}'\nmodel-name = '{scripted.MODEL}'\nwindow = 2\n"
        "with-measurements = true\nformat = ['json']\n"
    )
    out = folder.parent / "out"
    result = ecgcli("interpret", folder, "--out", out, "--config", config)
    assert result.returncode == ExitCode.OK, result.stderr
    (told,) = {report["provenance"]["language_model"] for report in reports(folder)}
    assert told == f"{scripted.MODEL} of a server with measurements"


def test_one_without_a_usable_answer_costs_that_record_only(folder: Path) -> None:
    pictures: list[str] = []

    def stubborn(handler: Handler, body: Any) -> None:
        pictures.append(body["messages"][-1]["content"][0]["image_url"]["url"])
        (says("no JSON at all") if pictures[-1] == pictures[0] else GOOD)(handler, body)

    (folder / "rec0.csv").write_text(_slower(folder / "rec0.csv"))
    with serving(Scripted(stubborn)) as server:
        result = interpret(folder, server, "--window", 1, "--jobs", 1)
    assert result.returncode == ExitCode.SOME_RECORDS_FAILED
    run = json.loads((folder.parent / "out" / "run.json").read_text())
    assert run["failures_by_category"] == {"no answer of the model": 1}
    assert len(reports(folder)) == 2


def test_one_that_is_too_long_says_what_to_change(folder: Path) -> None:
    def short(handler: Handler, body: Any) -> None:
        reply(handler, 400, {"error": {"message": "the maximum model length is 256"}})

    with serving(Scripted(short)) as server:
        result = ecgcli(
            "interpret", folder, "--out", folder.parent / "out", "--format", "json",
            "--model", server.url,
        )  # fmt: skip
    assert result.returncode == ExitCode.SOME_RECORDS_FAILED
    assert "longer than the model takes (serve the model with a longer context" in result.stderr


@pytest.mark.parametrize("broken", [fails(401), offers()])
def test_a_server_that_is_set_up_wrongly_ends_the_run(folder: Path, broken: Behaviour) -> None:
    with serving(Scripted(GOOD)) as server:
        server.about_models = broken
        result = interpret(folder, server)
    assert result.returncode == ExitCode.MODEL_NOT_AVAILABLE
    assert result.stderr.count("\n") == 1
    assert reports(folder) == []


def test_no_server_ends_the_run_and_the_next_one_goes_on(
    folder: Path,
) -> None:
    with serving(Scripted(GOOD)) as server:
        address = server.server_port
    result = ecgcli(
        "interpret",
        folder,
        "--out",
        folder.parent / "out",
        *WORDS,
        f"http://127.0.0.1:{address}",
        "--timeout",
        3,
    )
    assert result.returncode == ExitCode.MODEL_NOT_AVAILABLE
    with serving(Scripted(GOOD)) as server:
        assert interpret(folder, server).returncode == ExitCode.OK
    assert len(reports(folder)) == 3


def test_a_server_that_is_lost_in_the_middle_costs_no_record(folder: Path) -> None:
    with serving(Scripted(GOOD, fails(503))) as server:
        result = interpret(folder, server, "--window", 1, "--jobs", 1, "--timeout", 4)
    assert result.returncode == ExitCode.MODEL_NOT_AVAILABLE
    assert len(reports(folder)) == 1
    run = json.loads((folder.parent / "out" / "run.json").read_text())
    assert run["counts"]["done"] == 1
    assert run["counts"]["failed"] == 0
    with serving(Scripted(GOOD)) as server:
        assert interpret(folder, server).returncode == ExitCode.OK
        assert len(server.questions) == 2
    assert len(reports(folder)) == 3


def test_alone_and_among_others_a_report_is_the_same(folder: Path, server: Scripted) -> None:
    assert interpret(folder, server, "--jobs", 2).returncode == ExitCode.OK
    together = files(folder.parent / "out")
    other = folder.parent / "other"
    for number in range(3):
        arguments = (folder / f"rec{number}.csv", "--out", other, *WORDS, server.url)
        assert ecgcli("interpret", *arguments).returncode == ExitCode.OK
    alone = files(other)
    same = [name for name in together if name.endswith(".csv.json")]
    assert len(same) == 3
    assert all(alone[name] == together[name] for name in same)


def test_a_killed_run_goes_on(folder: Path) -> None:
    with serving(Scripted(waits(0.8, GOOD))) as server:
        words = [folder, "--out", folder.parent / "out", *WORDS, server.url, "--window", 1]
        command = [sys.executable, "-m", "ecgcli", "interpret", *map(str, words)]
        with subprocess.Popen(command) as process:
            deadline = time.monotonic() + PATIENCE_S
            while not reports(folder) and time.monotonic() < deadline:
                time.sleep(0.05)
            os.kill(process.pid, signal.SIGKILL)
        done = len(reports(folder))
        assert 1 <= done < 3
        before = len(server.questions)
        assert interpret(folder, server).returncode == ExitCode.OK
        assert len(reports(folder)) == 3
        assert len(server.questions) - before <= 3 - done + 1


def test_a_signal_lets_what_was_asked_come_to_its_end(folder: Path) -> None:
    with serving(Scripted(waits(0.5, GOOD))) as server:
        words = [folder, "--out", folder.parent / "out", *WORDS, server.url, "--window", 1]
        command = [sys.executable, "-m", "ecgcli", "interpret", *map(str, words)]
        with subprocess.Popen(command) as process:
            deadline = time.monotonic() + PATIENCE_S
            while not server.questions and time.monotonic() < deadline:
                time.sleep(0.02)
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE_S) == ExitCode.TERMINATED
    out = folder.parent / "out"
    assert len(reports(folder)) >= 1
    assert counts(out)["done"] == len(reports(folder))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--model", "no-such-model"], "is no directory"),
        (["--model-name", "x"], "--model is no URL"),
        (["--window", "3"], "for a language model"),
        (["--with-measurements", "--model", "none"], "for a language model"),
    ],
)
def test_what_makes_no_sense_is_said_at_once(folder: Path, words: list[str], said: str) -> None:
    result = ecgcli("interpret", folder, "--out", folder.parent / "out", *words)
    assert result.returncode == ExitCode.USAGE
    assert said in result.stderr
    assert not (folder.parent / "out").exists()


def _slower(file: Path) -> str:
    """Return a recording's text with every sample of it halved, so that its question differs."""
    head, *rows = file.read_text().splitlines()
    halved = [",".join(f"{float(v) / 2:.3f}" for v in row.split(",")) for row in rows]
    return "\n".join([head, *halved]) + "\n"
