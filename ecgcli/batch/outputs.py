"""Writing files so that a reader sees a whole one or none.

It knows files, folders and what their system calls can say; it does not know what is in them.
A file is written beside its place, flushed to disk and renamed over it; the folder is flushed too,
so that what the journal calls done is still there after a power cut.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from ecgcli.errors import Category, OutputError, RecordError

PART = ".ecgcli-part"
"""Ending of files that are being written; hidden, so that no run takes them for a recording."""

# What is wrong with one name and not with the disk: it costs one record, not the run.
_OF_THE_NAME = frozenset(
    {errno.ENAMETOOLONG, errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ENOTEMPTY, errno.EILSEQ}
)


def failure(error: OSError) -> OutputError | RecordError:
    """Return what a failed write means: the end of the run, or of one record."""
    if error.errno in _OF_THE_NAME:
        return RecordError(
            Category.UNSUPPORTED,
            f"its reports cannot be named like the recording ({error.strerror})",
            "give the file or its folder a shorter or another name",
        )
    return OutputError(f"cannot write in the output directory: {error.strerror}")


def apart(output: PurePosixPath, source: Path) -> PurePosixPath:
    """Return another place beside `output` that belongs to this source alone.

    `find` keeps the records of one run apart; this does it for runs over different folders that
    share an output directory.
    """
    return output.with_name(f"{output.name}~{_digest(str(source))}")


def _digest(text: str) -> str:
    return hashlib.sha256(os.fsencode(text)).hexdigest()[:8]


def target(folder: Path, output: PurePosixPath, kind: str) -> Path:
    """Return the file of one report (names may hold dots, so the extension is put behind)."""
    return folder / f"{output}.{kind}"


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, durably.

    Raises:
        OSError: One could not be made.
    """
    if folder.is_dir():
        return
    make_folder(folder.parent)
    with suppress(FileExistsError):  # a neighbour was faster
        folder.mkdir()
        _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network file systems do not know how to flush a folder; they do it on their own.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def _part(file: Path) -> Path:
    return file.with_name(f".{_digest(file.name)}-{os.getpid()}{PART}")


@contextmanager
def replacing(file: Path) -> Iterator[BinaryIO]:
    """Open a file for writing that takes the place of `file` where the block ends well.

    Raises:
        OutputError: The disk is full, read-only or forbidden.
        RecordError: The name does not do on this file system.
    """
    part = _part(file)
    try:
        make_folder(file.parent)
        try:
            with part.open("wb") as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            part.replace(file)
        except BaseException:
            with suppress(OSError):
                part.unlink()
            raise
        _sync_folder(file.parent)
    except OSError as error:
        raise failure(error) from error


def write_together(files: Mapping[Path, bytes]) -> None:
    """Write the reports of one record: all are on disk before the first becomes visible.

    A kill between the renames leaves new and old side by side; the journal calls the record done
    only after this returns, so the next run writes them all again, to the same bytes.

    Raises:
        OutputError: The disk is full, read-only or forbidden.
        RecordError: The name does not do on this file system.
    """
    parts: dict[Path, Path] = {}
    try:
        try:
            for file, content in files.items():
                make_folder(file.parent)
                parts[file] = _part(file)
                with parts[file].open("wb") as stream:
                    stream.write(content)
                    stream.flush()
                    os.fsync(stream.fileno())
            for file, part in parts.items():
                part.replace(file)
            for folder in {file.parent for file in files}:
                _sync_folder(folder)
        finally:
            for part in parts.values():
                with suppress(OSError):
                    part.unlink()
    except OSError as error:
        raise failure(error) from error


def present(folder: Path, output: PurePosixPath, sizes: Mapping[str, int]) -> bool:
    """Say whether reports of these formats and sizes are there."""
    for kind, size in sizes.items():
        try:
            found = target(folder, output, kind).stat()
        except OSError:
            return False
        if not stat.S_ISREG(found.st_mode) or found.st_size != size:
            return False
    return True


def remove(folder: Path, output: PurePosixPath, kinds: Iterable[str]) -> None:
    """Remove reports that describe a recording no longer there in that form.

    Raises:
        OutputError: One could not be removed.
    """
    for kind in kinds:
        try:
            target(folder, output, kind).unlink(missing_ok=True)
        except OSError as error:
            if error.errno not in _OF_THE_NAME:
                raise OutputError(f"cannot remove an old report: {error.strerror}") from error


def sweep_record(folder: Path, output: PurePosixPath, kinds: Iterable[str]) -> None:
    """Remove what a killed worker left half-written of one record."""
    for kind in kinds:
        file = target(folder, output, kind)
        for part in file.parent.glob(f".{_digest(file.name)}-*{PART}"):
            with suppress(OSError):
                part.unlink()


def sweep(folder: Path, *, deep: bool) -> int:
    """Remove what killed processes left half-written, in a folder or in all below it."""
    swept = 0
    folders = [folder]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.name.endswith(PART) and entry.name.startswith("."):
                        with suppress(OSError):
                            Path(entry.path).unlink()
                            swept += 1
                    elif deep and entry.is_dir(follow_symlinks=False):
                        folders.append(Path(entry.path))
        except OSError:  # not there or not ours to read: then there is nothing of ours in it
            continue
    return swept
