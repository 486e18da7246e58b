"""Read a recording, whatever its format: the door of this room.

It knows which file of this room reads which format, what files make up a record and that nothing
but a `RecordError` may leave; it does not know any format.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from ecgcli.errors import Category, RecordError
from ecgcli.records import table_file, vendor_file, wfdb_file
from ecgcli.records.build import Found, build
from ecgcli.records.find import NotAnEcg, Source, find
from ecgcli.records.libraries import os_error
from ecgcli.records.names import record_name
from ecgcli.records.record import Record
from ecgcli.records.sidecar import find_sidecar


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the user states for files that do not: rate in Hz and unit of CSV files."""

    rate_hz: float | None = None
    unit: str | None = None

    @property
    def explain_tables(self) -> bool:
        """Say whether CSV files need no sidecar; what `find` wants to know as `tables`."""
        return self.rate_hz is not None and self.unit is not None


def read(source: Source, options: ReadOptions = ReadOptions()) -> Record:
    """Read a recording.

    Args:
        source: What `find` found.
        options: Rate and unit for tables without a sidecar.

    Returns:
        The recording: samples in mV at the recording's own rate, leads by standard names.

    Raises:
        RecordError: Whatever is wrong with it, and what can be done; without names or paths.
    """
    digest = content_hash(source)
    try:
        found = _read(source, options)
        return build(found, _name(source), digest)
    except RecordError:
        raise
    except OSError as error:
        raise os_error(error) from None
    except Exception as error:
        # A reader's own mistake about a file that nobody has seen before. The batch goes on.
        raise RecordError(
            Category.INTERNAL,
            f"the reader of {source.format} failed ({type(error).__name__})",
            "please report it with the kind of machine that wrote the file",
        ) from error


def read_path(path: Path, options: ReadOptions = ReadOptions()) -> Record:
    """Find the one recording that a file is or belongs to, and read it.

    Raises:
        RecordError: Also where the file is no ECG.
    """
    if path.is_dir():
        raise RecordError(Category.UNSUPPORTED, "it is a folder", "name one of its files")
    found = next(iter(find([path], tables=options.explain_tables)), None)
    if isinstance(found, Source):
        return read(found, options)
    reason = found.reason if isinstance(found, NotAnEcg) else "a report of an earlier run"
    raise RecordError(Category.UNSUPPORTED, f"no ECG: {reason}", "name an ECG file")


def content_hash(source: Source) -> str:
    """Return the SHA-256 over all files of a recording, hexadecimal.

    The files are taken one after another, so that `cat rec.hea rec.dat | sha256sum` gives the
    same: for WFDB the header, then the signal files in the header's order (for a multi-segment
    record each segment's header before its signal files); for a table the table, then its sidecar.

    Raises:
        RecordError: A file is missing or cannot be read.
    """
    digest = hashlib.sha256()
    if source.path.is_dir():
        raise RecordError(
            Category.NOT_READABLE,
            "the folder may not be opened by this user",
            "give the user that runs ecgcli permission to open it",
        )
    try:
        for path in files(source):
            with path.open("rb") as file:
                while chunk := file.read(1 << 20):
                    digest.update(chunk)
    except FileNotFoundError:
        raise RecordError(
            Category.INCOMPLETE if source.path.exists() else Category.NOT_READABLE,
            "a file of the record is missing",
            "copy all files of the record together, then run again",
        ) from None
    except OSError as error:
        raise os_error(error) from None
    return digest.hexdigest()


def files(source: Source) -> tuple[Path, ...]:
    """Return the files that make up a recording, the main one first.

    Raises:
        RecordError: A WFDB header cannot be read.
    """
    if source.format == "wfdb":
        return wfdb_file.files(source.path)
    if source.format in ("csv", "npy"):
        sidecar = find_sidecar(source.path)
        return (source.path,) if sidecar is None else (source.path, sidecar)
    return (source.path,)


def _read(source: Source, options: ReadOptions) -> Found:
    if source.format == "wfdb":
        return wfdb_file.read(source.path)
    if source.format in ("csv", "npy"):
        sidecar = find_sidecar(source.path)
        return table_file.read(source.path, source.format, sidecar, options.rate_hz, options.unit)
    if source.format in vendor_file.PARSERS:
        return vendor_file.read(source.path, source.format)
    raise RecordError(
        Category.NOT_READABLE,
        "the file cannot be opened",
        "give the user that runs ecgcli permission to read it",
    )


def _name(source: Source) -> str:
    name = source.path.name
    name = record_name(name) if source.format == "wfdb" else name
    return name.encode("utf-8", "replace").decode("utf-8")
