"""A folder for the workers' temporary files, and those that killed runs have left.

Workers may be killed at any time and then leave what is temporary; their run removes the folder. A
run that is killed itself cannot: the next one does. Whether a run lives the kernel says, as of
an output directory: it holds a lock on its folder.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from ecgcli.errors import OutputError

PREFIX = "ecgcli-scratch-"
YOUNG_S = 60.0
"""A folder as young as that may not be locked yet."""


class Scratch:
    """A new folder of this process.

    Attributes:
        path: Where it is.

    Raises:
        OutputError: It cannot be made.
    """

    def __init__(self) -> None:
        sweep()
        try:
            self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
            self._descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise OutputError(f"no room for temporary files: {error.strerror}") from error
        with suppress(OSError):  # a file system that locks nothing: it is not swept either
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def remove(self) -> None:
        """Remove it with all that it holds."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._descriptor)


def sweep() -> None:
    """Remove the folders of this user's runs that live no more."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):
            _remove_dead(folder)


def _remove_dead(folder: Path) -> None:
    # A link of that name could lead anywhere.
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        about = os.fstat(descriptor)
        if about.st_uid != os.getuid() or time.time() - about.st_ctime < YOUNG_S:
            return
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(descriptor)
