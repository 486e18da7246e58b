"""`train` and `evaluate` say what they need; what they do is tested where it is done."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from ecgcli.cli.evaluate import evaluate
from ecgcli.cli.train import train


@pytest.mark.parametrize(
    ("command", "arguments", "words"),
    [
        (train, ["delineator", "--help"], ["--data", "--out", "--work", "--seed", "--steps"]),
        (evaluate, ["delineation", "--help"], ["DIR", "--work", "--neurokit", "--json"]),
    ],
)
def test_help_names_every_option(command, arguments: list[str], words: list[str]) -> None:  # type: ignore[no-untyped-def]
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 0
    assert [word for word in words if word not in result.output] == []


def test_a_folder_without_records_is_named(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    result = CliRunner().invoke(train, ["delineator", "--data", str(tmp_path)])
    assert result.exit_code != 0
    assert "no LUDB records" in str(result.exception)
