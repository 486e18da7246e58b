"""Exit codes of the program and the errors that records and runs end with.

It knows what can go wrong, what each is called and how the process ends; it does not know how any
of it is found out or shown. The table of exit codes in the README is checked against `ExitCode`.
"""

from enum import IntEnum, StrEnum


class ExitCode(IntEnum):
    """What the process tells cron, systemd or a calling script."""

    OK = 0
    INTERNAL_ERROR = 1
    USAGE = 2
    SOME_RECORDS_FAILED = 3
    OUTPUT_NOT_WRITABLE = 4
    MODEL_NOT_AVAILABLE = 5
    LOCKED = 6
    NOT_AS_ASKED = 7
    INTERRUPTED = 130
    TERMINATED = 143


class Category(StrEnum):
    """Why one record failed; stands in the journal, the worklist and run.json."""

    NOT_READABLE = "not readable"  # the operating system refused, or the file vanished
    DAMAGED = "damaged"  # truncated, or the bytes contradict the format
    UNSUPPORTED = "unsupported"  # a valid file of a kind that is not handled
    UNSAFE = "unsafe"  # entity declarations in XML, size beyond the limits
    INCOMPLETE = "incomplete"  # no rate, no unit, no lead that has a name
    TOO_SHORT = "too short"
    CRASHED = "crashed"  # the worker process died on it, twice
    TIMED_OUT = "timed out"
    NO_ANSWER = "no answer of the model"  # none in time, none that can be used, or a refusal
    NOT_AS_ASKED = "not as asked"  # no recording that was generated shows what was asked for
    INTERNAL = "internal error"  # a bug of ours: report it


class EcgcliError(Exception):
    """Base of every error that this program raises on purpose."""

    exit_code = ExitCode.INTERNAL_ERROR


class RecordError(EcgcliError):
    """One recording cannot be processed; it costs that recording only.

    `reason` names what is wrong with the file, `remedy` what its owner can do. Neither holds a
    patient's name, an id or a path, because both are logged.
    """

    exit_code = ExitCode.SOME_RECORDS_FAILED

    def __init__(self, category: Category, reason: str, remedy: str) -> None:
        super().__init__(category, reason, remedy)  # all three, so that it survives pickling
        self.category = category
        self.reason = reason
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.category.value}: {self.reason} ({self.remedy})"


class UsageError(EcgcliError):
    """An option, a configuration file or an argument is wrong."""

    exit_code = ExitCode.USAGE


class OutputError(EcgcliError):
    """The output directory cannot be written, or its disk is full."""

    exit_code = ExitCode.OUTPUT_NOT_WRITABLE


class ModelError(EcgcliError):
    """The model asked for is not there or does not load."""

    exit_code = ExitCode.MODEL_NOT_AVAILABLE


class AnswerError(EcgcliError):
    """What a language model answered about one recording cannot be used; it costs that answer only.

    The text says what is wrong and holds at most a word of the answer, because it is logged.
    """

    exit_code = ExitCode.SOME_RECORDS_FAILED


class LockedError(EcgcliError):
    """Another run holds the output directory."""

    exit_code = ExitCode.LOCKED
