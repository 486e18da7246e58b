"""The recipe of the statement network: seeded, resumable, on two cores or on a GPU.

It knows how the network is trained and judged; it does not know where the arrays come from
(`ptbxl_rows`), how they are varied (`statement_batches`) or what the network is made of
(`statement_net`). What was tried and what it measured stands in `statements.md` beside this file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ecgcli.errors import ModelError
from ecgcli.signals.auroc import auroc
from ecgcli.training.network import parameters
from ecgcli.training.ptbxl_rows import Recordings
from ecgcli.training.statement_batches import Disturbance, Rows, draw
from ecgcli.training.statement_net import Shape, StatementNet
from ecgcli.training.steps import groups
from ecgcli.training.trainer import Trainer, ahead, epoch, part_of_epoch
from ecgcli.training.vocabulary import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

TRAINING = range(1, 9)
CHOOSING = range(9, 10)
BATCH_OF_PREDICTION = 64
FINE = (48, 96, 160, 256)
"""Channels of a network of twice the resolution."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a network is trained.

    Attributes:
        uncertain: What a label of likelihood 0 counts; one of 100 % counts 1.
        teaching: How much the word of teachers, if any, counts against the labels, 0 to 1.
        fine: Make a network of twice the resolution, for teaching only.
    """

    seed: int = 1
    epochs: int = 30
    batch: int = 128
    rate: float = 3e-3
    decay: float = 0.1
    warm_up: int = 200
    average: float = 0.998
    uncertain: float = 0.5
    teaching: float = 1.0
    widths: tuple[int, ...] = (64, 128, 192, 256)
    blocks: tuple[int, ...] = (2, 2, 2, 2)
    kernels: tuple[int, ...] = (7, 7, 5, 5)
    dropout: float = 0.4
    fine: bool = False
    change: Disturbance = field(default_factory=Disturbance)


STUDENT = Recipe(
    epochs=12,
    batch=64,
    rate=1.5e-3,
    decay=0.02,
    average=0.999,
    dropout=0.1,
    change=Disturbance(crop=500, mix=0.7, lose_leads=0.1, lose_numbers=0.15),
)
"""The recipe of a network that has teachers: they tell it what is so of a blend of recordings, so
that it needs little else to keep it from learning by heart."""


def rows_of(coarse: Recordings, sharp: Recordings, recipe: Recipe) -> Rows:
    """Return what the network is trained on.

    Args:
        coarse: Recordings at 100 Hz.
        sharp: Those of them that are there at 500 Hz too.
        recipe: How labels count.
    """
    likelihood = coarse.labels
    known = np.nan_to_num(likelihood)
    target = np.where(
        np.isnan(likelihood), 0.0, recipe.uncertain + (1.0 - recipe.uncertain) * known
    )
    places = {number: at for at, number in enumerate(sharp.numbers_of.tolist())}
    twin = np.array([places.get(number, -1) for number in coarse.numbers_of.tolist()])
    return Rows(
        coarse.signal,
        coarse.numbers,
        target.astype(np.float32),
        twin,
        sharp.signal,
        sharp.numbers,
    )


def network(recipe: Recipe, rows: Rows) -> StatementNet:
    """Return an untrained network that knows how the numbers are spread."""
    model = StatementNet(
        Shape(
            numbers=rows.numbers.shape[1],
            outputs=rows.target.shape[1],
            widths=recipe.widths,
            blocks=recipe.blocks,
            kernels=recipe.kernels,
            dropout=recipe.dropout,
            fine=recipe.fine,
        )
    )
    known = np.concatenate((rows.numbers, rows.twin_numbers))
    never = np.isnan(known).all(axis=0)
    known[:, never] = 0.0
    center = np.nanmedian(known, axis=0)
    low, high = np.nanpercentile(known, [10, 90], axis=0)
    # What is nearly always the same number (0, say) is spread by its rare exceptions.
    spread = np.maximum((high - low) / 2.56, 0.25 * np.nanstd(known, axis=0))
    spread[~(spread > 0.0)] = 1.0
    model.center.copy_(torch.from_numpy(center))
    model.spread.copy_(torch.from_numpy(spread))
    return model


def train(
    recipe: Recipe,
    rows: Rows,
    folder: Path,
    say: Callable[[str], None],
    check: Callable[[StatementNet, int], None] | None = None,
    start: StatementNet | None = None,
    teachers: Sequence[StatementNet] = (),
) -> StatementNet:
    """Train from the last checkpoint in the folder, or from the seed, and return the average.

    Args:
        recipe: What to do.
        rows: The records to train on.
        folder: Where the checkpoint goes, after every epoch; that of another recipe is refused.
        say: Takes lines about the progress.
        check: Called with the averaged network and the number of epochs after each.
        start: A trained network of the same shape to begin with instead of a random one.
        teachers: Trained networks that are asked about every batch as it is drawn, blended and
            disturbed: what they have by heart of the recordings is of no use there (Beyer et al.,
            CVPR 2022).

    Raises:
        ModelError: The folder's checkpoint is that of another recipe.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(recipe.seed)
    model = network(recipe, rows).to(device)
    if start is not None:
        model.load_state_dict(start.state_dict())
    asked = [teacher.to(device) for teacher in teachers]
    per_epoch = epoch(len(rows.signal), recipe.batch)
    steps = recipe.epochs * per_epoch
    trainer = Trainer(
        recipe,
        model,
        torch.optim.AdamW(groups(model, recipe.decay), lr=recipe.rate),
        steps=steps,
        warm_up=recipe.warm_up,
        say=say,
        checkpoint=folder / "checkpoint.pt",
        every=per_epoch,
        averaging=recipe.average,
        clip=5.0,
    )
    say(f"{parameters(model)} parameters, {len(rows.signal)} recordings, from step {trainer.first}")
    batches = ahead(partial(_batch, recipe, rows), trainer.first, steps)
    for step, batch in zip(trainer, batches, strict=True):
        signal, numbers, target = (part.to(device) for part in batch)
        if asked:
            target = torch.lerp(target, _word(asked, signal, numbers), recipe.teaching)
        with torch.autocast(device.type, dtype=torch.bfloat16):
            logits = model(signal, numbers)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(
            logits.float(), target, reduction="none"
        )
        trainer.take(loss.sum(dim=1).mean())
        if check and (step + 1) % per_epoch == 0:
            check(trainer.mean, (step + 1) // per_epoch)
    return trainer.mean


@torch.no_grad()
def _word(
    teachers: Sequence[StatementNet], signal: torch.Tensor, numbers: torch.Tensor
) -> torch.Tensor:
    """Return what teachers say together: the probabilities of their mean logits."""
    with torch.autocast(signal.device.type, dtype=torch.bfloat16):
        said = [teacher(signal, numbers).float() for teacher in teachers]
    return torch.stack(said).mean(0).sigmoid()


def trained(folder: Path, recordings: Recordings) -> StatementNet:
    """Return the averaged network of a folder's checkpoint, finished or not.

    Raises:
        ModelError: The folder holds none.
    """
    checkpoint = folder / "checkpoint.pt"
    if not checkpoint.exists():
        raise ModelError(f"{folder} holds no {checkpoint.name}: it is no folder of a training")
    saved = torch.load(checkpoint, map_location="cpu", weights_only=True)
    recipe = saved["recipe"]
    shape = Shape(
        numbers=recordings.numbers.shape[1],
        outputs=recordings.labels.shape[1],
        widths=tuple(recipe["widths"]),
        blocks=tuple(recipe["blocks"]),
        kernels=tuple(recipe["kernels"]),
        dropout=recipe["dropout"],
        fine=recipe.get("fine", False),
    )
    model = StatementNet(shape)
    model.load_state_dict(saved["mean"])
    return model.eval()


def _batch(
    recipe: Recipe, rows: Rows, step: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return a step's recordings, the same for the same seed."""
    chosen = part_of_epoch(recipe.seed, step, len(rows.signal), recipe.batch)
    number, place = divmod(step, epoch(len(rows.signal), recipe.batch))
    return draw(rows, chosen, recipe.change, np.random.default_rng([recipe.seed, number, place]))


@torch.no_grad()
def predict(model: StatementNet, recordings: Recordings) -> NDArray[np.float32]:
    """Return (records, outputs) uncalibrated logits."""
    device = next(model.parameters()).device
    model.eval()
    parts = []
    for first in range(0, len(recordings.signal), BATCH_OF_PREDICTION):
        part = slice(first, first + BATCH_OF_PREDICTION)
        signal = torch.from_numpy(recordings.signal[part].astype(np.float32)).to(device)
        numbers = torch.from_numpy(recordings.numbers[part]).to(device)
        parts.append(model(signal, numbers).float().cpu().numpy())
    return np.concatenate(parts)


def macro_auroc(
    scores: NDArray[np.float32], labels: NDArray[np.float32], words: Vocabulary
) -> dict[str, float]:
    """Return the benchmark's macro-AUROC per group: classes that some records have and some not."""
    present = ~np.isnan(labels)
    result = {}
    for group, columns in words.groups.items():
        areas = [
            auroc(scores[:, at].astype(np.float64), present[:, at])
            for at in columns
            if 0 < present[:, at].sum() < len(present)
        ]
        result[group] = float(np.mean(areas))
    return result


def chosen(
    seed: int,
    epochs: int | None,
    rate: float | None = None,
    fine: bool = False,
    student: bool = False,
) -> Recipe:
    """Return a recipe, that of a student if there are teachers, with some of it chosen."""
    recipe = STUDENT if student else Recipe()
    widths = FINE if fine else recipe.widths
    epochs, rate = epochs or recipe.epochs, rate or recipe.rate
    return replace(recipe, seed=seed, epochs=epochs, rate=rate, fine=fine, widths=widths)


def progress(
    words: Vocabulary, judged: Recordings, log: Path, say: Callable[[str], None]
) -> Callable[[StatementNet, int], None]:
    """Return what judges a network after every third epoch and keeps the curve as lines of JSON."""

    def check(model: StatementNet, epoch: int) -> None:
        if epoch % 3 == 0:
            areas: dict[str, Any] = macro_auroc(predict(model, judged), judged.labels, words)
            say("  ".join(f"{group} {area:.4f}" for group, area in areas.items()))
            with log.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps({"epoch": epoch, **areas}) + "\n")

    return check
