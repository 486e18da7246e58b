"""NeuroKit2's marks of the same records, for comparison.

It knows how NeuroKit2 is asked lead by lead; it is needed by `ecgcli evaluate delineation` only and
comes with `pip install 'ecgcli[bench]'`.

Both programs start from the recordings as they are and each filters them in its own way: NeuroKit2
by its `ecg_clean`, which its delineation is documented to expect. Signals that ecgcli had filtered
before would not be what NeuroKit2 was made for.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ecgcli.errors import ModelError
from ecgcli.signals.delineation import LeadWaves, no_waves
from ecgcli.signals.delineation_table import Method
from ecgcli.signals.evaluate_delineation import compare, intervals, total
from ecgcli.signals.ludb import RATE, read_waves

if TYPE_CHECKING:
    from numpy.typing import NDArray

METHODS = ("dwt", "prominence")
_KEYS = {
    "p": ("ECG_P_Onsets", "ECG_P_Peaks", "ECG_P_Offsets"),
    "qrs": ("ECG_R_Onsets", "ECG_R_Peaks", "ECG_R_Offsets"),
    "t": ("ECG_T_Onsets", "ECG_T_Peaks", "ECG_T_Offsets"),
}


def check() -> None:
    """Say early that NeuroKit2 is missing: the networks of the folds take hours.

    Raises:
        ModelError: It is not installed.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import neurokit2  # noqa: F401
    except ImportError as error:
        raise ModelError(
            "NeuroKit2 is not installed: pip install 'ecgcli[bench]', or use --no-neurokit"
        ) from error


def methods(headers: Sequence[Path]) -> Iterator[Method]:
    """Yield what each of NeuroKit2's methods finds on the signals as they were recorded."""
    from ecgcli.records.read import read_path

    for method in METHODS:
        scores, pairs, silent, leads = [], [], 0, 0
        for header in headers:
            record = read_path(header)
            found = [marked(row.astype(np.float64), method) for row in record.signal]
            silent += sum(one is None for one in found)
            leads += len(found)
            rows = [one or no_waves() for one in found]
            truth = read_waves(header)
            scores.append(compare(rows, truth, RATE))
            pairs.append((intervals(rows, RATE), intervals(truth, RATE)))
        remark = f"gave up on {silent} of {leads} leads" if silent else None
        yield Method(f"NeuroKit2, {method}", total(scores), pairs, remark)


def marked(signal: NDArray[np.float64], method: str) -> LeadWaves | None:
    """Return NeuroKit2's waves of one lead (samples,) in mV; `None` where it gives up."""
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
            return None
    marks = {"ECG_R_Peaks": peaks["ECG_R_Peaks"], **marks}
    return LeadWaves(**{wave: _rows([marks.get(key, []) for key in _KEYS[wave]]) for wave in _KEYS})


def _rows(columns: list[list[float]]) -> NDArray[np.float64]:
    """Return (waves, 3); lists of different lengths leave NaN, which nobody matches."""
    longest = max((len(column) for column in columns), default=0)
    rows = np.full((longest, 3), np.nan)
    for index, column in enumerate(columns):
        rows[: len(column), index] = np.asarray(column, dtype=np.float64)
    return rows
