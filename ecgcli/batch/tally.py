"""What a run has met so far, in numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from ecgcli.batch.outcome import Outcome


@dataclass(slots=True)
class Tally:
    """Counts of one run.

    Attributes:
        found: Recordings met by the walk.
        done: Recordings that were processed and have their reports.
        failed: Recordings that were processed and have none.
        unchanged: Recordings that were done before.
        known_failures: Recordings that failed before and have not changed.
        vanished: Recordings of the journal whose file is no longer there.
        not_an_ecg: Files that are no recording.
        why: Why recordings had to be done, by the words of `plan.Verdict`.
        categories: Failures, new and known, by category.
        grades: Technical quality of the recordings done now.
        claims: Claims of a language model about the recordings done now, by verdict.
        seconds: Time spent in the workers, by stage.
        walked: Whether the walk came to its end, so that the counts are those of the whole input.
    """

    found: int = 0
    done: int = 0
    failed: int = 0
    unchanged: int = 0
    known_failures: int = 0
    vanished: int = 0
    not_an_ecg: int = 0
    why: Counter[str] = field(default_factory=Counter)
    categories: Counter[str] = field(default_factory=Counter)
    grades: Counter[str] = field(default_factory=Counter)
    claims: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=dict)
    walked: bool = False

    @property
    def processed(self) -> int:
        """How many recordings were processed, whatever became of them."""
        return self.done + self.failed

    @property
    def left(self) -> int:
        """How many recordings have to be done and are not yet (or were not: signal, full disk)."""
        return self.why.total() - self.processed

    def add(self, outcome: Outcome) -> None:
        """Count one recording that was processed."""
        if outcome.failure is None:
            self.done += 1
            self.claims.update(outcome.claims)
            if outcome.grade is not None:
                self.grades[outcome.grade] += 1
        else:
            self.failed += 1
            self.categories[outcome.failure.category.value] += 1
        for stage, seconds in outcome.seconds.items():
            self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds

    def counts(self) -> dict[str, int]:
        """Return the numbers that say how the run went."""
        return {
            "found": self.found,
            "done": self.done,
            "failed": self.failed,
            "unchanged": self.unchanged,
            "known_failures": self.known_failures,
            "vanished": self.vanished,
            "not_an_ecg": self.not_an_ecg,
            "left": self.left,
        }
