"""From PTB-XL to the file of the generator: stage after stage, each of which goes on where it was.

It knows the order of the work; the steps themselves are in `rows`, `learn_autoencoder`,
`learn_rhythm`, `learn_flow` and `learn_upsample`. What was tried stands in `generator.md` beside
this file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from ecgcli.models.generator import weights
from ecgcli.models.generator.layout import SCALARS
from ecgcli.training.generator import (
    learn_autoencoder,
    learn_flow,
    learn_rhythm,
    learn_upsample,
    rows,
)
from ecgcli.training.generator.rhythm import Rhythm
from ecgcli.training.generator.upsample import Upsampler
from ecgcli.training.statements import TRAINING
from ecgcli.training.steps import kept, resumed
from ecgcli.training.vocabulary import Vocabulary, vocabulary

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Recipe:
    """The recipes of all stages."""

    autoencoder: learn_autoencoder.Recipe = field(default_factory=learn_autoencoder.Recipe)
    rhythm: learn_rhythm.Recipe = field(default_factory=learn_rhythm.Recipe)
    flow: learn_flow.Recipe = field(default_factory=learn_flow.Recipe)
    upsample: learn_upsample.Recipe = field(default_factory=learn_upsample.Recipe)


def chosen(seed: int, epochs: int | None) -> Recipe:
    """Return the recipe with another seed, or another number of epochs of the flow."""
    flow = replace(learn_flow.Recipe(), seed=seed)
    return Recipe(
        replace(learn_autoencoder.Recipe(), seed=seed),
        replace(learn_rhythm.Recipe(), seed=seed),
        flow if epochs is None else replace(flow, epochs=epochs),
        replace(learn_upsample.Recipe(), seed=seed),
    )


def make(
    recipe: Recipe, data: Path, out: Path, work: Path, jobs: int, say: Callable[[str], None]
) -> Path:
    """Train on folds 1 to 8 and write the generator.

    Args:
        recipe: What to do.
        data: Folder of PTB-XL in the official layout.
        out: The file to write.
        work: Folder for the arrays and the checkpoints.
        jobs: Processes that measure recordings.
        say: Takes lines about the progress.
    """
    words = vocabulary(data)
    coarse = rows.load(data, 100, TRAINING, words, work / "rows", jobs, say)
    fine = rows.load(data, 500, TRAINING, words, work / "rows", jobs, say)
    codes = codes_of(words)
    statements = (~np.isnan(coarse.labels[:, : len(codes)])).astype(np.float32)
    folder = work / f"seed-{recipe.flow.seed}"
    autoencoder = learn_autoencoder.train(recipe.autoencoder, coarse.rows.leads, folder, say)
    latents = learn_flow.latents(autoencoder, coarse.rows, statements)
    ages = latents.scalars[:, SCALARS.index("age")]
    rhythm = _once(
        folder / "rhythm.pt",
        recipe.rhythm,
        Rhythm(len(codes)),
        lambda: learn_rhythm.train(recipe.rhythm, coarse.rows, statements, ages, say),
    )
    pairs, here, there = np.intersect1d(coarse.rows.ids, fine.rows.ids, return_indices=True)
    say(f"{len(pairs)} recordings are there at both rates")
    upsampler = _once(
        folder / "upsampler.pt",
        recipe.upsample,
        Upsampler(),
        lambda: learn_upsample.train(
            recipe.upsample, coarse.rows.leads[here], fine.rows.leads[there], say
        ),
    )
    flow = learn_flow.train(recipe.flow, latents, folder, say)
    examples = dict(zip(codes, statements.sum(0).astype(int).tolist(), strict=True))
    networks = {"rhythm": rhythm, "flow": flow, "autoencoder": autoencoder, "upsampler": upsampler}
    weights.save(tensors_of(networks), {"codes": list(codes), "examples": examples}, out)
    return out


def _once(
    file: Path,
    recipe: DataclassInstance,
    untrained: torch.nn.Module,
    train: Callable[[], torch.nn.Module],
) -> torch.nn.Module:
    """Return a trained network: what an earlier call left in a file, else what training gives."""
    saved = resumed(file, recipe, torch.device("cpu"))
    if saved is None:
        model = train()
        kept(file, recipe, 0, model=model)
        return model
    untrained.load_state_dict(saved["model"])
    return untrained.eval()


UNUSED = "autoencoder.encoder."
"""What only training needs and does not ship."""


def tensors_of(networks: dict[str, torch.nn.Module]) -> dict[str, NDArray[np.float32]]:
    """Return the weights that ship, by network and name."""
    found = {
        f"{network}.{name}": tensor.detach().float().cpu().numpy()
        for network, module in networks.items()
        for name, tensor in module.state_dict().items()
    }
    return {name: tensor for name, tensor in found.items() if not name.startswith(UNUSED)}


def codes_of(words: Vocabulary) -> tuple[str, ...]:
    """Return the statements; subclasses and superclasses follow from them."""
    return tuple(name for name in words.names if ":" not in name)
