"""The rooms of the house: none imports one that stands above it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "ecgcli"
FLOORS = [
    "models",
    "records",
    "signals",
    "engines",
    "training",
    "clinical",
    "generation",
    "reports",
    "exports",
    "batch",
    "cli",
]
FLOOR = {room: level for level, room in enumerate(FLOORS)}
# Both are written from the same report, side by side.
FLOOR["exports"] = FLOOR["reports"]
EVERYBODYS = {"errors", "processes", "__init__", "__main__"}

FILES = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))


def imported(tree: ast.AST, package: list[str]) -> Iterator[str]:
    """Yield every module that is imported anywhere in a file, also late or for types only."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            yield from (
                one.value
                for one in ast.walk(node)
                if isinstance(one, ast.Constant) and isinstance(one.value, str)
            )


def rooms_above(code: str, file: Path) -> list[str]:
    """Return the imports of a file that lead upwards."""
    own = file.parts[0] if len(file.parts) > 1 else file.stem
    names = imported(ast.parse(code), ["ecgcli", *file.parts[:-1]])
    parts = [name.split(".") for name in names if name.startswith("ecgcli.")]
    rooms = {part[1] for part in parts} - {own, "__version__"}
    if own in ("errors", "processes", "__init__"):
        return sorted(rooms & set(FLOOR))
    if own in EVERYBODYS:
        return []
    return sorted(room for room in rooms if room in FLOOR and FLOOR[room] > FLOOR[own])


@pytest.mark.parametrize("file", FILES, ids=str)
def test_no_room_imports_one_above_it(file: Path) -> None:
    assert rooms_above((PACKAGE / file).read_text(encoding="utf-8"), file) == []


def test_every_room_has_a_floor() -> None:
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert rooms <= set(FLOOR)


@pytest.mark.parametrize(
    "code",
    [
        "import ecgcli.batch.run",
        "from ecgcli.batch import run",
        "from ecgcli import batch",
        "from ..batch.run import run",
        "def late():\n    from ecgcli.cli.main import main",
        "importlib.import_module('ecgcli.cli.main')",
    ],
)
def test_the_check_sees_every_way_to_import(code: str) -> None:
    assert rooms_above(code, Path("signals/measure.py"))
    assert not rooms_above(code, Path("cli/interpret.py"))
