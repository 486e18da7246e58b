"""The network that reads a whole recording, as it is trained: 12 leads at 100 Hz and numbers.

It knows layers and scaling; it does not know where its inputs come from, what its outputs mean or
how it is trained.

A residual network with squeeze-and-excitation over the signal, a small perceptron over the
measurements, age and sex, and one linear layer over both. An input that is not there (a lead, a
measurement, the age) is a zero with its own sign that it is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn

from ecgcli.models.statements import FARTHEST, HIGHEST_MV, LEADS
from ecgcli.training.network import folded_norm

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Shape:
    """What the network is made of.

    Attributes:
        widths: Channels at 25, 12.5, 6.25 and 3.125 Hz.
        fine: Twice these rates: a network that takes longer, for teaching only.
        blocks: Residual blocks at each.
        kernels: Widths of their convolutions.
        numbers: Measurements and other numbers it is given.
        outputs: Probabilities it gives.
        hidden: Width of the perceptron over the numbers.
        stem: Channels at 50 Hz.
        dropout: Share of what the head sees that is dropped in training.
    """

    numbers: int
    outputs: int
    widths: tuple[int, ...] = (64, 128, 192, 256)
    blocks: tuple[int, ...] = (2, 2, 2, 2)
    kernels: tuple[int, ...] = (7, 7, 5, 5)
    hidden: int = 128
    stem: int = 48
    dropout: float = 0.3
    fine: bool = False


class Excitation(nn.Module):
    """Squeeze-and-excitation: each channel weighed by what all of the recording shows."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.down = nn.Linear(width, width // 8)
        self.up = nn.Linear(width // 8, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Keep the shape (recordings, width, 1, samples)."""
        gate = torch.sigmoid(self.up(torch.relu(self.down(x.mean((2, 3))))))
        return x * gate[:, :, None, None]


class Block(nn.Module):
    """Two convolutions and an excitation around a shortcut."""

    def __init__(self, before: int, width: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.first = _convolution(before, width, kernel, stride)
        self.norm1 = nn.BatchNorm2d(width)
        self.second = _convolution(width, width, kernel)
        self.norm2 = nn.BatchNorm2d(width)
        self.excite = Excitation(width)
        self.short: nn.Module = nn.Identity()
        if stride > 1 or before != width:
            self.short = nn.Sequential(
                nn.AvgPool2d((1, stride), ceil_mode=True),
                nn.Conv2d(before, width, 1, bias=False),
                nn.BatchNorm2d(width),
            )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (recordings, width, 1, samples / stride)."""
        y = torch.relu(self.norm1(self.first(x)))
        return torch.relu(self.excite(self.norm2(self.second(y))) + self.short(x))


class Pool(nn.Module):
    """Mean, maximum and an attention-weighted mean over time."""

    def __init__(self, width: int, heads: int = 4) -> None:
        super().__init__()
        self.score = nn.Linear(width, heads)
        self.heads = heads

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (recordings, 3 width) from (recordings, samples, width)."""
        weight = self.score(x).softmax(dim=1).repeat_interleave(x.shape[2] // self.heads, dim=2)
        return torch.cat((x.mean(1), x.amax(1), (x * weight).sum(1)), dim=1)


class StatementNet(nn.Module):
    """From a coarse recording and its numbers to the logits of statements."""

    center: torch.Tensor
    spread: torch.Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        first = shape.widths[0]
        self.stem = _convolution(LEADS, shape.stem, 15, 2)
        self.stem_norm = nn.BatchNorm2d(shape.stem)
        self.second = _convolution(shape.stem, first, 7, 1 if shape.fine else 2)
        self.second_norm = nn.BatchNorm2d(first)
        blocks = []
        before = first
        rows = zip(shape.widths, shape.blocks, shape.kernels, strict=True)
        for level, (width, count, kernel) in enumerate(rows):
            for place in range(count):
                stride = 2 if level and not place else 1
                blocks.append(Block(before, width, kernel, stride))
                before = width
        self.blocks = nn.Sequential(*blocks)
        self.pool = Pool(before)
        self.register_buffer("center", torch.zeros(shape.numbers))
        self.register_buffer("spread", torch.ones(shape.numbers))
        self.numbers = nn.Sequential(
            nn.Linear(2 * shape.numbers, shape.hidden),
            nn.BatchNorm1d(shape.hidden),
            nn.ReLU(),
            nn.Dropout(shape.dropout),
            nn.Linear(shape.hidden, shape.hidden),
            nn.ReLU(),
        )
        self.dropout = nn.Dropout(shape.dropout)
        self.head = nn.Linear(3 * before + shape.hidden, shape.outputs)
        self.to(memory_format=torch.channels_last)  # twice as fast on a CPU

    def forward(self, signal: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
        """Return logits.

        Args:
            signal: (recordings, 12, samples) in mV at 100 Hz, zeros where there is no lead.
            numbers: (recordings, `shape.numbers`), NaN where there is none.

        Returns:
            (recordings, `shape.outputs`).
        """
        x = (
            signal[:, :, None, :]
            .clamp(-HIGHEST_MV, HIGHEST_MV)
            .contiguous(memory_format=torch.channels_last)
        )
        x = torch.relu(self.stem_norm(self.stem(x)))
        x = torch.relu(self.second_norm(self.second(x)))
        x = self.blocks(x)[:, :, 0, :].transpose(1, 2)
        seen = torch.cat((self.pool(x), self.numbers(self.scaled(numbers))), dim=1)
        logits: torch.Tensor = self.head(self.dropout(seen))
        return logits

    def scaled(self, numbers: torch.Tensor) -> torch.Tensor:
        """Return numbers in spreads from their centre, at most 5, and which are missing."""
        missing = numbers.isnan()
        z = ((numbers - self.center) / self.spread).clamp(-FARTHEST, FARTHEST)
        return torch.cat((torch.where(missing, 0.0, z), missing.to(z.dtype)), dim=1)


def _convolution(before: int, width: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(before, width, (1, kernel), (1, stride), padding=(0, kernel // 2), bias=False)


@torch.no_grad()
def folded(model: StatementNet) -> dict[str, NDArray[np.float32]]:
    """Return what `models.statements` runs: each convolution with its norm taken into it."""
    tensors: dict[str, torch.Tensor] = {"center": model.center, "spread": model.spread}

    def convolution(name: str, layer: nn.Conv2d, norm: nn.BatchNorm2d) -> None:
        tensors[f"{name}.weight"], tensors[f"{name}.bias"] = folded_norm(layer, norm)

    def linear(name: str, layer: nn.Linear, norm: nn.BatchNorm1d | None = None) -> None:
        weight, bias = layer.weight.double(), layer.bias.double()
        if norm is not None:
            assert norm.running_mean is not None
            assert norm.running_var is not None
            gain = norm.weight.double() / (norm.running_var.double() + norm.eps).sqrt()
            bias = norm.bias.double() + (bias - norm.running_mean.double()) * gain
            weight = weight * gain[:, None]
        tensors[f"{name}.weight"], tensors[f"{name}.bias"] = weight.T.float(), bias.float()

    convolution("stem", model.stem, model.stem_norm)
    convolution("second", model.second, model.second_norm)
    for number, block in enumerate(model.blocks):
        name = f"blocks.{number}"
        convolution(f"{name}.first", block.first, block.norm1)
        convolution(f"{name}.second", block.second, block.norm2)
        linear(f"{name}.down", block.excite.down)
        linear(f"{name}.up", block.excite.up)
        if isinstance(block.short, nn.Sequential):
            convolution(f"{name}.short", block.short[1], block.short[2])
            if block.first.stride[1] == 2:
                tensors[f"{name}.halved"] = torch.ones(1)
    linear("pool", model.pool.score)
    linear("numbers.0", model.numbers[0], model.numbers[1])
    linear("numbers.1", model.numbers[4])
    linear("head", model.head)
    return {name: tensor.contiguous().cpu().numpy() for name, tensor in tensors.items()}
