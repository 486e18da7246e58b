"""The recipe of EcgLM: it learns, goes on where it stopped, and writes what loads."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
from safetensors.torch import load_file  # noqa: E402

from ecgcli.cli.train import train as command  # noqa: E402
from ecgcli.engines.adapters.ecglm import prompt  # noqa: E402
from ecgcli.errors import ModelError  # noqa: E402
from ecgcli.models.ecglm.config import small  # noqa: E402
from ecgcli.models.ecglm.network import EcgLmForConditionalGeneration  # noqa: E402
from ecgcli.models.ecglm.tokens import ECG, END, SPECIAL  # noqa: E402
from ecgcli.training import ecglm, ecglm_batches, ecglm_tokenizer  # noqa: E402
from ecgcli.training.ecglm_answers import rows  # noqa: E402
from tests.training import small_ptbxl  # noqa: E402

SAID = [
    '{"findings":[{"code":"SR","certainty":"definite","leads":[],"evidence":[]}],"impression":"S."}',
    '{"findings":[],"impression":"No finding at 72 per minute."}',
]


def tokens(records: int) -> tuple[ecglm_batches.Tokens, Any]:
    """Return recordings of which half have a tall second lead and another answer."""
    rng = np.random.default_rng(1)
    signal = rng.normal(0.0, 0.05, (records, 12, 1000))
    signal[::2, 1] += np.sin(np.arange(1000) / 5.0)
    tokenizer = ecglm_tokenizer.learn([*SAID, prompt(60, "male")] * 50, 500)

    def encode(text: str) -> np.ndarray:
        return np.array(tokenizer(text)["input_ids"])

    def ask(text: str) -> np.ndarray:
        return np.array([*[SPECIAL.index(ECG)] * 32, *encode(text)[1:]])

    answered = [np.append(encode(SAID[n % 2]), SPECIAL.index(END)) for n in range(records)]
    ways = [ask(prompt(60, "male"))] * 2 + [ask(prompt(None, None))] * 2
    once = np.ones(records)
    made = ecglm_batches.Tokens(signal.astype(np.float16), [ways] * records, answered, once)
    return made, tokenizer


def test_the_tokenizer_gives_every_text_back() -> None:
    tokenizer = ecglm_tokenizer.learn(SAID * 50, 400)
    for text in [*SAID, 'Zürich 0.05 mV -12 "\n\U0001fac0', prompt(7, "female", {"pr": 160.4})]:
        assert tokenizer.decode(tokenizer(text)["input_ids"]) == text
    assert tokenizer.convert_tokens_to_ids(list(SPECIAL)) == list(range(len(SPECIAL)))
    assert len(tokenizer("72")["input_ids"]) == 2  # digit by digit
    assert len(tokenizer(SAID[0])["input_ids"]) < len(SAID[0]) / 4


def test_every_recording_is_drawn_once_an_epoch_and_the_same_again() -> None:
    made, _ = tokens(70)
    one, same, other = (ecglm_batches.epoch(made, 1, n, 8, 0.5, 0.5) for n in (0, 0, 1))
    drawn = np.concatenate(one.batches)
    assert len(drawn) == len(set(drawn.tolist())) == 64
    assert all(np.array_equal(a, b) for a, b in zip(one.batches, same.batches, strict=True))
    assert not np.array_equal(drawn, np.concatenate(other.batches))
    assert set(one.ways.tolist()) == set(range(len(ecglm_batches.TOLD_OF)))


def test_rare_statements_are_shown_more_often_and_common_ones_still() -> None:
    rare, common = [("CLBBB", "SR")] * 10, [("SR",)] * 990
    lessons = [ecglm_batches.Lesson((), "", codes) for codes in (*rare, *common, ())]
    often = ecglm_batches.rare_more_often(lessons)
    assert often.mean() == pytest.approx(1.0)
    assert often[0] / often[-2] == pytest.approx(np.sqrt(0.1 / 0.01), rel=0.01)
    assert often[-1] == often[-2]  # nothing said is nothing rare


@given(seed=st.integers(0, 1000), records=st.integers(40, 90))
def test_an_epoch_shows_each_recording_as_often_as_told(seed: int, records: int) -> None:
    often = np.random.default_rng(seed).uniform(0.3, 3.0, records)
    often /= often.mean()
    made, _ = tokens(2)
    many = replace(
        made,
        signal=np.zeros((records, 12, 1000), np.float16),
        asked=[made.asked[0]] * records,
        answered=[made.answered[0]] * records,
        often=often,
    )
    drawn = np.concatenate(ecglm_batches.epoch(many, seed, 0, 1, 0.5, 0.5).batches)
    counts = np.bincount(drawn, minlength=records)
    assert len(drawn) == records
    assert np.all(np.abs(counts - often) <= 1.0)


def test_what_was_not_learned_is_judged_once_each() -> None:
    made, tokenizer = tokens(8)
    model = EcgLmForConditionalGeneration(small(len(tokenizer)))
    uneven = replace(made, often=np.array([4.0, *[4 / 7] * 7]))
    recipe = ecglm.Recipe(batch=8)
    assert ecglm.loss_on(recipe, model, uneven) == ecglm.loss_on(recipe, model, made)


def test_only_the_answer_is_learned() -> None:
    made, _ = tokens(4)
    batch = ecglm_batches.draw(made, ecglm_batches.epoch(made, 1, 0, 4, 0.0, 0.0), 0, 0)
    asked = len(made.asked[0][0])
    assert bool((batch.labels[:, :asked] == ecglm_batches.IGNORED).all())
    learned = batch.labels != ecglm_batches.IGNORED
    assert torch.equal(batch.labels[learned], batch.tokens[learned])
    assert sorted(learned.sum(dim=1).tolist()) == sorted(len(one) for one in made.answered)


@pytest.mark.slow
def test_it_learns_what_the_signal_shows_and_goes_on_after_a_stop(tmp_path: Path) -> None:
    made, tokenizer = tokens(64)
    recipe = ecglm.Recipe(epochs=16, batch=16, warm_up=4, rate=3e-3, noise_mv=0.0)
    lines: list[str] = []

    class StopError(Exception):
        pass

    def stop(model: object, epoch: int) -> None:
        if epoch == 2:
            raise StopError

    with pytest.raises(StopError):
        ecglm.train(recipe, tokenizer, made, tmp_path, lines.append, stop)
    model = ecglm.train(recipe, tokenizer, made, tmp_path, lines.append).eval()
    ids = torch.from_numpy(np.array([made.asked[n][0] for n in range(2)]))
    said = model.generate(
        input_ids=ids,
        ecg_values=torch.from_numpy(made.signal[:2].astype(np.float32)),
        attention_mask=torch.ones_like(ids),
        max_new_tokens=60,
        do_sample=False,
    )
    texts = tokenizer.batch_decode(said[:, ids.shape[1] :], skip_special_tokens=True)
    assert texts == SAID
    with pytest.raises(ModelError, match="another recipe"):
        ecglm.train(replace(recipe, rate=1e-3), tokenizer, made, tmp_path, lines.append)


def test_the_command_writes_a_model(tmp_path: Path) -> None:
    data = small_ptbxl.make(tmp_path / "ptbxl", 60)
    words = ["lm", "--data", data, "--out", tmp_path / "lm", "--work", tmp_path, "--epochs", 1]
    run = CliRunner().invoke(command, list(map(str, words)), catch_exceptions=False)
    assert run.exit_code == 0, run.output
    config = json.loads((tmp_path / "lm" / "config.json").read_text())
    assert config["codes"] == list(rows())
    assert (tmp_path / "lm" / "model.safetensors").stat().st_size < 40e6
    assert "fold 9: loss" in run.output
    again = [*words[:3], "--out", tmp_path / "more", *words[5:], "--start", tmp_path / "lm"]
    with pytest.raises(ModelError, match="another recipe"):  # the checkpoint is that of the first
        CliRunner().invoke(command, list(map(str, again)), catch_exceptions=False)
    run = CliRunner().invoke(
        command, list(map(str, [*again, "--seed", 2, "--rate", 1e-9])), catch_exceptions=False
    )
    assert run.exit_code == 0, run.output
    begun, went_on = (load_file(tmp_path / name / "model.safetensors") for name in ("lm", "more"))
    for file in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        assert (tmp_path / "more" / file).read_text() == (tmp_path / "lm" / file).read_text()
    decoder = {name: weight for name, weight in begun.items() if not name.startswith("encoder.")}
    assert len(decoder) > 20
    assert all(torch.equal(went_on[name], weight) for name, weight in decoder.items())
