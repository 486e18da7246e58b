"""One run at a time on an output directory.

The kernel holds the lock (`flock` on an open file), not the file's existence: it is gone the moment
its process is, however that ended, so a file left behind never blocks anybody. On NFS Linux turns
`flock` into a byte-range lock on the server, which also keeps runs on two machines apart.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ecgcli.errors import LockedError, OutputError

POLL_S = 0.2


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            return False
        raise OutputError(
            f"the file system of the output directory does not lock files ({error.strerror}): "
            "choose a directory on another one, or start its lock service"
        ) from error
    return True


@contextmanager
def hold(file: Path, *, wait: bool, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold the lock while the block runs.

    Args:
        file: The lock file; made where it is missing, and left there.
        wait: Wait for as long as another run holds it.
        waiting: Called once where there is something to wait for. An exception raised by a signal
            handler ends the wait.

    Raises:
        LockedError: Another run holds it and `wait` is false.
        OutputError: The file cannot be made or locked.
    """
    try:
        # Not inheritable (Python's default): a worker that outlives its parent holds no lock.
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise OutputError(f"cannot write in the output directory: {error.strerror}") from error
    try:
        if not _try(descriptor):
            if not wait:
                raise LockedError("another run holds this output directory")
            waiting()
            while not _try(descriptor):
                time.sleep(POLL_S)
        yield
    finally:
        os.close(descriptor)
