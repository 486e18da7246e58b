"""Waves of one lead: what comes back to the level is one, a shifted ST segment is none."""

import numpy as np
import pytest
from numpy.typing import NDArray

from ecgcli.signals.waves import lead

QRS = (100, 160)


def row(*points: tuple[int, float]) -> NDArray[np.float32]:
    """Return 400 samples in mV through the points, straight in between."""
    at, height = zip((0, 0.0), (QRS[0], 0.0), *points, strict=True)
    samples: NDArray[np.float32] = np.interp(np.arange(400), at, height).astype(np.float32)
    return samples


def test_a_qs_complex_before_a_raised_st_segment_has_no_r_wave() -> None:
    found = lead("V1", row((130, -1.2), (155, 0.1), (160, 0.2), (399, 0.2)), 0.0, QRS, None, None)
    assert found.r_mv is None
    assert "r" in found.absent
    assert found.q_mv == pytest.approx(-1.2, abs=0.01)
    assert found.st_j_mv == pytest.approx(0.2, abs=0.02)


def test_an_r_wave_at_the_end_that_comes_back_is_one() -> None:
    found = lead(
        "V1",
        row((120, -0.4), (140, 0.0), (150, 0.3), (160, 0.02), (399, 0.0)),
        0.0,
        QRS,
        None,
        None,
    )
    assert found.q_mv == pytest.approx(-0.4, abs=0.01)
    assert found.r_mv == pytest.approx(0.3, abs=0.01)


def test_a_lone_r_wave_stays_one_beside_a_raised_j_point() -> None:
    found = lead("V5", row((130, 1.0), (160, 0.99), (399, 0.9)), 0.0, QRS, None, None)
    assert found.r_mv == pytest.approx(1.0, abs=0.01)
