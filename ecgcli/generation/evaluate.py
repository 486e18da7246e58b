"""What the generator is worth: prompts from real recordings, and what its samples show of them.

It knows the order of the work and how the result is laid out; how each number is computed stands in
the modules that it calls. PTB-XL's fold 9 is for judging; the generator has learned from folds 1
to 8.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ecgcli.errors import ModelError
from ecgcli.generation import (
    evaluate_copies,
    evaluate_features,
    evaluate_numbers,
    evaluate_shown,
    evaluate_signals,
    evaluate_time,
)
from ecgcli.generation.evaluate_copies import Copies
from ecgcli.generation.evaluate_prompts import request_of
from ecgcli.generation.evaluate_samples import Made, Way, generator, samples
from ecgcli.generation.observed import Observed, fine_spectrum_of, of_row, there
from ecgcli.generation.refusal import RequestError
from ecgcli.generation.request import Request
from ecgcli.models import statements
from ecgcli.processes import processes
from ecgcli.training.ptbxl_table import table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ecgcli.generation.evaluate_features import Space
    from ecgcli.models.generator.weights import Weights
    from ecgcli.training.ptbxl_table import Row

FOLD = 9
SAID_EVERY = 50


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be evaluated.

    Attributes:
        folder: PTB-XL in the official layout, at 100 Hz and, for the spectra, at 500 Hz.
        count: Prompts.
        way: How samples are made.
        jobs: Worker processes.
        work: Folder of the generator's training, whose measurements are used again.
        against: Training recordings to compare with, `None` for all, 0 for no comparison.
        timed: Whether to measure times and what fewer steps cost.
    """

    folder: Path
    count: int = 500
    way: Way = field(default_factory=Way)
    jobs: int = 1
    work: Path = Path("generator-work")
    against: int | None = None
    timed: bool = True


@dataclass(frozen=True, slots=True)
class Prompts:
    """Requests made from real recordings.

    Attributes:
        requests: What is asked for.
        real: The recordings that they were made from, in the same order.
        other: Others of the fold that requests could be made from.
        skipped: How many could not, by the reason.
    """

    requests: list[Request]
    real: list[Observed]
    other: list[Observed]
    skipped: dict[str, int]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All numbers, and the recordings that figures are drawn of."""

    numbers: dict[str, Any]
    prompts: Prompts
    samples: list[Made]
    fine_real: list[NDArray[np.float32]]
    copies: Copies | None


def evaluate(plan: Plan, say: Callable[[str], None] = lambda line: None) -> Evaluation:
    """Draw samples and measure what they are worth.

    Raises:
        ModelError: The generator does not load, or the folder holds no such recordings.
    """
    weights = generator(plan.way.file).weights
    rows = [row for row in table(plan.folder, 100) if row.fold == FOLD]
    if not rows:
        raise ModelError(f"{plan.folder} holds no recordings at 100 Hz of fold {FOLD}")
    with processes(plan.jobs) as pool:
        found = prompts(pool, rows, plan, weights, say)
        say(f"{len(found.requests)} prompts, {sum(found.skipped.values())} recordings skipped")
        fine_rows = [row for row in table(plan.folder, 500) if row.fold == FOLD]
        fine = [one for one in pool.map(fine_spectrum_of, fine_rows) if one is not None]
        drawn: list[Made] = []
        for one in samples(pool, found.requests, plan.way):
            drawn.append(one)
            if len(drawn) % SAID_EVERY == 0:
                say(f"{len(drawn)} samples")
        copies = _copies(pool, plan, found, drawn, say)
        where = evaluate_features.space([*found.real, *found.other])
        numbers = {
            **_what(plan, weights, found),
            **_scores(found, drawn, where, weights, fine),
            "copies": copies.as_dict() if copies else None,
            "time": evaluate_time.table(
                pool, plan.jobs, found.requests, found.real, where, plan.way, say
            )
            if plan.timed
            else None,
        }
    return Evaluation(numbers, found, drawn, fine, copies)


def prompts(
    pool: ProcessPoolExecutor,
    rows: Sequence[Row],
    plan: Plan,
    weights: Weights,
    say: Callable[[str], None],
) -> Prompts:
    """Return requests made from some recordings, drawn by chance, and as many others.

    Raises:
        ModelError: No request could be made of any.
    """
    order = np.random.default_rng(plan.way.seed).permutation(len(rows))
    requests: list[Request] = []
    seen: list[Observed] = []
    skipped: Counter[str] = Counter()
    for first in range(0, len(rows), max(plan.count, 1)):
        if len(requests) >= 2 * plan.count:
            break
        some = [rows[at] for at in order[first : first + plan.count]]
        for row, one in zip(some, pool.map(of_row, some), strict=True):
            if one is None:
                skipped["not read"] += 1
                continue
            try:
                requests.append(request_of(row, one.values, weights))
                seen.append(one)
            except RequestError as error:
                skipped[error.kind.value] += 1
        say(f"{first + len(some)} recordings measured")
    if not requests:
        raise ModelError("no request could be made from any recording")
    # Few recordings: half are asked for, so that there are others to compare with.
    count = min(plan.count, (len(requests) + 1) // 2)
    return Prompts(
        requests[:count],
        seen[:count],
        seen[count : 2 * count],
        dict(sorted(skipped.items())),
    )


def _copies(
    pool: ProcessPoolExecutor,
    plan: Plan,
    found: Prompts,
    drawn: Sequence[Made],
    say: Callable[[str], None],
) -> Copies | None:
    if plan.against == 0:
        return None
    training = evaluate_copies.training_leads(
        pool, plan.folder, plan.work, plan.against, plan.jobs, say
    )
    say(f"compared with {len(training.ids)} training recordings")
    return evaluate_copies.copies(pool, training, [one.best for one in drawn], found.real)


def _what(plan: Plan, weights: Weights, found: Prompts) -> dict[str, Any]:
    return {
        "generator": weights.digest,
        "statement_model": statements.shipped().card["hash"],
        "fold": FOLD,
        "prompts": len(found.requests),
        "other_recordings": len(found.other),
        "skipped": found.skipped,
        "seed": plan.way.seed,
        "steps": plan.way.steps,
        "guidance": plan.way.guidance,
        "candidates": plan.way.candidates,
    }


def _scores(
    found: Prompts,
    drawn: Sequence[Made],
    where: Space,
    weights: Weights,
    fine: Sequence[NDArray[np.float32]],
) -> dict[str, Any]:
    """Return the same scores of the first drawings, the best ones, and of real recordings."""
    sets: dict[str, tuple[list[Observed | None], list[tuple[str, ...]]]] = {
        "first": ([one.first for one in drawn], [one.first_unmet for one in drawn]),
        "best": ([one.best for one in drawn], [one.unmet for one in drawn]),
    }
    scores: dict[str, Any] = {}
    for name, (observed, unmet) in sets.items():
        scores[name] = {
            "passed": float(np.mean([not each for each in unmet])),
            "unmet": dict(Counter(name for each in unmet for name in each).most_common()),
            "quality": evaluate_numbers.grades(observed),
            "law_error_mv": evaluate_numbers.law_mv(observed),
            "numbers": evaluate_numbers.numbers(found.requests, observed),
            "statements": evaluate_shown.areas(found.requests, observed, weights.examples),
            **_apart(found.real, there(observed), where),
            "spectra": evaluate_signals.spectra(
                found.real, there(observed), fine, _fine(there(observed))
            ),
        }
    scores["best"]["mean_tried"] = float(np.mean([one.tried for one in drawn]))
    scores["real"] = {
        "quality": evaluate_numbers.grades(found.real),
        "law_error_mv": evaluate_numbers.law_mv(found.real),
        "statements": evaluate_shown.areas(found.requests, found.real, weights.examples),
    }
    # What chance alone makes of two sets of real recordings.
    scores["real_to_real"] = {
        **_apart(found.real, found.other, where),
        "spectra": evaluate_signals.spectra(found.real, found.other, fine[::2], fine[1::2]),
    }
    return scores


def _apart(real: Sequence[Observed], other: Sequence[Observed], where: Space) -> dict[str, Any]:
    return {
        "features": evaluate_features.compared(where, real, other),
        "amplitudes": evaluate_signals.amplitudes(real, other),
        "variability": evaluate_signals.variability(real, other),
    }


def _fine(observed: Sequence[Observed]) -> list[NDArray[np.float32]]:
    return [one.fine_spectrum for one in observed if one.fine_spectrum is not None]
