"""Samples and recordings in worker processes: drawn, checked, and what is kept of them.

It knows processes and which generator is asked; it computes no score.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from ecgcli.generation.observed import Observed, of_sample
from ecgcli.generation.order import CANDIDATES
from ecgcli.generation.sample import attempts, nearest
from ecgcli.models.generator import draw, weights
from ecgcli.models.generator.flow import GUIDANCE, STEPS

if TYPE_CHECKING:
    from ecgcli.generation.request import Request


@dataclass(frozen=True, slots=True)
class Way:
    """How samples are made.

    Attributes:
        file: The generator, `None` for the one that the package brings.
        seed: Of the run.
        steps: How many times the flow is asked for each drawing.
        guidance: By how much what is asked is stressed.
        candidates: How many drawings to try at most.
    """

    file: Path | None = None
    seed: int = 1
    steps: int = STEPS
    guidance: float = GUIDANCE
    candidates: int = CANDIDATES


@dataclass(frozen=True, slots=True)
class Made:
    """A sample twice: its first drawing, and the one that rejection leaves.

    Attributes:
        first: The first drawing, `None` where it cannot be analysed.
        best: The one that passes the check, or the nearest to it.
        first_unmet: Names of what the first drawing does not show of what was asked.
        unmet: Those of the best.
        tried: How many drawings there were.
    """

    first: Observed | None
    best: Observed | None
    first_unmet: tuple[str, ...]
    unmet: tuple[str, ...]
    tried: int


def made(numbered: tuple[int, Request], way: Way) -> Made:
    """Return one sample of a request and its number, both its drawings."""
    number, request = numbered
    tried = list(
        attempts(
            request,
            generator(way.file),
            seed=way.seed,
            number=number,
            candidates=way.candidates,
            steps=way.steps,
            guidance=way.guidance,
        )
    )
    first, best = tried[0], nearest(tried)
    seen = of_sample(first)
    return Made(
        first=seen,
        best=seen if best.candidate == first.candidate else of_sample(best),
        first_unmet=tuple(item.name for item in first.check.unmet()),
        unmet=tuple(item.name for item in best.check.unmet()),
        tried=best.tried,
    )


@cache
def generator(file: Path | None) -> draw.Generator:
    """Return the generator of a file, or the one that the package brings, loaded once a process."""
    return draw.shipped() if file is None else draw.Generator(weights.load(file))


def samples(pool: ProcessPoolExecutor, requests: Sequence[Request], way: Way) -> Iterator[Made]:
    """Yield a sample of each request, in order; its number is its place."""
    return pool.map(partial(made, way=way), enumerate(requests))
