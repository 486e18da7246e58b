"""The known phrases nearest to an unknown one, for messages.

It knows spelling only: what is nearest is so by its letters. Phrases that share few groups of three
letters with what was written are not compared, because `difflib` is slow.
"""

from __future__ import annotations

import difflib
from collections import Counter
from functools import cache, lru_cache

from ecgcli.clinical.tokens import key
from ecgcli.generation import vocabulary

MOST = 3
_CUTOFF = 0.6  # difflib's own
_LONGEST = 60  # characters; no phrase is longer
_COMPARED = 60


@lru_cache(maxsize=256)
def nearest(unknown: str, before: str, after: str) -> tuple[str, ...]:
    """Return up to three known phrases, the nearest first.

    Args:
        unknown: The unknown words as they were written.
        before: The known phrase before them, which may belong to them; "" for none.
        after: The known phrase after them, likewise.
    """
    spoken = {" ".join(key(f"{b} {unknown} {a}")) for b in {"", before} for a in {"", after}}
    scores: dict[str, float] = {}
    for words in spoken:
        if len(words) > _LONGEST:
            continue
        for close in difflib.get_close_matches(words, _alike(words), n=MOST, cutoff=_CUTOFF):
            ratio = difflib.SequenceMatcher(None, close, words).ratio()
            scores[close] = max(scores.get(close, 0.0), ratio)
    best = sorted(scores, key=lambda phrase: (-scores[phrase], phrase))
    return tuple(dict.fromkeys(_known()[phrase] for phrase in best[:MOST]))


def holding(word: str) -> tuple[str, ...]:
    """Return up to three known phrases that hold a word which says nothing by itself."""
    wanted = set(key(word))
    found = (written for words, written in _known().items() if wanted <= set(words.split()))
    return tuple(dict.fromkeys(found))[:MOST]


def _alike(words: str) -> list[str]:
    """Return the known phrases that share the most groups of three letters, longer ones last."""
    shared: Counter[str] = Counter()
    for group in _groups(words):
        shared.update(_by_group().get(group, ()))
    return sorted(shared, key=lambda known: (-shared[known], len(known), known))[:_COMPARED]


@cache
def _known() -> dict[str, str]:
    """Return the phrases worth naming, in normal form, with their wording in the tables."""
    found: dict[str, str] = {}
    for item in vocabulary.items():
        if not isinstance(item.meaning, vocabulary.Word):
            found.setdefault(" ".join(key(item.written)), item.written)
    return found


@cache
def _by_group() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for phrase in _known():
        for group in _groups(phrase):
            found.setdefault(group, []).append(phrase)
    return {group: tuple(phrases) for group, phrases in found.items()}


def _groups(words: str) -> set[str]:
    """Return all groups of three letters of a text, its edges counted as blanks."""
    padded = f" {words} "
    return {padded[at : at + 3] for at in range(len(padded) - 2)}
