"""Why a request is not taken: the error that every part of the reading raises.

It knows the kinds of refusal and that each has a reason and a remedy; it does not know the reasons.
"""

from __future__ import annotations

from enum import StrEnum

from ecgcli.errors import UsageError


class Kind(StrEnum):
    """What is wrong with a request."""

    UNKNOWN = "unknown words"
    UNCLEAR = "unclear"
    CONTRADICTION = "contradiction"
    IMPOSSIBLE = "not possible"  # a value that no heart has
    UNAVAILABLE = "not available"  # known, but not to be had from this generator


class RequestError(UsageError):
    """A request that is not taken.

    Attributes:
        kind: What is wrong with it.
        reason: What exactly, in a sentence without its full stop.
        remedy: What to write instead.
    """

    def __init__(self, kind: Kind, reason: str, remedy: str) -> None:
        super().__init__(kind, reason, remedy)  # all three, so that it survives pickling
        self.kind = kind
        self.reason = reason
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.kind.value}: {self.reason} ({self.remedy})"


def unclear(reason: str, remedy: str) -> RequestError:
    """Return the error for what can be read in two ways, or in none."""
    return RequestError(Kind.UNCLEAR, reason, remedy)
