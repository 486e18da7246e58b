"""What became of one record: what a worker hands back and the journal keeps.

Plain and light, because the supervising process loads it and must not load numpy with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ecgcli.errors import Category, RecordError


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a record has no reports. Neither text names a patient or a path."""

    category: Category
    reason: str
    remedy: str

    @classmethod
    def of(cls, error: RecordError) -> Failure:
        """Return the failure that an error stands for."""
        return cls(error.category, error.reason, error.remedy)


@dataclass(frozen=True, slots=True)
class Pending:
    """A record that a worker goes on with once a question is answered.

    Attributes:
        question: What is asked (`engines.question.Question`).
        kept: What the worker needs to go on, pickled.
        again: Why each of the answers before could not be used.
    """

    question: Any = field(repr=False)
    kept: bytes = field(repr=False)
    again: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """The answer to a `Pending`.

    Attributes:
        text: What was said.
        ended: How it ended, see `engines.host.Answered`.
        kept: That of the question.
        again: That of the question.
    """

    text: str = field(repr=False)
    ended: str
    kept: bytes = field(repr=False)
    again: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one record: done, failed, or for a while.

    Attributes:
        failure: `None` where the record is done.
        content_hash: SHA-256 of the bytes that were read, `None` where none was read.
        outputs: Size in bytes of every report written, by format.
        row: What is kept of it as JSON: its line in the worklist, or its measurements.
        grade: Its technical quality, "not usable" say; counted in run.json.
        seconds: Time spent, by stage.
        claims: How many claims of a language model have which verdict.
        pending: What is asked before it goes on; it is neither done nor failed then.
    """

    failure: Failure | None = None
    content_hash: str | None = None
    outputs: dict[str, int] = field(default_factory=dict)
    row: str | None = None
    grade: str | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    claims: dict[str, int] = field(default_factory=dict)
    pending: Pending | None = None

    @property
    def was_killed(self) -> bool:
        """Say whether the process that worked on it was cut off, perhaps while writing."""
        return self.failure is not None and self.failure.category in (
            Category.CRASHED,
            Category.TIMED_OUT,
        )
