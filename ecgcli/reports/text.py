"""Text that came out of a file, made fit for a report.

It knows which characters have no business in a line of a report; it does not know HTML or PDF (the
templates escape).
"""

from __future__ import annotations

import unicodedata

LONGEST = 2000
# Cc: control; Cs: half a surrogate pair, as file names that are not UTF-8 have; Co, Cn: no meaning
# that could be shared; Zl, Zp: line breaks.
UNFIT = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})
# Marks that turn the direction of the text that follows: they can make a line say something else.
DIRECTION = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
)


def clean(text: str, longest: int = LONGEST) -> str:
    """Return the text as one line without control characters, cut to `longest` characters.

    Characters that cannot be shown become U+FFFD, so that their having been there is seen;
    white space and line breaks become a single space.
    """
    if not text.isascii() or not text.isprintable():
        text = "".join(_fit(char) for char in text[: 4 * longest] if char not in DIRECTION)
    text = " ".join(text.split())
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def _fit(char: str) -> str:
    if char.isspace() or unicodedata.category(char) in ("Zl", "Zp"):
        return " "
    return "�" if unicodedata.category(char) in UNFIT else char


def clean_or_none(text: str | None, longest: int = LONGEST) -> str | None:
    """Return the text cleaned, `None` where there is none or nothing is left of it."""
    return (clean(text, longest) or None) if text is not None else None
