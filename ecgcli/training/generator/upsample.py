"""The step from 100 to 500 Hz: what the steep parts look like, and the noise above 40 Hz.

It knows layers; it does not know how it is trained. It gives the most likely course and how far a
recording is from it at each moment; noise of that size and of the spectrum seen in real recordings
is then added, so that a generated recording is no smoother than a real one.
"""

from __future__ import annotations

import torch
from torch import nn

from ecgcli.models.generator.layout import INDEPENDENT
from ecgcli.training.generator.autoencoder import Norm, Residual

FACTOR = 5
WIDTH = 96
BLOCKS = 4
ORDER = 12
"""Coefficients of the noise's spectrum: each sample hangs on so many before it."""


class Upsampler(nn.Module):
    """(recordings, 8, samples) at 100 Hz to five times as many samples."""

    colour: torch.Tensor
    loudness: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        leads = len(INDEPENDENT)
        self.first = nn.Conv1d(leads, WIDTH, 7, padding=3)
        self.blocks = nn.Sequential(*(Residual(WIDTH) for _ in range(BLOCKS)), Norm(WIDTH))
        self.course = nn.Conv1d(WIDTH, leads * FACTOR, 3, padding=1)
        self.doubt = nn.Conv1d(WIDTH, leads, 3, padding=1)
        for layer in (self.course, self.doubt):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
        self.register_buffer("colour", torch.zeros(ORDER))
        self.register_buffer("loudness", torch.ones(()))

    def forward(self, signal: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the course in mV and the log of the noise's size, (recordings, 8, 5 * samples).

        Args:
            signal: (recordings, 8, samples) in mV at 100 Hz.
        """
        seen = self.blocks(self.first(signal))
        fine = self.course(seen).float()
        count, _, samples = fine.shape
        fine = fine.view(count, len(INDEPENDENT), FACTOR, samples).transpose(2, 3).flatten(2)
        doubt = self.doubt(seen).float() - 4.0  # begins at 18 uV
        return linear(signal) + fine, linear(doubt)

    def noise(self, doubt: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Return noise in mV of the size that `doubt` says, coloured as in real recordings."""
        count, leads, samples = doubt.shape
        white = torch.randn(count * leads, samples + 200, generator=generator) * self.loudness
        coloured = torch.zeros_like(white)
        for at in range(ORDER, white.shape[1]):
            before = coloured[:, at - ORDER : at].flip(1)
            coloured[:, at] = white[:, at] + before @ self.colour
        return coloured[:, 200:].view(count, leads, samples) * doubt.exp()


def linear(signal: torch.Tensor) -> torch.Tensor:
    """Return a signal with five times as many samples, straight lines between the given ones."""
    padded = torch.cat((signal, signal[..., -1:]), dim=-1)
    parts = [torch.lerp(signal, padded[..., 1:], at / FACTOR) for at in range(FACTOR)]
    return torch.stack(parts, dim=-1).flatten(-2)
