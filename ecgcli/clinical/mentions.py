"""Statements that a free text makes or denies: "old inferior infarction", "no ST elevation".

It knows the phrases by which statements go (`data/phrases.csv`, the catalogue's own texts), how far
a negation reaches, and which sentences say nothing of this ECG (`data/unread.csv`: a history, a
recommendation, a doubt). It reads less than there is rather than more than is meant: what may or
may not be negated is left alone. Leads and walls beside a statement are not read, and it judges
nothing (`mentioned`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache

from ecgcli.clinical import tables
from ecgcli.clinical.catalogue import codes, wordings
from ecgcli.clinical.phrases import COLUMNS, Lexicon, denied_column, phrases
from ecgcli.clinical.tokens import Token, key, tokens

ABBREVIATION = 5
"""Letters that one has at most; in small letters it is another word ("rad", "el", "dig")."""

_SENTENCE = re.compile(r"[.;!](?=\s|$)|[\n\r]+")
_BUT = ("but", "however", "although", "though", "except", "nevertheless")
_AND = ("and", "with", "has", "have", "having", "there")


@dataclass(frozen=True, slots=True)
class Mention:
    """Statements that a text makes, or denies.

    Attributes:
        words: As it says so, "no" before what is negated.
        codes: Each of them is meant.
        denied: Whether they are said to be absent.
        alike: Statements that go by the same words: any ischaemia is "ischaemic changes".
    """

    words: str
    codes: tuple[str, ...]
    denied: bool
    alike: frozenset[str] = frozenset()


def read(text: str) -> tuple[Mention, ...]:
    """Return the statements of a text in its order, each once."""
    found: dict[tuple[tuple[str, ...], bool], Mention] = {}
    for sentence in _SENTENCE.split(text):
        for mention in _of_sentence(sentence):
            found.setdefault((mention.codes, mention.denied), mention)
    return tuple(found.values())


class _Kind(Enum):
    PHRASE = auto()
    NEGATION = auto()
    COMMA = auto()
    OR = auto()
    AND = auto()
    BUT = auto()
    CONCLUSION = auto()
    ELSEWHERE = auto()  # the sentence is not said of this ECG
    UNREAD = auto()


UNREAD = {
    "phrase": _Kind.UNREAD,
    "context": _Kind.ELSEWHERE,
    "conclusion": _Kind.CONCLUSION,
}
"""What the kinds of `unread.csv` are."""


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What a phrase is; the codes that it makes, those it rules out, those its negation denies."""

    kind: _Kind
    made: tuple[str, ...] = ()
    ruled_out: tuple[str, ...] = ()
    negated: tuple[str, ...] = ()
    abbreviation: bool = False


@dataclass(frozen=True, slots=True)
class _Part:
    """A place of a sentence that means something."""

    meaning: _Meaning
    words: str


class _Reach(Enum):
    """How far the last negation reaches."""

    MADE = auto()
    DENIED = auto()
    UNCLEAR = auto()


def _of_sentence(text: str) -> Iterator[Mention]:
    parts = list(_parts(text))
    if any(part.meaning.kind is _Kind.ELSEWHERE for part in parts):
        return
    reach = _Reach.MADE
    for at, part in enumerate(parts):
        meaning, rest = part.meaning, parts[at + 1 :]
        if meaning.kind is not _Kind.PHRASE:
            reach = _reach(reach, meaning.kind, rest)
        elif reach is _Reach.DENIED:
            if meaning.negated:
                yield Mention(f"no {part.words}", meaning.negated, denied=True)
        elif reach is _Reach.MADE and not _denied_afterwards(rest):
            if meaning.made:
                alike = frozenset(meaning.negated)
                yield Mention(part.words, meaning.made, denied=False, alike=alike)
            if meaning.ruled_out:
                yield Mention(part.words, meaning.ruled_out, denied=True)


def _reach(reach: _Reach, kind: _Kind, rest: Sequence[_Part]) -> _Reach:
    """Return how far a negation reaches after a word between phrases."""
    if kind is _Kind.NEGATION:
        return _Reach.DENIED if reach is _Reach.MADE else _Reach.UNCLEAR
    if kind is _Kind.BUT:
        return _Reach.MADE
    if kind is _Kind.COMMA and rest and rest[0].meaning.kind is _Kind.CONCLUSION:
        return _Reach.MADE  # "absent P waves, consistent with atrial fibrillation"
    if reach is _Reach.DENIED and kind is _Kind.COMMA:  # "no ST elevation, T inversion or Q waves"
        return _Reach.DENIED if _closed_by_or(rest) else _Reach.UNCLEAR
    if reach is _Reach.DENIED and kind is _Kind.AND:
        return _Reach.UNCLEAR
    return reach


def _closed_by_or(rest: Sequence[_Part]) -> bool:
    """Return whether a list goes on to an "or"."""
    for part in rest:
        if part.meaning.kind is _Kind.OR:
            return True
        if part.meaning.kind not in (_Kind.PHRASE, _Kind.COMMA, _Kind.UNREAD):
            return False
    return False


def _denied_afterwards(rest: Sequence[_Part]) -> bool:
    """Return whether a negation follows that has no phrase of its own: "LBBB is not present"."""
    negated = False
    for part in rest:
        kind = part.meaning.kind
        if kind in (_Kind.COMMA, _Kind.BUT):
            break
        if kind is _Kind.PHRASE and not negated:
            break
        if negated and kind in (_Kind.PHRASE, _Kind.UNREAD):
            return False
        negated = negated or kind is _Kind.NEGATION
    return negated


def _parts(text: str) -> Iterator[_Part]:
    read, at = tokens(text), 0
    while at < len(read):
        found = _lexicon().find(read, at)
        length = 1 if found is None else found.length
        if found is not None and not (found.meaning.abbreviation and _is_small(read[at])):
            yield _Part(found.meaning, _written(read[at : at + length]))
        at += length


def _written(read: Sequence[Token]) -> str:
    first, *others = read
    text, end = first.written, first.end
    for each in others:
        text += each.written if each.start == end else f" {each.written}"
        end = each.end
    return text


def _is_small(token: Token) -> bool:
    return not token.written.rstrip("s").isupper()


@cache
def _lexicon() -> Lexicon[_Meaning]:
    """Return the lexicon; what stands in two tables means what the first one says."""
    found: dict[tuple[str, ...], _Meaning] = {}
    for written, meaning in (*_unread(), *_words(), *_statements(), *_catalogue()):
        found.setdefault(key(written), meaning)
    return Lexicon(found)


def _unread() -> Iterator[tuple[str, _Meaning]]:
    for row in tables.read("unread.csv", ("kind", "words", "why")):
        meaning = _Meaning(UNREAD[row.choice("kind", UNREAD)])
        yield from ((each, meaning) for each in phrases(row.required("words")))


def _words() -> Iterator[tuple[str, _Meaning]]:
    for row in tables.read("words.csv", ("kind", "words", "why")):
        kind = {"negation": _Kind.NEGATION, "doubt": _Kind.ELSEWHERE}.get(row["kind"])
        if kind is not None:
            yield from ((each, _Meaning(kind)) for each in phrases(row.required("words")))
    marks = {
        _Kind.COMMA: (",", ":", "(", ")"),
        _Kind.OR: ("or", "nor", "/"),
        _Kind.AND: _AND,
        _Kind.BUT: _BUT,
        _Kind.ELSEWHERE: ("?",),
    }
    for kind, words in marks.items():
        yield from ((each, _Meaning(kind)) for each in words)


def _statements() -> Iterator[tuple[str, _Meaning]]:
    for row in tables.read("phrases.csv", COLUMNS):
        made, ruled_out = codes(row, "present"), codes(row, "absent")
        denied = denied_column(row)
        negated = codes(row, denied) if denied else ()
        if row["ask"] or row["unless"]:  # too vague to be believed, but denied plainly
            made, ruled_out = (), ()
        for each in phrases(row.required("phrases")):
            yield each, _phrase(each, made, ruled_out, negated)


def _catalogue() -> Iterator[tuple[str, _Meaning]]:
    for code, names in wordings():
        yield from ((name, _phrase(name, (code,), (), (code,))) for name in names)


def _phrase(
    written: str, made: tuple[str, ...], ruled_out: tuple[str, ...], negated: tuple[str, ...]
) -> _Meaning:
    abbreviation = written.isalpha() and written.isupper() and len(written) <= ABBREVIATION
    return _Meaning(_Kind.PHRASE, made, ruled_out, negated, abbreviation)
