"""A place in a text, and what stands there.

It knows tokens and the lexicon; it does not know what may follow what.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ecgcli.clinical.phrases import Found
from ecgcli.clinical.tokens import Token
from ecgcli.generation.lexicon import lexicon
from ecgcli.generation.vocabulary import Meaning, Word

PASSED_OVER = (Word("filler"), Word("degree"))


class Cursor:
    """Moves through the tokens of a text."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def _key(self, at: int | None = None) -> str:
        """Return the normal form of the token here or elsewhere, "" at the end."""
        at = self._at if at is None else at
        return self._tokens[at].key if at < len(self._tokens) else ""

    def _found(self, at: int | None = None) -> Found[Meaning] | None:
        """Return the longest known phrase here or elsewhere."""
        return lexicon().find(self._tokens, self._at if at is None else at)

    def _written(self, start: int, end: int) -> str:
        return " ".join(token.written for token in self._tokens[start:end])

    def _skip(self, keys: Collection[str]) -> None:
        while self._at < len(self._tokens) and self._key() in keys:
            self._at += 1

    def _after_words(self, at: int, unless: Collection[str] = ()) -> int:
        """Return the token after words of grammar and degree, some of them excepted."""
        while self._key(at) not in unless:
            found = self._found(at)
            if found is None or found.meaning not in PASSED_OVER:
                break
            at += found.length
        return at

    def _asks(self) -> bool:
        """Return whether a question mark here stands before a word, as in "?LVH"."""
        after = self._tokens[self._at + 1 : self._at + 2]
        before = self._tokens[max(self._at - 1, 0) : self._at]
        here = self._tokens[self._at]
        touches = bool(after) and after[0].start == here.end
        return touches and not (before and before[0].end == here.start)
