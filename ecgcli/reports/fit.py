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
class Type:
    """How paragraphs are set, as the class `name` in report.pdf.css does it.

    Attributes:
        name: Class in the stylesheet.
        width: Room for a line (mm).
        text: Size of the bold text (pt).
        detail: Size of the detail (pt).
        line: Height of a line (mm).
        most: Most lines of a paragraph; of its detail where that stands below the text.
        stacked: Whether the detail stands below the text, not behind it.
        detail_line: Height of a line of detail where it stands below (mm).
        most_text: Most lines of text where the detail stands below.
    """

    name: str
    width: float
    text: float
    detail: float
    line: float
    most: int
    stacked: bool = False
    detail_line: float = 0.0
    most_text: int = 2


@dataclass(frozen=True, slots=True)
class Item:
    """A paragraph: bold text and detail, in a box of `height` mm."""

    text: str
    detail: str
    height: float


@cache
def _advances(weight: str) -> dict[str, float]:
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

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


def item(text: str, detail: str, size: Type) -> Item:
    """Return a paragraph set in a type, text and detail cut to what that allows."""
    room = size.width * 0.98  # kerning moves line breaks
    if size.stacked:
        text = wrapped(text, room, size.most_text, size.text, bold=True)
        detail = wrapped(detail, room, size.most, size.detail)
        height = lines([(text, size.text, True)], room) * size.line
        if detail:
            height += lines([(detail, size.detail, False)], room) * size.detail_line
        return Item(text, detail, round(height, 3))
    needed = lines([(text, size.text, True), (detail, size.detail, False)], room)
    if needed > size.most:
        text = wrapped(text, room, size.most, size.text, bold=True)
        detail = wrapped(detail, room, size.most, size.detail, before=(text, size.text, True))
    return Item(text, detail, round(min(needed, size.most) * size.line, 3))


def wrapped(
    text: str,
    room: float,
    most: int,
    points: float,
    bold: bool = False,
    before: tuple[str, float, bool] | None = None,
) -> str:
    """Return the text, cut so that it takes no more than `most` lines of `room` mm.

    Args:
        text: What is to be set.
        room: Width of a line (mm).
        most: Most lines.
        points: Size of the text.
        bold: Whether it is bold.
        before: Text, size and boldness of what stands before it in the same paragraph.
    """
    first = [before] if before else []
    free = most * room - (width(*before) if before else 0.0)
    cut = shortened(text, free, points, bold)
    # Words do not fill their lines: how much is lost shows only when they are set.
    while cut and lines([*first, (cut, points, bold)], room) > most:
        free -= 0.04 * most * room
        cut = shortened(text, free, points, bold) if free > 0 else ""
    return cut


def shortened(text: str, room: float, points: float, bold: bool = False) -> str:
    """Return the text, cut so that it takes no more than `room` mm."""
    advances = _advances("Bold" if bold else "Regular")
    taken, most = 0.0, room / (points * POINT_MM)
    for index, char in enumerate(text):
        taken += advances.get(char, WIDEST)
        if taken > most:
            return text[: max(index - 2, 0)].rstrip() + "…"
    return text
