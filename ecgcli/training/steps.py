"""What every recipe does between two steps: pace, average of the weights, checkpoint.

It knows numbers of steps and tensors; it does not know what is learned.
"""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from ecgcli.errors import ModelError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


LONG = 300
"""Steps from which on it pays to compile a network, for which a processor needs g++."""


def worth_compiling(steps: int, device: torch.device) -> bool:
    """Say whether so many steps are quicker with a compiled network (the same numbers)."""
    return steps > LONG and (device.type == "cuda" or shutil.which("g++") is not None)


def resumed(
    checkpoint: Path, recipe: DataclassInstance, device: torch.device
) -> dict[str, Any] | None:
    """Return what `kept` wrote, `None` where nothing was written yet.

    Raises:
        ModelError: It is that of another recipe.
    """
    if not checkpoint.exists():
        return None
    saved: dict[str, Any] = torch.load(checkpoint, map_location=device, weights_only=True)
    if saved["recipe"] != plain(recipe):
        raise ModelError(f"{checkpoint} is of another recipe: choose another folder")
    return saved


def kept(checkpoint: Path, recipe: DataclassInstance, step: int, **parts: Any) -> None:
    """Write a checkpoint that is there as a whole or not at all.

    Args:
        checkpoint: The file.
        recipe: By which it is known again.
        step: Steps that are done.
        parts: What has a `state_dict`, by name.
    """
    state = {"step": step, "recipe": plain(recipe)}
    state |= {name: part.state_dict() for name, part in parts.items()}
    torch.save(state, checkpoint.with_suffix(".tmp"))
    checkpoint.with_suffix(".tmp").replace(checkpoint)


def pace(step: int, steps: int, warm_up: int) -> float:
    """Return the share of the learning rate at a step: a short rise, then half a cosine."""
    if step < warm_up:
        return (step + 1) / warm_up
    done = (step - warm_up) / max(steps - warm_up, 1)
    return 0.5 * (1.0 + math.cos(math.pi * done)) + 1e-3


def plain(recipe: DataclassInstance) -> dict[str, Any]:
    """Return a recipe as what JSON can hold, to compare it."""
    return dict(json.loads(json.dumps(asdict(recipe))))


def groups(model: torch.nn.Module, decay: float) -> list[dict[str, Any]]:
    """Return the parameters for an optimizer: matrices decay, norms and biases do not."""
    return [
        {"params": [p for p in model.parameters() if p.ndim > 1], "weight_decay": decay},
        {"params": [p for p in model.parameters() if p.ndim <= 1], "weight_decay": 0.0},
    ]


@torch.no_grad()
def average(mean: torch.nn.Module, model: torch.nn.Module, keep: float) -> None:
    """Move the average a little towards the model, running statistics included."""
    for old, new in zip(mean.state_dict().values(), model.state_dict().values(), strict=True):
        if old.dtype.is_floating_point:
            old.lerp_(new, 1.0 - keep)
        else:
            old.copy_(new)
