"""The recipe: the same from the seed, whether or not it was interrupted; what it writes runs."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from ecgcli.errors import ModelError  # noqa: E402
from ecgcli.models import delineator  # noqa: E402
from ecgcli.training import batches  # noqa: E402
from ecgcli.training import delineator as recipe  # noqa: E402
from ecgcli.training.ludb import Example  # noqa: E402
from ecgcli.training.network import Delineator  # noqa: E402
from tests import synthetic  # noqa: E402
from tests.signals.test_shares import lead  # noqa: E402

SMALL = batches.Recipe(
    steps=6, batch=2, samples=1024, leads=(2,), warm_up=2, widths=(8, 8, 8, 8, 8), average=0.5
)


@pytest.fixture(scope="module")
def examples() -> list[Example]:
    """Return three regular rhythms whose marks are those of the synthetic waves."""
    made = []
    for rate in (60.0, 80.0, 100.0):
        times = synthetic.beat_times(rate, 10.0)
        marks = lead([float(t * 500.0) for t in times])
        made.append(Example(str(rate), synthetic.signal(times), (marks,) * 12))
    return made


def quiet(_: str) -> None:
    """Take progress and say nothing."""


def numbers(model: Delineator) -> list[np.ndarray]:
    return [tensor.numpy() for tensor in model.state_dict().values()]


def test_interrupted_training_ends_as_if_it_had_not_been(
    examples: list[Example], tmp_path: Path
) -> None:
    whole = recipe.train(SMALL, examples, batches.Extra(), tmp_path / "whole", quiet)

    class StoppedError(Exception):
        pass

    def stop(_: object) -> None:
        raise StoppedError

    with pytest.raises(StoppedError):
        recipe.train(SMALL, examples, batches.Extra(), tmp_path / "cut", quiet, check=stop, every=3)
    said: list[str] = []
    again = recipe.train(SMALL, examples, batches.Extra(), tmp_path / "cut", said.append)
    assert "from step 3" in said[0]
    files = [tmp_path / f"{name}.safetensors" for name in ("whole", "again")]
    for model, file in zip((whole, again), files, strict=True):
        recipe.write(model, file)
    assert files[0].read_bytes() == files[1].read_bytes()
    for one, two in zip(numbers(whole), numbers(again), strict=True):
        assert np.array_equal(one, two)


def test_a_checkpoint_of_another_recipe_is_refused(examples: list[Example], tmp_path: Path) -> None:
    short = replace(SMALL, steps=1)
    recipe.train(short, examples, batches.Extra(), tmp_path, quiet)
    with pytest.raises(ModelError, match="another recipe"):
        recipe.train(replace(short, seed=2), examples, batches.Extra(), tmp_path, quiet)


def test_what_is_written_is_what_runs(examples: list[Example], tmp_path: Path) -> None:
    model = recipe.train(replace(SMALL, steps=2), examples, batches.Extra(), tmp_path, quiet)
    recipe.write(model, tmp_path / "weights.safetensors")
    loaded = delineator.load(tmp_path / "weights.safetensors")
    signal = examples[0].signal
    assert loaded.shares(signal) == pytest.approx(recipe.runtime(model).shares(signal), abs=0.01)


def test_it_learns_where_waves_are(examples: list[Example], tmp_path: Path) -> None:
    losses: list[float] = []
    batch = batches.draw(SMALL, batches.sources_of(examples), batches.Extra(), 0)
    for steps in (1, 60):
        model = recipe.train(
            replace(SMALL, steps=steps), examples, batches.Extra(), tmp_path / str(steps), quiet
        )
        with torch.inference_mode():
            losses.append(float(recipe.loss_of(model(batch.signal), batch, SMALL)))
    assert losses[1] < 0.8 * losses[0]


def test_every_record_comes_once_before_any_comes_again() -> None:
    chosen = [index for step in range(6) for index in batches.order(SMALL, 4, step)]
    assert [sorted(chosen[i : i + 4]) for i in range(0, 12, 4)] == [[0, 1, 2, 3]] * 3


def test_of_a_record_without_p_waves_only_those_are_learned(examples: list[Example]) -> None:
    extra = batches.Extra(without_p=[examples[0].signal])
    batch = batches.draw(SMALL, batches.sources_of(examples), extra, 0)
    assert batch.unmarked == 1
    assert len(batch.signal) == SMALL.batch + 1
    scores = torch.zeros((3, 2, 7, 512))
    plain = float(recipe.loss_of(scores, batch, SMALL))
    for index in range(7):
        changed = scores.clone()
        changed[-1, :, index] += 5.0
        loss = float(recipe.loss_of(changed, batch, SMALL))
        assert (loss > plain) == (index in (1, 2)), index
