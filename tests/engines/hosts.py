"""Processes that answer like `engines.host` without a model, and die when they are told to."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from ecgcli.engines.child import die_with_parent
from ecgcli.engines.host import Answered, Asked, Failed, Plan, Ready


def echo(connection: Connection, plan: Plan) -> None:
    """Answer with the question; "die" kills the process, "die once FILE" does unless FILE is."""
    connection.send(Ready("0"))
    with suppress(EOFError, OSError):
        while True:
            asked = connection.recv()
            words = asked.question.user.split()
            if words[0] == "die" and (len(words) == 1 or not _was_here(Path(words[2]))):
                os._exit(137)
            connection.send(Answered(asked.number, asked.question.user, "stop", 1, 1))


def tidy(connection: Connection, plan: Plan) -> None:
    """Write a file on the way out, as a program that is ended at once cannot."""
    die_with_parent(connection)
    connection.send(Ready("0"))
    with suppress(EOFError):
        connection.recv()
    time.sleep(0.5)  # time enough to be ended
    Path(plan.model).touch()


def batches(connection: Connection, plan: Plan) -> None:
    """Answer only what has three in flight, or what nothing follows for a while."""
    connection.send(Ready("0"))
    held: list[Asked] = []
    with suppress(EOFError, OSError):
        while True:
            if connection.poll(0.3 if held else None):
                held.append(connection.recv())
            elif held:
                connection.send(Answered(held.pop().number, f"{len(held) + 1}", "stop"))


def unable(connection: Connection, plan: Plan) -> None:
    """Say that the model does not load."""
    connection.send(Failed("there is not enough memory for the model", "a smaller --window"))


def stillborn(connection: Connection, plan: Plan) -> None:
    """Die while loading."""
    os._exit(1)


def mortal(connection: Connection, plan: Plan) -> None:
    """Die of whatever is asked."""
    connection.send(Ready("0"))
    connection.recv()
    os._exit(1)


def _was_here(file: Path) -> bool:
    if file.exists():
        return True
    file.touch()
    return False
