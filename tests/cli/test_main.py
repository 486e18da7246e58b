"""The command line itself: quick, helpful, and each end of a run its own exit code."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from ecgcli import __version__
from ecgcli.cli.main import COMMANDS, main
from ecgcli.errors import (
    EcgcliError,
    ExitCode,
    LockedError,
    ModelError,
    OutputError,
    UsageError,
)

HEAVY = {
    *("numpy", "scipy", "weasyprint", "pydantic", "rich", "jinja2", "wfdb", "ecgdatakit"),
    *("multiprocessing", "sqlite3"),
}
LIMIT_S = 0.3


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True)


@pytest.mark.parametrize(
    "code",
    [
        "import ecgcli",
        "from ecgcli.cli.main import main; main(['--help'], standalone_mode=False)",
        "from ecgcli.cli.main import main; main(['--version'], standalone_mode=False)",
        "from ecgcli.cli.main import main; main(['interpret', '--help'], standalone_mode=False)",
        "from ecgcli.cli.main import main; main(['measure', '--help'], standalone_mode=False)",
        "from ecgcli.cli.main import main; main(['generate', '--help'], standalone_mode=False)",
    ],
    ids=["import", "--help", "--version", "interpret --help", "measure --help", "generate --help"],
)
def test_no_heavy_module_is_loaded_for_help(code: str) -> None:
    said = python("-c", f"{code}\nimport sys; print('\\n', *sys.modules)").stdout
    assert HEAVY & set(said.splitlines()[-1].split()) == set()


@pytest.mark.parametrize("arguments", [["-c", "import ecgcli"], ["-m", "ecgcli", "--help"]])
def test_help_is_quick(arguments: list[str]) -> None:
    def cpu() -> float:  # not the wall clock: a busy machine is not our fault
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    times = []
    for _ in range(4):
        before = cpu()
        python(*arguments)
        times.append(cpu() - before)
    assert min(times) < LIMIT_S


def test_every_command_is_there_and_described() -> None:
    said = CliRunner().invoke(main, ["--help"]).output
    for name, text in COMMANDS.items():
        assert f"{name} " in said
        assert text in said
        help_of_one = CliRunner().invoke(main, [name, "--help"])
        assert help_of_one.exit_code == 0
        assert len(help_of_one.output) > 100


def test_every_file_of_a_command_is_listed() -> None:
    folder = Path(sys.modules["ecgcli.cli.main"].__file__ or "").parent
    with_command = {
        path.stem.partition("_")[0]  # evaluate_generation.py is a part of evaluate
        for path in folder.glob("*.py")
        if any(f"@click.{kind}(" in path.read_text() for kind in ("command", "group"))
    }
    assert with_command - {"main"} == set(COMMANDS)


def test_version() -> None:
    assert CliRunner().invoke(main, ["--version"]).output == f"ecgcli, version {__version__}\n"


def test_a_misspelt_command_names_the_nearest() -> None:
    result = CliRunner().invoke(main, ["intrepret"])
    assert result.exit_code == ExitCode.USAGE
    assert "Did you mean 'interpret'?" in result.output


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (UsageError("wrong"), 2),
        (OutputError("full"), 4),
        (ModelError("absent"), 5),
        (LockedError("held"), 6),
        (EcgcliError("odd"), 1),
        (KeyboardInterrupt(), 130),
        (ValueError("/data/Mustermann.xml"), 1),
    ],
)
def test_what_is_raised_decides_the_exit_code(
    monkeypatch: pytest.MonkeyPatch, raised: BaseException, code: int
) -> None:
    @click.command()
    def failing() -> None:
        raise raised

    monkeypatch.setattr("ecgcli.cli.schema.schema", failing)
    result = CliRunner().invoke(main, ["schema"])
    assert result.exit_code == code
    assert "Traceback" not in result.output
    assert "Mustermann" not in result.output
    if isinstance(raised, ValueError):
        assert "ValueError in" in result.output
