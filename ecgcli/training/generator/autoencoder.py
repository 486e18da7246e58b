"""The autoencoder: eight leads at 100 Hz to a latent vector every 160 ms, and back.

It knows layers; it does not know how it is trained. Every layer sees a stretch of a few hundred
milliseconds only, so that a recording may have any length.
"""

from __future__ import annotations

import torch
from torch import nn

from ecgcli.models.generator.layout import INDEPENDENT, LATENT, PATCH

WIDTHS = (64, 96, 128, 192)
"""Channels at 100, 50, 25 and 12.5 Hz; the latent stands at 6.25 Hz."""


QUIET = -6.0
"""Log variance of the latents' noise at first."""


class Norm(nn.Module):
    """Each moment brought to unit size over its channels, with a gain for each channel."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Keep the shape (recordings, width, samples)."""
        size = x.float().square().mean(1, keepdim=True).add(1e-6).rsqrt()
        return x * size.to(x.dtype) * self.gain[:, None].to(x.dtype)


class Residual(nn.Module):
    """Two convolutions around a shortcut."""

    def __init__(self, width: int, kernel: int = 5) -> None:
        super().__init__()
        self.norm = Norm(width)
        self.first = nn.Conv1d(width, width, kernel, padding=kernel // 2)
        self.second = nn.Conv1d(width, width, kernel, padding=kernel // 2)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)  # type: ignore[arg-type]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Keep the shape (recordings, width, samples)."""
        return x + self.second(nn.functional.silu(self.first(self.norm(x))))


class Encoder(nn.Module):
    """(recordings, 8, samples) in mV to mean and log variance, (recordings, `LATENT`, patches)."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv1d(len(INDEPENDENT), WIDTHS[0], 7, padding=3)]
        for width, following in zip(WIDTHS, (*WIDTHS[1:], WIDTHS[-1]), strict=True):
            layers += [Residual(width), nn.Conv1d(width, following, 4, stride=2, padding=1)]
        layers += [Residual(WIDTHS[-1]), Norm(WIDTHS[-1])]
        self.layers = nn.Sequential(*layers)
        self.straight = nn.Conv1d(len(INDEPENDENT), LATENT, PATCH, stride=PATCH, bias=False)
        self.out = nn.Conv1d(WIDTHS[-1], 2 * LATENT, 1)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)  # type: ignore[arg-type]
        # Little noise to begin with: under much the decoder learns to do without the latents, and
        # nothing brings it back.
        nn.init.constant_(self.out.bias[LATENT:], QUIET)  # type: ignore[index]

    def forward(self, signal: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return mean and log variance; the number of samples is a multiple of 16."""
        mean, spread = self.out(self.layers(signal)).float().chunk(2, dim=1)
        return self.straight(signal).float() + mean, spread.clamp(-12.0, 4.0)


class Decoder(nn.Module):
    """(recordings, `LATENT`, patches) to (recordings, 8, 16 times as many samples) in mV."""

    def __init__(self) -> None:
        super().__init__()
        widths = WIDTHS[::-1]
        layers: list[nn.Module] = [nn.Conv1d(LATENT, widths[0], 3, padding=1), Residual(widths[0])]
        for width, following in zip(widths, (*widths[1:], widths[-1]), strict=True):
            layers += [nn.ConvTranspose1d(width, following, 4, stride=2, padding=1)]
            layers += [Residual(following)]
        layers += [Residual(widths[-1])]
        self.layers = nn.Sequential(*layers)
        self.straight = nn.ConvTranspose1d(
            LATENT, len(INDEPENDENT), PATCH, stride=PATCH, bias=False
        )
        self.out = nn.Conv1d(widths[-1], len(INDEPENDENT), 7, padding=3)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)  # type: ignore[arg-type]

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        """Return the leads in mV."""
        signal: torch.Tensor = self.straight(latent).float() + self.out(self.layers(latent)).float()
        return signal


class Autoencoder(nn.Module):
    """Both, with the latent's mean and size, by which it is brought to unit variance."""

    centre: torch.Tensor
    size: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder()
        self.decoder = Decoder()
        self.register_buffer("centre", torch.zeros(LATENT))
        self.register_buffer("size", torch.ones(LATENT))

    @torch.no_grad()
    def begin(self, signal: torch.Tensor) -> None:
        """Set the straight ways between signal and latents to principal components of patches.

        From there training starts: wander and heights come through at once, and the layers beside
        learn what a patch's neighbours and its bends add.

        Args:
            signal: (recordings, 8, samples) in mV, as many samples as make whole patches.
        """
        patches = signal.unflatten(2, (-1, PATCH)).permute(0, 2, 1, 3).flatten(0, 1).flatten(1)
        values, vectors = torch.linalg.eigh(patches.T @ patches / len(patches))
        sizes = values[-LATENT:].clamp_min(1e-8).sqrt()
        components = vectors[:, -LATENT:].T.unflatten(1, (len(INDEPENDENT), PATCH))
        self.encoder.straight.weight.copy_(components / sizes[:, None, None])
        self.decoder.straight.weight.copy_(components * sizes[:, None, None])

    def encode(self, signal: torch.Tensor) -> torch.Tensor:
        """Return latents of unit variance, (recordings, `LATENT`, patches)."""
        mean, _ = self.encoder(signal)
        return (mean - self.centre[:, None]) / self.size[:, None]

    def decode(self, latent: torch.Tensor) -> torch.Tensor:
        """Return leads in mV of latents of unit variance."""
        signal: torch.Tensor = self.decoder(latent * self.size[:, None] + self.centre[:, None])
        return signal
