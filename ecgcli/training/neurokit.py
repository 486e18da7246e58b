"""NeuroKit2's marks of the same records, for comparison.

It knows how NeuroKit2 is asked lead by lead; it is needed by `ecgcli evaluate delineation` only and
comes with `pip install 'ecgcli[bench]'`.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ecgcli.errors import ModelError
from ecgcli.signals.delineation import LeadWaves, no_waves
from ecgcli.signals.evaluate_delineation import compare, table, total
from ecgcli.training import ludb

if TYPE_CHECKING:
    from numpy.typing import NDArray

METHODS = ("dwt", "prominence")
RATE = 500.0
_KEYS = {
    "p": ("ECG_P_Onsets", "ECG_P_Peaks", "ECG_P_Offsets"),
    "qrs": ("ECG_R_Onsets", "ECG_R_Peaks", "ECG_R_Offsets"),
    "t": ("ECG_T_Onsets", "ECG_T_Peaks", "ECG_T_Offsets"),
}


def tables(folder: Path) -> Iterator[str]:
    """Yield a table for each of NeuroKit2's methods, on the signals as they were recorded."""
    from ecgcli.records.read import read_path

    try:
        import neurokit2  # noqa: F401
    except ImportError as error:
        raise ModelError("NeuroKit2 is not installed: pip install 'ecgcli[bench]'") from error
    headers = ludb.headers(folder)
    for method in METHODS:
        scores = []
        for header in headers:
            record = read_path(header)
            found = [marked(row.astype(np.float64), method) for row in record.signal]
            scores.append(compare(found, ludb.read_waves(header), RATE))
        yield f"NeuroKit2, {method}"
        yield from table(total(scores))


def marked(signal: NDArray[np.float64], method: str) -> LeadWaves:
    """Return NeuroKit2's waves of one lead (samples,); none where it gives up."""
    import neurokit2

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            clean = neurokit2.ecg_clean(signal, sampling_rate=int(RATE))
            _, peaks = neurokit2.ecg_peaks(clean, sampling_rate=int(RATE))
            _, marks = neurokit2.ecg_delineate(
                clean, peaks["ECG_R_Peaks"], sampling_rate=int(RATE), method=method
            )
        except Exception:  # it raises what its libraries raise, on leads it cannot handle
            return no_waves()
    marks = {"ECG_R_Peaks": peaks["ECG_R_Peaks"], **marks}
    return LeadWaves(**{wave: _rows([marks.get(key, []) for key in _KEYS[wave]]) for wave in _KEYS})


def _rows(columns: list[list[float]]) -> NDArray[np.float64]:
    """Return (waves, 3); lists of different lengths leave NaN, which nobody matches."""
    longest = max((len(column) for column in columns), default=0)
    rows = np.full((longest, 3), np.nan)
    for index, column in enumerate(columns):
        rows[: len(column), index] = np.asarray(column, dtype=np.float64)
    return rows
