"""A model in vLLM on this machine: its process started, watched, started again and ended.

It knows how a process dies and what was in flight then; it does not know vLLM (`engines.host` or
`engines.served`, what runs in the process) or recordings. A process that dies costs no question: it
is started again and asked again, one question at a time, until it is found out which one it dies
of; that one alone is given up. A process that dies time after time with different questions is
given up itself.
"""

from __future__ import annotations

import multiprocessing
import os
import socket
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from ecgcli.engines import host, unloaded
from ecgcli.engines.host import Answered, Asked, Failed, Plan, Ready
from ecgcli.errors import ModelError

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess

    from ecgcli.engines.question import Question
    from ecgcli.engines.served import ServerPlan

START_S = 1800.0  # a large model from a slow disk
TIDY_S = 5.0  # for one that leaves by itself
LEAVE_S = 12.0  # one that has a server to end needs a while
JOIN_S = 10.0
RESTARTS = 5
"""Deaths without an answer between them after which the engine is given up."""
WINDOW = 64
CRASHED = "crashed"


class LocalEngine:
    """One model; so many questions in flight at once.

    Its methods are for one thread.
    """

    def __init__(
        self,
        plan: Plan | ServerPlan,
        window: int = WINDOW,
        serve: Callable[[Connection, Any], None] = host.serve,
    ) -> None:
        """Take note of the model; `start` loads it.

        Args:
            plan: What is loaded, and how.
            window: Questions in flight at most: what vLLM may batch.
            serve: What runs in the process and understands the plan: `engines.host`, with a server
                `engines.served`, in tests another.
        """
        self._plan = plan
        self._window = window
        self._serve = serve
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None
        self._flying: dict[int, Asked] = {}
        self._waiting: deque[Asked] = deque()
        self._suspects: set[int] = set()
        self._deaths = 0
        self.restarts = 0
        self.version = ""

    def __enter__(self) -> LocalEngine:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @property
    def in_flight(self) -> int:
        """How many questions have no answer yet."""
        return len(self._flying) + len(self._waiting)

    @property
    def has_room(self) -> bool:
        """Whether another question would be asked at once."""
        return self.in_flight < self._window

    def start(self) -> None:
        """Load the model.

        Raises:
            ModelError: It does not load.
        """
        context = multiprocessing.get_context("spawn")  # a process with a GPU must not be forked
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=self._serve, args=(theirs, self._plan), daemon=True)
        self._process.start()
        theirs.close()
        said = self._first_word(self._pipe)
        if isinstance(said, Ready):
            self.version = said.version
            return
        self.close()
        raise ModelError(str(said))

    def _first_word(self, pipe: Connection) -> object:
        deadline = time.monotonic() + START_S
        try:
            while time.monotonic() < deadline:
                if pipe.poll(1.0):
                    return pipe.recv()
        except (EOFError, OSError):
            return Failed("vLLM ended while it loaded the model", unloaded.VERBOSE)
        return Failed(f"vLLM has not loaded the model after {START_S:.0f} s", unloaded.VERBOSE)

    def ask(self, number: int, question: Question, again: tuple[str, ...] = ()) -> None:
        """Ask a question; its answer comes from `answers` under its number.

        Args:
            number: Different from those of all questions in flight.
            question: What is asked.
            again: Why each of the answers before could not be used.
        """
        self._waiting.append(Asked(number, question, again))
        self._send()

    def answers(self, timeout_s: float) -> list[Answered]:
        """Return the answers that are there, after waiting for the first at most `timeout_s`.

        Raises:
            ModelError: The engine is dead and stays so.
        """
        assert self._pipe is not None
        found: list[Answered] = []
        try:
            while self._pipe.poll(0 if found else timeout_s):
                answered: Answered | Failed = self._pipe.recv()
                if isinstance(answered, Failed):  # starting it again would change nothing
                    raise ModelError(str(answered))
                if self._flying.pop(answered.number, None) is not None:
                    self._suspects.discard(answered.number)
                    self._deaths = 0
                    found.append(answered)
        except (EOFError, OSError):
            found += self._revived()
        self._send()
        return found

    def _send(self) -> None:
        """Send what waits, as far as the window goes; alone what the process may have died of."""
        assert self._pipe is not None
        while self._waiting:
            alone = bool(self._suspects)
            if len(self._flying) >= (1 if alone else self._window):
                return
            asked = self._waiting.popleft()
            self._flying[asked.number] = asked
            with suppress(OSError):  # it is dead: `answers` finds out
                self._pipe.send(asked)

    def _revived(self) -> list[Answered]:
        """Start the process again and put what was in flight first; return what is given up."""
        given_up: list[Answered] = []
        if len(self._flying) == 1 and set(self._flying) <= self._suspects:
            # It was asked alone, and killed the process once more.
            (number,) = self._flying
            given_up.append(Answered(number, "the engine died of this question", CRASHED))
            self._suspects.discard(number)
            self._flying.clear()
        self._suspects |= set(self._flying)
        self._waiting.extendleft(reversed(list(self._flying.values())))
        self._flying.clear()
        self._deaths += 1
        self.close()
        if self._deaths > RESTARTS:
            raise ModelError(
                f"vLLM died {self._deaths} times in a row: see why with --verbose, and run again:"
                " what is done stays done"
            )
        self.restarts += 1
        self.start()
        return given_up

    def close(self) -> None:
        """End the process; what is in flight stays to be asked, should it be started again."""
        if self._pipe is not None:
            if self._process is not None:
                _hang_up(self._pipe)
                self._process.join(TIDY_S)
            self._pipe.close()
        if self._process is not None:
            self._process.join(LEAVE_S)  # it ends when the pipe does, unless it is in the middle
            self._process.kill()
            self._process.join(JOIN_S)
        self._process = self._pipe = None


def _hang_up(pipe: Connection) -> None:
    """Tell the other end that no question follows, so that it leaves as a program should.

    Closing the pipe would end it at once (`child.die_with_parent`), and whatever it shares with
    other processes would be left for Python to clean up, with a warning.
    """
    with suppress(OSError), socket.socket(fileno=os.dup(pipe.fileno())) as end:
        end.shutdown(socket.SHUT_WR)
