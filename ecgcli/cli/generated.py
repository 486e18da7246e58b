"""What `generate` shows: how requests were read, what came of one, what can be asked for.

It knows layout; it reads and generates nothing.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ecgcli.clinical.catalogue import catalogue
from ecgcli.generation.condition import learned
from ecgcli.generation.vocabulary import names
from ecgcli.generation.wording import sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ecgcli.batch.outcome import Failure
    from ecgcli.generation.prompts import Prompt
    from ecgcli.models.generator.weights import Weights

PIPED_WIDTH = 160
"""Columns of a table that goes into a file or a pipe."""
MOST = 20
"""Requests that are said again; of more the first."""


def tell(asked: Sequence[Prompt], seed: int) -> None:
    """Say how the requests were read, and by which seed all can be had again."""
    console = _console()
    for prompt in asked[:MOST]:
        line = f"line {prompt.line}: " if prompt.line else ""
        times = f" ({prompt.count} times)" if prompt.count > 1 else ""
        console.print(Text(f"{line}{sentence(prompt.request)}{times}"))
    if len(asked) > MOST:
        console.print(Text(f"and {len(asked) - MOST} more requests"))
    console.print(Text(f"Seed {seed}"))


def show(out: Path, name: str, failure: Failure | None) -> None:
    """Show one recording: requested beside measured, and its files; or why there is none."""
    console = _console()
    if failure is not None:
        console.print(Text(f"{failure.category.value}: {failure.reason} ({failure.remedy})", "red"))
        return
    files = sorted(out.glob(f"{name}.*"))
    document = out / f"{name}.json"
    if document in files:
        console.print(_table(json.loads(document.read_text(encoding="utf-8"))))
    for file in files:
        console.print(Text(str(file)), soft_wrap=True)


def listed(weights: Weights) -> None:
    """Show the statements that can be asked for."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("code", style="bold", no_wrap=True)
    table.add_column("statement")
    table.add_column("examples", justify="right")
    known = learned(weights)
    for code, entry in catalogue().items():
        if code in known:
            examples = weights.examples.get(entry.scp or "", 0)
            table.add_row(code, names().get(code, entry.text), str(examples) if examples else "–")
    console = _console()
    console.print(table)
    console.print(Text("examples: recordings learned from; – is told by a number"))


def _console() -> Console:
    console = Console()
    return console if console.is_terminal else Console(width=PIPED_WIDTH)


def _table(document: dict[str, Any]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=document["mark"], title_style="bold")
    for heading in ("", "requested", "measured", ""):
        table.add_column(heading)
    for item in document["check"]["items"]:
        met = Text("as asked", "green") if item["met"] else Text("not as asked", "red")
        table.add_row(Text(item["text"]), Text(item["requested"]), Text(item["measured"]), met)
    return table
