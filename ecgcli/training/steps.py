"""What every recipe does between two steps: the pace of learning and the average of the weights.

It knows numbers of steps and tensors; it does not know what is learned.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


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
