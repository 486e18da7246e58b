"""A language model's answers against labels and measurements, counted from reports."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from ecgcli.cli.evaluate import evaluate as command
from ecgcli.clinical import evaluate_answers
from ecgcli.clinical.claims import verify
from ecgcli.clinical.interpret import interpret
from ecgcli.engines.answer import Answer, Claim, Finding
from ecgcli.engines.opinion import opinion
from ecgcli.errors import ModelError
from ecgcli.records.read import read_path
from ecgcli.reports import document, json_report
from ecgcli.signals.analyse import analyse
from ecgcli.training.ptbxl_table import table
from tests.reports import builder
from tests.training import small_ptbxl

PROVENANCE = replace(builder.PROVENANCE, language_model="tiny of a server")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_ptbxl.make(tmp_path_factory.mktemp("data") / "ptbxl", 12)


@pytest.fixture(scope="module")
def reports(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return reports of a model that calls every rhythm sinus, and tells every rate 20 % too high
    in every third recording."""
    folder = tmp_path_factory.mktemp("reports")
    for at, row in enumerate(table(data, 100)):
        analysis = analyse(read_path(row.path))
        assert analysis.measurements is not None
        rate = analysis.measurements.ventricular_rate.value
        assert rate is not None
        said = Claim("heart_rate", rate * (1.2 if at % 3 == 0 else 1.0))
        answer = Answer((Finding("SR", "definite", (), (said,)),), "Sinus rhythm.")
        seen = opinion(analysis)
        checked = verify(answer, analysis, seen)
        made = document.build(analysis, interpret(analysis, seen), PROVENANCE, seen, checked)
        (folder / f"{at}.json").write_bytes(json_report.render(made))
    (folder / "other.json").write_text("[1, 2")
    (folder / "run.json").write_text("{}")
    return folder


def test_statements_numbers_and_verdicts_are_counted(data: Path, reports: Path) -> None:
    result = evaluate_answers.evaluate(reports, data)
    labelled = sum("SR" in row.codes for row in table(data, 100))
    assert result.records == 12
    assert result.models == {"tiny of a server": 12}
    sinus = result.answers["SR"]
    assert (sinus.labelled, sinus.made, sinus.right) == (labelled, 12, labelled)
    assert sinus.f1 == pytest.approx(2 * labelled / (labelled + 12))
    assert (result.numbers, result.near) == (12, 8)
    assert result.verdicts["numbers"]["contradicted"] == 4
    assert sum(score.made for score in result.network.values()) > 0


def test_the_command_prints_and_writes_them(data: Path, reports: Path, tmp_path: Path) -> None:
    file = tmp_path / "numbers.json"
    words = ["answers", str(reports), str(data), "--out", str(file)]
    run = CliRunner().invoke(command, words, catch_exceptions=False)
    assert run.exit_code == 0, run.output
    assert "numbers within 10 % of what was measured: 8 of 12 (0.667)" in run.output
    numbers = json.loads(file.read_text())
    assert numbers["grounding"] == {"numbers": 12, "near": 8, "share": pytest.approx(2 / 3)}
    assert numbers["answers"]["statements"]["SR"]["made"] == 12
    assert numbers["answers"]["macro_f1"] is None  # of none are there ten


def test_reports_without_answers_are_named(data: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="holds no report with an answer"):
        evaluate_answers.evaluate(tmp_path, data)
