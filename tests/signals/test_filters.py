"""Own filters, splines and maxima against SciPy's, which load too slowly to be used."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import CubicSpline
from scipy.signal import butter, find_peaks, sosfiltfilt

from ecgcli.signals.beats import _maxima
from ecgcli.signals.condition import LOW_PASS
from ecgcli.signals.filters import Section, both_ways
from ecgcli.signals.levels import QRS_BAND
from ecgcli.signals.smooth import between

SEEDS = st.integers(0, 2**32 - 1)


def sos(*sections: Section) -> np.ndarray:
    return np.array([[*section[:3], 1.0, *section[3:]] for section in sections])


@settings(max_examples=40, deadline=None)
@given(
    seed=SEEDS,
    rows=st.integers(1, 12),
    samples=st.integers(20, 3000),
    sections=st.sampled_from([(LOW_PASS,), QRS_BAND]),
)
def test_filters_are_those_of_scipy(
    seed: int, rows: int, samples: int, sections: tuple[Section, ...]
) -> None:
    signal = np.random.default_rng(seed).normal(0.3, 1.0, (rows, samples)).cumsum(axis=1)
    expected = sosfiltfilt(sos(*sections), signal, axis=1)
    assert both_ways(signal, sections) == pytest.approx(expected, abs=1e-9)


def test_a_filtered_lead_does_not_depend_on_the_others() -> None:
    signal = np.random.default_rng(1).normal(size=(12, 5000))
    together = both_ways(signal, QRS_BAND)
    for row, filtered in zip(signal, together, strict=True):
        assert np.array_equal(both_ways(row[None], QRS_BAND)[0], filtered)


def test_the_qrs_band_is_a_butterworth_filter() -> None:
    designed = butter(2, [5.0, 25.0], "bandpass", fs=500.0, output="sos")
    assert sos(*QRS_BAND) == pytest.approx(designed, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(
    seed=SEEDS,
    rows=st.integers(1, 12),
    blocks=st.integers(5, 200),
    block=st.sampled_from([2, 20, 50]),
    more=st.integers(0, 49),
)
def test_splines_are_those_of_scipy(
    seed: int, rows: int, blocks: int, block: int, more: int
) -> None:
    means = np.random.default_rng(seed).normal(size=(rows, blocks))
    samples = blocks * block + min(more, block - 1)
    spline = CubicSpline(np.arange(blocks) * block + (block - 1) / 2, means, axis=1)
    expected = spline(np.arange(samples))
    found = between(means, block, samples)
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)
    for row, alone in zip(means, found, strict=True):
        assert np.array_equal(between(row[None], block, samples)[0], alone)


@settings(max_examples=100, deadline=None)
@given(
    seed=SEEDS,
    samples=st.integers(3, 400),
    steps=st.sampled_from([3, 10, 10**6]),
    height=st.floats(0.0, 1.0),
    distance=st.integers(1, 60),
)
def test_maxima_are_those_of_scipy(
    seed: int, samples: int, steps: int, height: float, distance: int
) -> None:
    # Few steps make plateaus and equal heights.
    row = np.random.default_rng(seed).integers(0, steps + 1, samples) / steps
    expected = find_peaks(row, height=height, distance=distance)[0]
    assert _maxima(row, height, distance).tolist() == expected.tolist()


def test_a_row_without_maxima_has_none() -> None:
    assert len(_maxima(np.ones(10), 0.0, 5)) == 0
    assert len(_maxima(np.arange(10.0), 0.0, 5)) == 0


def test_measuring_loads_no_slow_library() -> None:
    """What these stand in for would take longer to load than all the rest."""
    program = (
        "import sys, ecgcli.signals.measure\n"
        "slow = ('scipy.signal', 'scipy.interpolate', 'scipy.stats', 'scipy.optimize', 'wfdb')\n"
        "sys.exit(', '.join(name for name in slow if name in sys.modules) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
