"""Finding the phrases of the vocabulary in a text: the longest at each place.

It knows tokens and phrases; it does not know what follows from a phrase.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Generic, TypeVar

from ecgcli.clinical.tables import TableError
from ecgcli.generation import quantities, vocabulary
from ecgcli.generation.quantities import Unit
from ecgcli.generation.tokens import Token, key
from ecgcli.generation.vocabulary import Meaning

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """What was found at a place, and how many tokens it takes."""

    meaning: T
    length: int


class Lexicon(Generic[T]):
    """Phrases by the normal forms of their tokens."""

    def __init__(self, phrases: Mapping[tuple[str, ...], T]) -> None:
        self._phrases = phrases
        self._longest = max(map(len, phrases), default=0)

    def find(self, tokens: Sequence[Token], at: int) -> Found[T] | None:
        """Return what the longest phrase that begins at a token means, `None` without any."""
        keys = tuple(token.key for token in tokens[at : at + self._longest])
        for length in range(len(keys), 0, -1):
            meaning = self._phrases.get(keys[:length])
            if meaning is not None:
                return Found(meaning, length)
        return None


@cache
def lexicon() -> Lexicon[Meaning]:
    """Return the lexicon of all that a text may say, units apart.

    Raises:
        TableError: One phrase means two things.
    """
    found: dict[tuple[str, ...], vocabulary.Item] = {}
    for item in vocabulary.items():
        known = found.setdefault(key(item.written), item)
        ours = item.origin == "the catalogue"  # whose texts are read as the tables say
        if known.meaning != item.meaning and not ours:
            raise TableError(f"{item.written!r} stands in {known.origin} and in {item.origin}")
    return Lexicon({each: item.meaning for each, item in found.items()})


@cache
def units() -> Lexicon[Unit]:
    """Return the lexicon of units, which are looked for only after a number."""
    return Lexicon({key(word): unit for word, unit in quantities.units().items()})


@cache
def sexes() -> Lexicon[Meaning]:
    """Return the lexicon of words that say the patient's sex."""
    kinds = (vocabulary.Word("male"), vocabulary.Word("female"))
    found = (item for item in vocabulary.items() if item.meaning in kinds)
    return Lexicon({key(item.written): item.meaning for item in found})


COMPARISONS = {
    "low": ("at least", "above", "over", "more than", "greater than", "exceeding", ">", "from"),
    "high": ("at most", "below", "under", "less than", "lower than", "up to", "<"),
}
"""Words before a number that make it one end of a range; the end belongs to it."""


@cache
def comparisons() -> Lexicon[str]:
    """Return the lexicon of comparisons: "low" or "high", the end that the number is."""
    return Lexicon({key(word): end for end, words in COMPARISONS.items() for word in words})
