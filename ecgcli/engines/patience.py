"""How long and how often a question is asked before it is given up.

It knows a deadline, a number of tries and growing waits between them; it does not know why a try
failed. The waits differ a little from question to question, so that processes which a server turned
away together do not come back together; they are the same for one question in every run.
"""

from __future__ import annotations

import math
import random
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one question, from the first try to the answer.

    Attributes:
        question_s: Seconds for everything, waits included.
        try_s: Seconds for one try.
        tries: Tries of one question that may be lost or turned away.
        failures: Tries of those that may end with the server's own error (HTTP 500).
        answers: Answers to one question that may be unusable.
        wait_s: Seconds before the second try; they double from try to try.
        longest_wait_s: Up to these.
        answer_bytes: Bytes that are read of an answer.
        check_s: Seconds for the question that finds out whether a server still answers.
    """

    question_s: float = 110.0
    try_s: float = 60.0
    tries: int = 8
    failures: int = 3
    answers: int = 4
    wait_s: float = 0.5
    longest_wait_s: float = 30.0
    answer_bytes: int = 2**20
    check_s: float = 20.0


class Clock:
    """The time; tests have one of their own."""

    def now(self) -> float:
        """Return seconds that only ever grow."""
        return time.monotonic()

    def date(self) -> float:
        """Return seconds since 1970."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class Patience:
    """What is left of it for one question."""

    def __init__(self, limits: Limits, clock: Clock, seed: int) -> None:
        """Begin now; `seed` shapes the waits."""
        self._limits, self._clock = limits, clock
        self._random = random.Random(seed)
        self._end = clock.now() + limits.question_s
        self._lost = 0
        self._failed = 0

    @property
    def tries(self) -> int:
        """How many tries came to nothing."""
        return self._lost

    def seconds(self) -> float:
        """Return how long the next try may take (s); not more than 0 where time is up."""
        return min(self._limits.try_s, self._end - self._clock.now())

    def waits(self, *, failed: bool = False, at_least_s: float = 0.0) -> bool:
        """Count a try that came to nothing; wait and say that there is another, if there is.

        Args:
            failed: Whether the server had an error of its own.
            at_least_s: What it asks for before the next.

        Returns:
            False, at once, where tries or time do not suffice.
        """
        self._lost += 1
        self._failed += failed
        if self._lost >= self._limits.tries or self._failed >= self._limits.failures:
            return False
        most_s = min(self._limits.wait_s * 2.0 ** (self._lost - 1), self._limits.longest_wait_s)
        wait_s = max(at_least_s, most_s * self._random.uniform(0.5, 1.0))
        if self._clock.now() + wait_s >= self._end:
            return False
        self._clock.sleep(wait_s)
        return True


def asked_for(retry_after: str | None, date: float) -> float:
    """Return for how long (s) a header field Retry-After asks, 0 where it says nothing of use.

    Args:
        retry_after: Seconds or a date, as HTTP has both; anything else counts for nothing.
        date: The time now, seconds since 1970.
    """
    if retry_after is None:
        return 0.0
    try:
        seconds = float(retry_after)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(retry_after).timestamp() - date
        except (ValueError, OverflowError, OSError):
            return 0.0
    return max(0.0, seconds) if math.isfinite(seconds) else 0.0
