"""Generated recordings as arrays that the statement network can be trained on.

It knows how requests are made from the training recordings and how a sample becomes a row beside
real ones (`training.ptbxl_rows.Recordings`); it trains nothing. What was drawn is kept: thousands
of samples take hours.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ecgcli.generation.evaluate_prompts import ASKED, request_of, scp_codes
from ecgcli.generation.evaluate_samples import Way, generator, made
from ecgcli.generation.refusal import RequestError
from ecgcli.generation.request import Request
from ecgcli.signals.reading import NUMBERS
from ecgcli.signals.results import Grade
from ecgcli.training.ptbxl_rows import Recordings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ecgcli.models.generator.weights import Weights
    from ecgcli.training.generator.rows import Shard
    from ecgcli.training.ptbxl_table import Row
    from ecgcli.training.vocabulary import Vocabulary

SHARD = 200
LEADS, SAMPLES = 12, 1000


@dataclass(frozen=True, slots=True)
class Source:
    """A request and the recording that it was made from."""

    row: Row
    request: Request

    def codes(self) -> dict[str, float]:
        """Return the labels that were asked for with their likelihoods in %."""
        asked = scp_codes(self.request)
        return {code: percent for code, percent in self.row.codes.items() if code in asked}


def sources(table: Sequence[Row], measured: Shard, weights: Weights) -> list[Source]:
    """Return a request for each training recording that one can be made from.

    Args:
        table: PTB-XL's.
        measured: What was measured in the recordings, as the generator's training keeps it.
        weights: Of the generator.
    """
    values = dict(zip(measured.ids.tolist(), measured.measured, strict=True))
    found = []
    for row in table:
        if row.number not in values:
            continue
        numbers = zip(ASKED, values[row.number].tolist(), strict=True)
        told = {field: value for field, value in numbers if not np.isnan(value)}
        try:
            found.append(Source(row, request_of(row, told, weights)))
        except RequestError:  # contradicts itself: labels and measurements do not always agree
            continue
    return found


def spread(some: Sequence[Source], count: int, seed: int) -> list[Source]:
    """Return so many, drawn by chance; each once before any comes again."""
    if not some:
        return []
    rounds = -(-count // len(some))
    chance = np.random.default_rng(seed)
    order = np.concatenate([chance.permutation(len(some)) for _ in range(rounds)])[:count]
    return [some[at] for at in order]


def recordings(
    pool: ProcessPoolExecutor,
    asked: Sequence[Source],
    words: Vocabulary,
    way: Way,
    work: Path,
    say: Callable[[str], None],
) -> Recordings:
    """Return generated recordings, labelled with what was asked for.

    Those that are not usable are left out. Their numbers are below zero: no recording of PTB-XL is
    called so. Each has the fold of the recording that it was asked to be like.

    Args:
        pool: Draws.
        asked: Requests; the sample's number is the place.
        words: What labels are called.
        way: How samples are made.
        work: Folder for what was drawn; an earlier call's is used again.
        say: Takes lines about the progress.
    """
    work.mkdir(parents=True, exist_ok=True)
    parts = []
    for first in range(0, len(asked), SHARD):
        some = asked[first : first + SHARD]
        file = work / f"generated-{_name(some, first, way)}.npz"
        if not file.is_file():
            numbered = [(first + at, one.request) for at, one in enumerate(some)]
            _store(file, _drawn(pool, numbered, way))
            say(f"{first + len(some)} samples")
        with np.load(file) as kept:
            parts.append({name: kept[name] for name in ("place", "signal", "numbers")})
    place = _joined(parts, "place", np.zeros(0, np.int64))
    signal = _joined(parts, "signal", np.zeros((0, LEADS, SAMPLES), np.float16))
    numbers = _joined(parts, "numbers", np.zeros((0, len(NUMBERS)), np.float32))
    kept_rows = [asked[at] for at in place.tolist()]
    return Recordings(
        -1 - place,
        np.array([one.row.fold for one in kept_rows], np.int64),
        signal,
        numbers,
        np.array([words.labels(one.codes()) for one in kept_rows], np.float32).reshape(
            len(kept_rows), len(words.names)
        ),
    )


def both(one: Recordings, other: Recordings) -> Recordings:
    """Return the recordings of two sets."""
    return Recordings(
        np.concatenate((one.numbers_of, other.numbers_of)),
        np.concatenate((one.fold, other.fold)),
        np.concatenate((one.signal, other.signal)),
        np.concatenate((one.numbers, other.numbers)),
        np.concatenate((one.labels, other.labels)),
    )


def _drawn(
    pool: ProcessPoolExecutor, numbered: Sequence[tuple[int, Request]], way: Way
) -> dict[str, NDArray[np.generic]]:
    places, signals, numbers = [], [], []
    for (number, _), one in zip(numbered, pool.map(partial(made, way=way), numbered), strict=True):
        if one.best is not None and one.best.grade != Grade.NOT_USABLE.value:
            places.append(number)
            signals.append(one.best.signal)
            numbers.append(one.best.numbers)
    return {
        "place": np.array(places, np.int64),
        "signal": np.array(signals, np.float16).reshape(-1, LEADS, SAMPLES),
        "numbers": np.array(numbers, np.float32).reshape(-1, len(NUMBERS)),
    }


def _name(some: Sequence[Source], first: int, way: Way) -> str:
    """Return a name that changes with whatever the samples depend on."""
    weights = generator(way.file).weights.digest
    said = [repr(one.request) for one in some]
    settings = (first, way.seed, way.steps, way.guidance, way.candidates)
    return hashlib.sha256(repr((weights, settings, NUMBERS, said)).encode()).hexdigest()[:24]


def _store(file: Path, arrays: Mapping[str, NDArray[np.generic]]) -> None:
    part = file.with_suffix(".part.npz")
    np.savez(part, **dict(arrays))  # type: ignore[arg-type]
    part.replace(file)


def _joined(
    parts: Sequence[Mapping[str, NDArray[Any]]], name: str, empty: NDArray[Any]
) -> NDArray[Any]:
    return np.concatenate([part[name] for part in parts]) if parts else empty
