"""What the README says of the program is what the program is."""

from __future__ import annotations

import re
from pathlib import Path

from ecgcli.cli.main import main
from ecgcli.errors import ExitCode
from tools.readme import README, between, filled

TEXT = README.read_text(encoding="utf-8")
ROOT = README.parent


def test_the_table_of_options_is_that_of_the_program() -> None:
    assert "--out" in between(TEXT, "options")
    assert filled(TEXT) == TEXT, "run: python -m tools.readme"


def test_the_table_of_exit_codes_is_the_enum() -> None:
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \|", between(TEXT, "exit codes"), re.MULTILINE)
    assert [(int(code), name) for code, name in rows] == [(int(c), c.name) for c in ExitCode]


def test_every_command_is_named() -> None:
    assert [name for name in main.commands if f"ecgcli {name}" not in TEXT] == []


def test_everything_it_points_to_is_there() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", TEXT)
    named = re.findall(r"`((?:ecgcli|examples|docs|templates)/[\w./-]*)`", TEXT)
    assert links
    assert [path for path in links + named if not (ROOT / path).exists()] == []


def test_every_room_is_described() -> None:
    rooms = {path.parent.name for path in Path(ROOT, "ecgcli").glob("*/__init__.py")}
    assert [room for room in sorted(rooms) if f"`{room}`" not in TEXT] == []
