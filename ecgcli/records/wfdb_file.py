"""WFDB records: header and signal files, challenge `.mat` files, segments.

`wfdb` decodes the samples; this file judges what the header promises before and what came out
after: sizes, checksums, gains and units, age and sex in the comments.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ecgcli.errors import Category, RecordError
from ecgcli.records import wfdb_header
from ecgcli.records.build import (
    MAX_SAMPLES,
    Found,
    check_rate,
    check_size,
    millivolts_per,
    too_many_samples,
)
from ecgcli.records.leads import standard_name
from ecgcli.records.libraries import COPY_AGAIN, guarded, os_error
from ecgcli.records.record import Patient
from ecgcli.records.wfdb_comments import read_comments
from ecgcli.records.wfdb_header import Header, HeaderError, Signal, UnsafeHeaderError

# Bytes per sample (signal(5) of the WFDB Applications Guide); compressed formats have no fixed one.
_SAMPLE_BYTES = {
    **{"8": 1.0, "80": 1.0, "16": 2.0, "61": 2.0, "160": 2.0, "24": 3.0, "32": 4.0},
    **{"212": 1.5, "310": 4 / 3, "311": 4 / 3},
}
_COMPRESSED = ("508", "516", "524")
# The digital value that stands for "no valid sample" in each format; format 8 has none.
_INVALID = {
    **dict.fromkeys(("80", "508"), -(2**7)),
    **dict.fromkeys(("310", "311"), -(2**9)),
    "212": -(2**11),
    **dict.fromkeys(("16", "61", "160", "516"), -(2**15)),
    **dict.fromkeys(("24", "524"), -(2**23)),
    "32": -(2**31),
}


def files(path: Path) -> tuple[Path, ...]:
    """Return the files that make up a record, the header first, then in the header's order.

    Raises:
        RecordError: The header cannot be read.
    """
    header = _header(path)
    result = [path]
    for name in header.files():
        member = path.with_name(name)
        result.append(member)
        if header.segments:
            result += [path.with_name(file) for file in _segment_header(member).files()]
    return tuple(dict.fromkeys(result))


def read(path: Path) -> Found:
    """Read the record whose header is `path`.

    Raises:
        RecordError: Whatever is wrong with it.
    """
    header = _header(path)
    if header.rate is None:
        raise RecordError(
            Category.INCOMPLETE,
            "the header states no sampling rate",
            "write the sampling rate into the header's first line",
        )
    if header.segments:
        segment = _join(path, header, header.rate)
    else:
        segment = _read_segment(path, header, header.rate)
        check_size(segment.rate, segment.length, 1)
    comments = read_comments(header.comments)
    notes = segment.notes + comments.notes
    if header.acquired is None and header.acquired_date is not None:
        notes.append(f"Recorded on {header.acquired_date}; the time of day is not stated.")
    return Found(
        format="wfdb",
        rate=segment.rate,
        names=segment.names,
        rows=segment.rows,
        patient=Patient(age_years=comments.age, sex=comments.sex),
        acquired=header.acquired,
        statements=tuple(comments.statements),
        notes=notes,
        synthetic=comments.synthetic,
    )


@dataclass(slots=True)
class _Segment:
    """Signals of one header: samples in mV, all of one rate and length."""

    rate: float
    length: int
    names: list[str]
    rows: list[NDArray[np.float32]]
    notes: list[str]


def _header(path: Path) -> Header:
    try:
        return wfdb_header.parse(wfdb_header.read_text(path))
    except UnsafeHeaderError as error:
        raise RecordError(Category.UNSAFE, str(error), "look where the header comes from") from None
    except HeaderError as error:
        raise RecordError(Category.DAMAGED, str(error), COPY_AGAIN) from None
    except ValueError:
        raise RecordError(
            Category.DAMAGED, "a number in the header cannot be read", COPY_AGAIN
        ) from None
    except OSError as error:
        raise os_error(error) from None


def _segment_header(path: Path) -> Header:
    if not path.exists():
        raise RecordError(
            Category.INCOMPLETE, "a segment that the header names is missing", COPY_AGAIN
        )
    header = _header(path)
    if header.segments:
        raise RecordError(
            Category.UNSUPPORTED,
            "the record's segments are made of segments themselves",
            "write it as one segment",
        )
    return header


def _join(path: Path, header: Header, rate: float) -> _Segment:
    """Join segments by lead name; what a segment lacks, and gaps between segments, are NaN."""
    total = sum(length for _, length in header.segments)
    check_size(rate, total, 1)
    rows: dict[str, NDArray[np.float32]] = {}
    notes = [f"The record is joined from {len(header.segments)} segments."]
    start = 0
    for name, length in header.segments:
        if name != "~" and length > 0:  # length 0: the layout of a variable-layout record
            member = path.with_name(f"{name}.hea")
            part = _read_segment(member, _segment_header(member), rate)
            if part.length != length or part.rate != rate:
                raise RecordError(
                    Category.DAMAGED,
                    "a segment's length or sampling rate contradicts the record's header",
                    COPY_AGAIN,
                )
            if len(set(part.names)) != len(part.names):
                raise RecordError(
                    Category.INCOMPLETE,
                    "two signals of a segment have the same name",
                    "name each signal once",
                )
            for lead, row in zip(part.names, part.rows, strict=True):
                if lead not in rows:
                    check_size(rate, total, len(rows) + 1)
                    rows[lead] = np.full(total, np.nan, dtype=np.float32)
                rows[lead][start : start + length] = row
            notes += part.notes
        start += length
    return _Segment(rate, total, list(rows), list(rows.values()), notes)


def _read_segment(path: Path, header: Header, rate: float) -> _Segment:
    """Read one header with its signal files."""
    frames = _frames(path, header, rate)
    wanted, notes = _wanted(header.signals)
    leads = [signal for signal in wanted.values() if standard_name(signal.name or "")]
    per_frame = {signal.samples_per_frame for signal in leads or wanted.values()}
    if len(per_frame) > 1:
        raise RecordError(
            Category.UNSUPPORTED,
            "the leads have different sampling rates",
            "write all leads with one sampling rate",
        )
    factor = per_frame.pop() if per_frame else 1
    check_rate(rate * factor)
    segment = _Segment(rate * factor, frames * factor, [], [], notes)
    digital, baselines = _decode(path, frames)
    if len(digital) != len(header.signals):
        raise RecordError(Category.DAMAGED, "a signal of the header is not there", COPY_AGAIN)
    _check_checksums(digital, header.signals)
    for index, signal in wanted.items():
        if signal.samples_per_frame != factor:
            notes.append("A signal of another sampling rate than the leads was left out.")
            continue
        segment.names.append(signal.name or "")
        segment.rows.append(_millivolts(digital[index], baselines[index], signal))
    return segment


def _wanted(signals: tuple[Signal, ...]) -> tuple[dict[int, Signal], list[str]]:
    """Choose, by index, the signals that are calibrated voltages; say what was left out.

    By header(5) a missing gain, or one of 0, means "uncalibrated". Readers commonly take 200 per
    mV then, which is a guess: amplitudes would be invented.
    """
    wanted, notes, uncalibrated = {}, [], []
    for index, signal in enumerate(signals):
        lead = standard_name(signal.name or "")
        if signal.gain is None:
            uncalibrated.append(lead or "a signal")
        elif signal.unit is None:
            notes.append("The header states no unit: mV, as the format's rule is.")
            wanted[index] = signal
        elif millivolts_per(signal.unit) is None:
            notes.append(f"{lead or 'A signal'} is not in a unit of voltage and was left out.")
        else:
            wanted[index] = signal
    if uncalibrated and not any(standard_name(signal.name or "") for signal in wanted.values()):
        raise RecordError(
            Category.INCOMPLETE,
            "the header states no gain, so the amplitudes are not calibrated",
            "write the gain (digital units per mV) of each signal into the header",
        )
    notes += [f"The header states no gain of {name}; it was left out." for name in uncalibrated]
    return wanted, notes


def _frames(path: Path, header: Header, rate: float) -> int:
    """Return the samples per signal, checked against the files before anything is allocated."""
    groups: dict[str, list[Signal]] = {}
    for signal in header.signals:
        groups.setdefault(signal.file, []).append(signal)
    frames = header.length
    for name, signals in groups.items():
        if len({(signal.format, signal.offset) for signal in signals}) > 1:
            raise RecordError(
                Category.DAMAGED, "the header gives one signal file two formats", COPY_AGAIN
            )
        if max(signal.skew for signal in signals) > 10 * rate:
            raise RecordError(
                Category.DAMAGED, "the header shifts a signal by more than 10 s", COPY_AGAIN
            )
        size = _file_size(path.with_name(name))
        per_frame = sum(signal.samples_per_frame for signal in signals)
        kind = signals[0].format
        if kind in _SAMPLE_BYTES and per_frame:
            held = int((size - signals[0].offset) / _SAMPLE_BYTES[kind]) // per_frame
            frames = held if frames is None else frames
            if held < frames:
                raise RecordError(
                    Category.DAMAGED, "a signal file is shorter than the header says", COPY_AGAIN
                )
        elif kind not in _COMPRESSED or not per_frame:
            raise RecordError(
                Category.UNSUPPORTED,
                "the header names a signal format that is not known",
                "write the record in format 16, 212 or FLAC",
            )
    if frames is None or frames < 0:
        raise RecordError(
            Category.INCOMPLETE,
            "the header does not state the length of compressed signals",
            "write the number of samples into the header's first line",
        )
    samples = frames * sum(signal.samples_per_frame for signal in header.signals)
    if samples > MAX_SAMPLES:
        raise too_many_samples(samples)
    return frames


def _file_size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        raise RecordError(
            Category.INCOMPLETE,
            "a signal file that the header names is missing",
            "copy the header together with its signal files",
        ) from None
    except OSError as error:
        raise os_error(error) from None


def _decode(path: Path, frames: int) -> tuple[list[NDArray[np.integer]], list[int]]:
    """Return the digital samples of each signal, and its baseline."""
    with guarded():
        import wfdb

        record = wfdb.rdrecord(
            str(path.with_suffix("")),
            sampto=frames,
            physical=False,
            smooth_frames=False,
            return_res=32,
        )
        return list(record.e_d_signal), list(record.baseline)


def _check_checksums(digital: list[NDArray[np.integer]], signals: tuple[Signal, ...]) -> None:
    """Compare the 16-bit sums of the samples; a header of zeros only has none stated."""
    if not any(signal.checksum for signal in signals):
        return
    for samples, signal in zip(digital, signals, strict=True):
        if signal.checksum is None or signal.skew:
            continue
        if (int(samples.sum(dtype=np.int64)) - signal.checksum) % 65536:
            raise RecordError(
                Category.DAMAGED, "a signal contradicts its checksum in the header", COPY_AGAIN
            )


def _millivolts(samples: NDArray[np.integer], baseline: int, signal: Signal) -> NDArray[np.float32]:
    scale = (millivolts_per(signal.unit or "mV") or 1.0) / (signal.gain or 1.0)
    row = ((samples.astype(np.float64) - baseline) * scale).astype(np.float32)
    invalid = _INVALID.get(signal.format)
    if invalid is not None:
        row[samples == invalid] = np.nan
    return row
