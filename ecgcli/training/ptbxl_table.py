"""PTB-XL's table: which recordings there are, of whom, in which fold, and what they are labelled.

It knows the official layout and its codes; it reads no recording, so it is light to import.
Recordings that are not there are left out: it works with a part of the database.
"""

from __future__ import annotations

import ast
import csv
from dataclasses import dataclass
from pathlib import Path

from ecgcli.errors import ModelError
from ecgcli.records.record import Patient, Sex

HIDDEN_AGE = 90.0  # PTB-XL writes 300 for all who are older
SEXES: dict[str, Sex] = {"0": "male", "1": "female"}
FILES = {100: "filename_lr", 500: "filename_hr"}


@dataclass(frozen=True, slots=True)
class Row:
    """One recording of the table.

    `path` is its header's. `patient` has age and sex, which the recordings themselves do not hold.
    `codes` are statements with their likelihoods in %. `axis` is the word in `heart_axis`, often
    empty.
    """

    number: int
    fold: int
    path: Path
    patient: Patient
    codes: dict[str, float]
    axis: str = ""


SHARD = 500
"""Numbers of recordings that are kept in one file, of a fold, when they are turned into arrays."""


def shards(folder: Path, rate: int, folds: range) -> dict[str, list[Row]]:
    """Return the recordings of some folds that are there, in parts by a name for each part's file.

    Raises:
        ModelError: There is no table, or none of them is there.
    """
    rows = [row for row in table(folder, rate) if row.fold in folds]
    if not rows:
        raise ModelError(f"{folder} holds no recording at {rate} Hz of these folds")
    found: dict[tuple[int, int], list[Row]] = {}
    for row in rows:
        found.setdefault((row.fold, row.number // SHARD), []).append(row)
    return {f"{rate}-{fold:02d}-{part:03d}": found[fold, part] for fold, part in sorted(found)}


def table(folder: Path, rate: int) -> list[Row]:
    """Return the recordings of the table that are there at 100 or 500 Hz, in its order.

    Raises:
        ModelError: There is no table.
    """
    file = folder / "ptbxl_database.csv"
    if not file.is_file():
        raise ModelError(f"{folder} is no folder of PTB-XL: it holds no {file.name}")
    with file.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    found = []
    for row in rows:
        path = folder / f"{row[FILES[rate]]}.hea"
        if path.is_file():
            age = min(float(row["age"]), HIDDEN_AGE) if row["age"] else None
            sex = SEXES.get(row["sex"].removesuffix(".0"))
            found.append(
                Row(
                    number=int(row["ecg_id"]),
                    fold=int(row["strat_fold"]),
                    path=path,
                    patient=Patient(None, None, age, sex),
                    codes=ast.literal_eval(row["scp_codes"]),
                    axis=row.get("heart_axis", ""),
                )
            )
    return found
