"""A process that starts a vLLM server for one run, asks it what comes through a pipe, and ends it.

It stands where `engines.host` does, for a model that is to be served: `engines.local` starts it,
starts it again and decides what is asked anew. It knows how the server's processes are born and how
not one of them outlives the run; how a server is asked is `engines.server`.

The server listens at a socket in a folder that only this user may enter: no other user can ask it,
and none can take a port before it does and be shown recordings in its place. Its key is made up for
this one start, and only the environment carries it.
"""

from __future__ import annotations

import importlib.util
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO

from ecgcli.engines import serving, unloaded, wire
from ecgcli.engines.child import be_silent, bound
from ecgcli.engines.host import Failed, Ready
from ecgcli.engines.patience import Limits
from ecgcli.engines.remote import RemoteEngine
from ecgcli.engines.server import GoneError, Server
from ecgcli.engines.wire import Address, LostError, Request, TooLongError
from ecgcli.errors import EcgcliError

LOOK_S = 0.5  # how often a server that loads, or has nothing to do, is looked after
LISTEN_S = 0.02
HEALTH_S = 5.0
LEAVE_S = 5.0
KILLED_S = 2.0
LINES, LENGTH = 400, 2000  # kept of what the server writes
LONGEST_FOLDER = 70  # bytes; of a socket's whole name the system takes some hundred


@dataclass(frozen=True, slots=True)
class ServerPlan:
    """What is served, and how.

    Attributes:
        model: Directory of the model.
        window: Questions at once.
        question_s: Seconds for one question, from the first try to the answer.
        options: Further options of vLLM's own.
        loud: Leave the server's own output on standard error.
    """

    model: str
    window: int
    question_s: float
    options: tuple[str, ...] = ()
    loud: bool = False


def serve(connection: Connection, plan: ServerPlan) -> None:
    """Start the server and pass questions on until the pipe closes or the server dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to stop
    signal.signal(signal.SIGTERM, _leave)
    if not plan.loud:
        be_silent()
    # A pipe that nobody reads any more: the run is over, however that came about.
    with suppress(EOFError, OSError), _folder() as folder:
        _serve(connection, plan, Path(folder))


def _leave(number: int, frame: object) -> None:
    sys.exit(1)  # by way of all that has to be ended before


def _folder() -> tempfile.TemporaryDirectory[str]:
    """Return a folder that only this user may enter, of a name short enough for a socket's."""
    is_short = len(os.fsencode(tempfile.gettempdir())) < LONGEST_FOLDER
    return tempfile.TemporaryDirectory(prefix="ecgcli-", dir=None if is_short else "/tmp")


def _serve(connection: Connection, plan: ServerPlan, folder: Path) -> None:
    if importlib.util.find_spec("vllm") is None:
        connection.send(Failed(*unloaded.NOT_INSTALLED))
        return
    address, key = Address.of_socket(folder / "s"), secrets.token_urlsafe()
    limits = Limits(question_s=plan.question_s, try_s=plan.question_s)
    name = Path(plan.model).name
    engine = RemoteEngine(Server(address, name, key, limits=limits), plan.window, with_picture=True)
    with _started(plan, address, key) as (process, log):
        if not _is_up(connection, process, address):
            connection.send(_why(process, log))
            return
        try:
            engine.start()
        except EcgcliError as error:
            connection.send(Failed(str(error)))
            return
        connection.send(Ready(_version(address)))
        try:
            _pass_on(connection, process, engine)
        except GoneError:
            return  # it is started again
        except EcgcliError as error:
            if process.poll() is None:
                connection.send(Failed(str(error)))


@contextmanager
def _started(
    plan: ServerPlan, address: Address, key: str
) -> Iterator[tuple[subprocess.Popen[bytes], _Log]]:
    """Start the server, and end it, with every process of its own, at the end of the block."""
    # One place more than there are questions, for the one that asks whether it is well.
    words = serving.command(
        plan.model,
        Path(plan.model).name,
        ("--uds", address.host),
        plan.window + 1,
        plan.options,
    )
    process = subprocess.Popen(
        bound(words),
        env=serving.environment(dict(os.environ), key),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # a group of its own, which is ended together
    )
    assert process.stdout is not None
    log = _Log(process.stdout, plan.loud)
    try:
        yield process, log
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the whole group: vLLM's engine goes on for ever where its server is killed."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(LEAVE_S)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):
        process.wait(KILLED_S)


def _is_up(connection: Connection, process: subprocess.Popen[bytes], address: Address) -> bool:
    """Wait until the server is well; return whether it is, and not ended.

    Raises:
        EOFError: The run has ended.
    """
    while process.poll() is None:
        if _get(address, "/health") is not None:
            return True
        if connection.poll(LOOK_S):  # nothing is asked yet: it can only have been closed
            raise EOFError
    return False


def _get(address: Address, path: str) -> bytes | None:
    """Return what a page of the server holds, `None` where there is none."""
    try:
        reply = wire.exchange(
            replace(address, path=""),
            Request(path, {"Connection": "close"}),
            timeout_s=HEALTH_S,
            most_bytes=2**16,
            context=None,
        )
    except (LostError, TooLongError):
        return None
    return reply.body if reply.status == 200 else None


def _version(address: Address) -> str:
    try:
        return str(json.loads(_get(address, "/version") or b"{}").get("version", ""))
    except (ValueError, AttributeError):
        return ""


def _why(process: subprocess.Popen[bytes], log: _Log) -> Failed:
    """Return why a server ended before it was up."""
    known = unloaded.why(log.errors())
    if known is None and process.returncode == -signal.SIGKILL:
        known = unloaded.NO_MEMORY  # which the system ends processes for
    return Failed(*(known or ("vLLM ended while it loaded the model", unloaded.VERBOSE)))


def _pass_on(
    connection: Connection, process: subprocess.Popen[bytes], engine: RemoteEngine
) -> None:
    """Hand questions to the server and answers back, as long as it lives.

    Raises:
        EOFError, OSError: The run has ended.
        EcgcliError: The server answers nobody, or not as it has to.
    """
    while process.poll() is None:
        while connection.poll(0.0 if engine.in_flight else LOOK_S):
            asked = connection.recv()
            engine.ask(asked.number, asked.question, asked.again)
            if process.poll() is not None:
                return
        for answered in engine.answers(LISTEN_S):
            connection.send(answered)


class _Log:
    """The last of what a server writes. Nothing of it is kept anywhere else."""

    def __init__(self, stream: IO[bytes], loud: bool) -> None:
        self._stream, self._loud = stream, loud
        self._lines: deque[str] = deque(maxlen=LINES)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        for line in self._stream:
            self._lines.append(line[:LENGTH].decode("utf-8", "replace"))
            if self._loud:
                sys.stderr.buffer.write(line)
                sys.stderr.buffer.flush()

    def errors(self) -> str:
        """Return the lines that speak of errors; warnings say much that is none."""
        self._thread.join(KILLED_S)
        lines = [line for line in self._lines if "WARNING" not in line]
        return "\n".join(line for line in lines if "error" in line.casefold())
