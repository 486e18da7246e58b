"""What one run was asked to do: paths, options and what of them shows in the outputs.

It knows the options, their defaults, the configuration file that can hold them, and which of them
change an output (`Settings.fingerprint`); it does not know the command line or how a run goes.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ecgcli import __version__
from ecgcli.engines.device import AUTO
from ecgcli.errors import ModelError, UsageError
from ecgcli.models.files import STATEMENTS, describes_signals, digest, digest_of_model

FORMATS = ("json", "html", "pdf")
"""The kinds of report, in the order in which they are written."""

DEFAULT_TIMEOUT_S = 120.0

EMBEDDED, NONE = "embedded", "none"
"""Who interprets beside the criteria: the package's own statement network, or nobody."""
SERVERS = ("http://", "https://")


def cores() -> int:
    """Return how many cores this process may use (its affinity, not what the machine has)."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one run; they travel to every worker process.

    Attributes:
        paths: Files and folders to look through.
        out: Output directory.
        formats: Reports to write, some of `FORMATS`.
        jobs: Number of worker processes.
        force: Do every record again, whatever the journal says.
        retry_failed: Try records again that failed before and have not changed since.
        dry_run: Say what would be done; write nothing.
        limit: At most so many records are processed.
        timeout_s: Seconds that one record may take.
        wait: Wait for another run on the same directory, instead of leaving.
        age_years: Age assumed where a file states none.
        sex: Sex assumed where a file states none.
        paper: Page of the PDF.
        rate_hz: Sampling rate of CSV and NPY files without a sidecar.
        unit: Unit of CSV and NPY files without a sidecar.
        model: `EMBEDDED`, `NONE`, the URL of a server of language models, or a language model's
            directory; a language model answers beside the statement network.
        model_name: Which of a server's models.
        serve: Put a language model's directory behind a vLLM server of the run's own.
        vllm_options: Further options of that server, as in a shell.
        with_measurements: Tell a language model what was measured.
        window: Questions to a language model at once, `None` for what suits the engine.
        device: Where the model runs, one of `engines.device.DEVICES`.
        quiet: Say nothing but what stops the run.
        verbose: Say every record, and where an internal error arose.
        log_format: Lines for people, or one JSON object a line.
        log_paths: Allow paths in the log.
    """

    paths: tuple[Path, ...]
    out: Path
    formats: tuple[str, ...] = FORMATS
    jobs: int = 1
    force: bool = False
    retry_failed: bool = False
    dry_run: bool = False
    limit: int | None = None
    timeout_s: float = DEFAULT_TIMEOUT_S
    wait: bool = True
    age_years: float | None = None
    sex: Literal["female", "male"] | None = None
    paper: Literal["a4", "letter"] = "a4"
    rate_hz: float | None = None
    unit: str | None = None
    model: str = EMBEDDED
    model_name: str | None = None
    serve: bool = False
    vllm_options: str = ""
    with_measurements: bool = False
    window: int | None = None
    device: str = AUTO
    quiet: bool = False
    verbose: bool = False
    log_format: Literal["text", "json"] = "text"
    log_paths: bool = False

    @property
    def explains_tables(self) -> bool:
        """Say whether CSV files need no sidecar, because rate and unit are stated here."""
        return self.rate_hz is not None and self.unit is not None

    @property
    def asks(self) -> bool:
        """Say whether a language model is asked."""
        return self.model not in (EMBEDDED, NONE)

    @property
    def is_server(self) -> bool:
        """Say whether the language model is behind a server."""
        return self.model.startswith(SERVERS)

    @property
    def reads_signals(self) -> bool:
        """Say whether the language model reads signals; others look at pictures."""
        return self.asks and not self.is_server and describes_signals(Path(self.model))

    def shaping(self) -> dict[str, Any]:
        """Return what shapes an output, and nothing else.

        Formats are not among it: which reports a record has stands in the journal beside it, so
        asking for one more or one less never makes the others stale. Nor is the device, which moves
        a probability by less than what is written of it.
        """
        return {
            "software": __version__,
            "model": self._named(),
            "age": self.age_years,
            "sex": self.sex,
            "paper": self.paper,
            "rate": self.rate_hz,
            "unit": self.unit,
        }

    def _named(self) -> str:
        """Return the models' names with the hashes of weights: other weights, other reports.

        Raises:
            ModelError: A model is not there.
        """
        if self.model == NONE:
            return NONE
        try:
            named = f"{EMBEDDED} {digest(STATEMENTS)}"
        except OSError as error:
            raise ModelError(f"the statement model is not there: {STATEMENTS}") from error
        return f"{named} {self.asked_model()}" if self.asks else named

    def asked_model(self) -> str:
        """Return the language model's name, with a hash of its files where it is on this machine.

        Raises:
            ModelError: There is no such directory.
        """
        told = " with measurements" if self.with_measurements else ""
        told += f" ({self.vllm_options})" if self.vllm_options else ""
        if self.is_server:
            return f"{self.model_name or 'the only model'} of a server{told}"
        try:
            return f"{Path(self.model).name} {digest_of_model(Path(self.model))}{told}"
        except OSError as error:
            raise ModelError(
                f"there is no model in {self.model}: name a directory that holds one, a server's"
                f" URL, {EMBEDDED!r} or {NONE!r}"
            ) from error

    def fingerprint(self) -> str:
        """Return a SHA-256 over `shaping()`: equal for runs whose outputs are equal."""
        return hashlib.sha256(json.dumps(self.shaping(), sort_keys=True).encode()).hexdigest()


def absolute(path: Path) -> Path:
    """Return a path from the root, links in it left as they are: that is how the user names it."""
    return Path(os.path.abspath(path))  # noqa: PTH100  (`resolve` follows links, `absolute` keeps ..)


def nearest(word: str, known: Iterable[str]) -> str:
    """Return " (did you mean ...?)" for the known word most like this one, or nothing."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def parse_formats(value: object) -> tuple[str, ...]:
    """Return the formats in "json,pdf" or ["json", "pdf"], each once, in the order of `FORMATS`.

    Raises:
        UsageError: A format is not known, or there is none.
    """
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list | tuple) or not all(isinstance(word, str) for word in value):
        raise UsageError("formats are words with commas between them, or a list of strings")
    words = [word.strip().lower() for word in value if word.strip()]
    for word in words:
        if word not in FORMATS:
            raise UsageError(
                f"{word!r} is no format of a report{nearest(word, FORMATS)}: "
                f"choose from {', '.join(FORMATS)}"
            )
    if not words:
        raise UsageError(f"name at least one format: {', '.join(FORMATS)}")
    return tuple(known for known in FORMATS if known in words)


def read_config(file: Path, options: Iterable[str]) -> dict[str, Any]:
    """Return the options that a TOML file holds.

    Relative paths in it count from the current folder, as on the command line.

    Args:
        file: The file. Its keys are long names of options; "_" does for "-".
        options: The long names, without the two dashes.

    Raises:
        UsageError: The file cannot be read, is no TOML, or holds a key that is no option.
    """
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"cannot read the configuration {file}: {error.strerror}") from error
    except ValueError as error:  # no TOML, or no UTF-8
        raise UsageError(f"{file} is no valid TOML: {error}") from error
    known = list(options)
    for key in table:
        if key.replace("_", "-") not in known:
            raise UsageError(f"{file}: {key!r} is no option{nearest(key, known)}")
    return {key.replace("_", "-"): value for key, value in table.items()}
