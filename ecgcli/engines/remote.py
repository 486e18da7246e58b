"""A server's model asked from several threads at once, under the interface of `engines.local`.

It knows how many questions are on their way and hands out what comes back; how a server is asked,
and again, is `engines.server`.
"""

from __future__ import annotations

import queue
import threading

from ecgcli.engines.host import Answered
from ecgcli.engines.question import Question
from ecgcli.engines.server import Server
from ecgcli.errors import EcgcliError, RecordError

WINDOW = 16
REFUSED = "refused"


class RemoteEngine:
    """One model of one server; so many questions at once.

    Its methods are for one thread.
    """

    def __init__(self, server: Server, window: int = WINDOW, *, with_picture: bool = False) -> None:
        """Take note of the server; `start` asks it for the first time."""
        self._server = server
        self._window = window
        self._with_picture = with_picture
        self._done: queue.SimpleQueue[Answered | EcgcliError] = queue.SimpleQueue()
        self._asked: queue.SimpleQueue[tuple[int, Question] | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self.in_flight = 0
        self.version = ""
        self.restarts = 0

    @property
    def has_room(self) -> bool:
        """Whether another question would be asked at once."""
        return self.in_flight < self._window

    def start(self) -> None:
        """Find out that the model is there and keeps a schema.

        Raises:
            ModelError: It is not, or does not.
        """
        self.version = self._server.probe(with_picture=self._with_picture)
        # Daemons: who ends the program does not wait for a server that does not answer.
        self._threads = [
            threading.Thread(target=self._work, daemon=True) for _ in range(self._window)
        ]
        for thread in self._threads:
            thread.start()

    def ask(self, number: int, question: Question, again: tuple[str, ...] = ()) -> None:
        """Ask a question; its answer comes from `answers` under its number."""
        del again  # the server is asked again in its own way
        self.in_flight += 1
        self._asked.put((number, question))

    def _work(self) -> None:
        while (one := self._asked.get()) is not None:
            self._ask(*one)

    def _ask(self, number: int, question: Question) -> None:
        try:
            self._done.put(Answered(number, self._server.ask(question), "stop"))
        except RecordError as error:
            self._done.put(Answered(number, f"{error.reason} ({error.remedy})", REFUSED))
        except EcgcliError as error:
            self._done.put(error)
        except Exception as error:  # a bug of ours must not leave a record waiting for ever
            self._done.put(EcgcliError(f"asking the server failed ({type(error).__name__})"))

    def answers(self, timeout_s: float) -> list[Answered]:
        """Return the answers that are there, after waiting for the first at most `timeout_s`.

        Raises:
            ModelError: The server is gone.
        """
        found: list[Answered] = []
        while (said := self._next(0.0 if found else timeout_s)) is not None:
            self.in_flight -= 1
            if isinstance(said, EcgcliError):
                raise said
            found.append(said)
        return found

    def _next(self, timeout_s: float) -> Answered | EcgcliError | None:
        try:
            return self._done.get(timeout=timeout_s) if timeout_s else self._done.get_nowait()
        except queue.Empty:
            return None

    def close(self) -> None:
        """Ask nothing more; what is on its way is not waited for."""
        for _ in self._threads:
            self._asked.put(None)
        self._threads = []
