"""From what a format's reader found in a file to a `Record`, or the reason why there is none.

Every format passes through here, so that the rules are the same for all: leads by name, duplicates
refused, missing limb leads derived, limits on length, rate and amplitude. It knows no format.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from ecgcli.errors import Category, RecordError
from ecgcli.records.calibration import without_pulse
from ecgcli.records.leads import LEADS, derive_limb_leads, standard_name
from ecgcli.records.record import Patient, Record

SHORTEST_S = 5.0
LONGEST_S = 3600.0
LOWEST_RATE, HIGHEST_RATE = 50.0, 10_000.0
# Samples of all leads together: 12 leads of 40 minutes at 1000 Hz, 120 MB as float32.
MAX_SAMPLES = 30_000_000
MAX_FILE_BYTES = 256_000_000
# Peak to peak, median over the leads. A 16-bit recorder of 5 uV resolution that swings from rail
# to rail stays below it; an ordinary ECG in uV that is taken for mV does not.
ABSURD_MV = 350.0
TINY_MV = 0.02

_TO_MV = {"nv": 1e-6, "uv": 1e-3, "mv": 1.0, "v": 1e3}


@dataclass(slots=True)
class Found:
    """What a reader found: signals as named in the file, each with its own samples in mV."""

    format: str
    rate: float
    names: list[str]
    rows: Sequence[NDArray[np.number]]
    patient: Patient = field(default_factory=Patient)
    acquired: datetime | None = None
    device: str | None = None
    statements: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)
    synthetic: bool = False


def millivolts_per(unit: str) -> float | None:
    """Return how many mV one of a unit is ("uV", "microvolts"), `None` if it is no voltage."""
    word = unit.strip().casefold().replace("µ", "u").replace("μ", "u")
    for long, short in (("nano", "n"), ("micro", "u"), ("milli", "m")):
        word = word.replace(long, short)
    return _TO_MV.get(word.replace("volts", "v").replace("volt", "v"))


def check_size(rate: float, samples: int, leads: int) -> None:
    """Refuse what the limits exclude; readers call it before they allocate.

    Args:
        rate: Samples per second.
        samples: Samples per lead.
        leads: Number of signals that will be read.

    Raises:
        RecordError: INCOMPLETE for an impossible rate, UNSAFE for too long, TOO_SHORT.
    """
    check_rate(rate)
    if samples < (SHORTEST_S - 0.5 / rate) * rate:
        raise RecordError(
            Category.TOO_SHORT,
            f"the recording lasts {samples / rate:.1f} s",
            f"record at least {SHORTEST_S:g} s, better 10 s",
        )
    if samples > LONGEST_S * rate:
        raise RecordError(
            Category.UNSAFE,
            f"the recording lasts {samples / rate / 3600:.1f} hours",
            "cut it into pieces of an hour or less; ecgcli reads resting ECGs",
        )
    if samples * leads > MAX_SAMPLES:
        raise too_many_samples(samples * leads)


def too_many_samples(samples: int) -> RecordError:
    """Return the error for more samples, of all leads together, than fit into bounded memory."""
    return RecordError(
        Category.UNSAFE,
        f"the recording has {samples / 1e6:.0f} million samples",
        f"cut it into pieces of {MAX_SAMPLES / 1e6:.0f} million samples or fewer",
    )


def check_rate(rate: float) -> None:
    """Refuse a sampling rate (Hz) that no ECG has."""
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:  # false for NaN too
        raise RecordError(
            Category.INCOMPLETE,
            f"a sampling rate of {rate:g} Hz is not that of an ECG",
            "check the recorder's export; 50 Hz to 10 kHz are read",
        )


def build(found: Found, name: str, content_hash: str) -> Record:
    """Make the record.

    Raises:
        RecordError: See the module; reasons hold neither names nor paths.
    """
    standard, others = _by_name(found)
    if not standard:
        raise RecordError(
            Category.INCOMPLETE,
            "none of the signals has the name of a standard lead",
            "name at least one signal I, II, III, aVR, aVL, aVF or V1 to V6",
        )
    length = _common_length(standard)
    check_size(found.rate, length, len(standard) + len(others))
    notes = list(found.notes)
    standard = _without_empty(standard, notes)
    if not standard:
        raise RecordError(
            Category.INCOMPLETE, "no lead holds a valid sample", "record the ECG again"
        )
    start, end = without_pulse(np.stack(list(standard.values())), found.rate)
    if (start, end) != (0, length):
        check_size(found.rate, end - start, 1)
        notes.append("A calibration pulse at an end of the recording was cut off.")
    derived = derive_limb_leads(standard)
    rows = standard | derived
    leads = [lead for lead in LEADS if lead in rows]
    for other, row in others.items():
        if row.size == length:
            leads.append(other)
            rows[other] = row
        else:
            notes.append("A signal of another length or rate than the leads was left out.")
    signal = np.stack([rows[lead][start:end] for lead in leads]).astype(np.float32)
    _check_amplitudes(signal[: len(standard) + len(derived)], notes)
    return Record(
        name=name,
        signal=signal,
        rate=float(found.rate),
        leads=tuple(leads),
        format=found.format,
        content_hash=content_hash,
        source_duration_s=length / found.rate,
        derived=tuple(lead for lead in leads if lead in derived),
        start_s=start / found.rate,
        patient=found.patient,
        acquired=found.acquired,
        device=found.device,
        source_statements=tuple(text for text in found.statements if text),
        notes=tuple(dict.fromkeys(notes)),
        synthetic=found.synthetic,
    )


_Rows = dict[str, NDArray[np.number]]


def _by_name(found: Found) -> tuple[_Rows, _Rows]:
    """Part the rows into standard leads and others; refuse two different ones of one name."""
    standard: _Rows = {}
    others: _Rows = {}
    for text, row in zip(found.names, found.rows, strict=True):
        lead = standard_name(text)
        if lead is None:
            label = " ".join(text.split()) or "unnamed"
            number = 2
            while label in others or label in LEADS:
                label, number = f"{' '.join(text.split())}_{number}", number + 1
            others[label] = row
        elif lead not in standard:
            standard[lead] = row
        elif np.array_equal(standard[lead], row, equal_nan=True):
            found.notes.append(f"Lead {lead} is stored twice, with the same samples.")
        else:
            raise RecordError(
                Category.INCOMPLETE,
                f"two different signals are both called {lead}",
                "name each lead once",
            )
    return standard, others


def _common_length(rows: _Rows) -> int:
    lengths = {row.size for row in rows.values()}
    if len(lengths) > 1:
        raise RecordError(
            Category.DAMAGED,
            "the leads are of different lengths",
            "export the recording again, all leads at one sampling rate",
        )
    return lengths.pop()


def _without_empty(rows: _Rows, notes: list[str]) -> _Rows:
    """Leave out leads that were never recorded, so that limb leads among them are derived."""
    kept = {}
    for lead, row in rows.items():
        if np.isnan(row).all():
            notes.append(f"Lead {lead} holds no valid sample.")
        else:
            kept[lead] = row
    return kept


def _check_amplitudes(signal: NDArray[np.float32], notes: list[str]) -> None:
    """Refuse infinite and absurd amplitudes; what is merely bad is the signals room's to judge."""
    if np.isinf(signal).any():
        raise RecordError(
            Category.DAMAGED, "the recording holds infinite samples", "export it again"
        )
    spans = np.nanmax(signal, axis=1) - np.nanmin(signal, axis=1)
    if np.median(spans) > ABSURD_MV:
        raise RecordError(
            Category.DAMAGED,
            f"the leads span {np.median(spans):.0f} mV, which no ECG does",
            "check the gain and the unit that the file states",
        )
    if 0 < spans.max() < TINY_MV:
        notes.append(
            f"No lead spans more than {TINY_MV * 1000:.0f} uV: the gain or the unit may be wrong."
        )
