"""The command `info`: what a file holds, without any interpretation."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecgcli.errors import ExitCode, RecordError

if TYPE_CHECKING:
    from ecgcli.records.find import Found
    from ecgcli.records.read import ReadOptions
    from ecgcli.records.record import Record


PIPED_WIDTH = 160
"""Columns of a table that goes into a file or a pipe."""


@click.command("info")
@click.argument(
    "paths", metavar="RECORD...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
@click.option("--identity", is_flag=True, help="Show the patient's name and id, too.")
@click.option("--rate", type=float, help="Sampling rate of CSV files without a sidecar, in Hz.")
@click.option(
    "--unit",
    type=click.Choice(["nV", "uV", "mV", "V"], case_sensitive=False),
    help="Unit of CSV files without a sidecar.",
)
def info(
    paths: tuple[Path, ...], as_json: bool, identity: bool, rate: float | None, unit: str | None
) -> None:
    """Show what files or folders hold: leads, rate, length, age, sex. Nothing is interpreted."""
    from ecgcli.records.find import find
    from ecgcli.records.read import ReadOptions

    options = ReadOptions(rate_hz=rate, unit=unit)
    found = find(paths, tables=options.explain_tables)
    failed = False
    rows = _rows(found, options, identity)
    if as_json:
        for row in rows:
            failed = failed or row["outcome"] not in ("read", "no ECG")
            click.echo(json.dumps(row, ensure_ascii=False))
    else:
        collected = list(rows)
        failed = any(row["outcome"] not in ("read", "no ECG") for row in collected)
        _show(collected)
    if failed:
        sys.exit(ExitCode.SOME_RECORDS_FAILED)


def _rows(found: Iterator[Found], options: ReadOptions, identity: bool) -> Iterator[dict[str, Any]]:
    from ecgcli.records.find import NotAnEcg
    from ecgcli.records.read import read

    for item in found:
        if isinstance(item, NotAnEcg):
            yield {"file": str(item.path), "outcome": "no ECG", "reason": item.reason}
            continue
        row: dict[str, Any] = {"file": str(item.path), "format": item.format}
        try:
            record = read(item, options)
        except RecordError as error:
            reason = {"outcome": error.category.value, "reason": error.reason}
            yield row | reason | {"remedy": error.remedy}
        else:
            yield row | {"outcome": "read"} | describe(record, identity)


def describe(record: Record, identity: bool = False) -> dict[str, Any]:
    """Return what a record holds as plain values; units stand in the keys.

    `einthoven_uv` is the median absolute error of I + III - II where all three were recorded (not
    derived): a few uV in a consistent file, more where leads are swapped or scaled differently.
    """
    import numpy as np

    patient = record.patient
    values: dict[str, Any] = {
        "name": record.name,
        "leads": list(record.leads),
        "derived": list(record.derived),
        "rate_hz": record.rate,
        "duration_s": round(record.source_duration_s, 3),
        "age_years": patient.age_years,
        "sex": patient.sex,
        "acquired": record.acquired.isoformat() if record.acquired else None,
        "device": record.device,
        "einthoven_uv": _einthoven_uv(record),
        "range_mv": {
            lead: [round(float(low), 3), round(float(high), 3)]
            for lead, low, high in zip(
                record.leads,
                np.nanmin(record.signal, axis=1),
                np.nanmax(record.signal, axis=1),
                strict=True,
            )
            if np.isfinite(low)
        },
        "missing_samples": int(np.isnan(record.signal).sum()),
        "content_hash": record.content_hash,
        "source_statements": list(record.source_statements),
        "notes": list(record.notes),
    }
    if identity:
        values |= {"patient_id": patient.id, "patient_name": patient.name}
    return values


def _einthoven_uv(record: Record) -> float | None:
    import numpy as np

    one, two, three = (record.lead(name) for name in ("I", "II", "III"))
    if one is None or two is None or three is None or {"I", "II", "III"} & set(record.derived):
        return None
    error = np.abs(one.astype(float) + three - two)
    return round(float(np.nanmedian(error)) * 1000, 1) if np.isfinite(error).any() else None


def _show(rows: list[dict[str, Any]]) -> None:
    from rich.console import Console

    console = Console()
    if not console.is_terminal:
        console = Console(width=PIPED_WIDTH)  # else rich folds file names at 80 columns
    if len(rows) == 1 and rows[0]["outcome"] == "read":
        console.print(_one(rows[0]))
    else:
        console.print(_many(rows))


def _one(row: dict[str, Any]) -> Any:
    from rich.table import Table
    from rich.text import Text

    table = Table(show_header=False, box=None)
    ranges = row.pop("range_mv")
    shown = row | {"range_mv": "\n".join(f"{k}: {a} to {b}" for k, (a, b) in ranges.items())}
    for key, value in shown.items():
        joined = "\n" if key in ("notes", "source_statements") else " "
        text = joined.join(value) if isinstance(value, list) else value
        table.add_row(key, Text("" if text is None else str(text)))
    return table


def _many(rows: list[dict[str, Any]]) -> Any:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("file", "format", "leads", "rate", "duration", "age", "sex", "outcome"):
        table.add_column(name, overflow="fold", justify="right" if name == "rate" else "left")
    for row in rows:
        outcome = row["outcome"]
        if "reason" in row:
            outcome += f": {row['reason']}"
        derived = len(row.get("derived", ()))
        leads = f"{len(row['leads'])}" if "leads" in row else ""
        cells = (
            Path(row["file"]).name,
            row.get("format", ""),
            f"{leads} ({derived} derived)" if derived else leads,
            f"{row['rate_hz']:g} Hz" if "rate_hz" in row else "",
            f"{row['duration_s']:g} s" if "duration_s" in row else "",
            "" if row.get("age_years") is None else f"{row['age_years']:.3g}",
            row.get("sex") or "",
            outcome,
        )
        table.add_row(*(Text(cell) for cell in cells))
    return table
