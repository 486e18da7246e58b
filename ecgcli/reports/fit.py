"""How much text fits into a box of the PDF page: widths and line breaks in the shipped fonts.

It knows the advance widths of the fonts; the layout itself is WeasyPrint's. The answers decide
which statements stand on the page and how tall their boxes are; a box hides what is over, so a
wrong guess (a script that the fonts lack) costs a cut line and never the layout.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from ecgcli.reports.templates import font

POINT_MM = 25.4 / 72
WIDEST = 1.0  # em; assumed of a character that the fonts lack


@dataclass(frozen=True, slots=True)
class Item:
    """A paragraph: bold text, then detail, in a box of `lines` lines and `height` mm."""

    text: str
    detail: str
    lines: int
    height: float


@cache
def _advances(weight: str) -> dict[str, float]:
    from fontTools.ttLib import TTFont

    with TTFont(font(f"RobotoCondensed-{weight}.ttf"), lazy=True) as file:
        em = file["head"].unitsPerEm
        widths = file["hmtx"]
        return {chr(code): widths[name][0] / em for code, name in file.getBestCmap().items()}


def width(text: str, points: float, bold: bool = False) -> float:
    """Return the width (mm) of text set at a size, kerning aside."""
    advances = _advances("Bold" if bold else "Regular")
    return sum(advances.get(char, WIDEST) for char in text) * points * POINT_MM


def lines(parts: list[tuple[str, float, bool]], room: float) -> int:
    """Return how many lines of `room` mm the parts (text, points, bold) take, set one after
    the other.
    """  # noqa: D205
    used, x = 1, 0.0
    for text, points, bold in parts:
        space = width(" ", points, bold)
        for word in text.split():
            wide = width(word, points, bold)
            if x and x + space + wide > room:
                used, x = used + 1, 0.0
            if wide > room:  # broken anywhere
                used += int(wide // room)
                wide %= room
            x += (space if x else 0) + wide
    return used


def item(
    text: str,
    detail: str,
    *,
    room: float,
    points: tuple[float, float],
    line: float,
    most: int,
) -> Item:
    """Return a paragraph in a box `room` mm wide, of at most `most` lines of `line` mm."""
    # 2 % of the room is kept, because hinting and kerning move line breaks.
    needed = lines([(text, points[0], True), (detail, points[1], False)], room * 0.98)
    taken = min(needed, most)
    return Item(text, detail, taken, round(taken * line, 3))


def shortened(text: str, room: float, points: float) -> str:
    """Return the text, cut so that it takes no more than `room` mm."""
    if width(text, points) <= room:
        return text
    while text and width(text + "…", points) > room:
        text = text[:-1]
    return text.rstrip() + "…"
