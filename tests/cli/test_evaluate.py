"""`evaluate`: every command prints its table, writes its numbers, and names what it lacks."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from ecgcli.cli import evaluate as module
from ecgcli.cli.evaluate import evaluate
from ecgcli.errors import ModelError, OutputError, UsageError
from tests.clinical.test_evaluate_measurements import folder as ptbxl  # noqa: F401
from tests.signals.test_evaluate_intervals import database  # noqa: F401


def run(*arguments: object) -> list[str]:
    result = CliRunner().invoke(evaluate, [str(a) for a in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


def test_intervals(database: Path, tmp_path: Path) -> None:  # noqa: F811
    file = tmp_path / "numbers.json"
    printed = run("intervals", database, "--json", file)
    assert printed[0].startswith("3 records")
    assert json.loads(file.read_text())["records"] == 3


def test_measurements(ptbxl: Path, tmp_path: Path) -> None:  # noqa: F811
    file = tmp_path / "numbers.json"
    printed = run("measurements", ptbxl, "--rate", "both", "--json", file)
    assert printed[0] == "3 records, 0 not read"
    assert any(line.startswith("the same recording at 100 Hz minus 500 Hz") for line in printed)
    assert json.loads(file.read_text())["records"] == 3
    assert run("measurements", ptbxl, "--folds", "2")[0] == "0 records, 0 not read"


@pytest.mark.parametrize("folds", ["x", "3-1", "1-", "-"])
def test_folds_that_are_none(ptbxl: Path, folds: str) -> None:  # noqa: F811
    with pytest.raises(UsageError, match="--folds"):
        run("measurements", ptbxl, "--folds", folds)


def test_a_result_that_cannot_be_written_is_named_before_the_work(
    database: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    with pytest.raises(OutputError, match="no folder"):
        run("intervals", database, "--json", tmp_path / "nowhere" / "numbers.json")


def test_without_its_library_a_comparison_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    for name in [name for name in sys.modules if name.startswith("ecgcli.training")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(ModelError, match=r"ecgcli\[models\]"):
        run("delineation", tmp_path)


def test_neurokit_is_looked_for_first(monkeypatch: pytest.MonkeyPatch) -> None:
    from ecgcli.training import neurokit

    monkeypatch.setitem(sys.modules, "neurokit2", None)
    with pytest.raises(ModelError, match="--no-neurokit"):
        neurokit.check()


def test_quality_prints_what_its_module_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from ecgcli.signals import evaluate_quality

    def lines(folder: Path) -> Iterator[str]:
        yield f"of {folder.name}"

    monkeypatch.setattr(evaluate_quality, "lines", lines)
    assert run("quality", tmp_path) == [f"of {tmp_path.name}"]


def test_too_few_recordings_tell_nothing_of_exchanges(
    ptbxl: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    with pytest.raises(ModelError, match="holds no ptbxl_database"):
        run("exchanges", tmp_path)
    with pytest.raises(ModelError, match=r"recordings at 500 Hz.*are needed"):
        run("exchanges", ptbxl)


@pytest.mark.real
@pytest.mark.slow
def test_exchanges_of_the_arms_are_found(ecg_data: Path) -> None:
    printed = run("exchanges", ecg_data / "ptbxl", "--limit", 500)
    (arms,) = [line.split() for line in printed if line.startswith("RA/LA ")]
    suspected, surely, named = (float(word.rstrip("%")) for word in arms[1:4])
    assert suspected >= surely > 70.0
    assert named > 95.0


def test_every_command_says_what_it_needs() -> None:
    for name, command in evaluate.commands.items():
        text = CliRunner().invoke(evaluate, [name, "--help"]).output
        assert "DIR" in text, name
        assert command.help
    assert module.evaluate is evaluate
