"""A network on its way through its steps: pace, average, progress, checkpoint.

It knows what every recipe does around its loss; what is learned, and from what, is the recipe's:

    trainer = Trainer(recipe, model, optimizer, steps=..., say=say, checkpoint=...)
    for step in trainer:
        trainer.take(loss_of(step))
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
import torch

from ecgcli.training.steps import average, kept, pace, resumed

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from numpy.typing import NDArray

Network = TypeVar("Network", bound=torch.nn.Module)
Drawn = TypeVar("Drawn")

SMOOTH = 0.98
"""Of the loss that is told, what a step leaves of it."""
TELL = 100
"""Steps between two lines about the progress."""
KEEP = 200
"""Steps between two checkpoints, if not told otherwise."""


class Trainer(Generic[Network]):
    """The steps of one training, from the last checkpoint or from the first.

    Attributes:
        mean: The network with the average of the last steps' weights; without averaging the one
            that learns.
        first: The step to begin with.

    Args:
        recipe: By which a checkpoint is known again.
        model: What learns, on its device, with the weights to begin with.
        optimizer: With the highest rate of each of its groups.
        steps: How many there are in all.
        warm_up: Of them, those in which the rate rises.
        say: Takes lines about the progress.
        checkpoint: Where what was reached is kept; nothing is without.
        every: Steps between two checkpoints.
        averaging: Of the average of the weights, what a step leaves of it; `None` for no average.
        clip: Longest gradient.

    Raises:
        ModelError: The checkpoint is that of another recipe.
    """

    def __init__(
        self,
        recipe: DataclassInstance,
        model: Network,
        optimizer: torch.optim.Optimizer,
        *,
        steps: int,
        warm_up: int,
        say: Callable[[str], None],
        checkpoint: Path | None = None,
        every: int = KEEP,
        averaging: float | None = None,
        clip: float = 1.0,
    ) -> None:
        self._recipe, self._model, self._optimizer = recipe, model, optimizer
        self._steps, self._warm_up, self._clip, self._say = steps, warm_up, clip, say
        self._checkpoint, self._every, self._averaging = checkpoint, every, averaging
        self.mean: Network = model if averaging is None else deepcopy(model).eval()
        self._highest = [float(group["lr"]) for group in optimizer.param_groups]
        self._parts: dict[str, Any] = {"model": model, "optimizer": optimizer}
        if averaging is not None:
            self._parts["mean"] = self.mean
        self.first = self._resume()
        self._done = self.first
        self._running, self._started = 0.0, time.monotonic()

    def _resume(self) -> int:
        if self._checkpoint is None:
            return 0
        self._checkpoint.parent.mkdir(parents=True, exist_ok=True)
        saved = resumed(self._checkpoint, self._recipe, next(self._model.parameters()).device)
        if saved is None:
            return 0
        for name, part in self._parts.items():
            part.load_state_dict(saved[name])
        return int(saved["step"])

    def __iter__(self) -> Iterator[int]:
        """Yield the steps that are left, each with its rate set and the network ready to learn."""
        self._started = time.monotonic()
        for step in range(self.first, self._steps):
            share = pace(step, self._steps, self._warm_up)
            for group, highest in zip(self._optimizer.param_groups, self._highest, strict=True):
                group["lr"] = highest * share
            self._model.train()
            yield step

    def take(self, loss: torch.Tensor) -> None:
        """Take the step that the loss's gradient says."""
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._model.parameters(), self._clip)
        self._optimizer.step()
        self._done += 1
        if self._averaging is not None:
            # The average of few steps begins with all of them.
            average(self.mean, self._model, min(self._averaging, self._done / (self._done + 9)))
        self._running = SMOOTH * self._running + (1.0 - SMOOTH) * float(loss.detach())
        if self._done % TELL == 0 or self._done == self._steps:
            self._tell()
        if self._checkpoint and (self._done % self._every == 0 or self._done == self._steps):
            kept(self._checkpoint, self._recipe, self._done, **self._parts)

    def _tell(self) -> None:
        taken = self._done - self.first
        loss = self._running / (1.0 - SMOOTH**taken)
        seconds = (time.monotonic() - self._started) / taken
        self._say(f"step {self._done} of {self._steps}, loss {loss:.4f}, {seconds:.2f} s/step")


def ahead(draw: Callable[[int], Drawn], first: int, steps: int) -> Iterator[Drawn]:
    """Yield what is drawn for each step from the first on, the next one drawn meanwhile."""
    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(draw, first)
        for step in range(first, steps):
            drawn = following.result()
            if step + 1 < steps:
                following = pool.submit(draw, step + 1)
            yield drawn


def part_of_epoch(seed: int, step: int, count: int, batch: int) -> NDArray[np.int64]:
    """Return which of `count` examples a step takes: every epoch all of them, in an order anew."""
    number, place = divmod(step, epoch(count, batch))
    order = np.random.default_rng([seed, number]).permutation(count)
    return order[place * batch : (place + 1) * batch]


def epoch(count: int, batch: int) -> int:
    """Return how many whole batches `count` examples make, one at the least."""
    return max(count // batch, 1)
