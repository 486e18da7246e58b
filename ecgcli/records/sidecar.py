"""The sidecar: a small JSON file that says what a table of numbers (CSV, NPY) means.

A table has no place for its sampling rate, its unit and the patient. They stand in a JSON object
in a file next to it, `<name>.json` or `<stem>.json` (for `rec.csv`: `rec.csv.json`, `rec.json`):

    {"rate_hz": 500, "unit": "uV", "leads": ["I", "II", "V1"],
     "age": 61, "age_unit": "years", "sex": "female",
     "acquired": "2024-05-17T08:30:00", "device": "...", "id": "..."}

`rate_hz` and `unit` (nV, uV, mV, V) are required; `leads` names the columns or rows in order and is
required where the table has no header line; the rest may be missing. Other keys are ignored.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ecgcli.errors import Category, RecordError
from ecgcli.records.build import millivolts_per
from ecgcli.records.libraries import os_error
from ecgcli.records.patient import parse_age, parse_sex
from ecgcli.records.record import Patient

MAX_SIDECAR_BYTES = 100_000


@dataclass(frozen=True, slots=True)
class Sidecar:
    """What a sidecar says."""

    rate: float
    unit: str
    leads: tuple[str, ...]
    patient: Patient
    acquired: datetime | None
    device: str | None
    notes: tuple[str, ...]


def names_for(name: str) -> tuple[str, ...]:
    """Return the names that the sidecar of a table may have, the more particular one first."""
    stem = name.rpartition(".")[0]
    return tuple(dict.fromkeys((f"{name}.json", f"{stem or name}.json")))


def find_sidecar(table: Path) -> Path | None:
    """Return the sidecar next to a table, if there is one."""
    for name in names_for(table.name):
        path = table.with_name(name)
        if path != table and is_sidecar(path):
            return path
    return None


def is_sidecar(path: Path) -> bool:
    """Say whether a file is a JSON object with the keys of a sidecar, right or wrong ones."""
    try:
        return path.is_file() and "rate_hz" in _load(path)
    except (OSError, ValueError, RecursionError):
        return False


def read_sidecar(path: Path) -> Sidecar:
    """Read a sidecar.

    Raises:
        RecordError: It is not there any more, or a value is missing or of the wrong kind.
    """
    try:
        values = _load(path)
    except OSError as error:
        raise os_error(error) from None
    except (ValueError, RecursionError):
        raise _wrong("the sidecar is no JSON object") from None
    rate, unit = values.get("rate_hz"), values.get("unit")
    if isinstance(rate, bool) or not isinstance(rate, int | float):
        raise _wrong("the sidecar's rate_hz is no number")
    if not isinstance(unit, str) or millivolts_per(unit) is None:
        raise _wrong("the sidecar's unit is none of nV, uV, mV and V")
    leads = values.get("leads", [])
    if not isinstance(leads, list) or not all(isinstance(lead, str) for lead in leads):
        raise _wrong("the sidecar's leads are no list of names")
    notes = []
    years = None
    if values.get("age") is not None:
        years, note = parse_age(f"{values['age']} {values.get('age_unit', '')}")
        notes += [note] if note else []
    acquired = None
    if values.get("acquired") is not None:
        try:
            acquired = datetime.fromisoformat(str(values["acquired"]))
        except ValueError:
            raise _wrong("the sidecar's acquired is no ISO 8601 date and time") from None
    return Sidecar(
        rate=float(rate),
        unit=unit,
        leads=tuple(leads),
        patient=Patient(
            id=_text(values, "id"),
            name=_text(values, "name"),
            age_years=years,
            sex=parse_sex(str(values.get("sex", ""))),
        ),
        acquired=acquired,
        device=_text(values, "device"),
        notes=tuple(notes),
    )


def _load(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        data = file.read(MAX_SIDECAR_BYTES + 1)
    if len(data) > MAX_SIDECAR_BYTES:
        raise ValueError("too long for a sidecar")
    values = json.loads(data)
    if not isinstance(values, dict):
        raise ValueError("no object")
    return values


def _text(values: dict[str, Any], key: str) -> str | None:
    value = values.get(key)
    return str(value) if isinstance(value, str | int) and str(value) else None


def _wrong(reason: str) -> RecordError:
    return RecordError(
        Category.INCOMPLETE, reason, 'correct the sidecar, e.g. {"rate_hz": 500, "unit": "uV"}'
    )
