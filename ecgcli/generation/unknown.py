"""The words of a text that are not known, and the error that names each with the nearest known.

It knows where in the text unknown words and known phrases stand; it does not know the grammar.
"""

from __future__ import annotations

from collections.abc import Sequence

from ecgcli.clinical.phrases import Found
from ecgcli.clinical.tokens import Token
from ecgcli.generation.nearest import holding, nearest
from ecgcli.generation.refusal import Kind, RequestError
from ecgcli.generation.vocabulary import Meaning, Word

MOST = 8
"""So many are named; a text with more is in another language."""
LONGEST = 40
"""So many characters of one are said."""


class Unknown:
    """Collects what is not known, by token."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._unknown: list[int] = []
        self._known: list[tuple[int, int]] = []

    def note(self, at: int, found: Found[Meaning]) -> None:
        """Remember a known phrase, which may belong to an unknown word beside it."""
        if not isinstance(found.meaning, Word):
            self._known.append((at, at + found.length))

    def add(self, at: int) -> None:
        """Remember an unknown token."""
        self._unknown.append(at)

    def refuse(self) -> None:
        """Refuse the text where anything in it is unknown.

        Raises:
            RequestError: Naming each run of unknown words with the nearest known phrases.
        """
        runs = self._runs()
        if not runs:
            return
        more = f"; and {len(runs) - MOST} more" if len(runs) > MOST else ""
        said = "; ".join(self._said(start, end) for start, end in runs[:MOST])
        raise RequestError(
            Kind.UNKNOWN, said + more, "write one of the nearest, or leave the words out"
        )

    def _runs(self) -> list[tuple[int, int]]:
        """Return the runs of unknown tokens: first token, token after the last."""
        runs: list[tuple[int, int]] = []
        for at in self._unknown:
            if runs and runs[-1][1] == at:
                runs[-1] = (runs[-1][0], at + 1)
            else:
                runs.append((at, at + 1))
        return runs

    def _said(self, start: int, end: int) -> str:
        words = self._written(start, end)
        before = next((self._written(*known) for known in self._known if known[1] == start), "")
        after = next((self._written(*known) for known in self._known if known[0] == end), "")
        close = nearest(words, before, after) or holding(words)
        short = words if len(words) <= LONGEST else words[: LONGEST - 1] + "…"
        shown = short if short.isprintable() else ascii(short)[1:-1]
        listed = " or ".join(f"'{phrase}'" for phrase in close)
        return f"'{shown}' is not known" + (f", nearest {listed}" if listed else "")

    def _written(self, start: int, end: int) -> str:
        return " ".join(token.written for token in self._tokens[start:end])
