"""Phrases of reports as targets: the frequent ones, each once, and none where no report is."""

from __future__ import annotations

import numpy as np
import pytest

from ecgcli.training.report_words import phrases, written

REPORTS = {1: "Sinusrhythmus, LINKSTYP.", 2: "sinusrhythmus linkstyp", 3: "linkstyp", 4: " "}


def test_phrases_go_over_signs_and_case() -> None:
    assert phrases("ST-Senkung in V5/6") >= {"st", "st senkung", "in v5 6"}
    assert phrases("...") == set()


def test_what_always_stands_together_is_taken_once() -> None:
    found = written(REPORTS, [1, 2, 3], 1, 10)
    assert found.T.tolist() == [[1, 1, 1], [1, 1, 0]]  # "sinusrhythmus linkstyp" says no more


@pytest.mark.parametrize(("least", "most", "columns"), [(3, 10, 1), (1, 1, 1), (4, 10, 0)])
def test_only_frequent_ones_and_not_too_many(least: int, most: int, columns: int) -> None:
    assert written(REPORTS, [1, 2, 3], least, most).shape == (3, columns)


def test_a_recording_without_a_report_says_nothing_of_any_phrase() -> None:
    found = written(REPORTS, [4, 1, 99], 1, 10)
    assert np.isnan(found[[0, 2]]).all()
    assert not np.isnan(found[1]).any()
