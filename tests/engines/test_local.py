"""The engine's process dies in every way there is, and no question is lost but the deadly one."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from ecgcli.engines import local
from ecgcli.engines.host import Answered, Plan
from ecgcli.engines.local import CRASHED, LocalEngine
from ecgcli.engines.question import Question
from ecgcli.errors import ModelError
from tests.engines import hosts

Serve = Callable[[Connection, Plan], None]
PATIENCE_S = 60.0


def engine(serve: Serve, window: int = 4) -> LocalEngine:
    return LocalEngine(Plan("none"), window, serve)


def question(text: str) -> Question:
    return Question("", text, {})


def all_answers(asked: LocalEngine) -> dict[int, Answered]:
    """Return the answer to every question in flight."""
    found: dict[int, Answered] = {}
    deadline = time.monotonic() + PATIENCE_S
    while asked.in_flight:
        assert time.monotonic() < deadline
        for answered in asked.answers(1.0):
            assert answered.number not in found
            found[answered.number] = answered
    return found


def test_more_questions_than_the_window_are_all_answered() -> None:
    with engine(hosts.echo) as asked:
        for number in range(10):
            asked.ask(number, question(f"q{number}"))
        assert not asked.has_room
        found = all_answers(asked)
    assert {n: a.text for n, a in found.items()} == {n: f"q{n}" for n in range(10)}
    assert asked.restarts == 0


def test_the_process_may_leave_as_a_program_should(tmp_path: Path) -> None:
    file = tmp_path / "left"
    with LocalEngine(Plan(str(file)), 1, hosts.tidy):
        pass
    assert file.exists()


def test_never_more_than_the_window_are_in_flight() -> None:
    with engine(hosts.batches, window=3) as asked:
        for number in range(7):
            asked.ask(number, question("how many?"))
        found = all_answers(asked)
    assert max(int(answered.text) for answered in found.values()) == 3


def test_a_killed_process_costs_no_question(tmp_path: Path) -> None:
    with engine(hosts.echo) as asked:
        for number, text in enumerate(["a", f"die once {tmp_path / 'was'}", "b", "c", "d", "e"]):
            asked.ask(number, question(text))
        found = all_answers(asked)
    assert len(found) == 6
    assert {answered.ended for answered in found.values()} == {"stop"}
    assert asked.restarts == 1


def test_killed_from_outside_while_idle() -> None:
    with engine(hosts.echo) as asked:
        assert asked._process is not None
        assert asked._process.pid is not None
        os.kill(asked._process.pid, signal.SIGKILL)
        asked._process.join(PATIENCE_S)
        asked.ask(1, question("still there?"))
        assert all_answers(asked)[1].text == "still there?"


def test_only_the_deadly_question_is_given_up() -> None:
    with engine(hosts.echo) as asked:
        for number, text in enumerate(["a", "die", "b", "c", "die", "d"]):
            asked.ask(number, question(text))
        found = all_answers(asked)
    assert [found[n].ended for n in range(6)] == ["stop", CRASHED, "stop", "stop", CRASHED, "stop"]


def test_one_that_always_dies_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "RESTARTS", 2)
    with engine(hosts.mortal) as asked:
        for number in range(9):
            asked.ask(number, question("x"))
        with pytest.raises(ModelError, match="died 3 times in a row"):
            all_answers(asked)


@pytest.mark.parametrize(
    ("serve", "said"),
    [(hosts.unable, "not enough memory.*--window"), (hosts.stillborn, "ended while it loaded")],
)
def test_a_model_that_does_not_load_says_why(serve: Serve, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        engine(serve).start()


def test_it_ends_with_the_process_that_started_it() -> None:
    with engine(hosts.echo) as asked:
        process = asked._process
        assert process is not None
        assert process.is_alive()
    process.join(PATIENCE_S)
    assert not process.is_alive()
