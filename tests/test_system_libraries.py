"""tools/system-libraries installs what lacks where it may, else says how to."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / "tools" / "system-libraries"
BASH = shutil.which("bash") or ""
pytestmark = pytest.mark.skipif(not BASH, reason="a bash script")


class Machine:
    """A machine of stand-ins: a python that lacks libraries, and the programs put into it."""

    def __init__(self, folder: Path, lacking: str) -> None:
        self.folder = folder
        self.lacking = folder / "lacking"
        self.lacking.write_text(lacking)
        self.called = folder / "called"
        for tool in ("mktemp", "rm", "cat", "tail"):
            (folder / tool).symlink_to(shutil.which(tool) or tool)
        self.has("python", f"cat >/dev/null; cat {self.lacking}")

    def has(self, name: str, script: str) -> None:
        file = self.folder / name
        file.write_text(f"#!{BASH}\n{script}\n")
        file.chmod(0o755)

    def has_apt(self, works: bool = True) -> None:
        effect = f": >{self.lacking}" if works else "[ $1 = update ]"
        self.has("apt-get", f'echo "apt-get $*" >>{self.called}; {effect}')

    def run(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [BASH, SCRIPT, self.folder / "python"],
            env={"PATH": str(self.folder)},
            capture_output=True,
            text=True,
            check=True,
        )

    def calls(self) -> list[str]:
        return self.called.read_text().splitlines() if self.called.exists() else []


def test_nothing_is_done_where_nothing_lacks(tmp_path: Path) -> None:
    machine = Machine(tmp_path, lacking="")
    machine.has_apt()
    said = machine.run()
    assert (machine.calls(), said.stdout, said.stderr) == ([], "", "")


def test_root_installs(tmp_path: Path) -> None:
    machine = Machine(tmp_path, lacking="pango harfbuzz-subset")
    machine.has_apt()
    machine.has("id", "echo 0")
    said = machine.run()
    assert len(machine.calls()) == 1
    assert "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0" in machine.calls()[0]
    assert said.stderr == ""


def test_who_may_not_is_told_the_command(tmp_path: Path) -> None:
    machine = Machine(tmp_path, lacking="pango")
    machine.has_apt()
    machine.has("id", "echo 1000")
    machine.has("sudo", "exit 1")
    said = machine.run()
    assert machine.calls() == []
    assert "sudo apt-get install" in said.stderr


def test_sudo_without_a_password_is_used(tmp_path: Path) -> None:
    machine = Machine(tmp_path, lacking="pango")
    machine.has_apt()
    machine.has("id", "echo 1000")
    machine.has("sudo", '[ "$1" = -n ] && shift; [ "$1" = true ] || "$@"')
    machine.run()
    assert len(machine.calls()) == 1


def test_lists_are_fetched_once_where_they_are_missing(tmp_path: Path) -> None:
    machine = Machine(tmp_path, lacking="pango")
    machine.has_apt(works=False)
    machine.has("id", "echo 0")
    said = machine.run()
    assert [call.split()[1] for call in machine.calls()] == ["install", "update", "install"]
    assert "As an administrator, run: apt-get install" in said.stderr


def test_an_unknown_system_is_told_what_it_needs(tmp_path: Path) -> None:
    said = Machine(tmp_path, lacking="pango").run()
    assert "PDF reports need Pango" in said.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="what a real machine answers")
def test_it_asks_a_real_python() -> None:
    environment = os.environ | {"PATH": "/nonexistent"}
    said = subprocess.run(
        [BASH, SCRIPT, sys.executable], env=environment, capture_output=True, text=True, check=True
    )
    assert "Traceback" not in said.stderr
