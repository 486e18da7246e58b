"""The recipe of the delineator: seeded, resumable, on two cores or on a GPU.

It knows how the network is trained and validated; it does not know how the data are read
(`ludb`), varied (`augment`) or what the network is made of (`models.delineator`). What was tried
and what it measured stands in `delineator.md` beside this file.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from ecgcli.errors import RecordError
from ecgcli.models import delineator
from ecgcli.records.read import read_path
from ecgcli.signals.condition import condition
from ecgcli.training import ludb, ptbxl
from ecgcli.training.batches import Batch, Extra, Recipe, draw, sources_of
from ecgcli.training.network import Delineator, folded, parameters
from ecgcli.training.steps import groups
from ecgcli.training.trainer import Trainer, ahead

if TYPE_CHECKING:
    from numpy.typing import NDArray


def loss_of(scores: torch.Tensor, batch: Batch, recipe: Recipe) -> torch.Tensor:
    """Return the cross-entropy of the classes, borders weighing more, and the error of lengths."""
    marked = len(scores) - batch.unmarked
    loss = scores.new_zeros(())
    if batch.unmarked:
        logs = scores[marked:].log_softmax(dim=2)
        no_p = -torch.cat((logs[:, :, :1], logs[:, :, 3:]), dim=2).logsumexp(dim=2)
        known = batch.weight[marked:]
        loss = recipe.no_p * (known * no_p).sum() / known.sum().clamp(min=1.0)
        batch = Batch(batch.signal[:marked], batch.shares[:marked], batch.weight[:marked])
    logs = scores[:marked].log_softmax(dim=2)
    entropy = -(batch.shares * logs).sum(dim=2)
    weight = batch.weight
    if recipe.border:
        edge = torch.zeros_like(weight)
        change = (batch.shares[..., 1:] - batch.shares[..., :-1]).abs().sum(dim=2).clamp(max=1.0)
        edge[..., 1:] = change
        edge = torch.nn.functional.max_pool1d(edge, 11, stride=1, padding=5)
        weight = weight * (1.0 + recipe.border * edge)
    loss = loss + (weight * entropy).sum() / weight.sum().clamp(min=1.0)
    if recipe.lengths:
        off = (logs.exp() - batch.shares) * batch.weight[:, :, None]
        window = torch.nn.functional.avg_pool1d(off.flatten(0, 1), 25, stride=12) * 25.0
        length = torch.nn.functional.smooth_l1_loss(window, torch.zeros_like(window))
        loss = loss + recipe.lengths * length
    return loss


def train(
    recipe: Recipe,
    examples: Sequence[ludb.Example],
    extra: Extra,
    folder: Path,
    say: Callable[[str], None],
    check: Callable[[Delineator], None] | None = None,
    every: int = 100,
) -> Delineator:
    """Train from the last checkpoint in the folder, or from the seed, and return the average.

    Args:
        recipe: What to do.
        examples: The records to train on.
        extra: What there is beside them.
        folder: Where the checkpoint goes; one that a different recipe left is refused.
        say: Takes lines about the progress.
        check: Called with the averaged network every `every` steps.
        every: Steps between checkpoints.

    Raises:
        ModelError: The folder's checkpoint is that of another recipe.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(recipe.seed)
    model = Delineator(recipe.widths, recipe.kernel, recipe.deep).to(device)
    trainer = Trainer(
        recipe,
        model,
        torch.optim.AdamW(groups(model, recipe.decay), lr=recipe.rate, betas=(0.9, 0.98)),
        steps=recipe.steps,
        warm_up=recipe.warm_up,
        say=say,
        checkpoint=folder / "checkpoint.pt",
        every=every,
        averaging=recipe.average,
    )
    say(f"{parameters(model)} parameters, {len(examples)} records, from step {trainer.first}")
    batches = ahead(partial(draw, recipe, sources_of(examples), extra), trainer.first, recipe.steps)
    for step, batch in zip(trainer, batches, strict=True):
        with torch.autocast(device.type, dtype=torch.bfloat16):
            scores = model(batch.signal.to(device))
        batch.shares, batch.weight = batch.shares.to(device), batch.weight.to(device)
        trainer.take(loss_of(scores.float(), batch, recipe))
        if check and ((step + 1) % every == 0 or step + 1 == recipe.steps):
            check(trainer.mean)
    return trainer.mean


def chosen(seed: int, steps: int | None) -> Recipe:
    """Return the recipe with another seed or length."""
    recipe = replace(Recipe(), seed=seed)
    return recipe if steps is None else replace(recipe, steps=steps)


def make(recipe: Recipe, data: Path, out: Path, work: Path, say: Callable[[str], None]) -> None:
    """Train on all records and write the weights that `models.delineator` loads.

    Args:
        recipe: What to do.
        data: Folder that holds `ludb` and, where they are to be used, `cinc2011` and `ptbxl`.
        out: Weights file.
        work: Where the checkpoint goes.
        say: Takes lines about the progress.
    """
    examples = ludb.load(data)
    model = train(recipe, examples, extra_in(data), work / "all", say)
    write(model, out)


def write(model: Delineator, out: Path) -> None:
    """Write the folded weights as float16: marks move by less than 0.1 ms."""
    from safetensors.torch import save_file

    tensors = {name: tensor.half().cpu() for name, tensor in folded(model).items()}
    # One entry: of several the library writes the order at random, and the bytes would differ.
    save_file(tensors, out, metadata={"format": "delineator 1"})


def extra_in(data: Path) -> Extra:
    """Return what a folder of data sets holds beside LUDB; nothing where it is LUDB's own."""
    return Extra(noise_backgrounds(data), ptbxl.without_p(data / "ptbxl"))


def noise_backgrounds(data: Path) -> list[NDArray[np.float32]]:
    """Return leads (samples,) in mV of the recordings that `cinc2011` calls unacceptable.

    None where the folder has none: the noise is then drawn only.
    """
    folder = data / "cinc2011"
    if not folder.is_dir():
        return []
    with (folder / "quality.csv").open(newline="") as stream:
        names = [row["record"] for row in csv.DictReader(stream) if row["acceptable"] == "0"]
    rows = []
    for name in sorted(names):
        try:
            conditioned = condition(read_path(folder / f"{name}.hea"))
        except RecordError:
            continue
        good = conditioned.present & conditioned.valid.all(axis=1)
        rows += [row for row in conditioned.signal[good] if 0.01 < row.std() < 3.0]
    return rows


def runtime(model: Delineator) -> delineator.Delineator:
    """Return the network as it runs when a record is measured."""
    return delineator.Delineator({name: t.cpu().numpy() for name, t in folded(model).items()})
