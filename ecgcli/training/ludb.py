"""The Lobachevsky database (LUDB) as examples to learn from, in folds.

It knows which folds the database is split into; it does not know the files (`signals.ludb`) nor
networks. Recordings come out conditioned, as the program itself will meet them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ecgcli.records.read import read_path
from ecgcli.signals.condition import condition
from ecgcli.signals.ludb import headers, read_waves

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ecgcli.signals.delineation import LeadWaves

FOLDS = 5


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


def load(folder: Path) -> list[Example]:
    """Read, condition and return all records of the database."""
    return [
        Example(path.stem, condition(read_path(path)).signal, read_waves(path))
        for path in headers(folder)
    ]


def fold_of(index: int) -> int:
    """Return the fold of the record at a place of `headers`: neighbours are in different folds."""
    return index % FOLDS
