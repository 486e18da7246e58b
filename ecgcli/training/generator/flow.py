"""The flow: a transformer over latent vectors that turns noise into a recording's latents.

It knows layers; it does not know how it is trained (`learn_flow`) or how steps are taken. Each
latent vector sees the beats that fall into it, so that rate and rhythm are those of the beat track;
what the recording shall show and the patient's numbers set gain and offset of every layer (adaptive
norms; Peebles & Xie, ICCV 2023).
"""

from __future__ import annotations

import math

import torch
from torch import nn

from ecgcli.models.generator.layout import BEAT_CHANNELS, LATENT, PATCH, SCALARS

WIDTH = 192
DEPTH = 8
HEADS = 6
HIDDEN = 512
WAVES = 8
"""Frequencies by which a scalar is spread out; a network tells near numbers apart by them."""


class Condition(nn.Module):
    """What is asked for and the time of the flow, as one vector.

    Args:
        statements: How many statements there are.
    """

    waves: torch.Tensor

    def __init__(self, statements: int) -> None:
        super().__init__()
        self.statements = nn.Linear(statements, WIDTH, bias=False)
        nn.init.normal_(self.statements.weight, std=0.5)
        self.register_buffer("waves", 2.0 ** torch.arange(WAVES) * 0.5, persistent=False)
        # One perceptron for each scalar: what is known of one does not drown another.
        spread = 2 + 2 * WAVES
        self.scalars = nn.ModuleList(
            nn.Sequential(nn.Linear(spread, WIDTH // 2), nn.SiLU(), nn.Linear(WIDTH // 2, WIDTH))
            for _ in SCALARS
        )
        self.time = nn.Sequential(nn.Linear(spread, WIDTH), nn.SiLU(), nn.Linear(WIDTH, WIDTH))
        self.mixed = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.SiLU(), nn.Linear(WIDTH, WIDTH))

    def _spread(self, values: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
        angles = values[:, None] * self.waves * math.pi
        rows = torch.cat((values[:, None], angles.sin(), angles.cos()), dim=1)
        return torch.cat((rows * known[:, None], known[:, None]), dim=1)

    def forward(
        self, time: torch.Tensor, statements: torch.Tensor, scalars: torch.Tensor
    ) -> torch.Tensor:
        """Return (recordings, `WIDTH`).

        Args:
            time: (recordings,), 0 for noise to 1 for a recording.
            statements: (recordings, statements), 1 where one is asked for.
            scalars: (recordings, `SCALARS`) near -1 to 1, NaN where nothing is asked.
        """
        known = (~scalars.isnan()).to(scalars.dtype)
        values = scalars.nan_to_num(0.0)
        total = self.statements(statements) + self.time(self._spread(time, torch.ones_like(time)))
        for at, perceptron in enumerate(self.scalars):
            total = total + perceptron(self._spread(values[:, at], known[:, at]))
        mixed: torch.Tensor = total + self.mixed(nn.functional.silu(total))
        return mixed


class Block(nn.Module):
    """Attention over the recording and a gated perceptron, both with adaptive norms."""

    def __init__(self) -> None:
        super().__init__()
        self.mixing = nn.Linear(WIDTH, 3 * WIDTH, bias=False)
        self.joined = nn.Linear(WIDTH, WIDTH, bias=False)
        self.widened = nn.Linear(WIDTH, 2 * HIDDEN, bias=False)
        self.narrowed = nn.Linear(HIDDEN, WIDTH, bias=False)
        self.adapted = nn.Linear(WIDTH, 6 * WIDTH)
        nn.init.zeros_(self.adapted.weight)
        nn.init.zeros_(self.adapted.bias)

    def forward(
        self, x: torch.Tensor, asked: torch.Tensor, turns: tuple[torch.Tensor, torch.Tensor]
    ) -> torch.Tensor:
        """Keep the shape (recordings, patches, `WIDTH`); `asked` is (recordings, `WIDTH`)."""
        offset1, gain1, gate1, offset2, gain2, gate2 = self.adapted(asked)[:, None].chunk(6, dim=2)
        inner = _normed(x) * (1.0 + gain1) + offset1
        query, key, value = (
            part.unflatten(2, (HEADS, -1)).transpose(1, 2)
            for part in self.mixing(inner).chunk(3, dim=2)
        )
        # Written out: on a processor the fused kernel takes twice as long as all else together.
        scores = _turned(_normed(query), turns) @ _turned(_normed(key), turns).transpose(2, 3)
        seen = (scores / math.sqrt(WIDTH // HEADS)).softmax(3) @ value
        x = x + gate1 * self.joined(seen.transpose(1, 2).flatten(2))
        inner = _normed(x) * (1.0 + gain2) + offset2
        gate, up = self.widened(inner).chunk(2, dim=2)
        return x + gate2 * self.narrowed(nn.functional.silu(gate) * up)


class Flow(nn.Module):
    """The velocity of latents between noise and recording.

    Args:
        statements: How many statements there are.
    """

    def __init__(self, statements: int) -> None:
        super().__init__()
        self.condition = Condition(statements)
        self.latent = nn.Linear(LATENT, WIDTH)
        self.beats = nn.Linear(BEAT_CHANNELS * PATCH, WIDTH)
        self.blocks = nn.ModuleList(Block() for _ in range(DEPTH))
        self.adapted = nn.Linear(WIDTH, 2 * WIDTH)
        self.out = nn.Linear(WIDTH, LATENT)
        for layer in (self.adapted, self.out):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(
        self,
        latent: torch.Tensor,
        time: torch.Tensor,
        beats: torch.Tensor,
        statements: torch.Tensor,
        scalars: torch.Tensor,
    ) -> torch.Tensor:
        """Return (recordings, patches, `LATENT`), recording minus noise as the network sees it.

        Args:
            latent: (recordings, patches, `LATENT`), between noise and recording.
            time: (recordings,), 0 for noise to 1 for a recording.
            beats: (recordings, patches, `BEAT_CHANNELS` times `PATCH`), the beat track.
            statements: See `Condition`.
            scalars: See `Condition`.
        """
        asked = nn.functional.silu(self.condition(time, statements, scalars))
        x = self.latent(latent) + self.beats(beats)
        turns = _turns(x.shape[1], x.device)
        for block in self.blocks:
            x = block(x, asked, turns)
        offset, gain = self.adapted(asked)[:, None].chunk(2, dim=2)
        velocity: torch.Tensor = self.out(_normed(x) * (1.0 + gain) + offset).float()
        return velocity


def _normed(x: torch.Tensor) -> torch.Tensor:
    return nn.functional.layer_norm(x, (x.shape[-1],))


def _turns(patches: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Return cosine and sine of the angle by which each place turns a head (Su et al., 2021)."""
    half = WIDTH // HEADS // 2
    slowness = 100.0 ** (torch.arange(half, device=device) / half)
    angles = torch.arange(patches, device=device)[:, None] / slowness
    return angles.cos(), angles.sin()


def _turned(x: torch.Tensor, turns: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    cosine, sine = (turn.to(x.dtype) for turn in turns)
    first, second = x.chunk(2, dim=-1)
    return torch.cat((first * cosine - second * sine, first * sine + second * cosine), dim=-1)
