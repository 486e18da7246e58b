"""How a process behaves that another one of ours started: it is silent and does not outlive it.

It does not know what the process does.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
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


def leave_signals_to_parent() -> None:
    """Ignore SIGINT and SIGTERM: the parent decides when to stop.

    A Ctrl-C in the terminal reaches every process of the group, and a service's end every one of
    the service.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


BOUND = """
import ctypes, os, signal, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG, which lasts over execv
    if os.getppid() != int(sys.argv[1]):
        sys.exit(1)
os.execv(sys.argv[2], sys.argv[2:])
"""


def bound(command: Sequence[str]) -> list[str]:
    """Return the command that runs another one, which is asked to end when this process has ended.

    Whoever starts it has to do so from a thread that lasts as long as the process.
    """
    return [sys.executable, "-c", BOUND, str(os.getpid()), *command]


def _watch(descriptor: int) -> None:
    poll = select.poll()
    poll.register(descriptor, 0)  # only what is reported unasked: hang-up and error
    poll.poll()
    os._exit(1)


def be_silent() -> None:
    """Let nothing out on standard output and standard error, native libraries' words included."""
    null = os.open(os.devnull, os.O_WRONLY)
    for stream, descriptor in ((sys.stdout, 1), (sys.stderr, 2)):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
        os.dup2(null, descriptor)
    os.close(null)
