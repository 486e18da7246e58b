"""The database as its publishers lay it out."""

from pathlib import Path

import numpy as np
import pytest

from ecgcli.signals import ludb
from ecgcli.signals.evaluate_delineation import compare, total
from ecgcli.training.augment import Piece, Source, labels

pytestmark = pytest.mark.real


def test_every_lead_has_marks_in_order(ecg_data: Path) -> None:
    for header in ludb.headers(ecg_data / "ludb")[::10]:
        for lead in ludb.read_waves(header):
            assert len(lead.qrs) >= 3
            for wave in ("p", "qrs", "t"):
                marks = lead.of(wave)
                assert (np.diff(marks[:, 1]) > 0).all()
                assert not (np.diff(marks, axis=1) < 0).any()


def test_labels_give_the_marks_back(ecg_data: Path) -> None:
    from ecgcli.signals.shares import waves

    scores = []
    for header in ludb.headers(ecg_data / "ludb")[::20]:
        truth = ludb.read_waves(header)
        silent = np.zeros((12, 5000), np.float32)
        shares, _ = labels(Piece(silent, truth, Source(silent, truth).known), 2)
        scores.append(compare([waves(row) for row in shares], truth, 500.0))
    for name, score in total(scores).items():
        assert score.sensitivity > 0.99, name
        assert score.sd < 1.5, name
