"""What a trainer does around a loss: resume to the same weights, average, keep, cover an epoch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from ecgcli.errors import ModelError  # noqa: E402
from ecgcli.training.trainer import Trainer, ahead, epoch, part_of_epoch  # noqa: E402


@dataclass(frozen=True, slots=True)
class Recipe:
    seed: int = 1


class StoppedError(Exception):
    pass


def line(
    folder: Path, *, stop: int | None = None, recipe: Recipe | None = None, steps: int = 10
) -> tuple[list[float], list[str]]:
    """Fit a line and return its weights, their average, and what was said."""
    torch.manual_seed(0)
    model = torch.nn.Linear(2, 1)
    said: list[str] = []
    trainer = Trainer(
        recipe or Recipe(),
        model,
        torch.optim.AdamW(model.parameters(), lr=0.1),
        steps=steps,
        warm_up=2,
        say=said.append,
        checkpoint=folder / "deep" / "line.pt",
        every=3,
        averaging=0.9,
    )
    for step in trainer:
        if step == stop:
            raise StoppedError
        given = torch.randn(8, 2, generator=torch.Generator().manual_seed(step))
        trainer.take((model(given)[:, 0] - given.sum(1)).square().mean())
    both = [*model.parameters(), *trainer.mean.parameters()]
    return [float(each) for tensor in both for each in tensor.detach().flatten()], said


def test_a_training_that_was_stopped_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    whole, said = line(tmp_path / "whole")
    assert said[-1].startswith("step 10 of 10, loss ")
    with pytest.raises(StoppedError):
        line(tmp_path / "cut", stop=8)
    assert line(tmp_path / "cut")[0] == whole
    assert line(tmp_path / "cut") == (whole, [])  # nothing was left to do


def test_the_average_is_another_network_than_the_one_that_learns(tmp_path: Path) -> None:
    weights, _ = line(tmp_path)
    assert weights[:3] != weights[3:]


def test_another_recipe_is_refused(tmp_path: Path) -> None:
    line(tmp_path)
    with pytest.raises(ModelError, match="another recipe"):
        line(tmp_path, recipe=Recipe(seed=2))


def test_without_averaging_the_mean_is_the_network_and_nothing_is_kept(tmp_path: Path) -> None:
    model = torch.nn.Linear(1, 1)
    rate = 0.25
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    trainer = Trainer(Recipe(), model, optimizer, steps=4, warm_up=2, say=lambda _: None)
    rates = []
    for _ in trainer:
        rates.append(optimizer.param_groups[0]["lr"])
        trainer.take(model.weight.sum())
    assert trainer.mean is model
    assert rates[0] == rate / 2
    assert rates[1] == rate
    assert rates[3] < rates[2]
    assert not list(tmp_path.iterdir())


def test_every_epoch_takes_each_example_once() -> None:
    assert epoch(10, 5) == 2
    assert epoch(3, 5) == 1
    first = [number for step in (0, 1) for number in part_of_epoch(1, step, 10, 5)]
    second = [number for step in (2, 3) for number in part_of_epoch(1, step, 10, 5)]
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second


def test_what_is_drawn_ahead_comes_in_order() -> None:
    assert list(ahead(lambda step: step * step, 2, 6)) == [4, 9, 16, 25]
    assert list(ahead(lambda step: step, 3, 3)) == []
