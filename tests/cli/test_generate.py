"""`ecgcli generate`: what is said, what is shown, and with which code it ends."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from ecgcli.cli.main import main
from ecgcli.errors import ExitCode
from ecgcli.models.generator import weights
from tests.batch import drawings
from tests.cli.running import PATIENCE_S

ROOT = Path(__file__).parents[2]
Generate = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def generate(tmp_path: Path) -> Generate:
    """Run the command, into tmp_path/out, with a generator that draws what it is told."""
    model = drawings.write_weights(tmp_path / "model.safetensors")

    def generate(*arguments: object, out: str = "out") -> subprocess.CompletedProcess[str]:
        words = ["--model", model, "--out", tmp_path / out, *arguments]
        return subprocess.run(
            [sys.executable, "-m", "tests.cli.generating", *map(str, words)],
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
            cwd=ROOT,
        )

    return generate


def here(folder: Path, *arguments: str) -> Result:
    """Run the command in this process, for what needs no other."""
    model = drawings.write_weights(folder / "model.safetensors")
    words = ["generate", "--model", str(model), "--out", str(folder / "out"), *arguments]
    return CliRunner().invoke(main, words)


def written(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.name.startswith(("ecg-", "norm-"))}


def test_one_is_shown_with_what_was_asked_and_what_is_there(
    generate: Generate, tmp_path: Path
) -> None:
    said = generate("rate 72, 60yo male", "--seed", 7, "--format", "wfdb,json")
    assert said.returncode == ExitCode.OK, said.stderr
    lines = said.stdout.splitlines()
    assert lines[0] == "An ECG, of a 60-year-old male, with heart rate 72/min."
    assert lines[1] == "Seed 7"
    assert re.search(r"heart rate\s+72/min\s+72/min\s+as asked", said.stdout)
    names = written(tmp_path / "out")
    assert {name.rpartition(".")[2] for name in names} == {"hea", "dat", "json"}
    assert all(str(tmp_path / "out" / name) in said.stdout for name in names)
    again = generate("rate 72, 60yo male", "--seed", 7, "--format", "wfdb,json")
    assert again.stdout == said.stdout


def test_a_seed_is_chosen_told_and_makes_the_same_again(generate: Generate, tmp_path: Path) -> None:
    said = generate("rate 72", "--format", "wfdb,json", out="a")
    seed = re.search(r"^Seed (\d+)$", said.stdout, re.MULTILINE)
    assert seed is not None
    (document,) = (json.loads(file.read_text()) for file in (tmp_path / "a").glob("ecg-*.json"))
    run = json.loads((tmp_path / "a" / "run.json").read_text())
    assert document["seed"] == run["settings"]["seed"] == int(seed[1])
    generate("rate 72", "--format", "wfdb,json", "--seed", seed[1], "-q", out="b")
    for name in written(tmp_path / "a"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_what_cannot_be_met_is_said_and_has_its_own_code(
    generate: Generate, tmp_path: Path
) -> None:
    said = generate("rate 72", "--age", drawings.DEAF, "--candidates", 2)
    assert said.returncode == ExitCode.NOT_AS_ASKED
    assert "heart rate: asked 72/min, found 92/min" in " ".join(said.stdout.split())
    assert not written(tmp_path / "out")


def test_requests_of_a_file_with_options_for_all(generate: Generate, tmp_path: Path) -> None:
    file = tmp_path / "prompts.csv"
    file.write_text('prompt,n,heart_rate,sex\n,2,72,\n"normal ECG, rate 65",,,female\n')
    said = generate("--prompts", file, "--seed", 1, "--age", 60, "--format", "wfdb", "--jobs", 2)
    assert "line 2: An ECG" in said.stdout
    assert "(2 times)" in said.stdout
    assert "line 3: An ECG showing normal ECG, of a 60-year-old female" in said.stdout
    assert said.returncode in (ExitCode.OK, ExitCode.NOT_AS_ASKED)
    assert len(written(tmp_path / "out")) >= 2 * 2
    assert f"The worklist: {tmp_path / 'out' / 'index.html'}" in said.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "nothing is asked for"),
        (["sinus tachycardia, rate 50"], "contradiction: "),
        (["atril fibrilation"], "unknown words: "),
        (["rate 80", "--heart-rate", "90"], "heart rate is 80/min in the text and 90/min"),
        (["--statement", "AFBI"], "AFIB?); --list names"),
        (["--statement", "3AVB"], "cannot be generated"),
        (["normal ECG", "--age", "4"], "children cannot be generated"),
        (["AF", "--format", "wfbd"], "did you mean 'wfdb'"),
        (["AF", "--rate", "300"], "'300' is not one of"),
        (["AF", "--duration", "3"], "3.0 is not in the range"),
        (["AF", "--prompts", "{prompts}"], "exclude each other"),
        (["--prompts", "{prompts}"], "prompts.txt, line 3: contradiction: "),
        (["AF", "--quiet", "--verbose"], "exclude each other"),
    ],
)
def test_usage_errors(tmp_path: Path, arguments: list[str], message: str) -> None:
    file = tmp_path / "prompts.txt"
    file.write_text("# two\nAF\nsinus tachycardia, rate 50\n")
    said = here(tmp_path, *(word.format(prompts=file) for word in arguments))
    assert said.exit_code == ExitCode.USAGE
    assert message in said.stderr
    assert not (tmp_path / "out").exists()


def test_statements_by_their_codes_stand_beside_the_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ecgcli.batch.run.run", lambda settings, below: ExitCode.OK)
    said = here(tmp_path, "rate 150, 70yo woman", "--statement", "aflt", "--statement", "PRC(S)")
    assert said.exit_code == ExitCode.OK
    first = said.stdout.splitlines()[0]
    assert first.startswith("An ECG showing atrial flutter and premature beats")
    assert first.endswith("of a 70-year-old female, with heart rate 150/min.")


def test_the_list_names_what_was_learned(tmp_path: Path) -> None:
    said = here(tmp_path, "--list")
    assert said.exit_code == ExitCode.OK
    assert re.search(r"^ AFLT\s+atrial flutter\s+100\s*$", said.stdout, re.MULTILINE)
    assert not re.search(r"^ 3AVB ", said.stdout, re.MULTILINE)


def test_without_weights_it_says_so_after_the_parse(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(weights, "SHIPPED", tmp_path / "none.safetensors")
    weights.shipped.cache_clear()
    weights.named.cache_clear()
    said = CliRunner().invoke(main, ["generate", "AF", "--out", str(tmp_path / "out")])
    assert said.exit_code == ExitCode.MODEL_NOT_AVAILABLE
    assert "An ECG showing atrial fibrillation." in said.stdout
    assert "weights" in said.stderr
    assert not (tmp_path / "out").exists()


def test_a_file_that_is_no_generator(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"something else")
    said = here(tmp_path, "AF", "--model", str(tmp_path / "other"))
    assert said.exit_code == ExitCode.MODEL_NOT_AVAILABLE


def test_the_schema_is_printed() -> None:
    said = CliRunner().invoke(main, ["schema", "generate"])
    Draft202012Validator.check_schema(json.loads(said.stdout))
