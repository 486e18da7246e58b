"""What a network that reads whole recordings is given of one: a coarse signal and a row of numbers.

It knows how the two are put together; what they hold is `coarse` and `features`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ecgcli.signals.coarse import coarse
from ecgcli.signals.features import NAMES, features

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ecgcli.signals.results import Analysis

NUMBERS: tuple[str, ...] = (*NAMES, "age", "female")


def inputs(analysis: Analysis) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the signal (12, 1000) in mV at 100 Hz and the numbers (`NUMBERS`,), NaN for none."""
    patient = analysis.record.patient
    sex = {"female": 1.0, "male": 0.0}.get(patient.sex or "", np.nan)
    age = np.nan if patient.age_years is None else patient.age_years
    row = np.append(features(analysis.measurements), [age, sex]).astype(np.float32)
    return coarse(analysis.conditioned, analysis.quality), row
