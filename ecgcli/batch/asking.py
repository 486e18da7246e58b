"""Records that wait for a language model's answer, between their two visits to a worker.

It knows which record asked what and keeps what a worker needs to go on; it does not know how a
model is asked (`engines`) nor what is asked. What is kept lives in memory only, for as many records
as the engine takes at once.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from ecgcli.batch.log import Log
from ecgcli.batch.outcome import Pending, Told
from ecgcli.batch.settings import Settings
from ecgcli.batch.workers import Job
from ecgcli.engines.host import Answered, Plan
from ecgcli.engines.question import SEED, Question
from ecgcli.models.files import SIGNAL_ARCHITECTURE

if TYPE_CHECKING:
    from ecgcli.engines.server import Server


THREADS = "OMP_NUM_THREADS"


class Engine(Protocol):
    """Who answers, wherever it runs; methods for one thread."""

    version: str
    restarts: int

    @property
    def in_flight(self) -> int:
        """How many questions have no answer yet."""

    @property
    def has_room(self) -> bool:
        """Whether another question would be asked at once."""

    def start(self) -> None:
        """Load the model, or find the server."""

    def ask(self, number: int, question: Question, again: tuple[str, ...] = ()) -> None:
        """Ask a question."""

    def answers(self, timeout_s: float) -> list[Answered]:
        """Return answers."""

    def close(self) -> None:
        """End it."""


class Asking:
    """Questions on their way and records that have been told.

    Attributes:
        told: Jobs that go on, with the answer.
    """

    def __init__(self, engine: Engine) -> None:
        """Take note of the engine; it starts with the first record."""
        self.engine = engine
        self.told: deque[Job] = deque()
        self._jobs: dict[int, tuple[Job, Pending]] = {}
        self._number = 0
        self._ready = 0.0  # when the engine was, on the clock of `time.monotonic`
        self._seconds = 0.0
        self._tokens = [0, 0]  # read and written

    @property
    def in_hand(self) -> int:
        """How many records wait, for an answer or for a worker."""
        return len(self._jobs) + len(self.told)

    @property
    def has_room(self) -> bool:
        """Whether a record that asks now would be answered next."""
        return self.engine.has_room and len(self.told) == 0

    @property
    def is_ready(self) -> bool:
        """Whether the engine was started."""
        return self._ready > 0.0

    def start(self, log: Log) -> None:
        """Start the engine, once, before workers have anything in hand that could time out.

        Raises:
            ModelError: The model is not there.
        """
        if not self.is_ready:
            log.info("starting the language model")
            began = time.monotonic()
            self.engine.start()
            seconds = round(time.monotonic() - began, 1)
            log.info("the language model is ready", engine=self.engine.version, seconds=seconds)
            self._ready = time.monotonic()

    def ask(self, job: Job, pending: Pending) -> None:
        """Ask what a record's worker wants to know."""
        self._number += 1
        self._jobs[self._number] = (job, pending)
        self.engine.ask(self._number, pending.question, pending.again)

    def listen(self, timeout_s: float) -> None:
        """Take the answers that are there.

        Raises:
            ModelError: The engine is dead and stays so.
        """
        if not self._jobs:
            return
        for answered in self.engine.answers(timeout_s):
            self._seconds = time.monotonic() - self._ready
            self._tokens[0] += answered.read
            self._tokens[1] += answered.written
            job, pending = self._jobs.pop(answered.number)
            told = Told(answered.text, answered.ended, pending.kept, pending.again)
            self.told.append(replace(job, told=told))

    def about(self, settings: Settings) -> dict[str, object]:
        """Return what the run's record says of the model and of how it was asked."""
        return {
            "name": settings.asked_model(),
            "engine": _kind(settings),
            "engine_version": self.engine.version,
            "restarts": self.engine.restarts,
            "temperature": 0.0,
            "seed": SEED,
            "asked": self._number,
            "seconds": round(self._seconds, 3),  # from ready to the last answer
            "tokens_read": self._tokens[0],  # 0 where a server does not say
            "tokens_written": self._tokens[1],
        }

    def close(self) -> None:
        """End the engine."""
        self.engine.close()


def only_model(settings: Settings) -> str:
    """Return the name of the one model that a server has.

    Raises:
        ModelError: The server is not there, or has none.
        UsageError: It has several.
    """
    return _server(settings).only_model()


def engine_of(settings: Settings) -> Engine:
    """Return who answers, as the settings say; nothing is loaded yet.

    Raises:
        UsageError: A URL or a key cannot be one.
    """
    if settings.is_server:
        from ecgcli.engines import remote

        window = settings.window or remote.WINDOW
        return remote.RemoteEngine(_server(settings), window, with_picture=True)
    from ecgcli.engines.local import WINDOW, LocalEngine

    window = settings.window or WINDOW
    if settings.serve:
        from ecgcli.engines import served, serving

        more = serving.further(settings.vllm_options)
        order = served.ServerPlan(
            settings.model, window, settings.timeout_s, more, settings.verbose
        )
        return LocalEngine(order, window, served.serve)
    return LocalEngine(plan_of(settings), window)


def plan_of(settings: Settings) -> Plan:
    """Return what is loaded in process, and how."""
    from ecgcli.engines.local import WINDOW

    options: dict[str, object] = {"max_num_seqs": settings.window or WINDOW}
    architecture = None
    environment: dict[str, str] = {}
    if settings.reads_signals:
        architecture = SIGNAL_ARCHITECTURE
        # So small that rounding is the dearer economy.
        options |= {"limit_mm_per_prompt": {"ecg": 1}, "max_model_len": 2048, "dtype": "float32"}
        environment[THREADS] = "1"  # workers read and measure on the same processors
    else:
        options |= {"limit_mm_per_prompt": {"image": 1}}
    return Plan(settings.model, options, environment, architecture, loud=settings.verbose)


def _kind(settings: Settings) -> str:
    if settings.is_server:
        return "server"
    return "vllm server" if settings.serve else "vllm"


def _server(settings: Settings) -> Server:
    from ecgcli.engines.patience import Limits
    from ecgcli.engines.server import Server

    # Who gives a question more time than is usual has a model that takes it.
    try_s = max(Limits().try_s, settings.timeout_s / 2)
    limits = Limits(question_s=settings.timeout_s, try_s=try_s)
    return Server(settings.model, settings.model_name, limits=limits)
