"""Write a recording as a WFDB record: header and one signal file, 1 uV per digital unit.

It knows what of a `Record` a WFDB record can hold: leads, rate, time, age and sex. Names, ids,
devices and statements are not written: what is made with it, is made to be passed on.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ecgcli.records.libraries import guarded
from ecgcli.records.record import Record

UNITS_PER_MV = 1000.0
_LARGEST_16_BIT = 2**15 - 1


def write_wfdb(
    record: Record, folder: Path, name: str | None = None, comments: Sequence[str] = ()
) -> Path:
    """Write a record; `read` gives the same samples back, rounded to 1 uV, and NaN as NaN.

    Args:
        record: What to write. Format 16 is used, or 32 where a sample exceeds 32.767 mV.
        folder: An existing folder.
        name: Name of the record: letters, digits, "-" and "_"; default is the record's own.
        comments: Lines for the header, after those on age and sex; characters that are not ASCII
            are written without their accents, or as "?".

    Returns:
        The path of the header.

    Raises:
        ValueError: The name cannot be that of a WFDB record.
        RecordError: The files cannot be written.
    """
    name = record.name if name is None else name
    if not name.replace("-", "").replace("_", "").isalnum() or not name.isascii():
        raise ValueError("a WFDB record's name consists of letters, digits, - and _")
    import wfdb

    microvolts = np.rint(record.signal.astype(np.float64) * UNITS_PER_MV)
    largest = np.nanmax(np.abs(microvolts), initial=0.0)
    kind, invalid = ("16", -(2**15)) if largest <= _LARGEST_16_BIT else ("32", -(2**31))
    digital = np.where(np.isnan(microvolts), invalid, microvolts).astype(np.int64)
    leads = len(record.leads)
    acquired = record.acquired
    with guarded():
        wfdb.wrsamp(
            name,
            fs=record.rate,
            units=["mV"] * leads,
            sig_name=list(record.leads),
            d_signal=digital.T.copy(),
            fmt=[kind] * leads,
            adc_gain=[UNITS_PER_MV] * leads,
            baseline=[0] * leads,
            comments=[*_comments(record), *map(_line, comments)],
            base_time=acquired.time().replace(microsecond=0) if acquired else None,
            base_date=acquired.date() if acquired else None,
            write_dir=str(folder),
        )
    return folder / f"{name}.hea"


def _comments(record: Record) -> list[str]:
    comments = []
    years = record.patient.age_years
    if years is not None:
        # "0" without a unit is read as "not stated"
        comments.append(f"Age: {years}" if years else "Age: 0 days")
    if record.patient.sex is not None:
        comments.append(f"Sex: {record.patient.sex.capitalize()}")
    return comments


def _line(text: str) -> str:
    """Return a comment as one line of ASCII: headers have no other encoding."""
    plain = unicodedata.normalize("NFKD", " ".join(text.split()))
    kept = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return "".join(x if x.isprintable() else "?" for x in kept.encode("ascii", "replace").decode())
