"""The delineator as it is trained: a small U-Net whose leads tell each other what they see.

It knows layers; it does not know how it is trained (`training.delineator`). What runs when a
record is measured is `models.delineator`: the same arithmetic in NumPy, without PyTorch, from the
weights that `folded` returns.

The network runs over every lead with the same weights. At each level the leads of a recording tell
each other what they see: each adds a function of the mean and the maximum over all leads to its own
features. Both are the same whatever the order of the leads and work for any number of them, so that
a recording with three leads is marked like one with twelve. At the coarsest level the mean and
the maximum over all of the recording are told as well: whether there are P waves is a question of
the rhythm.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import torch
from torch import nn

from ecgcli.models.delineator import (
    CLASSES,
    LOWEST_LEVEL_MV,
    PATCH,
    SMALL_MV,
    STEM,
    STEP,
)


class Block(nn.Module):
    """Two convolutions around a shortcut."""

    def __init__(self, width: int, kernel: int) -> None:
        super().__init__()
        self.first = convolution(width, width, kernel)
        self.norm1 = nn.BatchNorm2d(width)
        self.second = convolution(width, width, kernel)
        self.norm2 = nn.BatchNorm2d(width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Keep the shape (recordings, width, leads, samples)."""
        y = torch.relu_(self.norm1(self.first(x)))
        return torch.relu_(x + self.norm2(self.second(y)))


class Exchange(nn.Module):
    """What all leads of a recording see, told to each of them: at that time, or at any time."""

    def __init__(self, width: int, any_time: bool = False) -> None:
        super().__init__()
        self.over = (2, 3) if any_time else (2,)
        self.mix = nn.Conv2d(2 * width, width, 1, bias=False)
        self.norm = nn.BatchNorm2d(width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Keep the shape (recordings, width, leads, samples)."""
        common = torch.cat(
            (x.mean(self.over, keepdim=True), x.amax(self.over, keepdim=True)), dim=1
        )
        return torch.relu_(x + self.norm(self.mix(common)))


class Delineator(nn.Module):
    """From conditioned leads to the class of every fourth millisecond.

    Args:
        widths: Channels at 125, 62.5, 31.25, 15.6 and 7.8 Hz.
        kernel: Width of the convolutions in samples of each level.
        deep: Blocks at the coarsest level.
    """

    def __init__(
        self, widths: tuple[int, ...] = (24, 32, 48, 64, 96), kernel: int = 5, deep: int = 2
    ) -> None:
        super().__init__()
        steps = list(itertools.pairwise(widths))
        self.stem = nn.Conv2d(2, widths[0], (1, STEM), stride=(1, PATCH), bias=False)
        self.stem_norm = nn.BatchNorm2d(widths[0])
        self.down = nn.ModuleList(convolution(a, b, kernel, 2) for a, b in steps)
        self.down_norm = nn.ModuleList(nn.BatchNorm2d(b) for _, b in steps)
        self.encode = nn.ModuleList(Block(width, kernel) for width in widths)
        self.exchange = nn.ModuleList(Exchange(width) for width in widths[1:])
        self.rhythm = Exchange(widths[-1], any_time=True)
        self.deepest = nn.ModuleList(Block(widths[-1], kernel) for _ in range(deep - 1))
        self.up = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in steps)
        self.told = nn.ModuleList(Exchange(width) for width in widths[:-1])
        self.decode = nn.ModuleList(Block(width, kernel) for width in widths[:-1])
        self.head = nn.Conv2d(widths[0], len(CLASSES) * PATCH // STEP, (1, 3), padding=(0, 1))
        self.to(memory_format=torch.channels_last)  # twice as fast on a CPU

    def forward(self, signal: torch.Tensor) -> torch.Tensor:
        """Return class scores.

        Args:
            signal: (recordings, leads, samples) in mV at 500 Hz; samples a multiple of `MULTIPLE`.

        Returns:
            (recordings, leads, 7, samples / 2); sample k is about the 4 ms around input 2 k.
        """
        x = scaled(signal).contiguous(memory_format=torch.channels_last)
        x = nn.functional.pad(x, ((STEM - PATCH) // 2, (STEM - PATCH) // 2))
        x = self.encode[0](torch.relu_(self.stem_norm(self.stem(x))))
        skips = [x]
        for level, down in enumerate(self.down):
            x = torch.relu_(self.down_norm[level](down(x)))
            x = self.exchange[level](self.encode[level + 1](x))
            skips.append(x)
        x = self.rhythm(skips.pop())
        for block in self.deepest:
            x = block(x)
        for level in reversed(range(len(self.decode))):
            x = nn.functional.interpolate(
                self.up[level](x), scale_factor=(1.0, 2.0), mode="nearest"
            )
            x = self.decode[level](self.told[level](x + skips.pop()))
        scores: torch.Tensor = self.head(x)
        # The finest level is coarser than the output: each of its samples scores two.
        recordings, _, leads, samples = scores.shape
        apart = scores.view(recordings, len(CLASSES), PATCH // STEP, leads, samples)
        return apart.permute(0, 3, 1, 4, 2).flatten(-2)


def convolution(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    """Return a convolution along the samples that keeps their number, or halves it."""
    return nn.Conv2d(
        inputs, outputs, (1, kernel), (1, stride), padding=(0, kernel // 2), bias=False
    )


def scaled(signal: torch.Tensor) -> torch.Tensor:
    """Return each lead twice (recordings, 2, leads, samples): by its own level, and by mV.

    The first shows shapes whatever the gain; the second, compressed, how many microvolts a small
    wave has.
    """
    level = signal.square().mean(dim=-1, keepdim=True).sqrt().clamp(min=LOWEST_LEVEL_MV)
    relative = (signal / level / 2.0).clamp(-8.0, 8.0)
    return torch.stack((relative, torch.asinh(signal / SMALL_MV) / 2.0), dim=1)


def parameters(model: nn.Module) -> int:
    """Return how many numbers the network learned."""
    return sum(p.numel() for p in model.parameters())


@torch.no_grad()
def folded(model: Delineator) -> dict[str, torch.Tensor]:
    """Return what `models.delineator` runs: each convolution with its norm taken into it.

    Returns:
        "NAME.weight" (kernel, inputs, outputs) and "NAME.bias" (outputs,) for every layer.
    """
    return {
        f"{name}.{part}": tensor.contiguous()
        for name, layer, norm in _layers(model)
        for part, tensor in zip(("weight", "bias"), folded_norm(layer, norm), strict=True)
    }


def _layers(model: Delineator) -> Iterator[tuple[str, nn.Conv2d, nn.BatchNorm2d | None]]:
    """Yield every convolution with the norm that follows it."""
    yield "stem", model.stem, model.stem_norm
    for level, (down, norm) in enumerate(zip(model.down, model.down_norm, strict=True)):
        yield f"down.{level}", down, norm
    for level, up in enumerate(model.up):
        yield f"up.{level}", up, None
    yield "rhythm", model.rhythm.mix, model.rhythm.norm
    for group in ("exchange", "told"):
        for level, exchange in enumerate(getattr(model, group)):
            yield f"{group}.{level}", exchange.mix, exchange.norm
    for group in ("encode", "deepest", "decode"):
        for level, block in enumerate(getattr(model, group)):
            yield f"{group}.{level}.first", block.first, block.norm1
            yield f"{group}.{level}.second", block.second, block.norm2
    yield "head", model.head, None


def folded_norm(layer: nn.Conv2d, norm: nn.BatchNorm2d | None) -> tuple[torch.Tensor, torch.Tensor]:
    """Return weight (kernel, inputs, outputs) and bias of a convolution with the norm after it."""
    weight = layer.weight[:, :, 0].double()
    bias = torch.zeros(len(weight)) if layer.bias is None else layer.bias
    bias = bias.double()
    if norm is not None:
        assert norm.running_mean is not None
        assert norm.running_var is not None
        gain = norm.weight.double() / (norm.running_var.double() + norm.eps).sqrt()
        bias = norm.bias.double() + (bias - norm.running_mean.double()) * gain
        weight = weight * gain[:, None, None]
    return weight.permute(2, 1, 0).float(), bias.float()
