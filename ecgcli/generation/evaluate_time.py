"""What a sample takes, and what fewer steps of the flow cost.

It knows clocks; times are those of the machine that it runs on, with whatever else runs there.
"""

from __future__ import annotations

import itertools
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ecgcli.generation import evaluate_features, evaluate_numbers
from ecgcli.generation.evaluate_samples import Way, generator, samples
from ecgcli.generation.observed import there
from ecgcli.generation.sample import attempts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ecgcli.generation.evaluate_features import Space
    from ecgcli.generation.observed import Observed
    from ecgcli.generation.request import Request

STEPS = (8, 12, 16, 24, 32)
ALONE = 5
BATCH = 100
PARTS = ("drawn", "in_all")


def alone(requests: Sequence[Request], way: Way) -> dict[str, float]:
    """Return the median seconds of one drawing in this process, without and with its check."""
    networks = generator(way.file)
    parts: dict[str, list[float]] = {part: [] for part in PARTS}
    for number, request in enumerate(itertools.islice(itertools.cycle(requests), ALONE + 1)):
        begun = time.perf_counter()
        tried = attempts(
            request,
            networks,
            seed=way.seed,
            number=number,
            candidates=1,
            steps=way.steps,
            guidance=way.guidance,
        )
        told = next(tried).condition
        parts["in_all"].append(time.perf_counter() - begun)
        begun = time.perf_counter()
        networks.draw(told.asked, told.rates, 10.0, way.seed, way.steps, way.guidance)
        parts["drawn"].append(time.perf_counter() - begun)
    # The first loads what the others find.
    return {part: float(np.median(seconds[1:])) for part, seconds in parts.items()}


def table(
    pool: ProcessPoolExecutor,
    jobs: int,
    requests: Sequence[Request],
    real: Sequence[Observed],
    where: Space,
    way: Way,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Return the seconds of a drawing in a batch and how good it is, by the steps of the flow.

    Args:
        pool: Draws; "seconds" is the time of the batch over its drawings, checks included.
        jobs: How many processes it has.
        requests: `BATCH` of them are drawn once each, without rejection.
        real: The recordings that those were made from.
        where: The space of features.
        way: How else samples are made.
        say: Takes lines about the progress.
    """
    some = requests[:BATCH]
    found = {}
    for steps in sorted({*STEPS, way.steps}):
        begun = time.perf_counter()
        made = list(samples(pool, some, replace(way, steps=steps, candidates=1)))
        seconds = (time.perf_counter() - begun) / len(some)
        drawings = [one.first for one in made]
        rate = evaluate_numbers.numbers(some, drawings)["heart_rate"]
        near = evaluate_features.compared(where, real[:BATCH], there(drawings))
        found[str(steps)] = {
            "seconds": seconds,
            "passed": float(np.mean([not one.first_unmet for one in made])),
            "rate_mean_absolute_error": rate["mean_absolute_error"],
            "frechet": near["frechet"] if near else None,
            "precision": near["precision"] if near else None,
            "recall": near["recall"] if near else None,
        }
        say(f"{steps} steps: {seconds:.2f} s a drawing")
    return {"batch": len(some), "jobs": jobs, "alone": alone(requests, way), "by_steps": found}
