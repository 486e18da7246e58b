"""A process that must not outlive the one that started it.

It knows the kernel's way and the portable one; it does not know what the process does.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys
import threading
from multiprocessing.connection import Connection


def die_with_parent(connection: Connection) -> None:
    """End this process when the supervising one ends, however that ends, whatever we are doing.

    Args:
        connection: This end of a pipe whose other end only the supervising process holds.
    """
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        # The kernel's way, which also ends a native call that never returns. The parent of a worker
        # is the fork server, which ends when the supervising process does.
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
    # The portable way, and without the detour: the other end of the pipe hangs up.
    threading.Thread(target=_watch, args=(connection.fileno(),), daemon=True).start()


def _watch(descriptor: int) -> None:
    poll = select.poll()
    poll.register(descriptor, 0)  # only what is reported unasked: hang-up and error
    poll.poll()
    os._exit(1)
