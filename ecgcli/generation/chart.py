"""Small charts as SVG: panels with axes, lines and bands.

It knows lines and numbers on axes; it does not know what they mean. A plotting library is no
dependency of the package.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.floating]

LEFT, RIGHT, TOP, BOTTOM = 52, 12, 26, 36
HEAD = 44
"""Pixels above the panels, for the title and the legend."""
STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
FONT = 'font-family="sans-serif" font-size="11" fill="#222"'


@dataclass(frozen=True, slots=True)
class Line:
    """Points (x, y) that are joined; a NaN interrupts it."""

    x: Floats
    y: Floats
    colour: str
    width: float = 1.2
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Band:
    """What lies between two lines over the same x."""

    x: Floats
    low: Floats
    high: Floats
    colour: str


@dataclass(frozen=True, slots=True)
class Panel:
    """One pair of axes.

    Attributes:
        title: Above it.
        x_name: Below it, with the unit.
        y_name: Beside it, with the unit.
        lines: What is drawn; the last lies on top.
        bands: What lies below the lines.
        names: Marks of the x axis by their place, instead of numbers; those beyond it are left out.
    """

    title: str
    x_name: str
    y_name: str
    lines: Sequence[Line] = ()
    bands: Sequence[Band] = ()
    names: Sequence[tuple[float, str]] = ()


@dataclass(frozen=True, slots=True)
class _Axes:
    """Where a panel's numbers lie in pixels."""

    x: tuple[float, float]
    y: tuple[float, float]
    width: int
    height: int

    def right(self, value: Floats) -> Floats:
        low, high = self.x
        result: Floats = LEFT + (value - low) / (high - low) * (self.width - LEFT - RIGHT)
        return result

    def down(self, value: Floats) -> Floats:
        low, high = self.y
        inner = self.height - TOP - BOTTOM
        result: Floats = TOP + inner - (value - low) / (high - low) * inner
        return result


def chart(
    title: str,
    panels: Sequence[Panel],
    legend: Sequence[tuple[str, str]] = (),
    columns: int = 4,
    size: tuple[int, int] = (300, 210),
) -> str:
    """Return panels in rows as an SVG document.

    Args:
        title: Above all.
        panels: Row by row.
        legend: Names and their colours.
        columns: Panels in a row.
        size: Width and height of a panel in pixels.
    """
    width, height = size
    rows = -(-len(panels) // columns)
    whole = (columns * width, HEAD + rows * height)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole[0]} {whole[1]}"'
        f' width="{whole[0]}" height="{whole[1]}">',
        f'<rect width="{whole[0]}" height="{whole[1]}" fill="#fff"/>',
        f'<text x="12" y="18" {FONT} font-weight="bold">{escape(title)}</text>',
        *_legend(legend),
    ]
    for at, panel in enumerate(panels):
        row, column = divmod(at, columns)
        parts.append(f'<g transform="translate({column * width},{HEAD + row * height})">')
        parts += _panel(panel, width, height)
        parts.append("</g>")
    return "\n".join((*parts, "</svg>", ""))


def _legend(legend: Sequence[tuple[str, str]]) -> list[str]:
    parts, x = [], 12
    for name, colour in legend:
        parts.append(f'<rect x="{x}" y="29" width="14" height="4" fill="{colour}"/>')
        parts.append(f'<text x="{x + 19}" y="35" {FONT}>{escape(name)}</text>')
        x += 40 + 7 * len(name)
    return parts


def _panel(panel: Panel, width: int, height: int) -> list[str]:
    axes = _Axes(_x_range(panel), _y_range(panel), width, height)
    parts = [_text(width / 2, 16, panel.title, "middle")]
    parts += _x_marks(panel, axes) + _y_marks(panel, axes)
    for band in panel.bands:
        there = np.concatenate((band.x, band.x[::-1]))
        edge = np.concatenate((band.high, band.low[::-1]))
        points = _points(axes, there, edge)
        parts.append(f'<polygon points="{points}" fill="{band.colour}" opacity="0.25"/>')
    for line in panel.lines:
        dash = ' stroke-dasharray="4 3"' if line.dashed else ""
        parts += [
            f'<polyline points="{_points(axes, line.x[part], line.y[part])}" fill="none"'
            f' stroke="{line.colour}" stroke-width="{line.width:g}"{dash}/>'
            for part in _unbroken(line)
        ]
    return parts


def _unbroken(line: Line) -> list[slice]:
    known = np.isfinite(line.x) & np.isfinite(line.y)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], known, [False])).astype(int)))
    return [slice(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _points(axes: _Axes, x: Floats, y: Floats) -> str:
    low, high = axes.y
    inside = np.clip(y, low, high)
    return " ".join(
        f"{a:.1f},{b:.1f}" for a, b in zip(axes.right(x), axes.down(inside), strict=True)
    )


def _x_range(panel: Panel) -> tuple[float, float]:
    return _range([line.x for line in panel.lines] + [band.x for band in panel.bands], 0.0)


def _y_range(panel: Panel) -> tuple[float, float]:
    edges = [edge for band in panel.bands for edge in (band.low, band.high)]
    return _range([line.y for line in panel.lines] + edges, 0.04)


def _range(arrays: Sequence[Floats], room: float) -> tuple[float, float]:
    values = np.concatenate([np.ravel(array) for array in arrays]) if arrays else np.zeros(0)
    values = values[np.isfinite(values)]
    if not len(values):
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    gap = (high - low) * room or (0.0 if high > low else 0.5)
    return low - gap, high + gap


def marks(low: float, high: float, most: int = 6) -> list[float]:
    """Return round numbers within a range, at most so many."""
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(each * power for each in STEPS if each * power >= rough)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [place * step for place in range(first, last + 1)]


def _x_marks(panel: Panel, axes: _Axes) -> list[str]:
    bottom = axes.height - BOTTOM
    low, high = axes.x
    named = panel.names or [(mark, f"{mark:g}") for mark in marks(low, high)]
    parts = [_rule(LEFT, bottom, axes.width - RIGHT, bottom, "#666")]
    for place, name in named:
        if not low <= place <= high:
            continue
        x = float(axes.right(np.array([place]))[0])
        parts += [_rule(x, bottom, x, bottom + 3, "#666"), _text(x, bottom + 14, name, "middle")]
    middle = (LEFT + axes.width - RIGHT) / 2
    return [*parts, _text(middle, axes.height - 6, panel.x_name, "middle")]


def _y_marks(panel: Panel, axes: _Axes) -> list[str]:
    parts = [_rule(LEFT, TOP, LEFT, axes.height - BOTTOM, "#666")]
    for mark in marks(*axes.y, most=5):
        y = float(axes.down(np.array([mark]))[0])
        parts += [_rule(LEFT, y, axes.width - RIGHT, y, "#e4e4e4")]
        parts += [_text(LEFT - 5, y + 4, f"{mark:g}", "end")]
    middle = (TOP + axes.height - BOTTOM) / 2
    turn = f' transform="rotate(-90 12 {middle:g})"'
    return [*parts, _text(12, middle, panel.y_name, "middle", turn)]


def _rule(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'


def _text(x: float, y: float, text: str, anchor: str, more: str = "") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {FONT}{more}>{escape(text)}</text>'
    )
