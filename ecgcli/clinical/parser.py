"""Parser of the language of criteria: from a cell of the table to a `Condition`.

It knows the grammar and which names exist; it says at which character a text is wrong. "not" is
resolved here: a comparison is turned round, "and" becomes "or", "any" becomes "all".
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass

from ecgcli.clinical.condition import (
    OPPOSITE,
    AllLeads,
    And,
    AtLeast,
    Atom,
    BeatCount,
    Compare,
    Condition,
    Contiguous,
    GlobalValue,
    LeadValue,
    LimitName,
    Number,
    Or,
    PacingIs,
    PWaveIs,
    Sum,
)
from ecgcli.clinical.values import BEATS, GLOBALS, MIRRORED, P_WAVE, PACING, WAVES
from ecgcli.records.leads import CHEST_LEADS, LEADS, LIMB_LEADS

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<lead>-aVR\b)|(?P<limit>@[a-z_0-9]+)"
    r"|(?P<word>[A-Za-z_][A-Za-z_0-9]*)|(?P<sign>>=|<=|!=|[-+*<>=(),:.]))"
)
_QUANTIFIERS = ("any", "all", "atleast", "contiguous")


class ConditionError(ValueError):
    """A condition that does not follow the grammar or names something that does not exist."""


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


def parse(text: str) -> Condition:
    """Return the condition that a text states.

    Raises:
        ConditionError: With the character (from 1) at which the text is wrong.
    """
    parser = _Parser(text)
    condition = parser.either(False)
    parser.end()
    return condition


class _Parser:
    """Recursive descent; `negated` is carried down so that no "not" is left in the result."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._at = 0
        self._used: set[str] | None = None  # values named inside the quantifier at hand

    def either(self, negated: bool) -> Condition:
        parts = [self._both(negated)]
        while self._take("word", "or"):
            parts.append(self._both(negated))
        if len(parts) == 1:
            return parts[0]
        return And(tuple(parts)) if negated else Or(tuple(parts))

    def _both(self, negated: bool) -> Condition:
        parts = [self._single(negated)]
        while self._take("word", "and"):
            parts.append(self._single(negated))
        if len(parts) == 1:
            return parts[0]
        return Or(tuple(parts)) if negated else And(tuple(parts))

    def _single(self, negated: bool) -> Condition:
        if self._take("word", "not"):
            return self._single(not negated)
        if self._take("sign", "("):
            inner = self.either(negated)
            self._expect("sign", ")")
            return inner
        token = self._now
        if token.kind == "word" and token.text in _QUANTIFIERS:
            return self._quantifier(negated)
        if self._take("word", "p_wave"):
            return self._p_wave(negated)
        if self._take("word", "pacing"):
            return self._pacing(negated)
        return self._comparison(negated)

    def _p_wave(self, negated: bool) -> Condition:
        self._expect("sign", "=")
        word = self._word(P_WAVE, "present, absent or uncertain")
        return PWaveIs(P_WAVE[word], negated)

    def _pacing(self, negated: bool) -> Condition:
        self._expect("sign", "=")
        word = self._word(PACING, "atrial, ventricular or dual")
        return PacingIs(PACING[word], negated)

    def _comparison(self, negated: bool) -> Condition:
        left = self._sum()
        token = self._now
        if token.kind != "sign" or token.text not in OPPOSITE:
            raise self._wrong("a comparison (>=, >, <=, <, = or !=)")
        self._at += 1
        operator = OPPOSITE[token.text] if negated else token.text
        return Compare(left, operator, self._sum())

    def _sum(self) -> Sum:
        sign = -1.0 if self._take("sign", "-") else 1.0
        terms = [self._term(sign)]
        while True:
            if self._take("sign", "+"):
                terms.append(self._term(1.0))
            elif self._take("sign", "-"):
                terms.append(self._term(-1.0))
            else:
                return Sum(tuple(terms))

    def _term(self, sign: float) -> tuple[float, Atom]:
        token = self._now
        if token.kind != "number":
            return sign, self._atom()
        self._at += 1
        if self._take("sign", "*"):
            return sign * float(token.text), self._atom()
        return 1.0, Number(sign * float(token.text))

    def _atom(self) -> Atom:
        token = self._now
        self._at += 1
        if token.kind == "limit":
            return LimitName(token.text[1:])
        if token.kind == "word":
            if token.text in ("count", "repeats"):
                return self._beats(token.text)
            if token.text in LEADS:
                self._expect("sign", ".")
                return LeadValue(token.text, self._word(WAVES, "a value of a lead"))
            if token.text in GLOBALS:
                return GlobalValue(token.text)
            if token.text in WAVES:
                if self._used is None:
                    raise _error(token, f"{token.text} needs its lead here, as in V1.{token.text}")
                self._used.add(token.text)
                return LeadValue(None, token.text)
        self._at -= 1
        raise self._wrong("a measurement, a number or a limit")

    def _beats(self, function: str) -> Atom:
        self._expect("sign", "(")
        kinds = [self._word(BEATS, "a kind of beat")]
        while function == "repeats" and self._take("sign", ","):
            kinds.append(self._word(BEATS, "a kind of beat"))
        self._expect("sign", ")")
        return BeatCount(function, tuple(kinds))

    def _quantifier(self, negated: bool) -> Condition:
        token = self._now
        self._at += 1
        if self._used is not None:
            raise _error(token, "a quantifier stands inside another")
        self._expect("sign", "(")
        number = self._count() if token.text in ("atleast", "contiguous") else 1
        if token.text == "contiguous" and negated:
            raise _error(token, "'not contiguous' is not supported: write the condition positively")
        leads = self._leads()
        if token.text == "contiguous" and "aVR" in leads:
            raise _error(token, "aVR has no neighbours: name -aVR")
        self._expect("sign", ":")
        self._used = set()
        inner = self.either(negated)
        if "-aVR" in leads and not self._used <= MIRRORED:
            raise _error(token, f"-aVR has only {', '.join(sorted(MIRRORED))}")
        self._used = None
        self._expect("sign", ")")
        if number > len(leads):
            raise _error(token, f"{number} of {len(leads)} leads cannot be")
        if token.text == "contiguous":
            return Contiguous(number, leads, inner)
        if token.text == "atleast":
            return AtLeast(len(leads) - number + 1 if negated else number, leads, inner)
        return (
            AllLeads(leads, inner) if (token.text == "all") != negated else AtLeast(1, leads, inner)
        )

    def _count(self) -> int:
        token = self._now
        if token.kind != "number" or not token.text.isdigit() or int(token.text) < 1:
            raise self._wrong("a number of leads")
        self._at += 1
        self._expect("word", "of")
        return int(token.text)

    def _leads(self) -> tuple[str, ...]:
        leads: list[str] = []
        while True:
            token = self._now
            group = {"limb": LIMB_LEADS, "chest": CHEST_LEADS}.get(token.text, (token.text,))
            if not set(group) <= {*LEADS, "-aVR"}:
                raise self._wrong("a lead, 'limb' or 'chest'")
            if set(group) & set(leads):
                raise _error(token, f"{token.text} is listed twice")
            leads += group
            self._at += 1
            if not self._take("sign", ","):
                return tuple(leads)

    def end(self) -> None:
        if self._now.kind != "end":
            raise self._wrong("'and', 'or' or the end")

    @property
    def _now(self) -> _Token:
        return self._tokens[self._at]

    def _take(self, kind: str, text: str) -> bool:
        if (self._now.kind, self._now.text) != (kind, text):
            return False
        self._at += 1
        return True

    def _expect(self, kind: str, text: str) -> None:
        if not self._take(kind, text):
            raise self._wrong(f"{text!r}")

    def _word(self, known: Container[str], what: str) -> str:
        token = self._now
        if token.kind != "word" or token.text not in known:
            raise self._wrong(what)
        self._at += 1
        return token.text

    def _wrong(self, expected: str) -> ConditionError:
        found = repr(self._now.text) if self._now.kind != "end" else "the end"
        return _error(self._now, f"expected {expected}, found {found}")


def _error(token: _Token, problem: str) -> ConditionError:
    return ConditionError(f"character {token.at + 1}: {problem}")


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            at += len(text[at:]) - len(text[at:].lstrip())
            raise ConditionError(f"character {at + 1}: {text[at]!r} is not part of the language")
        tokens.append(_Token(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup)))
        at = match.end()
    return [*tokens, _Token("end", "", len(text))]
