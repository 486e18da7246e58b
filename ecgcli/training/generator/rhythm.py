"""The rhythm network: heart rate, then one beat after the other, for what is asked.

It knows layers and how beats are written as numbers; it does not know how it is trained. An
interval is told as its share of the recording's mean interval, so that any rate may be asked of any
rhythm.
"""

from __future__ import annotations

import math

import torch
from torch import nn

WIDTH = 128
RATES = 64
"""Classes of heart rate, from 25 to 250 /min, equally wide in the logarithm."""
LOWEST, HIGHEST = 25.0, 250.0
INTERVALS = 96
"""Classes of an interval, from 0.2 to 4 times the mean one, equally wide in the logarithm."""
SHORTEST, LONGEST = 0.2, 4.0
KINDS = 3
"""Basic rhythm, ventricular ectopic, supraventricular ectopic."""
FIRST = RATES
"""Token of the first interval class; a beat's token is `FIRST` + interval + `INTERVALS` * kind."""
START = RATES + INTERVALS * KINDS
TOKENS = START + 1


def rate_class(rate: torch.Tensor) -> torch.Tensor:
    """Return the class of heart rates (/min)."""
    place = torch.log(rate / LOWEST) / math.log(HIGHEST / LOWEST) * RATES
    return place.floor().clamp(0, RATES - 1).long()


def rate_of(place: torch.Tensor) -> torch.Tensor:
    """Return the heart rate (/min) at a place among the classes, 0 to `RATES`."""
    return LOWEST * torch.exp(place / RATES * math.log(HIGHEST / LOWEST))


def interval_class(share: torch.Tensor) -> torch.Tensor:
    """Return the class of intervals, each a share of the mean one."""
    place = torch.log(share / SHORTEST) / math.log(LONGEST / SHORTEST) * INTERVALS
    return place.floor().clamp(0, INTERVALS - 1).long()


def interval_of(place: torch.Tensor) -> torch.Tensor:
    """Return the interval (a share of the mean one) at a place among the classes."""
    return SHORTEST * torch.exp(place / INTERVALS * math.log(LONGEST / SHORTEST))


class Rhythm(nn.Module):
    """The next token from those before it, the statements and the age.

    Args:
        statements: How many statements there are.
    """

    def __init__(self, statements: int) -> None:
        super().__init__()
        self.statements = nn.Linear(statements, WIDTH)
        self.age = nn.Linear(2, WIDTH, bias=False)
        self.tokens = nn.Embedding(TOKENS, WIDTH)
        self.memory = nn.GRU(WIDTH, WIDTH, batch_first=True)
        self.out = nn.Linear(WIDTH, TOKENS)

    def forward(
        self,
        tokens: torch.Tensor,
        statements: torch.Tensor,
        age: torch.Tensor,
        state: torch.Tensor | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the logits of the token after each, and the state to go on from.

        Args:
            tokens: (recordings, beats) so far, beginning with `START` and the rate's class.
            statements: (recordings, statements), 1 where one is asked for.
            age: (recordings,) near -1 to 1, NaN where unknown.
            state: What the call before returned.
        """
        known = (~age.isnan()).to(age.dtype)
        asked = self.statements(statements)
        asked = asked + self.age(torch.stack((age.nan_to_num(0.0), known), dim=1))
        seen = self.tokens(tokens) + asked[:, None]
        said, state = self.memory(seen, state)
        return self.out(said), state
