"""The Lobachevsky database (LUDB): where it keeps recordings, marks and rhythms.

Cardiologists marked the onset, peak and end of every P, QRS and T in each of the twelve leads by
itself. This file knows the database's layout; it does not know what the marks are used for.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from ecgcli.errors import UsageError
from ecgcli.records.leads import LEADS
from ecgcli.records.libraries import guarded
from ecgcli.signals.delineation import LeadWaves

RATE = 500.0  # of every recording and its marks
_SYMBOLS = {"p": "p", "N": "qrs", "t": "t"}
_WITHOUT_P = ("atrial fibrillation", "atrial flutter")


def headers(folder: Path) -> list[Path]:
    """Return the headers of all records in the order of their numbers.

    Args:
        folder: The database's folder, its `data` folder, or the folder that holds `ludb`.

    Raises:
        UsageError: There is no record in it.
    """
    places = (folder / "ludb" / "data", folder / "data")
    inner = next((place for place in places if place.is_dir()), folder)
    found = sorted(inner.glob("*.hea"), key=lambda path: (len(path.stem), path.stem))
    found = [path for path in found if path.with_suffix(".ii").exists()]
    if not found:
        raise UsageError(f"no LUDB records (*.hea with *.ii beside it) in {folder}")
    return found


def read_waves(header: Path) -> tuple[LeadWaves, ...]:
    """Return the marks of each of the twelve leads, in samples of the record.

    A mark that was not set is NaN: some complexes at the ends have no onset, or no end.
    """
    import wfdb

    leads = []
    for lead in LEADS:
        with guarded():
            annotation = wfdb.rdann(str(header.with_suffix("")), lead.lower())
        samples, symbols = annotation.sample.tolist(), annotation.symbol
        marks: dict[str, list[tuple[float, float, float]]] = {"p": [], "qrs": [], "t": []}
        for index, symbol in enumerate(symbols):
            if symbol in _SYMBOLS:
                begun = index > 0 and symbols[index - 1] == "("
                ended = index + 1 < len(symbols) and symbols[index + 1] == ")"
                marks[_SYMBOLS[symbol]].append(
                    (
                        samples[index - 1] if begun else np.nan,
                        samples[index],
                        samples[index + 1] if ended else np.nan,
                    )
                )
        leads.append(
            LeadWaves(**{wave: np.array(rows).reshape(-1, 3) for wave, rows in marks.items()})
        )
    return tuple(leads)


def without_p(folder: Path) -> frozenset[str]:
    """Return the names of the records in atrial fibrillation or flutter.

    Args:
        folder: As of `headers`; empty where the database's table `ludb.csv` is missing.
    """
    places = (folder / "ludb", folder, folder.parent)
    file = next((place / "ludb.csv" for place in places if (place / "ludb.csv").is_file()), None)
    if file is None:
        return frozenset()
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return frozenset(
        row["ID"].strip() for row in rows if row["Rhythms"].strip().lower().startswith(_WITHOUT_P)
    )
