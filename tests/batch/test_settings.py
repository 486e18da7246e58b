"""Settings: what they hold, where they come from, and which of them shape an output."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from ecgcli.batch.settings import FORMATS, Settings, parse_formats, read_config
from ecgcli.errors import ModelError, UsageError

SETTINGS = Settings((Path("in"),), Path("out"))
SHAPING = {
    "age_years": 3.0,
    "sex": "male",
    "paper": "letter",
    "rate_hz": 250.0,
    "unit": "uV",
    "model": "none",
}
ASKED = {"model_name": "tiny", "with_measurements": True, "vllm_options": "--dtype half"}
"""What shapes an output where a language model is asked."""
OTHERS: dict[str, Any] = {
    "paths": (Path("elsewhere"),),
    "out": Path("elsewhere"),
    "device": "cpu",
    "window": 3,
    "serve": True,
    "formats": ("json",),
    "jobs": 7,
    "force": True,
    "retry_failed": True,
    "dry_run": True,
    "limit": 3,
    "timeout_s": 3.0,
    "wait": False,
    "quiet": True,
    "verbose": True,
    "log_format": "json",
    "log_paths": True,
}


def test_every_setting_is_known_to_shape_outputs_or_not() -> None:
    assert {field.name for field in fields(Settings)} == {*SHAPING, *ASKED, *OTHERS}


@pytest.mark.parametrize("name", SHAPING)
def test_what_shapes_an_output_changes_the_fingerprint(name: str) -> None:
    changed = replace(SETTINGS, **{name: SHAPING[name]})  # type: ignore[arg-type]
    assert changed.fingerprint() != SETTINGS.fingerprint()


@pytest.mark.parametrize("name", ASKED)
def test_what_a_language_model_is_asked_changes_it_too(name: str) -> None:
    asking = replace(SETTINGS, model="http://localhost:8000/v1")
    assert asking.fingerprint() != SETTINGS.fingerprint()
    changed = replace(asking, **{name: ASKED[name]})  # type: ignore[arg-type]
    assert changed.fingerprint() != asking.fingerprint()


def test_the_address_of_a_server_does_not_matter_but_its_model() -> None:
    one = replace(SETTINGS, model="http://localhost:8000/v1", model_name="a")
    assert replace(one, model="https://gpu.local/v1").fingerprint() == one.fingerprint()


def test_a_folder_of_a_model_is_known_by_what_it_holds(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name / "m").mkdir(parents=True)
        (tmp_path / name / "m" / "config.json").write_text('{"model_type": "ecglm"}')
    one, other = (replace(SETTINGS, model=str(tmp_path / n / "m")) for n in ("one", "other"))
    assert one.reads_signals
    assert one.fingerprint() == other.fingerprint()
    (tmp_path / "third" / "m").mkdir(parents=True)
    (tmp_path / "third" / "m" / "config.json").write_text('{"model_type": "llava"}')
    third = replace(SETTINGS, model=str(tmp_path / "third" / "m"))
    assert not third.reads_signals
    assert third.fingerprint() != one.fingerprint()
    with pytest.raises(ModelError, match="there is no model in"):
        replace(SETTINGS, model=str(tmp_path / "nowhere")).fingerprint()


@pytest.mark.parametrize("name", OTHERS)
def test_what_does_not_leaves_it(name: str) -> None:
    assert replace(SETTINGS, **{name: OTHERS[name]}).fingerprint() == SETTINGS.fingerprint()


def test_version_changes_the_fingerprint(monkeypatch: pytest.MonkeyPatch) -> None:
    before = SETTINGS.fingerprint()
    monkeypatch.setattr("ecgcli.batch.settings.__version__", "99")
    assert SETTINGS.fingerprint() != before


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("json,html,pdf", FORMATS),
        ("pdf, JSON", ("json", "pdf")),
        (["html", "html"], ("html",)),
        ("pdf,", ("pdf",)),
    ],
)
def test_formats(value: object, expected: tuple[str, ...]) -> None:
    assert parse_formats(value) == expected


@pytest.mark.parametrize("value", ["", ",", [], 3, [3], None, "xml", True])
def test_wrong_formats(value: object) -> None:
    with pytest.raises(UsageError):
        parse_formats(value)


def test_config(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text('log_paths = true\nlog-format = "json"\n')
    options = ["log-paths", "log-format", "jobs"]
    assert read_config(file, options) == {"log-paths": True, "log-format": "json"}
    file.write_text("job = 2")
    with pytest.raises(UsageError, match=r"'job' is no option \(did you mean 'jobs'\?\)"):
        read_config(file, options)
    file.write_bytes(b"jobs = '\xff'")
    with pytest.raises(UsageError, match="no valid TOML"):
        read_config(file, options)
    with pytest.raises(UsageError, match="cannot read"):
        read_config(tmp_path, options)
