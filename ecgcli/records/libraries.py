"""Calls into reading libraries: nothing they print, warn of, log or raise gets out as it is.

It knows how a library's failure translates into a `RecordError`; it does not know which library
reads what.
"""

from __future__ import annotations

import contextlib
import io
import logging
import re
import warnings
from collections.abc import Iterator

from ecgcli.errors import Category, RecordError

COPY_AGAIN = "copy or export the recording again from where it was made"
_LOGGERS = ("pydicom", "wfdb", "fsspec", "ecgdatakit", "asyncio")
# What ecgdatakit's messages mean. The messages themselves hold paths and patients' data.
_MEANINGS: tuple[tuple[str, Category, str, str], ...] = (
    (
        r"No rhythm|No ECG lead|holds no samples|no usable Waveform",
        Category.INCOMPLETE,
        "the file holds no rhythm recording",
        "export the recording with its waveforms",
    ),
    (
        r"Malformed XML|not well-formed",
        Category.DAMAGED,
        "the XML is not well formed, most likely cut off",
        COPY_AGAIN,
    ),
    (
        r"time increment|SampleBase|sampling rate",
        Category.INCOMPLETE,
        "the file states no valid sampling rate",
        COPY_AGAIN,
    ),
)


def os_error(error: OSError) -> RecordError:
    """Translate an error of the operating system; its message holds a path and is dropped."""
    if isinstance(error, PermissionError):
        return RecordError(
            Category.NOT_READABLE,
            "the file may not be read by this user",
            "give the user that runs ecgcli permission to read it",
        )
    if isinstance(error, FileNotFoundError):
        return RecordError(
            Category.NOT_READABLE, "the file is not there any more", "run again once it is back"
        )
    return RecordError(
        Category.NOT_READABLE,
        f"the operating system refused to read the file (error {error.errno})",
        "check the disk or the network share",
    )


@contextlib.contextmanager
def guarded() -> Iterator[list[warnings.WarningMessage]]:
    """Run a library's reader; yields the list that its warnings go to.

    Raises:
        RecordError: For everything that the library raises, and where it warns that a checksum
            in the file contradicts the data.
    """
    with warnings.catch_warnings(record=True) as caught, _silence():
        warnings.simplefilter("always")
        try:
            yield caught
        except Exception as error:
            raise _translated(error) from None
    if any(warning.category.__name__ == "ChecksumWarning" for warning in caught):
        raise RecordError(
            Category.DAMAGED, "a checksum in the file contradicts its data", COPY_AGAIN
        )


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    before = [logger.disabled for logger in loggers]
    for logger in loggers:
        logger.disabled = True
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        for logger, disabled in zip(loggers, before, strict=True):
            logger.disabled = disabled


def _translated(error: Exception) -> RecordError:
    """Say what a library's exception means, without quoting it."""
    kind = type(error).__name__
    if isinstance(error, RecordError):
        return error
    if isinstance(error, MemoryError):
        return RecordError(
            Category.UNSAFE, "reading the file needs more memory than there is", COPY_AGAIN
        )
    if isinstance(error, ImportError):
        return RecordError(
            Category.INTERNAL,
            f"a library that reads this format is missing ({error.name})",
            "install ecgcli again, then run `ecgcli doctor`",
        )
    if isinstance(error, OSError) and error.errno is not None:
        return os_error(error)
    for pattern, category, reason, remedy in _MEANINGS:
        if re.search(pattern, str(error)):
            return RecordError(category, reason, remedy)
    if kind == "UnsupportedFormatError":
        return RecordError(
            Category.UNSUPPORTED,
            "the file is of a version or kind of its format that is not handled",
            "export the recording in another format or version",
        )
    if kind == "MissingElementError":
        return RecordError(
            Category.INCOMPLETE, "the file lacks a part that its format requires", COPY_AGAIN
        )
    return RecordError(
        Category.DAMAGED, f"the file's bytes contradict its format ({kind})", COPY_AGAIN
    )
