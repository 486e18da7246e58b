"""The EcgLM that ships, in real vLLM, on real recordings: from files to reports, and word for word.

Where vLLM or the recordings are not there these are skipped; CI has both.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("vllm")
pytest.importorskip("torch")

from bench import ecglm as bench
from ecgcli.models.files import ECGLM
from ecgcli.training.ptbxl_table import Row, table

pytestmark = [pytest.mark.slow, pytest.mark.vllm, pytest.mark.real]
RECORDS = 64
WORD_FOR_WORD = 12


@pytest.fixture(scope="module")
def rows(ecg_data: Path) -> list[Row]:
    """Return recordings of fold 9, which the model has not learned from, spread over it."""
    found = [row for row in table(ecg_data / "ptbxl", 100) if row.fold == 9]
    return found[:: len(found) // RECORDS][:RECORDS]


@pytest.fixture(scope="module")
def reports(rows: list[Row], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of one run over them, reports and all."""
    out = tmp_path_factory.mktemp("run") / "out"
    words = ["interpret", *(row.path for row in rows), "--out", out, "--model", "ecglm"]
    environment = os.environ | {"PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-m", "ecgcli", *map(str, words)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return out


def answers(reports: Path) -> list[dict[str, Any]]:
    found = [json.loads(file.read_text()) for file in sorted(reports.rglob("*.json"))]
    return [each["answer"] for each in found if each.get("answer")]


def test_every_record_is_answered_and_reported(reports: Path) -> None:
    run = json.loads((reports / "run.json").read_text())
    assert run["counts"]["done"] == RECORDS
    assert run["versions"]["model"]["engine"] == "vllm"
    assert run["versions"]["model"]["restarts"] == 0
    assert len(answers(reports)) >= RECORDS - 2  # a record that is not usable is not asked about
    assert len(list(reports.rglob("*.pdf"))) == len(list(reports.rglob("*.html"))) - 1 == RECORDS


def test_what_it_says_is_mostly_borne_out(reports: Path) -> None:
    """A model that has learned nothing contradicts the measurements in most of its claims."""
    run = json.loads((reports / "run.json").read_text())
    claims = run["claims"]
    assert claims["supported"] > 4 * claims["contradicted"]
    assert sum(claims.values()) > 4 * RECORDS


def test_vllm_says_what_pytorch_says(ecg_data: Path) -> None:
    _, asked = bench.questions(ecg_data / "ptbxl", ECGLM, WORD_FOR_WORD)
    free = [replace(each, schema={}) for each in asked]
    here, there = bench.in_torch(ECGLM, free), bench.in_vllm(bench.engine_plan(ECGLM), free)
    assert sum(a == b for a, b in zip(here, there, strict=True)) >= WORD_FOR_WORD - 1
