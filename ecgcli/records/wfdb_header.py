"""The text of a WFDB header: what the record is called, where its signals are, how they are scaled.

The signals themselves are decoded by the `wfdb` library. The header is read here first because it
comes from outside: before a library opens what a header names and allocates what it promises, the
names must stay inside the folder and the sizes within bounds. It also tells apart what the library
does not: a gain that is absent and one that is stated, a unit of uV written with the sign for micro
(the library drops that sign and reads volts), a date written as 04-Jun-2020.

Source of the format: header(5) of the WFDB Applications Guide.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path

MAX_HEADER_BYTES = 1_000_000

_RECORD = re.compile(
    r"(?P<name>[^\s/]+)(?:/(?P<segments>\d+))?\s+(?P<signals>\d+)(?:\s+(?P<rest>\S.*))?"
)
_FORMAT = re.compile(r"(\d+)(?:x(\d+))?(?::(\d+))?(?:\+(\d+))?")
_GAIN = re.compile(r"([-+]?[\d.]+(?:[eE][-+]?\d+)?)?(?:\((-?\d+)\))?(?:/(\S+))?")
_TIME = re.compile(r"(\d{1,2}):(\d{2}):(\d{2})(?:\.\d+)?")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


class HeaderError(ValueError):
    """The text is no WFDB header, or contradicts itself."""


class UnsafeHeaderError(HeaderError):
    """The header names a file that is not in its own folder."""


@dataclass(frozen=True, slots=True)
class Signal:
    """One signal line. `gain` (units per digital unit, inverse) is `None` where not stated."""

    file: str
    format: str
    samples_per_frame: int
    skew: int
    offset: int
    gain: float | None
    unit: str | None
    checksum: int | None
    name: str | None


@dataclass(frozen=True, slots=True)
class Header:
    """A header; `segments` are names ("~" is a gap) and lengths of a multi-segment record."""

    name: str
    rate: float | None
    length: int | None
    signals: tuple[Signal, ...]
    segments: tuple[tuple[str, int], ...]
    comments: tuple[str, ...]
    acquired: datetime | None
    acquired_date: date | None

    def files(self) -> tuple[str, ...]:
        """Return the names of the files that hold signals or segments, each once, in order."""
        if self.segments:
            names = [f"{name}.hea" for name, _ in self.segments if name != "~"]
        else:
            names = [signal.file for signal in self.signals if signal.file != "~"]
        return tuple(dict.fromkeys(names))


def looks_like_header(text: str) -> bool:
    """Say whether the first line that is no comment is a WFDB record line."""
    lines = _lines(text)[0]
    match = _RECORD.fullmatch(lines[0]) if lines else None
    if match is None:
        return False
    rest = (match["rest"] or "").split()
    return not rest or re.match(r"[\d.]", rest[0]) is not None


def read_text(path: Path) -> str:
    """Return the text of a header file; raises `HeaderError` where it is too long for one."""
    with path.open("rb") as file:
        data = file.read(MAX_HEADER_BYTES + 1)
    if len(data) > MAX_HEADER_BYTES:
        raise HeaderError("the header is longer than any header can be")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def parse(text: str) -> Header:
    """Parse a header.

    Raises:
        HeaderError: The text is no header; the message names neither files nor patients.
    """
    lines, comments = _lines(text)
    match = _RECORD.fullmatch(lines[0]) if lines else None
    if match is None:
        raise HeaderError("the header has no record line")
    rate, length, tail = _record_fields((match["rest"] or "").split())
    count = int(match["signals"])
    day, clock = _date(tail), _time(tail)
    signals: tuple[Signal, ...] = ()
    segments: tuple[tuple[str, int], ...] = ()
    if match["segments"] is not None:
        segments = tuple(_segment(line) for line in lines[1:])
        if not segments or len(segments) != int(match["segments"]):
            raise HeaderError("the header announces another number of segments than it lists")
    else:
        signals = tuple(_signal(line) for line in lines[1:])
        if len(signals) != count:
            raise HeaderError("the header announces another number of signals than it lists")
    header = Header(
        name=match["name"],
        rate=rate,
        length=length,
        signals=signals,
        segments=segments,
        comments=tuple(comments),
        acquired=datetime.combine(day, clock) if day and clock else None,
        acquired_date=day,
    )
    for name in header.files():
        # A header may name files of its own folder only: no path, no URL, no device.
        if not re.fullmatch(r"[^/\\:\0]+", name) or name.startswith("."):
            raise UnsafeHeaderError("the header names a file outside of its own folder")
    return header


def _lines(text: str) -> tuple[list[str], list[str]]:
    stripped = [line.strip() for line in text.lstrip("\ufeff").splitlines()]
    comments = [line.lstrip("#").strip() for line in stripped if line.startswith("#")]
    return [line for line in stripped if line and not line.startswith("#")], comments


def _record_fields(fields: list[str]) -> tuple[float | None, int | None, list[str]]:
    """Return rate, samples per signal and what follows them in the record line."""
    rate = length = None
    if fields:
        try:
            rate = float(re.split(r"[/(]", fields[0])[0])
        except ValueError:
            raise HeaderError("the sampling rate in the header is no number") from None
    if len(fields) > 1 and fields[1].isdecimal():
        length = int(fields[1]) or None
    return rate, length, fields[2:]


def _signal(line: str) -> Signal:
    fields = line.split(None, 8)
    kind = _FORMAT.fullmatch(fields[1]) if len(fields) > 1 else None
    scale = _GAIN.fullmatch(fields[2]) if len(fields) > 2 else None
    if kind is None or (len(fields) > 2 and scale is None):
        raise HeaderError("a signal line of the header cannot be read")
    gain = None
    if scale is not None and scale[1] is not None:
        try:
            gain = float(scale[1])
        except ValueError:
            raise HeaderError("a gain in the header is no number") from None
    checksum = fields[6] if len(fields) > 6 else ""
    return Signal(
        file=fields[0],
        format=kind[1],
        samples_per_frame=int(kind[2] or 1),
        skew=int(kind[3] or 0),
        offset=int(kind[4] or 0),
        gain=gain or None,  # by the format's rule a gain of 0 means "uncalibrated"
        unit=scale[3] if scale is not None else None,
        checksum=int(checksum) if re.fullmatch(r"-?\d+", checksum) else None,
        name=fields[8].strip() if len(fields) > 8 else None,
    )


def _segment(line: str) -> tuple[str, int]:
    fields = line.split()
    if len(fields) != 2 or not fields[1].isdecimal():
        raise HeaderError("a segment line of the header cannot be read")
    return fields[0], int(fields[1])


def _date(fields: list[str]) -> date | None:
    for field in fields:
        parts = re.split(r"[/-]", field)
        if len(parts) != 3:
            continue
        month = parts[1].casefold()[:3]
        try:
            number = _MONTHS.index(month) + 1 if month in _MONTHS else int(parts[1])
            return date(int(parts[2]), number, int(parts[0]))
        except ValueError:
            continue
    return None


def _time(fields: list[str]) -> time | None:
    for field in fields:
        match = _TIME.fullmatch(field)
        if match:
            try:
                return time(int(match[1]), int(match[2]), int(match[3]))
            except ValueError:
                continue
    return None
