"""What EcgLM is trained on: recordings as arrays, and the words before and after them as tokens.

It knows how a batch is put together; it does not know the network. A step's batch depends on the
seed and the step's number alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from ecgcli.engines.adapters.ecglm import TOLD, prompt
from ecgcli.signals.reading import NUMBERS
from ecgcli.training.ecglm_answers import answer, numbers, written

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ecgcli.training.ptbxl_rows import Recordings
    from ecgcli.training.vocabulary import Vocabulary

IGNORED = -100
"""What a token that is not to be learned has for a label."""
SEXES = {0.0: "male", 1.0: "female"}
COMMON = 0.1
"""Share of the recordings from which on a statement is common enough."""
AT_MOST = 4.0
"""How much more often than a common one a lesson with a rare statement is shown."""

TOLD_OF = ("patient", "patient and measurements", "nothing", "measurements")
"""What a prompt may tell beside the signal; each recording is asked about in one of these ways."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """One recording: what is asked of it, in each way of `TOLD_OF`, and what is answered.

    Attributes:
        asked: Prompts.
        answered: The answer.
        codes: The statements that it makes.
    """

    asked: tuple[str, ...]
    answered: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tokens:
    """The same as tokens, and the recordings; row by row the same one.

    Attributes:
        signal: (records, 12, 1000) float16 in mV at 100 Hz.
        asked: Prompts of each in each way of `TOLD_OF`, the signal's token as often as it has
            vectors.
        answered: Answer of each, with the token that ends it.
        often: (records,) how often an epoch shows each, on average; 1 on average over all.
    """

    signal: NDArray[np.float16]
    asked: Sequence[Sequence[NDArray[np.int64]]]
    answered: Sequence[NDArray[np.int64]]
    often: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Batch:
    """(recordings, tokens) and their signals (recordings, 12, 1000)."""

    tokens: torch.Tensor
    mask: torch.Tensor
    labels: torch.Tensor
    signal: torch.Tensor


def lessons(recordings: Recordings, words: Vocabulary) -> list[Lesson]:
    """Return what is asked and answered of each recording."""
    found = []
    for row, labels in zip(recordings.numbers, recordings.labels, strict=True):
        values = dict(zip(NUMBERS, row.tolist(), strict=True))
        measured = numbers(values)
        told = {name: measured[name, None] for name in TOLD if (name, None) in measured}
        likelihoods = {
            name: float(likelihood)
            for name, likelihood in zip(words.names, labels, strict=True)
            if not np.isnan(likelihood)
        }
        age, sex = values["age"], SEXES.get(values["female"])
        asked = (
            prompt(age, sex),  # type: ignore[arg-type]
            prompt(age, sex, told),  # type: ignore[arg-type]
            prompt(None, None),
            prompt(None, None, told),
        )
        said = answer(likelihoods, measured)
        codes = tuple(finding.code for finding in said.findings)
        found.append(Lesson(asked, written(said), codes))
    return found


def rare_more_often(found: Sequence[Lesson]) -> NDArray[np.float64]:
    """Return how often each lesson is shown: more often the rarer its rarest statement is.

    A statement that a recording makes in two of five such cases is never the most probable next
    one; shown more often, it is. The square root keeps the common ones from being forgotten.

    Returns:
        (lessons,), 1 on average.
    """
    counts = Counter(code for lesson in found for code in lesson.codes)
    rarest = [min((counts[code] for code in lesson.codes), default=len(found)) for lesson in found]
    share = np.array(rarest) / len(found)
    often = np.clip(np.sqrt(COMMON / share), 1.0, AT_MOST)
    return often / float(np.mean(often))


def tokens_of(
    recordings: Recordings,
    found: Sequence[Lesson],
    encode: Callable[[str], list[int]],
    ecg_token: int,
    vectors: int,
    end: int,
) -> Tokens:
    """Return lessons as tokens.

    Args:
        recordings: The recordings of the lessons.
        found: The lessons.
        encode: The tokenizer.
        ecg_token: The token that stands for the signal.
        vectors: As how many vectors the signal is seen.
        end: The token that ends an answer.
    """

    def asked(text: str) -> NDArray[np.int64]:
        ids = encode(text)
        at = ids.index(ecg_token)
        return np.array([*ids[:at], *[ecg_token] * vectors, *ids[at + 1 :]])

    return Tokens(
        recordings.signal,
        [[asked(text) for text in lesson.asked] for lesson in found],
        [np.array([*encode(lesson.answered), end]) for lesson in found],
        rare_more_often(found),
    )


@dataclass(frozen=True, slots=True)
class Epoch:
    """The order of one epoch.

    Attributes:
        batches: Rows of each batch; lengths within a batch are alike.
        ways: (records,) which of `TOLD_OF` the prompt is.
    """

    batches: Sequence[NDArray[np.int64]]
    ways: NDArray[np.int64]


def batches(tokens: Tokens, size: int) -> int:
    """Return how many batches an epoch has."""
    return max(len(tokens.signal) // size, 1)


def epoch(tokens: Tokens, seed: int, number: int, size: int, shown: float, unnamed: float) -> Epoch:
    """Return an epoch: the recordings in an order, the same for the same seed and number.

    Recordings are drawn as often as `Tokens.often` says, each at most once more or less than that;
    a permutation of all where it says 1.

    Args:
        tokens: What there is.
        seed: Decides, with `number`, everything.
        number: Which epoch, from 0.
        size: Recordings a batch.
        shown: Share of the prompts that have measurements.
        unnamed: Share of the prompts that have neither age nor sex.
    """
    rng = np.random.default_rng([seed, number])
    order = _drawn(tokens.often, rng)
    measured: NDArray[np.bool_] = rng.random(len(tokens.signal)) < shown
    nameless: NDArray[np.bool_] = rng.random(len(tokens.signal)) < unnamed
    ways = measured + 2 * nameless  # of a recording, however often it is drawn
    return Epoch(_alike(tokens, order, ways, size, rng), ways)


def _drawn(often: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Return as many rows as there are, mixed, each about as often as it is to be shown.

    Evenly spaced points on the line of all shares, begun at random, meet each row that often.
    """
    points = np.arange(len(often)) + rng.random()
    mixed = rng.permutation(len(often))
    ends = np.cumsum(often[mixed])
    rows = np.searchsorted(ends, points * (ends[-1] / len(often)), side="right")
    return rng.permutation(mixed[np.minimum(rows, len(often) - 1)])


def draw(tokens: Tokens, order: Epoch, place: int, pad: int) -> Batch:
    """Return a batch of an epoch, filled up with the token `pad`."""
    return _batch(tokens, order.batches[place], order.ways, pad)


def _alike(
    tokens: Tokens,
    order: NDArray[np.int64],
    ways: NDArray[np.int64],
    size: int,
    rng: np.random.Generator,
) -> list[NDArray[np.int64]]:
    """Return the batches of an epoch: sorted by length within stretches of sixteen, then mixed."""
    length = np.array(
        [len(tokens.answered[at]) + len(tokens.asked[at][way]) for at, way in enumerate(ways)]
    )
    found = []
    for first in range(0, len(order), 16 * size):
        part = order[first : first + 16 * size]
        part = part[np.argsort(length[part], kind="stable")]
        found += [part[at : at + size] for at in range(0, len(part) - size + 1, size)]
    found = found or [order]  # fewer than one batch
    return [found[at] for at in rng.permutation(len(found))]


def _batch(tokens: Tokens, chosen: NDArray[np.int64], ways: NDArray[np.int64], pad: int) -> Batch:
    asked = [tokens.asked[at][ways[at]] for at in chosen]
    answered = [tokens.answered[at] for at in chosen]
    width = max(len(a) + len(b) for a, b in zip(asked, answered, strict=True))
    ids = np.full((len(chosen), width), pad)
    labels = np.full((len(chosen), width), IGNORED)
    mask = np.zeros((len(chosen), width), dtype=np.int64)
    for row, (before, after) in enumerate(zip(asked, answered, strict=True)):
        end = len(before) + len(after)
        ids[row, : len(before)] = before
        ids[row, len(before) : end] = labels[row, len(before) : end] = after
        mask[row, :end] = 1
    signal = torch.from_numpy(tokens.signal[chosen].astype(np.float32))
    return Batch(torch.from_numpy(ids), torch.from_numpy(mask), torch.from_numpy(labels), signal)
