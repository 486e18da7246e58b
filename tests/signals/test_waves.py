"""Waves of one lead: what comes back to the level is one, a shifted ST segment is none."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ecgcli.signals.results import LeadMeasurements
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


P = (40, 85)  # samples: 90 ms
T_END = 330


def measured(samples: NDArray[np.float32], noise: float = 0.0) -> LeadMeasurements:
    return lead("V1", samples, noise, QRS, P, T_END, confidence=1.0)


def whole(
    p: tuple[float, float] = (0.1, -0.08),
    qrs: tuple[float, ...] = (-0.1, 0.6, -0.5, 0.3, -0.2),
    st: tuple[float, float] = (0.0, 0.0),
    t: tuple[float, float] = (-0.15, 0.4),
    size: float = 1.0,
    later: int = 0,
) -> NDArray[np.float32]:
    """Return a beat of triangles: P of 50 and 40 ms, each wave of the QRS complex 24 ms long.

    The ST segment goes from its first level at J to the second 80 ms after it, the T wave has two
    parts.
    """
    at, height = [0, 40], [0.0, 0.0]
    for place, level in ((52, p[0]), (65, 0.0), (75, p[1]), (85, 0.0), (100, 0.0)):
        at.append(place)
        height.append(level)
    for number, peak in enumerate(qrs):
        at += [106 + 12 * number, 112 + 12 * number]
        height += [peak, 0.0]
    first, last = st
    for place, level in ((163, first), (200, last), (220, 0.0), (240, t[0]), (260, 0.0)):
        at.append(place)
        height.append(level)
    at += [290, 330, 399]
    height += [t[1], 0.0, 0.0]
    samples = np.interp(np.arange(400) - later, at, np.array(height) * size)
    return samples.astype(np.float32)


def test_a_p_wave_with_two_parts() -> None:
    found = measured(whole())
    assert found.p_mv == pytest.approx(0.1, abs=0.005)
    assert found.p_positive_mv == pytest.approx(0.1, abs=0.005)
    assert found.p_positive_ms == pytest.approx(50, abs=4)
    assert found.p_negative_mv == pytest.approx(-0.08, abs=0.005)
    assert found.p_negative_ms == pytest.approx(40, abs=4)
    assert found.p_terminal_mv_ms == pytest.approx(-0.08 * 40, rel=0.12)


def test_a_negative_part_that_does_not_end_the_p_wave_is_no_terminal_force() -> None:
    found = measured(whole(p=(-0.08, 0.1)))
    assert found.p_negative_mv == pytest.approx(-0.08, abs=0.005)
    assert found.p_terminal_mv_ms is None
    assert "p_terminal" in found.absent


def test_a_p_wave_with_one_part_has_no_other() -> None:
    found = measured(whole(p=(0.1, 0.02)))
    assert found.p_negative_mv is None
    assert {"p_negative", "p_terminal"} <= set(found.absent)


def test_five_waves_of_a_qrs_complex() -> None:
    found = measured(whole())
    for letter, height in (("q", -0.1), ("r", 0.6), ("s", -0.5), ("r2", 0.3), ("s2", -0.2)):
        assert getattr(found, f"{letter}_mv") == pytest.approx(height, abs=0.01), letter
        assert getattr(found, f"{letter}_ms") == pytest.approx(24, abs=3), letter
        assert letter not in found.absent
    assert found.qrs_peak_to_peak_mv == pytest.approx(1.1, abs=0.01)
    # Triangles of 24 ms: half their height each.
    assert found.qrs_area_mv_ms == pytest.approx(0.5 * 24 * (-0.1 + 0.6 - 0.5 + 0.3 - 0.2), abs=0.2)


@pytest.mark.parametrize(("first", "last"), [(0.2, 0.2), (-0.1, -0.3), (0.0, 0.24), (-0.2, 0.1)])
def test_levels_and_slope_of_the_st_segment(first: float, last: float) -> None:
    found = measured(whole(st=(first, last), qrs=(-0.1, 0.6, -0.5)))
    slope = (last - first) / 37  # mV per sample, from sample 163 on
    for after, level in ((40, found.st_40_mv), (60, found.st_60_mv), (80, found.st_80_mv)):
        assert level == pytest.approx(first + slope * (160 + after / 2 - 163), abs=0.02), after
    assert found.st_80_mv is not None
    assert found.st_j_mv is not None
    assert found.st_slope_mv_s == pytest.approx((found.st_80_mv - found.st_j_mv) / 0.08)


def test_what_lies_behind_the_median_beat_is_not_measured() -> None:
    found = lead("V1", whole()[:195], 0.0, QRS, P, None, confidence=1.0)
    assert found.st_60_mv is not None
    assert found.st_80_mv is None
    assert found.st_slope_mv_s is None
    assert found.t_mv is None
    assert "t" not in found.absent


def test_a_t_wave_with_two_parts() -> None:
    found = measured(whole())
    assert found.t_mv == found.t_positive_mv == pytest.approx(0.4, abs=0.03)
    assert found.t_negative_mv == pytest.approx(-0.15, abs=0.03)
    inverted = measured(whole(t=(0.05, -0.4)))
    assert inverted.t_mv == inverted.t_negative_mv == pytest.approx(-0.4, abs=0.03)
    assert inverted.t_positive_mv == pytest.approx(0.05, abs=0.02)


def test_a_depressed_st_segment_is_no_negative_t_wave() -> None:
    found = measured(
        row((130, 1.0), (150, -0.15), (240, -0.15), (290, 0.4), (330, 0.0), (399, 0.0))
    )
    assert found.t_positive_mv == pytest.approx(0.4, abs=0.03)
    assert found.t_negative_mv is None


def test_noise_lowers_the_confidence_and_hides_small_waves() -> None:
    clean, noisy = measured(whole()), measured(whole(), noise=0.04)
    assert clean.confidence == 1.0
    assert noisy.confidence is not None
    assert noisy.confidence < 0.95
    assert {"p", "q"} <= set(noisy.absent)
    assert noisy.r_mv == clean.r_mv


HEIGHT = st.floats(0.12, 1.0)
SIGNED = st.builds(lambda height, up: height if up else -height, HEIGHT, st.booleans())


@given(
    p=st.tuples(SIGNED, SIGNED),
    qrs=st.lists(SIGNED, min_size=1, max_size=5),
    t=st.tuples(SIGNED, SIGNED),
    size=st.floats(0.5, 4.0),
    later=st.integers(0, 60),
)
@settings(max_examples=60, deadline=None)
def test_size_and_place_of_a_beat(
    p: tuple[float, float], qrs: list[float], t: tuple[float, float], size: float, later: int
) -> None:
    """k times the signal has k times the amplitudes, areas and slopes, and the same durations."""
    one = measured(whole(p, tuple(qrs), t=t))
    two = lead(
        "V1",
        whole(p, tuple(qrs), t=t, size=size, later=later),
        0.0,
        (QRS[0] + later, QRS[1] + later),
        (P[0] + later, P[1] + later),
        T_END + later,
    )
    assert two.absent == one.absent
    for field in dataclasses.fields(LeadMeasurements):
        before, after = getattr(one, field.name), getattr(two, field.name)
        if field.name in ("lead", "reason", "absent", "confidence") or before is None:
            assert (before is None) == (after is None) or field.name == "confidence", field.name
        elif field.name.endswith("_ms") and "_mv" not in field.name:
            assert after == before, field.name
        else:
            assert after == pytest.approx(size * before, rel=1e-3, abs=1e-4), field.name
