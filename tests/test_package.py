"""The wheel holds what the program needs, and nothing that it must not."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LARGEST = 90 * 2**20


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if importlib.util.find_spec("hatchling") is None:
        pytest.skip("no hatchling here to build with")
    folder = tmp_path_factory.mktemp("wheel")
    command = "import sys, hatchling.build; print(hatchling.build.build_wheel(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", command, folder], cwd=ROOT, check=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.mark.slow
def test_the_wheel_holds_all_that_is_not_code(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    data = [
        file
        for file in (ROOT / "ecgcli").rglob("*")
        if file.suffix in {".csv", ".ttf", ".json", ".typed"} or file.name == "py.typed"
    ]
    wanted = {file.relative_to(ROOT).as_posix() for file in data}
    wanted |= {f"ecgcli/templates/{file.name}" for file in (ROOT / "templates").iterdir()}
    assert len(wanted) > 8
    assert wanted - names == set()
    assert any(name.endswith("licenses/LICENSE") for name in names)


@pytest.mark.slow
def test_the_wheel_holds_nothing_else_and_is_small(wheel: Path) -> None:
    assert wheel.stat().st_size < LARGEST
    tops = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"ecgcli"}


@pytest.mark.slow
def test_it_runs_out_of_the_wheel(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    code = (
        "import ecgcli, ecgcli.reports.templates as t, ecgcli.clinical.catalogue;"
        "print(ecgcli.__file__); print(t.folder())"
    )
    said = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert [Path(line).is_relative_to(tmp_path) for line in said.stdout.split()] == [True, True]
