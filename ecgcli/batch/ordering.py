"""A run that generates recordings: its settings, and how orders take the place of recordings.

It knows that each order is a small file below the output directory, whose content decides as that
of a recording does whether anything is to be done; all else is the business of `run`. It does not
know how an order is carried out (`generating`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from ecgcli.batch.loop import Rooms
from ecgcli.batch.settings import Settings
from ecgcli.errors import OutputError
from ecgcli.generation.order import Order
from ecgcli.records.find import Source

PROCESS = "ecgcli.batch.generating:process"
FORMAT = "synthetic"
PLACE = Path(".ecgcli") / "requests"
"""Folder of the orders below the output directory."""

WFDB = ("hea", "dat")
ENDINGS = {"wfdb": WFDB, "json": ("json",), "png": ("png",), "html": ("html",), "pdf": ("pdf",)}
"""Endings of the files of each format that `generate` writes."""
FORMATS = tuple(ENDINGS)
KINDS = tuple(ending for endings in ENDINGS.values() for ending in endings)


@dataclass(frozen=True, slots=True)
class Generating(Settings):
    """The settings of a run that generates.

    Attributes:
        generator: File of the generator, `None` for the package's.
        like: What all orders have in common.
        recordings: How many are asked for.
    """

    generator: Path | None = None
    like: Order | None = None
    recordings: int = 0

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return all endings that files of a recording may have, in the order of writing."""
        return KINDS

    @property
    def doing(self) -> str:
        """Return what the run does, for whoever watches."""
        return "Generating"

    def asked(self) -> dict[str, Any]:
        """Return what run.json says of the settings; the requests stand with the recordings."""
        like = self.like
        return Settings.asked(self) | {
            "recordings": self.recordings,
            "seed": like.seed if like else None,
            "candidates": like.candidates if like else None,
            "best_effort": like.best_effort if like else None,
            "duration": like.duration_s if like else None,
            "rate": like.rate_hz if like else None,
            "generator": like.model if like else None,
        }


def endings(formats: tuple[str, ...]) -> tuple[str, ...]:
    """Return the endings of the files of some formats."""
    return tuple(ending for name in formats for ending in ENDINGS[name])


def rooms(orders: Callable[[], Iterator[Order]]) -> Rooms:
    """Return the rooms below, for a run that carries out orders instead of reading recordings.

    Args:
        orders: Yields them; called once the run holds the directory.
    """
    from ecgcli.batch import run

    def find(paths: tuple[Path, ...], **options: object) -> Iterator[Source]:
        (folder,) = paths
        return _placed(folder, orders())

    real = run.rooms()
    return Rooms(find, real.content_hash, real.write_index, PROCESS)


def _placed(folder: Path, orders: Iterator[Order]) -> Iterator[Source]:
    """Write each order and yield it; one that is there already is left as it is."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for order in orders:
            file, content = folder / f"{order.name}.json", order.dumps()
            if not file.exists() or file.read_bytes() != content:
                file.write_bytes(content)
            yield Source(file, PurePosixPath(order.name), FORMAT)
    except OSError as error:
        raise OutputError(f"cannot write in the output directory: {error.strerror}") from error
