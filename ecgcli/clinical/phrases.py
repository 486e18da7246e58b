"""Phrases of the tables: how a cell lists them, and the longest one at a place of a text.

It knows tokens; it does not know what a phrase means. What is asked of the generator and what a
language model says in free text are read with the same ones (`data/phrases.csv`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Generic, TypeVar

from ecgcli.clinical.tables import Row
from ecgcli.clinical.tokens import Token

T = TypeVar("T")

COLUMNS = ("phrases", "present", "absent", "negated", "bound", "unless", "ask", "source")
"""Of `phrases.csv`."""

_CHOICE = re.compile(r"\[([^]]*)\]")


def phrases(cell: str) -> tuple[str, ...]:
    """Return all phrases of a cell, in its order: "[old|] MI; AMI" is "old MI", "MI" and "AMI"."""
    patterns = (part.strip() for part in cell.split(";"))
    return tuple(phrase for pattern in patterns for phrase in _expanded(pattern))


def _expanded(pattern: str) -> list[str]:
    """Return a pattern once for each choice of its alternatives; an empty one leaves them out."""
    parts = _CHOICE.split(pattern)  # outside, inside, outside, ...
    options = [part.split("|") if at % 2 else [part] for at, part in enumerate(parts)]
    return [" ".join("".join(choice).split()) for choice in product(*options)]


def denied_column(row: Row) -> str | None:
    """Return the column of what a phrase's negation rules out, `None` where it has none."""
    if row["negated"] == "-":
        return None
    return "negated" if row["negated"] else "present"


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
