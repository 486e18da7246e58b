"""run.json: what a run was asked, what it met and how it ended, for monitoring and for support.

The only output that holds dates, times and durations; everything else of two equal runs is equal.
"""

from __future__ import annotations

import json
import platform
import resource
import sys
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from ecgcli import __version__
from ecgcli.batch import outputs
from ecgcli.batch.settings import Settings
from ecgcli.batch.tally import Tally
from ecgcli.errors import ExitCode

SCHEMA_VERSION = "1.0"
LIBRARIES = ("numpy", "scipy", "wfdb", "ecgdatakit", "pydantic", "jinja2", "weasyprint")


def _versions() -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = None
    return found


class RunReport:
    """Collects what run.json says; made when the run starts, written however it ends."""

    def __init__(self, settings: Settings) -> None:
        """Start the clock."""
        self._settings = settings
        self._started = datetime.now(UTC)
        self._clock = time.monotonic()
        self.worker_memory = 0
        self.workers_replaced = 0
        self.model: dict[str, object] | None = None
        """The language model that was asked: name, engine, how it was asked."""

    @property
    def seconds(self) -> float:
        """Time since the run started."""
        return time.monotonic() - self._clock

    def content(self, tally: Tally, code: ExitCode, reason: str) -> dict[str, object]:
        """Return all but the lists."""
        seconds = self.seconds
        return {
            "schema_version": SCHEMA_VERSION,
            "exit_code": int(code),
            "exit_name": code.name,
            "exit_reason": reason,
            "started": self._started.isoformat(timespec="seconds"),
            "ended": datetime.now(UTC).isoformat(timespec="seconds"),
            "seconds": round(seconds, 3),
            "records_per_second": round(tally.processed / seconds, 3) if seconds else None,
            "complete": tally.walked and not tally.left,
            "counts": tally.counts(),
            "processed_because": dict(sorted(tally.why.items())),
            "failures_by_category": dict(sorted(tally.categories.items())),
            "quality": dict(sorted(tally.grades.items())),
            "claims": dict(sorted(tally.claims.items())),
            "stage_seconds": {k: round(v, 3) for k, v in sorted(tally.seconds.items())},
            "memory_peak_mib": _mib(_peak()),
            "worker_memory_peak_mib": _mib(self.worker_memory),
            "workers_replaced": self.workers_replaced,
            "settings": self._settings.asked(),
            "settings_hash": self._settings.fingerprint(),
            "versions": {
                "ecgcli": __version__,
                "model": self.model,
                "python": platform.python_version(),
                "system": platform.system(),
                "machine": platform.machine(),
                "libraries": _versions(),
            },
        }

    def write(
        self,
        tally: Tally,
        code: ExitCode,
        reason: str,
        vanished: Iterable[Path],
        strays: Iterable[tuple[Path, str]],
    ) -> None:
        """Write run.json.

        Args:
            tally: What the run met.
            code: With what the process ends.
            reason: The same in words.
            vanished: Recordings whose file is gone.
            strays: Files that are no recording, and why not. Both lists are streamed.

        Raises:
            OutputError: It cannot be written.
        """
        head = json.dumps(self.content(tally, code, reason), indent=2)
        lists = {
            "vanished": (json.dumps(str(path)) for path in vanished),
            "not_an_ecg": (json.dumps({"path": str(path), "reason": why}) for path, why in strays),
        }
        with outputs.replacing(self._settings.out / "run.json") as stream:
            stream.write(head.removesuffix("\n}").encode())
            for name, lines in lists.items():
                stream.write(f',\n  "{name}": ['.encode())
                separator = "\n    "
                for line in lines:
                    stream.write((separator + line).encode())
                    separator = ",\n    "
                stream.write(b"\n  ]" if separator.startswith(",") else b"]")
            stream.write(b"\n}\n")


def _peak() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # KiB on Linux, bytes on macOS


def _mib(size: int) -> float:
    return round(size / 2**20, 1)
