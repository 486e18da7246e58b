"""What every recipe does between two steps: the pace of learning and the average of the weights.

It knows numbers of steps and tensors; it does not know what is learned.
"""

from __future__ import annotations

import math

import torch


def pace(step: int, steps: int, warm_up: int) -> float:
    """Return the share of the learning rate at a step: a short rise, then half a cosine."""
    if step < warm_up:
        return (step + 1) / warm_up
    done = (step - warm_up) / max(steps - warm_up, 1)
    return 0.5 * (1.0 + math.cos(math.pi * done)) + 1e-3


@torch.no_grad()
def average(mean: torch.nn.Module, model: torch.nn.Module, keep: float) -> None:
    """Move the average a little towards the model, running statistics included."""
    for old, new in zip(mean.state_dict().values(), model.state_dict().values(), strict=True):
        if old.dtype.is_floating_point:
            old.lerp_(new, 1.0 - keep)
        else:
            old.copy_(new)
