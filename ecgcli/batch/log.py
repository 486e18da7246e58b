"""The run's log: lines on stderr that may be mailed, shipped and kept, so they name nobody.

It knows events and how they are written; a recording is called by a keyed hash of its path, because
folders and file names carry patients' numbers. The key stays in the output directory, beside the
journal that translates the hashes back (column `tag`). `--log-paths` writes the path as well.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import os
import secrets
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path

from ecgcli.batch.settings import Settings
from ecgcli.errors import OutputError

KEY_BYTES = 32


def load_key(file: Path) -> bytes:
    """Return the key of the hashes, made at the first run and readable by its owner only.

    Raises:
        OutputError: It cannot be read or made.
    """
    try:
        try:
            key = file.read_bytes()
        except FileNotFoundError:
            key = b""
        if len(key) != KEY_BYTES:
            key = secrets.token_bytes(KEY_BYTES)
            file.unlink(missing_ok=True)
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(key)
    except OSError as error:
        raise OutputError(f"cannot keep the log's key: {error.strerror}") from error
    return key


def where(error: BaseException) -> str:
    """Return an exception's type and the line of code that raised it, without its text.

    The text of a library's exception may hold a path or a value of the file.
    """
    frames = traceback.extract_tb(error.__traceback__)
    # Our own innermost line says more than the depths of a library.
    ours = [frame for frame in frames if f"{os.sep}ecgcli{os.sep}" in frame.filename]
    for frame in (ours or frames)[-1:]:
        name = "/".join(Path(frame.filename).parts[-2:])
        return f"{type(error).__name__} in {name}, line {frame.lineno}"
    return type(error).__name__


def trace(error: BaseException) -> str:
    """Return the way to an exception, line by line, without its text."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
    return "\n".join([*lines, where(error)])


class _Stderr(logging.Handler):
    """Writes to whatever stderr is now: a progress bar replaces it while it is drawn."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
            sys.stderr.flush()
        except (OSError, ValueError):  # stderr is closed: no reason to lose the run
            pass


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created).isoformat(timespec="seconds")
        fields = getattr(record, "fields", {})
        words = [f"{name}={_word(value)}" for name, value in fields.items()]
        return " ".join([at, record.levelname.lower(), record.getMessage(), *words])


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {"time": at, "level": record.levelname.lower(), "event": record.getMessage()}
        # Bytes of a path that are no UTF-8 would break the line for whoever reads it.
        return json.dumps(line | getattr(record, "fields", {}), default=str)


def _word(value: object) -> str:
    text = f"{value:.2f}" if isinstance(value, float) else str(value)
    text = text.encode("utf-8", "backslashreplace").decode()
    return json.dumps(text, ensure_ascii=False) if " " in text or not text.isprintable() else text


class Log:
    """Writes events; `record=` fields are paths and come out as hashes."""

    def __init__(self, settings: Settings, key: bytes | None = None) -> None:
        """Make it the place of this process's log.

        Args:
            settings: Say how much, in which form, and whether with paths.
            key: Key of the hashes; without one they are of this run alone.
        """
        self._key = key or secrets.token_bytes(KEY_BYTES)
        self._paths = settings.log_paths
        self._logger = logging.getLogger("ecgcli.run")
        self._logger.propagate = False
        handler = _Stderr()
        handler.setFormatter(_Json() if settings.log_format == "json" else _Text())
        self._logger.handlers[:] = [handler]
        self._logger.setLevel(
            logging.ERROR if settings.quiet else logging.DEBUG if settings.verbose else logging.INFO
        )

    def use_key(self, key: bytes) -> None:
        """Take the output directory's key, once it is known."""
        self._key = key

    def tag(self, path: Path) -> str:
        """Return what the log calls a file: HMAC-SHA-256 of its path, 16 hexadecimal digits."""
        return hmac.new(self._key, os.fsencode(path), hashlib.sha256).hexdigest()[:16]

    def _emit(self, level: int, event: str, fields: dict[str, object]) -> None:
        path = fields.get("record")
        if isinstance(path, Path):
            fields["record"] = self.tag(path)
            if self._paths:
                fields["path"] = str(path)
        self._logger.log(level, event, extra={"fields": fields})

    def debug(self, event: str, **fields: object) -> None:
        """Write what only `--verbose` shows."""
        self._emit(logging.DEBUG, event, fields)

    def info(self, event: str, **fields: object) -> None:
        """Write what `--quiet` hides."""
        self._emit(logging.INFO, event, fields)

    def warning(self, event: str, **fields: object) -> None:
        """Write what somebody should look at; `--quiet` hides it too."""
        self._emit(logging.WARNING, event, fields)

    def error(self, event: str, **fields: object) -> None:
        """Write what stops the run."""
        self._emit(logging.ERROR, event, fields)
