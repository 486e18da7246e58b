"""What became of one record: what a worker hands back and the journal keeps.

Plain and light, because the supervising process loads it and must not load numpy with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

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
class Outcome:
    """The end of one record: done, or failed.

    Attributes:
        failure: `None` where the record is done.
        content_hash: SHA-256 of the bytes that were read, `None` where none was read.
        outputs: Size in bytes of every report written, by format.
        row: What is kept of it as JSON: its line in the worklist, or its measurements.
        grade: Its technical quality, "not usable" say; counted in run.json.
        seconds: Time spent, by stage.
    """

    failure: Failure | None = None
    content_hash: str | None = None
    outputs: dict[str, int] = field(default_factory=dict)
    row: str | None = None
    grade: str | None = None
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def was_killed(self) -> bool:
        """Say whether the process that worked on it was cut off, perhaps while writing."""
        return self.failure is not None and self.failure.category in (
            Category.CRASHED,
            Category.TIMED_OUT,
        )
