"""The recipe of the generator's flow: seeded, resumable.

It knows how the flow is trained on the autoencoder's latents (rectified flow; Liu et al., ICLR
2023; Esser et al., ICML 2024 for the times) and what it is told of each recording. Statements and
each number are left out now and then, so that nothing has to be asked and that what is asked can be
stressed afterwards (classifier-free guidance; Ho & Salimans, 2021).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from ecgcli.models.generator.layout import RATE
from ecgcli.models.generator.track import beat_track, scalars
from ecgcli.signals.results import BeatClass
from ecgcli.training.generator.flow import Flow
from ecgcli.training.generator.learn_autoencoder import CROP, LAST, PATCHES
from ecgcli.training.generator.rows import KINDS, MEASURED
from ecgcli.training.network import parameters
from ecgcli.training.steps import groups, worth_compiling
from ecgcli.training.trainer import Trainer, epoch, part_of_epoch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ecgcli.training.generator.autoencoder import Autoencoder
    from ecgcli.training.generator.rows import Shard

STARTS = (0, 23)
"""Where the crops begin whose latents are computed once (samples)."""
assert STARTS[-1] + CROP <= LAST
ROW_OF_KIND = {BeatClass.VENTRICULAR: 1, BeatClass.SUPRAVENTRICULAR: 2}
"""Channel of a beat's class in the beat track; 0 for all others."""
MEASURED_AS = dict(
    zip(("heart_rate", "pr", "qrs", "qt", "axis"), MEASURED, strict=True),
)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the flow is trained.

    Attributes:
        unasked: Share of the recordings of which neither statements nor numbers are told.
        untold: Share of the numbers that are not told, each by itself.
        keep: Of the average of the weights, what a step leaves of it.
        noise: Standard deviation of noise on the latents, so that their last digits do not matter.
    """

    seed: int = 1
    epochs: int = 36
    batch: int = 128
    rate: float = 1.5e-3
    decay: float = 0.01
    warm_up: int = 300
    unasked: float = 0.12
    untold: float = 0.3
    keep: float = 0.999
    noise: float = 0.02


@dataclass(frozen=True, slots=True)
class Latents:
    """What the flow is trained on; row by row the same recording.

    Attributes:
        latent: (records, `STARTS`, patches, `LATENT`) float16.
        beats: (records, `STARTS`, patches, channels) float16, beat tracks.
        statements: (records, statements) float32, 1 for a label.
        scalars: (records, `SCALARS`) float32, NaN where unknown.
    """

    latent: NDArray[np.float16]
    beats: NDArray[np.float16]
    statements: NDArray[np.float32]
    scalars: NDArray[np.float32]


def told(rows: Shard) -> NDArray[np.float32]:
    """Return (records, `SCALARS`) what the flow is told of each recording."""
    found = []
    for measured, patient, score in zip(rows.measured, rows.patient, rows.score, strict=True):
        values = dict(zip(MEASURED, measured.tolist(), strict=True))
        row = {name: values[measure] for name, measure in MEASURED_AS.items()}
        row |= {"age": patient[0], "female": patient[1], "quality": score}
        known = {name: float(value) for name, value in row.items() if not np.isnan(value)}
        found.append(scalars(known))
    return np.stack(found)


@torch.no_grad()
def latents(model: Autoencoder, rows: Shard, statements: NDArray[np.float32]) -> Latents:
    """Return the latents of recordings and all that goes with them."""
    model.eval()
    device = model.centre.device
    encoded, tracks = [], []
    for start in STARTS:
        parts = []
        for at in range(0, len(rows.ids), 128):
            cut = rows.leads[at : at + 128, :, start : start + CROP].astype(np.float32)
            cut -= np.median(cut, axis=2, keepdims=True)
            with torch.autocast(device.type, dtype=torch.bfloat16):
                latent = model.encode(torch.from_numpy(cut / 1000.0).to(device))
            parts.append(latent.transpose(1, 2).half().cpu().numpy())
        encoded.append(np.concatenate(parts))
        tracks.append(
            np.stack(
                [
                    beat_track(
                        times - start / RATE,
                        np.array([ROW_OF_KIND.get(KINDS[kind], 0) for kind in kinds]),
                        PATCHES,
                    )
                    for times, kinds in zip(rows.beats, rows.kinds, strict=True)
                ]
            ).astype(np.float16)
        )
    return Latents(np.stack(encoded, 1), np.stack(tracks, 1), statements, told(rows))


def train(
    recipe: Recipe,
    data: Latents,
    folder: Path,
    say: Callable[[str], None],
    check: Callable[[Flow, int], None] | None = None,
) -> Flow:
    """Train from the last checkpoint in the folder, or from the seed.

    Args:
        recipe: What to do.
        data: What to learn from.
        folder: Of the checkpoint.
        say: Takes lines about the progress.
        check: Called after each epoch with the averaged network.

    Returns:
        The average of the weights over the last steps.

    Raises:
        ModelError: The folder's checkpoint is that of another recipe.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(recipe.seed)
    model = Flow(data.statements.shape[1]).to(device)
    per_epoch = epoch(len(data.latent), recipe.batch)
    steps = recipe.epochs * per_epoch
    trainer = Trainer(
        recipe,
        model,
        torch.optim.AdamW(groups(model, recipe.decay), lr=recipe.rate, betas=(0.9, 0.98)),
        steps=steps,
        warm_up=recipe.warm_up,
        say=say,
        checkpoint=folder / "flow.pt",
        averaging=recipe.keep,
    )
    size = f"flow: {parameters(model)} parameters, {len(data.latent)} recordings"
    say(f"{size}, from step {trainer.first}")
    if worth_compiling(steps - trainer.first, device):
        model.compile(dynamic=False)
    for step in trainer:
        trainer.take(_loss(recipe, model, data, step))
        if check and (step + 1) % per_epoch == 0:
            check(trainer.mean, (step + 1) // per_epoch)
    return trainer.mean


def _loss(recipe: Recipe, model: Flow, data: Latents, step: int) -> torch.Tensor:
    rows = part_of_epoch(recipe.seed, step, len(data.latent), recipe.batch)
    rng = np.random.default_rng([recipe.seed, 1, step])
    crop = rng.integers(0, len(STARTS), len(rows))
    statements, numbers = data.statements[rows].copy(), data.scalars[rows].copy()
    numbers[rng.random(numbers.shape) < recipe.untold] = np.nan
    unasked = rng.random(len(rows)) < recipe.unasked
    statements[unasked] = 0.0
    numbers[unasked] = np.nan
    device = model.out.weight.device
    generator = torch.Generator().manual_seed(recipe.seed * 1_000_003 + step)
    latent = torch.from_numpy(data.latent[rows, crop].astype(np.float32))
    latent = latent + recipe.noise * torch.randn(latent.shape, generator=generator)
    noise = torch.randn(latent.shape, generator=generator)
    moment = torch.randn(len(rows), generator=generator).sigmoid()
    between = torch.lerp(noise, latent, moment[:, None, None])
    with torch.autocast(device.type, dtype=torch.bfloat16):
        velocity = model(
            between.to(device),
            moment.to(device),
            torch.from_numpy(data.beats[rows, crop].astype(np.float32)).to(device),
            torch.from_numpy(statements).to(device),
            torch.from_numpy(numbers).to(device),
        )
    return (velocity - (latent - noise).to(device)).square().mean()
