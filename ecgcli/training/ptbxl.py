"""Recordings of PTB-XL in atrial fibrillation or flutter: whatever else they show, no P wave.

It knows where PTB-XL keeps what. Nobody marked these recordings; that they have no P wave is all
that is taken from them. LUDB has eight such recordings, too few to learn from.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ecgcli.errors import RecordError
from ecgcli.records.read import read_path
from ecgcli.signals.condition import condition
from ecgcli.training.ptbxl_table import table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NO_P = {"AFIB", "AFLT"}
PACED = "PACE"
LAST_TRAINING_FOLD = 8  # 9 is for choosing, 10 for the final test


def without_p(folder: Path) -> list[NDArray[np.float32]]:
    """Return the conditioned signals (12, samples) in mV at 500 Hz, of 10 s recordings.

    Args:
        folder: PTB-XL's folder; without its table the list is empty.
    """
    if not (folder / "ptbxl_database.csv").is_file():
        return []
    signals = []
    for row in table(folder, 500):
        codes = row.codes.keys()
        if codes & NO_P and PACED not in codes and row.fold <= LAST_TRAINING_FOLD:
            try:
                conditioned = condition(read_path(row.path))
            except RecordError:
                continue
            if conditioned.present.all() and conditioned.valid.all():
                signals.append(conditioned.signal)
    return signals
