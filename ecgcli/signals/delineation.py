"""The waves of one lead: onset, peak and end of every P, QRS and T.

It knows how marks are held; it does not know who found them, a network or a cardiologist.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

WAVES = ("p", "qrs", "t")
ONSET, PEAK, END = 0, 1, 2


@dataclass(frozen=True, slots=True)
class LeadWaves:
    """Marks of one lead in the order of time.

    Each of the three is (waves, 3) float64: onset, peak and end in samples, fractions allowed; NaN
    where a wave has no such mark. No rows where the lead shows no such wave.
    """

    p: NDArray[np.float64]
    qrs: NDArray[np.float64]
    t: NDArray[np.float64]

    def of(self, wave: str) -> NDArray[np.float64]:
        """Return the marks of "p", "qrs" or "t"."""
        marks: NDArray[np.float64] = getattr(self, wave)
        return marks

    def span(self) -> tuple[float, float] | None:
        """Return the first and the last mark of any wave, `None` where there is none."""
        every = np.concatenate([self.of(wave).ravel() for wave in WAVES])
        every = every[np.isfinite(every)]
        return (float(every.min()), float(every.max())) if len(every) else None


def no_waves() -> LeadWaves:
    """Return what a lead without any wave has."""
    return LeadWaves(*(np.empty((0, 3)) for _ in WAVES))
