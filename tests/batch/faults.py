"""Rooms below that do as they are told: fault injection for the batch machinery.

A "recording" is a text file; its first word is what happens to it in the worker.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from ecgcli.batch import outputs
from ecgcli.batch.journal import Journal
from ecgcli.batch.loop import Rooms
from ecgcli.batch.outcome import Outcome
from ecgcli.batch.settings import Settings
from ecgcli.errors import Category, RecordError
from ecgcli.records.find import NotAnEcg, Source

LEAK: list[bytearray] = []
# What tells our reports from other files: those of a killed run are written again, not evaded.
HEADS = {
    "json": b'{"generator":"ecgcli","schema_version":"1"}\n',
    "html": b'<!doctype html><meta name="generator" content="ecgcli">\n',
    "pdf": b"%PDF-1.7\n/Producer (ecgcli)\n",
}


def find(paths: Sequence[Path], *, exclude: Path, **_: object) -> Iterator[Source | NotAnEcg]:
    for root in paths:
        for path in sorted(root.rglob("*")):
            if not path.is_file() or path.is_relative_to(exclude):
                continue
            if path.suffix != ".ecg":
                yield NotAnEcg(path, "not of our kind")
                continue
            yield Source(path, PurePosixPath(*path.relative_to(root).with_suffix("").parts), "fake")


def content_hash(source: Source) -> str:
    try:
        return hashlib.sha256(source.path.read_bytes()).hexdigest()
    except OSError:
        raise RecordError(Category.NOT_READABLE, "not there", "put it there") from None


def write_index(settings: Settings, journal: Journal, strays: Iterable[tuple[Path, str]]) -> None:
    with outputs.replacing(settings.out / "index.html") as stream:
        for entry in journal.entries():
            state = entry.failure.category.value if entry.failure else "done"
            gone = " vanished" if entry.vanished else ""
            stream.write(f"{entry.output} {state}{gone}\n".encode())
        stream.writelines(f"{path.name} {reason}\n".encode() for path, reason in strays)
    with outputs.replacing(settings.out / "findings.csv") as stream:
        stream.write(b"findings\n")


def process(source: Source, settings: Settings) -> Outcome:
    words = source.path.read_text().split()
    match words[0]:
        case "crash":
            os._exit(7)
        case "segfault":
            ctypes.string_at(0)
        case "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "crash-once":
            marker = source.path.with_suffix(".marker")
            if not marker.exists():
                marker.touch()
                os._exit(7)
        case "memory":
            raise MemoryError
        case "hang":
            time.sleep(1000)
        case "slow":
            time.sleep(float(words[1]))
        case "half":  # dies between the first report and the others
            outputs.write_together({outputs.target(settings.out, source.output, "json"): b"half"})
            os._exit(7)
        case "bad":
            raise RecordError(Category.TOO_SHORT, "2 s are recorded", "record 10 s")
        case "bug":
            raise ValueError(f"cannot parse {source.path}")
        case "noisy":
            print(f"stdout {source.path}", flush=True)
            print(f"stderr {source.path}", file=sys.stderr, flush=True)
            os.system(f"echo shell {source.path} >&2")
        case "grow":
            LEAK.append(bytearray(os.urandom(1 << 20) * 64))
        case "temporary":
            (Path(tempfile.mkdtemp()) / "left").touch()
        case "full":
            raise outputs.failure(OSError(errno.ENOSPC, "No space left on device"))
        case _:
            pass
    digest = content_hash(source)
    files = {
        outputs.target(settings.out, source.output, kind): HEADS[kind] + f"{digest}\n".encode() * 10
        for kind in settings.formats
    }
    outputs.write_together(files)
    return Outcome(
        content_hash=digest,
        outputs={path.suffix[1:]: len(content) for path, content in files.items()},
        row="{}",
        grade="usable",
        seconds={"read": 0.001},
    )


def broken(source: Source, settings: Settings) -> Outcome:
    raise AssertionError("never called")


ROOMS = Rooms(find, content_hash, write_index, "tests.batch.faults:process")
