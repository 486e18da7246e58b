"""Classes of beats: what a group is called when its only beat has left it."""

from __future__ import annotations

import numpy as np

from ecgcli.signals.classes import _kinds
from ecgcli.signals.results import BeatClass


def test_a_group_that_lost_its_beats_is_passed_over() -> None:
    at = np.arange(8) * 400 + 200
    groups = np.array([0, 0, 0, 0, 2, 0, 0, 0])  # the beat of group 1 was cut, and went to group 0
    widths = np.full(8, 90.0)
    kinds = _kinds(at, groups, 0, widths, np.zeros(8, dtype=bool))
    assert kinds[0] is BeatClass.NORMAL
    assert len(kinds) == 8
