"""One ECG recording as it was read: the only type that leaves this room.

It knows what a recording is; it does not know how any format stores one, and it holds the samples
as they were recorded (no filter, no resampling: that is the signals room's work).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Sex = Literal["female", "male"]

SYNTHETIC = "SYNTHETIC"
"""With this word begins what a file says of a recording that was generated."""


@dataclass(frozen=True, slots=True)
class Patient:
    """Who was recorded, as far as the file says; every field may be unknown.

    `age_years` is fractional for infants (30 days is 0.082). Ages that a source codes as unknown
    or hides (PTB-XL's 300 for 90 and more) come out as `None` or as the stated bound, with a note
    on the record.
    """

    id: str | None = None
    name: str | None = None
    age_years: float | None = None
    sex: Sex | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """A recording.

    Attributes:
        name: Name of the record, without folders.
        signal: (leads, samples) float32 in mV; NaN where the recording has no valid sample.
        rate: Samples per second (Hz) of `signal`, the recording's own.
        leads: Names of the rows, standard names first and in standard order (`LEADS`), then
            others (Frank leads, say) as the file calls them. Names are unique.
        derived: Those of `leads` that were computed from others by Einthoven and Goldberger.
        patient: Who was recorded.
        acquired: When, in the recorder's local time unless it carries a zone.
        device: Maker and model as the file says.
        format: Short name of the file format, "wfdb" or "hl7-aecg" say.
        content_hash: SHA-256, hexadecimal, over the bytes of the files that make up the record.
        start_s: Where in the source `signal` begins (s); not 0 for a window of a long recording.
        source_duration_s: Length of the whole recording (s).
        source_statements: Diagnoses or statements that the file itself carries, as written there;
            for information, never an input to the interpretation.
        notes: What the reader had to decide, one sentence each, for the report.
        synthetic: Whether it was generated and no patient was recorded, as far as the file says.
    """

    name: str
    signal: NDArray[np.float32]
    rate: float
    leads: tuple[str, ...]
    format: str
    content_hash: str
    source_duration_s: float
    derived: tuple[str, ...] = ()
    patient: Patient = field(default_factory=Patient)
    acquired: datetime | None = None
    device: str | None = None
    start_s: float = 0.0
    source_statements: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    synthetic: bool = False

    @property
    def duration_s(self) -> float:
        """Length of `signal` in s."""
        return float(self.signal.shape[1]) / self.rate

    def lead(self, name: str) -> NDArray[np.float32] | None:
        """Return the samples of a lead in mV, or `None` where the recording lacks it."""
        return self.signal[self.leads.index(name)] if name in self.leads else None
