"""The evaluation of the generator as tables.

It knows layout and what the numbers of `generation.evaluate` look like; it computes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from ecgcli.generation.quantities import quantities

PIPED_WIDTH = 160
"""Columns of a table that goes into a file or a pipe."""
MADE = {"first": "first drawing", "best": "after rejection"}
FEATURES = ("frechet", "precision", "recall", "density", "coverage")

Numbers = Mapping[str, Any]


def show(numbers: Numbers) -> None:
    """Print all tables."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=PIPED_WIDTH)
    for part in tables(numbers):
        console.print(part)


def tables(numbers: Numbers) -> Iterator[RenderableType]:
    """Yield what is shown, in order."""
    yield Text(_head(numbers))
    yield _table("numbers", _values(numbers))
    yield _table("samples", _samples(numbers))
    yield _table("statements asked for, as the statement network sees them", _areas(numbers))
    yield _table("distribution, against the recordings that prompts were made of", _apart(numbers))
    if numbers["copies"] is not None:
        yield _table("nearest training recording", _copies(numbers["copies"]))
    if numbers["time"] is not None:
        yield _table("time, and what fewer steps cost", _steps(numbers["time"]))
        alone, batch = numbers["time"]["alone"], numbers["time"]
        yield Text(
            f"one alone: {alone['drawn']:.2f} s drawn, {alone['in_all']:.2f} s with its check;"
            f" the others in batches of {batch['batch']} in {batch['jobs']} processes"
        )


def _head(numbers: Numbers) -> str:
    skipped = ", ".join(f"{count} {why}" for why, count in numbers["skipped"].items())
    return (
        f"{numbers['prompts']} prompts from fold {numbers['fold']} (skipped: {skipped or 'none'}),"
        f" generator {numbers['generator'][:12]}, seed {numbers['seed']},"
        f" {numbers['steps']} steps, guidance {numbers['guidance']:g}"
    )


Rows = list[list[str]]


def _table(title: str, rows: Rows) -> Table:
    """Return rows below their headings, the first row."""
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for at, name in enumerate(rows[0]):
        table.add_column(name, justify="right" if at else "left")
    for row in rows[1:]:
        table.add_row(*(Text(cell) for cell in row))
    return table


def _values(numbers: Numbers) -> Rows:
    rows = [["asked for", "n", "", "not measured", "mean error", "median", "within", "share"]]
    for field in numbers["first"]["numbers"]:
        of = quantities()[field]
        for made, name in MADE.items():
            one = numbers[made]["numbers"][field]
            rows.append(
                [
                    of.name if made == "first" else "",
                    str(one["asked"]),
                    name,
                    str(one["not_measured"]),
                    number(one["mean_absolute_error"], 1),
                    number(one["median_error"], 1),
                    of.show(one["tolerance"]),
                    share(one["within"]),
                ]
            )
    return rows


def _samples(numbers: Numbers) -> Rows:
    rows = [["", "pass the check", "drawings", "quality", "laws (mV)", "most often not met"]]
    for made, name in MADE.items():
        one = numbers[made]
        unmet = list(one["unmet"].items())[:5]
        rows.append(
            [
                name,
                share(one["passed"]),
                number(one.get("mean_tried", 1.0), 2),
                ", ".join(f"{count} {grade}" for grade, count in one["quality"].items()),
                number(one["law_error_mv"], 6),
                ", ".join(f"{code} {count}" for code, count in unmet) or "-",
            ]
        )
    return rows


def _areas(numbers: Numbers) -> Rows:
    sets = ("first", "best", "real")
    rows = [["statement", "asked", "examples", *MADE.values(), "real recordings"]]
    for key, count, name in (
        ("macro_auroc", "counted", "mean"),
        ("macro_auroc_often_asked", "counted_often_asked", "mean, 10 or more asked"),
    ):
        counted = str(numbers["real"]["statements"][count])
        cells = [number(numbers[one]["statements"][key], 3) for one in sets]
        rows.append([f"{name}, of {counted}", "", "", *cells])
    found = numbers["real"]["statements"]["statements"]
    for code, row in sorted(found.items(), key=lambda item: -item[1]["asked"]):
        cells = [number(numbers[one]["statements"]["statements"][code]["auroc"], 3) for one in sets]
        rows.append([code, str(row["asked"]), str(row["examples"]), *cells])
    return rows


def _apart(numbers: Numbers) -> Rows:
    heads = ("n", *FEATURES, "spectra (dB)", "45-150 Hz", "R", "S", "T", "P", "ST (mV)", "RMSSD")
    rows = [["", *heads]]
    for made, name in {**MADE, "real_to_real": "other real recordings"}.items():
        one = numbers[made]
        near = one["features"] or {}
        levels = [
            number((one["spectra"][part] or {}).get("mean_db"), 2)
            for part in ("to_45_hz", "45_to_150_hz")
        ]
        waves = [number(_mean_apart(wave), 3) for wave in one["amplitudes"].values()]
        rows.append(
            [
                name,
                str(near.get("records", 0)),
                *(number(near.get(key), 2) for key in FEATURES),
                *levels,
                *waves,
                number(one["variability"]["wasserstein"], 1),
            ]
        )
    return rows


def _mean_apart(leads: Numbers) -> float | None:
    """Return the mean over the leads in which both kinds have the wave."""
    known = [one["wasserstein"] for one in leads.values() if one["wasserstein"] is not None]
    return sum(known) / len(known) if known else None


def _copies(copies: Numbers) -> Rows:
    quantiles = ("lowest", "p1", "p5", "median", "p95")
    rows = [["distance", "", *quantiles, "nearer than 1 % of real", "than 5 %"]]
    for kind, name in (("signal", "whole signal"), ("beat", "median beat")):
        one = copies[kind]
        if one is None:
            continue
        near = [share(one["nearer_than_real"][limit]) for limit in ("p1", "p5")]
        for who, last in (("generated", near), ("real", ["", ""])):
            cells = [number(one[who][each], 3) for each in quantiles]
            rows.append([name if who == "generated" else "", who, *cells, *last])
    return rows


def _steps(times: Numbers) -> Rows:
    rows = [["steps", "s a drawing", "pass", "rate error", "frechet", "precision", "recall"]]
    for steps, one in times["by_steps"].items():
        rows.append(
            [
                steps,
                number(one["seconds"], 2),
                share(one["passed"]),
                number(one["rate_mean_absolute_error"], 1),
                *(number(one[key], 2) for key in ("frechet", "precision", "recall")),
            ]
        )
    return rows


def number(value: float | None, digits: int) -> str:
    """Return a number with so many digits, "-" for none."""
    return "-" if value is None else f"{value:.{digits}f}"


def share(value: float | None) -> str:
    """Return a share in percent, "-" for none."""
    return "-" if value is None else f"{value:.1%}"
