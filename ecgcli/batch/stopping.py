"""Signals that ask a run to stop: the first lets it finish what is in hand, the second does not."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any

from ecgcli.errors import ExitCode

CODES = {signal.SIGINT: ExitCode.INTERRUPTED, signal.SIGTERM: ExitCode.TERMINATED}


class Stopped(BaseException):
    """Stop at once. Not an `Exception`, so that nothing takes it for one record's trouble."""


class Stopping:
    """Listens for SIGINT and SIGTERM while the block runs."""

    def __init__(self) -> None:
        """Listen once the block is entered (in the main thread, where Python allows it)."""
        self.signal: signal.Signals | None = None
        self.at_once = False
        """Whether there is nothing in hand, so that already the first signal ends the run."""
        self._raised = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Stopping:
        if threading.current_thread() is threading.main_thread():
            for number in CODES:
                self._before[number] = signal.signal(number, self._receive)
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        again = self.signal is not None
        self.signal = self.signal or signal.Signals(number)
        if (again or self.at_once) and not self._raised:
            self._raised = True  # once: the clearing up after it is short and must not be cut
            raise Stopped

    @property
    def exit_code(self) -> ExitCode | None:
        """With what the process ends, where a signal came."""
        return None if self.signal is None else CODES[self.signal]
