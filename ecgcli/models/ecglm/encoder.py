"""The encoder of EcgLM: the statement network's convolutions, and a way into the decoder's space.

It knows layers; that an ECG's vectors go into a prompt it does not know. Norms are folded into the
convolutions, so that a recording's vectors are the same alone and in any batch, in training too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from ecgcli.models.ecglm.config import EcgLmConfig
from ecgcli.models.statements import HIGHEST_MV, LEADS

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Residual(nn.Module):
    """Two convolutions, each channel weighed by what all of the recording shows, and a shortcut."""

    def __init__(self, before: int, width: int, kernel: int, stride: int) -> None:
        super().__init__()
        reach = kernel // 2
        self.first = nn.Conv1d(before, width, kernel, stride, reach)
        self.second = nn.Conv1d(width, width, kernel, 1, reach)
        self.down = nn.Linear(width, width // 8)
        self.up = nn.Linear(width // 8, width)
        self.stride = stride
        self.short: nn.Conv1d | None = None
        if stride > 1 or before != width:
            self.short = nn.Conv1d(before, width, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (recordings, width, samples / stride)."""
        y = self.second(torch.relu(self.first(x)))
        gate = torch.sigmoid(self.up(torch.relu(self.down(y.mean(2)))))
        if self.stride > 1:
            x = nn.functional.avg_pool1d(x, self.stride, ceil_mode=True)
        short = x if self.short is None else self.short(x)
        return torch.relu(y * gate[:, :, None] + short)


class EcgEncoder(nn.Module):
    """From twelve leads at 100 Hz to 32 vectors."""

    def __init__(self, config: EcgLmConfig) -> None:
        super().__init__()
        widths = config.widths
        self.stem = nn.Conv1d(LEADS, config.stem, 15, 2, 7)
        self.second = nn.Conv1d(config.stem, widths[0], 7, 2, 3)
        blocks: list[Residual] = []
        before = widths[0]
        rows = zip(widths, config.blocks, config.kernels, strict=True)
        for level, (width, count, kernel) in enumerate(rows):
            for place in range(count):
                blocks.append(Residual(before, width, kernel, 2 if level and not place else 1))
                before = width
        self.blocks = nn.ModuleList(blocks)

    def forward(self, signal: torch.Tensor) -> torch.Tensor:
        """Return (recordings, tokens, channels).

        Args:
            signal: (recordings, 12, 1000) in mV at 100 Hz, zeros where there is no lead.
        """
        x = signal.clamp(-HIGHEST_MV, HIGHEST_MV)
        x = torch.relu(self.stem(x))
        x = torch.relu(self.second(x))
        for block in self.blocks:
            x = block(x)
        return x.transpose(1, 2)

    @torch.no_grad()
    def begin_as(self, weights: Mapping[str, NDArray[np.float32]]) -> None:
        """Take the statement network's weights, as `training.statement_net.folded` has them."""
        own = dict(self.named_parameters())
        for name, parameter in own.items():
            there = torch.from_numpy(np.array(weights[name]))
            if name.endswith(".weight"):
                there = there.permute(2, 1, 0) if there.ndim == 3 else there.T
            parameter.copy_(there)


class Projector(nn.Module):
    """From the encoder's vectors to the decoder's."""

    def __init__(self, config: EcgLmConfig) -> None:
        super().__init__()
        width = config.text_config.hidden_size
        self.norm = nn.LayerNorm(config.widths[-1])
        self.first = nn.Linear(config.widths[-1], 2 * width)
        self.second = nn.Linear(2 * width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (recordings, tokens, hidden size)."""
        projected: torch.Tensor = self.second(nn.functional.gelu(self.first(self.norm(x))))
        return projected
