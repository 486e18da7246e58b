"""Words, numbers and marks of a text, each in one normal form.

It knows letters: case, plural, hyphens, slashes, American spelling, the many minus signs. It does
not know what a word means. Phrases of the tables go through the same function as what is read.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Literal

from ecgcli.clinical import tables

Kind = Literal["word", "number", "mark"]

_SIGNS = str.maketrans(
    {
        "\N{MINUS SIGN}": "-",
        "\N{EN DASH}": "-",
        "\N{HYPHEN}": "-",
        "\N{NON-BREAKING HYPHEN}": "-",
        "\N{FULLWIDTH HYPHEN-MINUS}": "-",
        "\N{EM DASH}": ",",  # between phrases, never a sign
        "\N{MASCULINE ORDINAL INDICATOR}": "°",
        "\N{LESS-THAN OR EQUAL TO}": "<",  # limits are inclusive throughout
        "\N{GREATER-THAN OR EQUAL TO}": ">",
        "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    }
)
_TOKEN = re.compile(
    r"(?P<special>(?<![^\W\d])(?:prc\(s\)|lao/lae|rao/rae|w/o(?!\w)|y/o(?!\w)|r/o(?!\w)|y\.o\.?(?!\w)"
    r"|and/or(?!\w)|w/))"
    r"|(?P<number>(?<![\d.])0,[0-9]+|[0-9]+(?:\.[0-9]+)?|(?<![\w.])\.[0-9]+)"
    r"|(?P<word>[^\W\d]+)"
    r"|(?P<mark>->|[<>]=|\S)"
)
_DOTTED = re.compile(r"(?<![^\W\d])(?:[^\W\d]\.){2,}")  # A.F., y.o.
_MEANT = {"w/": "with", "w/o": "without", "y/o": "yo", "y.o.": "yo", "y.o": "yo"}
_MARKS = {"&": "and", "@": "at", "->": ":", ">=": ">", "<=": "<"}


@dataclass(frozen=True, slots=True)
class Token:
    """One word, number or mark.

    Attributes:
        key: Its normal form, by which it is looked up.
        written: As it stands in the text.
        kind: Which of the three it is.
        start: Where it begins in the text, in characters of its normal form.
        end: Where it ends.
    """

    key: str
    written: str
    kind: Kind
    start: int
    end: int


def tokens(text: str) -> tuple[Token, ...]:
    """Return the tokens of a text; every character that is no space is part of one."""
    plain = unicodedata.normalize("NFKC", text.translate(_SIGNS)).translate(_SIGNS)
    plain = re.sub(r"(?<=[^\W\d])'(?=[^\W\d])", "", plain)  # PVC's, I'd
    plain = _DOTTED.sub(lambda match: match.group().replace(".", ""), plain)
    folded = plain.casefold()
    if len(folded) != len(plain):  # a few letters grow when folded: their case is then lost
        plain = folded
    found = (_token(match, plain) for match in _TOKEN.finditer(folded))
    return tuple(token for token in found if token is not None)


def key(text: str) -> tuple[str, ...]:
    """Return the normal forms of a phrase's tokens."""
    return tuple(token.key for token in tokens(text))


def _token(match: re.Match[str], plain: str) -> Token | None:
    start, end, text = match.start(), match.end(), match.group()
    written = plain[start:end]
    if match.lastgroup == "special":
        return Token(_MEANT.get(text, text), written, "word", start, end)
    if match.lastgroup == "number":
        return Token(text.replace(",", "."), written, "number", start, end)
    if match.lastgroup == "word":
        return Token(_normal(text), written, "word", start, end)
    before, after = plain[start - 1 : start], plain[end : end + 1]
    if text == "-" and before.isalnum() and after.isalpha():
        return None  # a hyphen joins as a space does
    if text == "+" and not after.isdigit():
        return Token("and", written, "word", start, end)
    kind: Kind = "word" if text in ("&", "@") else "mark"
    return Token(_MARKS.get(text, text), written, kind, start, end)


def _normal(word: str) -> str:
    """Return a word in the singular and in its British spelling."""
    word = _spellings().get(word, word)
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    return _spellings().get(word, word)


@cache
def _spellings() -> dict[str, str]:
    rows = tables.read("spellings.csv", ("written", "means"))
    return {row.required("written"): row.required("means") for row in rows}
