"""A conditioned recording at 100 Hz: what the networks that read whole recordings are given.

It knows one filter and what is masked; it does not know what a network does with it. A recording
that was made at 100 Hz and the same one at 500 Hz look alike here: what is left lies below 40 Hz.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from ecgcli.signals.results import ANALYSIS_RATE, Conditioned, Quality

if TYPE_CHECKING:
    from numpy.typing import NDArray

COARSE_RATE = 100.0
SAMPLES = 1000
STEP = round(ANALYSIS_RATE / COARSE_RATE)
# Half amplitude at 36 Hz, nothing from 45 Hz on: below where the publisher's own filters of PTB-XL
# at 100 Hz begin to differ from its recordings at 500 Hz.
CUTOFF_HZ = 36.0
HALF_WIDTH = 80
BETA = 5.65  # 60 dB


def coarse(conditioned: Conditioned, quality: Quality) -> NDArray[np.float32]:
    """Return the twelve leads at 100 Hz, (12, 1000) float32 in mV.

    Leads that may not be measured are rows of zeros, and so is what a short recording lacks of
    10 s.
    """
    signal = conditioned.signal
    width = min(SAMPLES, -(-signal.shape[1] // STEP))
    padded = np.pad(signal, ((0, 0), (HALF_WIDTH, HALF_WIDTH + STEP)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * HALF_WIDTH + 1, axis=1)
    out = np.zeros((len(signal), SAMPLES), dtype=np.float32)
    usable = np.array([lead.usable for lead in quality.leads]) & conditioned.present
    for row in np.flatnonzero(usable):  # one by one: a lead's numbers do not depend on the others
        out[row, :width] = windows[row, : width * STEP : STEP] @ _taps()
    return out


@lru_cache(maxsize=1)
def _taps() -> NDArray[np.float32]:
    at = np.arange(-HALF_WIDTH, HALF_WIDTH + 1)
    cycles = 2.0 * CUTOFF_HZ / ANALYSIS_RATE
    taps = np.sinc(cycles * at) * np.kaiser(len(at), BETA)
    normed: NDArray[np.float32] = (taps / taps.sum()).astype(np.float32)
    return normed
