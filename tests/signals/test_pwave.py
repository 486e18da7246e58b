"""P waves that follow close on a T wave, in sinus tachycardia with known truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from examples import heart
from examples.heart import Beat, Plateau, Wave
from tests import synthetic
from tests.signals.engine import measured, value

P, Q, R, S, T = synthetic.SHAPE

# At 124 /min; the T wave rises slowly and falls fast, as T waves do.
FAST = Beat(
    p=(Wave(-106, 15, 15, (0.04, 0.085, -0.045)), Wave(-80, 16, 15, (0.05, 0.045, 0.035))),
    qrs=(
        Wave(16, 6, 7, (-0.12, 0.01, -0.22)),
        Wave(27, 6, 6, (0.25, 0.12, -0.28)),
        Wave(41, 8.5, 9, (1.00, 0.72, 0.22)),
        Wave(53, 8.5, 9, (0.38, 0.16, 0.66)),
        Wave(70, 7, 7, (-0.13, -0.13, 0.18)),
    ),
    t=(Wave(222, 46, 28, (0.26, 0.18, -0.15)),),
    st=(Plateau(84, 180, (0.0, -0.02, -0.01)),),
).turned(18, 0.95)


@pytest.mark.parametrize("rate", [118, 120, 124, 128, 132, 136, 140])
def test_the_trough_after_a_t_wave_is_no_p_wave(rate: int) -> None:
    later = -0.8 * (rate - 124)
    beat = replace(
        FAST,
        t=tuple(replace(wave, at=wave.at + later) for wave in FAST.t),
        st=tuple(replace(plateau, end=plateau.end + later) for plateau in FAST.st),
    )
    rng = np.random.default_rng(rate)
    onsets = heart.rhythm(rng, rate, breathing=0.008, jitter=0.004)
    scene = heart.Scene(onsets, (beat,) * onsets.size, heart.Noise(muscle=0.009))
    result = measured(synthetic.record(heart.record(rng, scene).astype(np.float32))).measurements
    assert value(result.ventricular_rate) == pytest.approx(rate, abs=2)
    assert value(result.pr_interval) == pytest.approx(beat.truth()["pr_ms"], abs=14)


# Above, the P wave lies wholly in the T wave, and "cannot tell" is the answer.
@pytest.mark.parametrize("rate", [120, 130])
def test_a_p_wave_on_the_foot_of_the_t_wave_is_found(
    rate: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It begins before the T wave has come down: no stretch of baseline lies between them."""
    centre, width = -130.0, 16.0
    t_wave = (210.0 - 0.9 * (rate - 120), 34.0)
    monkeypatch.setattr(synthetic, "SHAPE", ((centre, width), Q, R, S, t_wave))
    result = measured(synthetic.normal(rate)).measurements
    truth = Q[0] - 2.0 * Q[1] - (centre - 2.3 * width)
    assert value(result.pr_interval) == pytest.approx(truth, abs=16)
