"""The Lobachevsky database (LUDB): recordings whose waves cardiologists marked lead by lead.

It knows where the database keeps what and which folds it is split into; it does not know networks.
Recordings come out conditioned, as the program itself will meet them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ecgcli.errors import UsageError
from ecgcli.records.leads import LEADS
from ecgcli.records.libraries import guarded
from ecgcli.records.read import read_path
from ecgcli.signals.condition import condition
from ecgcli.signals.delineation import LeadWaves

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOLDS = 5
_SYMBOLS = {"p": "p", "N": "qrs", "t": "t"}


@dataclass(frozen=True, slots=True)
class Example:
    """A conditioned recording and its marks.

    Attributes:
        name: Number of the record in the database.
        signal: (12, samples) float32 in mV at 500 Hz, which is also the database's own rate.
        waves: One entry per lead.
    """

    name: str
    signal: NDArray[np.float32]
    waves: tuple[LeadWaves, ...]


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


def load(folder: Path) -> list[Example]:
    """Read, condition and return all records of the database."""
    return [
        Example(path.stem, condition(read_path(path)).signal, read_waves(path))
        for path in headers(folder)
    ]


def fold_of(index: int) -> int:
    """Return the fold of the record at a place of `headers`: neighbours are in different folds."""
    return index % FOLDS


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
