"""Orders: one for each recording that is to be generated, and all that it depends on.

It knows how an order is written down, how it is called and in which sequence orders come; it does
not know how a recording is made (`sample`) or how requests are read (`prompts`).
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from ecgcli.generation.request import Request

if TYPE_CHECKING:
    from ecgcli.generation.prompts import Prompt

CANDIDATES = 8
"""Drawings that are tried for a recording, one after the other, until one is as asked."""
NAMED = 3
"""Statements of a request that stand in the names of its files."""


@dataclass(frozen=True, slots=True)
class Order:
    """One recording to be generated; the same order gives the same recording.

    Attributes:
        request: What it is to show.
        seed: That of the run.
        number: Which recording of this request and seed it is, from 0.
        candidates: How many drawings are tried at most.
        duration_s: Length (s).
        rate_hz: Samples per second.
        best_effort: Whether it is written even if no drawing is as asked.
        model: Digest of the generator's file.
    """

    request: Request
    seed: int
    number: int = 0
    candidates: int = CANDIDATES
    duration_s: float = 10.0
    rate_hz: float = 500.0
    best_effort: bool = False
    model: str = ""

    @property
    def name(self) -> str:
        """What its files are called: by what is asked, so that no two requests share a name.

        Not by the text, which may tell of a patient.
        """
        codes = "-".join(_plain(code) for code in self.request.present[:NAMED]) or "ecg"
        known = hashlib.sha256(self.request.digest() + str(self.seed).encode()).hexdigest()[:8]
        return f"{codes}-{known}-{self.number + 1:04d}"

    def dumps(self) -> bytes:
        """Return the order as JSON: the same bytes for the same order."""
        values: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        values["request"] = self.request.as_dict()
        return json.dumps(values, indent=1).encode() + b"\n"

    @classmethod
    def loads(cls, content: bytes) -> Order:
        """Return the order that `dumps` wrote."""
        values = json.loads(content)
        return cls(**{**values, "request": Request.from_dict(values["request"])})


def _plain(code: str) -> str:
    """Return a code in small letters and digits, as names of WFDB records are."""
    return "".join(letter for letter in code.lower() if letter.isalnum())


def orders(prompts: Iterable[Prompt], like: Order) -> Iterator[Order]:
    """Yield the orders of some requests, in their sequence.

    A request that comes again goes on counting, so that no recording is made twice.

    Args:
        prompts: What is asked for, and how many times.
        like: All but request and number.
    """
    made: Counter[bytes] = Counter()
    for prompt in prompts:
        known = prompt.request.digest()
        for _ in range(prompt.count):
            yield replace(like, request=prompt.request, number=made[known])
            made[known] += 1
