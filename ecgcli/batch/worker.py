"""The other end of the pipe: a process that takes one record after another.

It knows how to be a good child (threads, signals, output, dying with its parent) and how every kind
of failure is told; it does not know what is done to a record.
"""

from __future__ import annotations

import errno
import gc
import importlib
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from ecgcli.batch import log
from ecgcli.batch.outcome import Failure, Outcome, Told
from ecgcli.batch.settings import Settings
from ecgcli.engines.child import be_silent, die_with_parent, leave_signals_to_parent
from ecgcli.errors import Category, EcgcliError, OutputError, RecordError
from ecgcli.processes import THREADS

if TYPE_CHECKING:
    from ecgcli.records.find import Source

    # Of a source, the settings and, where it had asked, what it is told.
    Process = Callable[..., Outcome]

SETTLED_AFTER = 50  # records after which caches are warm and memory should stand still
GARBAGE = 50_000  # objects between two collections
GROWTH_BYTES = 256 * 2**20  # more than that on top, and the worker is replaced

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)


@dataclass(frozen=True, slots=True)
class Ready:
    """A worker has loaded everything and waits for its first record."""


@dataclass(frozen=True, slots=True)
class Done:
    """A record ended; `leaving` says that the worker ends with it, having grown."""

    outcome: Outcome
    memory: int = 0
    leaving: bool = False


@dataclass(frozen=True, slots=True)
class Stop:
    """The whole run cannot go on: no disk, no model, or a broken installation."""

    error: EcgcliError


def load(name: str, settings: Settings) -> Process:
    """Return the function called "module:function", after its module's `prepare(settings)`."""
    module_name, _, function = name.partition(":")
    module = importlib.import_module(module_name)
    prepare: Callable[[Settings], None] = getattr(module, "prepare", lambda settings: None)
    prepare(settings)
    found: Process = getattr(module, function)
    return found


def work(connection: Connection, settings: Settings, name: str, scratch: str) -> None:
    """Process records until the pipe closes: what runs in the worker process.

    Args:
        connection: Where records come from and outcomes go.
        settings: Those of the run.
        name: What is done, as "module:function".
        scratch: Folder for temporary files, which the parent removes.
    """
    tempfile.tempdir = scratch
    _behave(connection, settings)
    try:
        process = load(name, settings)
    except EcgcliError as error:
        connection.send(Stop(error))
        return
    except Exception as error:
        connection.send(Stop(EcgcliError(f"the worker cannot start: {_told(error)}")))
        return
    # What is loaded by now stays: the collector need not look at it again, nor look often at the
    # short-lived thousands of objects of a page's layout.
    gc.freeze()
    gc.set_threshold(GARBAGE, 20, 20)
    connection.send(Ready())
    settled = 0
    count = 0
    while True:
        try:
            source, told = connection.recv()
        except (EOFError, OSError):
            return
        message = _attempt(process, source, settings, told)
        if isinstance(message, Done):
            count += 1
            memory = resident()
            settled = memory if count == SETTLED_AFTER else settled
            leaving = count > SETTLED_AFTER and memory > settled + GROWTH_BYTES
            message = Done(message.outcome, memory, leaving)
        try:
            connection.send(message)
        except OSError:  # the parent is gone
            return
        if isinstance(message, Stop) or message.leaving:
            return


def _attempt(
    process: Process, source: Source, settings: Settings, told: Told | None
) -> Done | Stop:
    try:
        return Done(process(source, settings) if told is None else process(source, settings, told))
    except RecordError as error:
        return Done(Outcome(failure=Failure.of(error)))
    except EcgcliError as error:
        return Stop(error)
    except MemoryError:
        # The state of the libraries is unknown: end like the kernel's killer would end us, so that
        # the record is tried once more, alone.
        os._exit(137)
    except OSError as error:
        if error.errno in FULL:  # also the folder for temporary files, which renderers use
            return Stop(OutputError(f"no room to work: {error.strerror}"))
        return Done(Outcome(failure=internal(error)))
    except Exception as error:
        return Done(Outcome(failure=internal(error)))


def internal(error: BaseException) -> Failure:
    """Return the failure that an exception nobody foresaw stands for, without its text."""
    return Failure(
        Category.INTERNAL,
        log.where(error),
        "report this with the version of ecgcli and the format of the file",
    )


def _told(error: Exception) -> str:
    # Loading touches no recording, so the text of the exception names no patient.
    return f"{type(error).__name__}: {error} (run `ecgcli doctor`)"


def resident() -> int:
    """Return this process's resident memory in bytes."""
    try:
        pages = int(Path("/proc/self/statm").read_bytes().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except OSError:  # no Linux
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _behave(connection: Connection, settings: Settings) -> None:
    leave_signals_to_parent()
    die_with_parent(connection)
    for name in THREADS:
        os.environ[name] = "1"
    if not settings.log_paths:
        # Libraries print and warn with the paths and values they are given.
        be_silent()
