"""The log names nobody; whoever holds the key can tell which recording is meant."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ecgcli.batch.log import Log, load_key, trace, where
from ecgcli.batch.settings import Settings

SETTINGS = Settings((Path("in"),), Path("out"))
PATH = Path("/data/Mustermann, Erika/4711.hea")


def test_a_recording_is_a_keyed_hash(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    key = load_key(tmp_path / "key")
    assert load_key(tmp_path / "key") == key
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    Log(SETTINGS, key).info("done", record=PATH, format="wfdb")
    said = capsys.readouterr().err
    assert "Mustermann" not in said
    assert f"record={Log(SETTINGS, key).tag(PATH)} format=wfdb" in said
    assert Log(SETTINGS).tag(PATH) != Log(SETTINGS, key).tag(PATH)


def test_a_key_of_the_wrong_length_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"short")
    assert len(load_key(tmp_path / "key")) == 32


@pytest.mark.parametrize("form", ["text", "json"])
def test_paths_where_they_are_allowed(capsys: pytest.CaptureFixture[str], form: str) -> None:
    settings = replace(SETTINGS, log_paths=True, log_format=form)  # type: ignore[arg-type]
    odd = Path("/data/new\nline \udce9")
    for path in (PATH, odd):
        Log(settings).info("done", record=path)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2  # one event is one line
    assert "Mustermann" in lines[0]
    if form == "json":
        assert json.loads(lines[1])["path"] == str(odd)


@pytest.mark.parametrize(
    ("settings", "levels"),
    [
        (SETTINGS, ["info", "warning", "error"]),
        (replace(SETTINGS, quiet=True), ["error"]),
        (replace(SETTINGS, verbose=True), ["debug", "info", "warning", "error"]),
    ],
)
def test_levels(capsys: pytest.CaptureFixture[str], settings: Settings, levels: list[str]) -> None:
    log = Log(settings)
    for say in (log.debug, log.info, log.warning, log.error):
        say("event")
    assert [line.split()[1] for line in capsys.readouterr().err.splitlines()] == levels


def test_an_exception_is_told_without_its_text() -> None:
    def fail() -> None:
        raise ValueError(f"cannot read {PATH}")

    with pytest.raises(ValueError, match="cannot") as caught:
        fail()
    assert where(caught.value).startswith("ValueError in ")
    assert "test_log.py" in where(caught.value) + trace(caught.value)
    assert "Mustermann" not in where(caught.value) + trace(caught.value)


def test_a_closed_stderr_does_not_end_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    class Closed:
        def write(self, text: str) -> None:
            raise BrokenPipeError

    monkeypatch.setattr("sys.stderr", Closed())
    Log(SETTINGS).info("done")
