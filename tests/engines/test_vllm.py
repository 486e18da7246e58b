"""Real vLLM with an EcgLM of random weights: it answers in the form asked for, and may be killed.

Where vLLM is not installed these are skipped; CI installs it for processors (`.ci/run`).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("vllm")
torch = pytest.importorskip("torch")

from bench.ecglm import in_torch  # noqa: E402
from ecgcli.engines.adapters.ecglm import prompt  # noqa: E402
from ecgcli.engines.answer import parse, schema  # noqa: E402
from ecgcli.engines.host import Plan  # noqa: E402
from ecgcli.engines.local import LocalEngine  # noqa: E402
from ecgcli.engines.question import Question  # noqa: E402
from ecgcli.models.ecglm.config import small  # noqa: E402
from ecgcli.models.ecglm.network import EcgLmForConditionalGeneration  # noqa: E402
from ecgcli.models.files import SIGNAL_ARCHITECTURE  # noqa: E402
from ecgcli.training import ecglm, ecglm_tokenizer  # noqa: E402
from ecgcli.training.ecglm_answers import answer, rows, written  # noqa: E402
from tests.cli.running import write_csv  # noqa: E402

pytestmark = [pytest.mark.slow, pytest.mark.vllm]
PATIENCE_S = 400.0
CODES = tuple(rows())[:12]
OPTIONS = {"dtype": "float32", "max_model_len": 1024, "max_num_seqs": 8, "enforce_eager": True}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory of an EcgLM that has learned nothing."""
    texts = [written(answer({code: 1.0}, {("heart_rate", None): 60.0 + n})) for n, code in
             enumerate(rows())] * 20  # fmt: skip
    tokenizer = ecglm_tokenizer.learn([*texts, prompt(60, "male")], 800)
    torch.manual_seed(1)
    folder = tmp_path_factory.mktemp("models") / "random-ecglm"
    ecglm.write(EcgLmForConditionalGeneration(small(len(tokenizer), CODES)), tokenizer, folder)
    return folder


@pytest.fixture(scope="module")
def engine(model: Path) -> Iterator[LocalEngine]:
    options = {**OPTIONS, "limit_mm_per_prompt": {"ecg": 1}}
    with LocalEngine(Plan(str(model), options, architecture=SIGNAL_ARCHITECTURE), 8) as started:
        yield started


def signal_of(number: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    rng = np.random.default_rng(number)
    return rng.normal(0.0, 0.3, (12, 1000)).astype(np.float32)


def question(number: int, tokens: int = 400) -> Question:
    text = prompt(60, "male")
    return Question("", text, schema(CODES), signal=signal_of(number), max_tokens=tokens)


def answers(engine: LocalEngine, numbers: list[int]) -> dict[int, Any]:
    for number in numbers:
        engine.ask(number, question(number))
    found: dict[int, Any] = {}
    deadline = time.monotonic() + PATIENCE_S
    while engine.in_flight:
        assert time.monotonic() < deadline
        found |= {answered.number: answered for answered in engine.answers(1.0)}
    return found


def test_answers_keep_the_form_and_do_not_depend_on_the_batch(engine: LocalEngine) -> None:
    together = answers(engine, list(range(12)))
    assert len(together) == 12
    whole = [each for each in together.values() if each.ended == "stop"]
    for each in whole:
        parse(each.text, CODES)
    assert {each.ended for each in together.values()} <= {"stop", "length"}
    alone = answers(engine, [5])[5]
    assert alone.text == together[5].text
    assert alone.read == together[5].read > 32  # the signal takes 32 places


def test_a_summary_may_hold_quotation_marks_and_new_lines() -> None:
    from xgrammar import Grammar
    from xgrammar.testing import _is_grammar_accept_string

    form = Grammar.from_json_schema(json.dumps(schema(CODES)), any_whitespace=False)
    for words in ('Leads "V1" and V2:\n\tQS.', "Größer als 2\u202fmV", "", "word " * 700):
        said = json.dumps({"findings": [], "impression": words}, ensure_ascii=False)
        assert _is_grammar_accept_string(form, said)
        assert parse(said, CODES).findings == ()


def test_it_says_what_transformers_says(engine: LocalEngine, model: Path) -> None:
    """Without a form to keep, the most probable words are the same."""
    free = Question("", prompt(60, "male"), {}, signal=signal_of(1), max_tokens=24)
    engine.ask(1, free)
    said = ""
    while engine.in_flight:
        for answered in engine.answers(1.0):
            said = answered.text
    assert [said] == in_torch(model, [free])


def test_a_question_that_it_cannot_take_costs_that_question_only(engine: LocalEngine) -> None:
    long = Question("", prompt(60, "male") + "word " * 4000, schema(CODES), signal=signal_of(1))
    engine.ask(100, long)
    engine.ask(101, question(101))
    found: dict[int, Any] = {}
    while engine.in_flight:
        found |= {answered.number: answered for answered in engine.answers(1.0)}
    assert found[100].ended == "refused"
    assert found[100].text == "the question is longer than the model takes"
    assert found[101].ended in ("stop", "length")


def test_a_run_whose_engine_is_killed_loses_no_record(model: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for number in range(6):
        write_csv(tmp_path / "in" / f"rec{number}.csv")
    out = tmp_path / "out"
    words = ["interpret", tmp_path / "in", "--out", out, "--format", "json", "--model", model]
    command = [sys.executable, "-m", "ecgcli", *map(str, words), "--window", "2", "--jobs", "1"]
    environment = os.environ | {"PYTHONWARNINGS": "ignore"}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        while "is ready" not in (line := process.stderr.readline()):
            assert line, "it ended before it was ready"
        time.sleep(1.0)
        os.kill(_host_of(process), signal.SIGKILL)
        process.stderr.read()
        code = process.wait(PATIENCE_S)
    run = json.loads((out / "run.json").read_text())
    assert run["counts"]["done"] + run["counts"]["failed"] == 6
    # Random weights may never come to an end of an answer; that costs those records and is said.
    assert set(run["failures_by_category"]) <= {"no answer of the model"}
    assert code == (3 if run["counts"]["failed"] else 0)
    asked = run["versions"]["model"]
    assert asked["restarts"] >= 1
    assert asked["engine_version"]
    assert asked["tokens_written"] > 0
    assert asked["tokens_read"] > 32 * asked["asked"] - 1
    assert asked["name"].startswith("random-ecglm ")
    assert Counter(path.suffix for path in out.glob("*.csv.json"))[".json"] == run["counts"]["done"]


def _host_of(process: subprocess.Popen[str]) -> int:
    """Return the process that holds the model."""
    words = ["pgrep", "-P", str(process.pid), "-f", "multiprocessing.spawn"]
    return int(subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()[0])
