"""A drawing that misses a number is asked for with that number moved by what it missed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ecgcli.generation import aim
from ecgcli.generation.check import Check, Item
from ecgcli.generation.condition import Condition, asked
from ecgcli.models.generator.layout import SCALARS

STATEMENTS = np.array([1.0, 0.0], np.float32)


def told(**values: float) -> Condition:
    return Condition(asked(STATEMENTS, values), (60.0, 60.0), ("SR",), values)


def seen(**found: float | None) -> Any:
    measured = {
        measure: SimpleNamespace(value=found.get(name)) for name, measure in aim.MEASURED.items()
    }
    return SimpleNamespace(analysis=SimpleNamespace(measurements=SimpleNamespace(**measured)))


def item(name: str, met: bool) -> Item:
    return Item(name, "", "", met, 0.0)


def test_a_number_is_moved_by_what_was_missed() -> None:
    first = told(pr=200.0, qrs=100.0, quality=0.97)
    again = aim.aimed(first.values, first, seen(pr=180.0, qrs=104.0))
    assert again.values == {"pr": 220.0, "qrs": 96.0, "quality": 0.97}
    assert again.asked.scalars[SCALARS.index("pr")] > first.asked.scalars[SCALARS.index("pr")]
    assert again.asked.scalars[-1] == first.asked.scalars[-1]
    assert again.asked.statements is STATEMENTS
    # From there once more: what is missed adds up, up to a limit.
    once_more = aim.aimed(first.values, again, seen(pr=190.0, qrs=100.0))
    assert once_more.values["pr"] == 230.0
    assert once_more.values["qrs"] == 96.0
    assert aim.aimed(first.values, first, seen(pr=20.0)).values["pr"] == 200.0 + aim.FARTHEST["pr"]


def test_axes_go_the_shorter_way() -> None:
    first = told(axis=170.0)
    assert aim.aimed(first.values, first, seen(axis=-170.0)).values["axis"] == pytest.approx(150.0)


def test_what_was_not_measured_or_not_told_stays() -> None:
    first = told(pr=200.0)
    assert aim.aimed(first.values, first, seen(pr=None, qrs=120.0)).values == {"pr": 200.0}
    unseen: Any = SimpleNamespace(analysis=SimpleNamespace(measurements=None))
    assert aim.aimed(first.values, first, unseen).values == {"pr": 200.0}


@pytest.mark.parametrize(
    ("unmet", "wanted"),
    [
        ((), False),
        (("pr_ms",), True),
        (("axis_deg", "qtc_ms"), True),
        (("pr_ms", "AFIB"), False),
        (("heart_rate",), False),  # the rhythm's
    ],
)
def test_only_numbers_are_worth_it(unmet: tuple[str, ...], wanted: bool) -> None:
    items = tuple(item(name, False) for name in unmet)
    assert aim.misses_numbers_alone(Check((item("quality", True), *items))) is wanted
