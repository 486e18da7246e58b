"""Processes that share work: one thread each, and nothing left behind."""

from __future__ import annotations

import os

import pytest

from ecgcli.processes import THREADS, processes


def test_each_has_one_thread_and_the_settings_of_this_process_stay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, *others = THREADS
    monkeypatch.setenv(first, "7")
    for name in others:
        monkeypatch.delenv(name, raising=False)
    before = dict(os.environ)
    with processes(2) as pool:
        assert list(pool.map(os.getenv, THREADS)) == ["1"] * len(THREADS)
    assert dict(os.environ) == before


def test_they_are_left_alone_when_the_work_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(THREADS[0], raising=False)
    with pytest.raises(ValueError, match="invalid literal"), processes(1) as pool:
        list(pool.map(int, ["x"]))
    assert THREADS[0] not in os.environ
