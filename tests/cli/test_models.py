"""Which folder a language model's name means."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from ecgcli.cli import models
from ecgcli.errors import ModelError, UsageError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "vlm"
    made.mkdir()
    (made / "config.json").write_text("{}")
    return made


def hub(monkeypatch: pytest.MonkeyPatch, found: Path | None) -> None:
    """Put a hub's library in place that keeps one model, or none."""

    class LocalEntryNotFoundError(Exception):
        pass

    def snapshot_download(name: str, *, local_files_only: bool) -> str:
        assert local_files_only
        if found is None:
            raise LocalEntryNotFoundError(name)
        return str(found)

    library, errors = ModuleType("huggingface_hub"), ModuleType("huggingface_hub.errors")
    library.snapshot_download = snapshot_download  # type: ignore[attr-defined]
    errors.LocalEntryNotFoundError = LocalEntryNotFoundError  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "huggingface_hub", library)
    monkeypatch.setitem(sys.modules, "huggingface_hub.errors", errors)


def test_a_directory_is_itself(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    assert models.folder_of("vlm") == folder
    assert models.folder_of(str(folder)) == folder


def test_our_own_is_the_one_that_ships(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(models, "ECGLM", folder)
    assert models.folder_of("ecglm") == folder
    (tmp_path / "ecglm").mkdir()  # a folder of that name has to be told by its path
    monkeypatch.chdir(tmp_path)
    assert models.folder_of("ecglm") == folder
    with pytest.raises(UsageError, match="holds no config"):
        models.folder_of("./ecglm")


def test_a_hub_name_is_what_the_cache_keeps(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub(monkeypatch, folder)
    assert models.folder_of("somebody/ecg-vlm") == folder


def test_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    hub(monkeypatch, None)
    with pytest.raises(ModelError, match="nothing is fetched here: hf download somebody/ecg-vlm"):
        models.folder_of("somebody/ecg-vlm")


def test_a_hub_name_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ModelError, match="pip install"):
        models.folder_of("somebody/ecg-vlm")


@pytest.mark.parametrize("name", ["nothing-here", "a/b/c", "/nothing/here"])
def test_what_is_nothing_is_told(name: str) -> None:
    with pytest.raises(UsageError, match="is no directory, no URL"):
        models.folder_of(name)
