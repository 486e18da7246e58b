"""Measurements as tables: one record in full, several in a row each.

It knows layout and what the objects of `exports.measurements` look like; it measures nothing.
"""

from __future__ import annotations

from typing import Any

from rich import box
from rich.columns import Columns
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from ecgcli.reports.quantities import QUANTITIES, number, unit_sign

PIPED_WIDTH = 160
"""Columns of a table that goes into a file or a pipe."""

ROW = {  # heading of a column, its field and its width
    "rate": ("ventricular_rate", 4),
    "PR": ("pr_interval", 4),
    "QRS": ("qrs_duration", 4),
    "QT": ("qt_interval", 4),
    "QTcF": ("qtc_fridericia", 4),
    "axis": ("qrs_axis", 5),
}
UNITS = "rate in /min, intervals in ms, QRS axis in degrees"
STATE_WIDTH = 16
SHORTEST_NAME = 14
LEAD_COLUMNS = {
    "P": "p_mv",
    "Q": "q_mv",
    "R": "r_mv",
    "S": "s_mv",
    "R′": "r2_mv",
    "S′": "s2_mv",
    "J": "st_j_mv",
    "J+60": "st_60_mv",
    "T": "t_mv",
}
GRADES = {"usable": "green", "usable in part": "yellow", "not usable": "red"}


class Shown:
    """Shows records as they come. Only the first is kept, to see whether it stays the only one."""

    def __init__(self) -> None:
        """Show on standard output; wide enough for names where that is no terminal."""
        console = Console()
        self._console = console if console.is_terminal else Console(width=PIPED_WIDTH)
        self._first: dict[str, Any] | None = None
        self._several = False

    def add(self, record: dict[str, Any]) -> None:
        """Show a record, or keep it if it is the first."""
        if self._first is None:
            self._first = record
            return
        if not self._several:
            self._several = True
            self._console.print(Text(UNITS, style="dim"))
            self._console.print(self._line("record", list(ROW), Text("quality"), style="bold"))
            self._show_row(self._first)
        self._show_row(record)

    def close(self) -> None:
        """Show the only record in full."""
        if self._first is not None and not self._several:
            self._console.print(whole(self._first))

    def _show_row(self, record: dict[str, Any]) -> None:
        measured = record.get("measurements") or {}
        cells = [_number(measured.get(field)) for field, _ in ROW.values()]
        state = Text(_state(record), style=_style(record))
        self._console.print(self._line(record["record"], cells, state))

    def _line(self, name: str, cells: list[str], state: Text, style: str = "") -> Text:
        """Return a row; its widths are fixed, for it is shown before the next is known."""
        widths = [width for _, width in ROW.values()]
        room = max(self._console.width - sum(widths) - len(widths) - STATE_WIDTH, SHORTEST_NAME)
        if len(name) > room:
            name = "…" + name[1 - room :]  # its end tells more than its beginning
        padded = [cell.rjust(width) for cell, width in zip(cells, widths, strict=True)]
        line = Text(" ".join([name.ljust(room), *padded]) + "  ", style, end="")
        return Text.assemble(line, state, no_wrap=True, overflow="ellipsis")


def whole(record: dict[str, Any]) -> RenderableType:
    """Return all that is known of one record."""
    from rich.console import Group

    parts: list[RenderableType] = [_heading(record)]
    measured = record.get("measurements")
    if measured is not None:
        reasons = Reasons()
        tables = [_numbers(measured, reasons)]
        if any(lead.get("reason") is None for lead in measured["leads"].values()):
            tables.append(_leads(measured, record["quality"], reasons))
        parts += [Columns(tables, padding=(0, 3)), reasons.text(), _beats(measured["beats"])]
    return Group(*parts)


class Reasons:
    """Why there are no numbers: a letter in the tables, each reason once below them."""

    def __init__(self) -> None:
        """Start with none."""
        self._letters: dict[str, str] = {}

    def letter(self, reason: str) -> str:
        """Return the letter that stands for a reason, "a)" say."""
        return self._letters.setdefault(reason, f"{chr(ord('a') + len(self._letters) % 26)})")

    def text(self) -> Text:
        """Return the letters with their reasons."""
        lines = [f" {letter} {reason}\n" for reason, letter in self._letters.items()]
        return Text("".join(lines), end="")


def _heading(record: dict[str, Any]) -> Text:
    text = Text(record["record"], style="bold")
    text.append(f"  {record['format']}", style="not bold")
    if "error" in record:
        error = record["error"]
        text.append(f"\n{error['code']}: {error['message']}", style="not bold red")
        text.append(f"\n{error['remedy']}", style="not bold")
        return text
    rate, window = record["sampling_rate"], record["window"]
    text.append(f", {rate:g} Hz, {record['samples'] / rate:g} s", style="not bold")
    if window["end"] - window["start"] < record["samples"]:
        start, end = (window[key] / rate for key in ("start", "end"))
        text.append(f", measured from {start:g} to {end:g} s", style="not bold")
    quality = record["quality"]
    text.append("\nQuality: ", style="not bold")
    text.append(quality["grade"], style=_style(record))
    text.append(f" (score {quality['score']:.2f})", style="not bold")
    for reason in quality["reasons"]:
        text.append(f"\n  {reason}", style="not bold")
    return text


def _numbers(measured: dict[str, Any], reasons: Reasons) -> Table:
    """Return the measurements of all leads together."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("measurement")
    table.add_column("value", justify="right")
    table.add_column("confidence", justify="right")
    known = {quantity.field: quantity.short for quantity in QUANTITIES}
    names = {name for name, one in measured.items() if isinstance(one, dict) and "value" in one}
    for name in [*(n for n in known if n in names), *sorted(names - set(known))]:
        one = measured[name]
        label = known.get(name, name.replace("_", " ").capitalize())
        sure = one.get("confidence")
        if one["value"] is None:
            mark = reasons.letter(one["reason"])
            table.add_row(label, Text(f"– {mark}", style="dim"), "")
        else:
            table.add_row(label, _value(one), "" if sure is None else f"{sure:.2f}")
    return table


def _leads(measured: dict[str, Any], quality: dict[str, Any], reasons: Reasons) -> Table:
    """Return the amplitudes by lead, and what is wrong with it."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("mV", style="bold", min_width=3, no_wrap=True)
    for heading in LEAD_COLUMNS:
        table.add_column(heading, justify="right", min_width=5, no_wrap=True)
    table.add_column("", overflow="fold")
    for lead, row in measured["leads"].items():
        cells = [_millivolts(row.get(field)) for field in LEAD_COLUMNS.values()]
        state = quality["leads"].get(lead, {})
        why = row.get("reason") or state.get("distrust")
        marks = [reasons.letter(why)] if why else list(state.get("faults", ()))
        table.add_row(lead, *cells, Text(", ".join(marks), style="yellow"))
    return table


def _beats(beats: list[dict[str, Any]]) -> Text:
    """Return the beats by class with their times."""
    by_class: dict[str, list[str]] = {}
    for beat in beats:
        by_class.setdefault(beat["class"], []).append(f"{beat['time_s']:.2f}")
    lines = [f"{len(times)} {kind}: {' '.join(times)} s" for kind, times in by_class.items()]
    return Text("Beats\n  " + ("\n  ".join(lines) or "none"))


def _value(one: dict[str, Any] | None) -> str:
    if one is None or one["value"] is None:
        return "–"
    return number(one["value"], one["unit"]) + unit_sign(one["unit"])


def _number(one: dict[str, Any] | None) -> str:
    return "–" if one is None or one["value"] is None else number(one["value"], one["unit"])


def _millivolts(value: float | None) -> str:
    return "" if value is None else number(value, "mV")


def _state(record: dict[str, Any]) -> str:
    if "error" in record:
        return str(record["error"]["code"])
    return str(record["quality"]["grade"])


def _style(record: dict[str, Any]) -> str:
    return GRADES.get(_state(record), "red")
