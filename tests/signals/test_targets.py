"""What the measurement engine promises, on ECGs of known truth and on recordings of children."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecgcli.records.read import read_path
from ecgcli.signals.analyse import analyse
from ecgcli.signals.results import PWave
from examples.heart import Beat, Noise, Plateau, Scene, Wave, record, rhythm
from tests import synthetic

# A normal adult's beat at 70 /min; intervals shorten with the square root of RR, PR less.
P = (Wave(-124, 15, 15, (0.04, 0.085, -0.045)), Wave(-98, 16, 15, (0.05, 0.045, 0.035)))
QRS = (
    Wave(16, 6, 7, (-0.12, 0.01, -0.22)),
    Wave(27, 6, 6, (0.25, 0.12, -0.28)),
    Wave(41, 8.5, 9, (1.00, 0.72, 0.22)),
    Wave(53, 8.5, 9, (0.38, 0.16, 0.66)),
    Wave(70, 7, 7, (-0.13, -0.13, 0.18)),
)
T = Wave(312, 60, 34, (0.30, 0.19, -0.19))
QUIET = Noise(muscle=0.0, mains=0.0, drift=0.0)
NOISY = Noise(muscle=0.03, mains=0.02, drift=0.1)


def beat(rate: float) -> Beat:
    """Return a beat whose P and T waves find room at the rate."""
    rr = 60.0 / rate / 0.86
    late, early = min(1.15, rr**0.5), float(np.clip(rr**0.3, 0.62, 1.1))

    def moved(wave: Wave, by: float) -> Wave:
        return replace(wave, at=wave.at * by, rise=wave.rise * by, fall=wave.fall * by)

    return Beat(
        p=tuple(moved(wave, early) for wave in P),
        qrs=QRS,
        t=(moved(T, late),),
        st=(Plateau(84, max(270 * late, 94), (0.012, 0.010, -0.03)),),
    )


@pytest.mark.parametrize("noise", [QUIET, NOISY], ids=["quiet", "noisy"])
@pytest.mark.parametrize("rate", range(30, 251, 20))
def test_any_rate_within_two_percent(rate: int, noise: Noise) -> None:
    rng = np.random.default_rng(rate)
    onsets = rhythm(rng, rate)
    inside = onsets[(onsets > 0.0) & (onsets < 9.95)]
    samples = record(rng, Scene(onsets, (beat(rate),) * onsets.size, noise))
    measured = analyse(synthetic.record(samples.astype(np.float32))).measurements
    assert measured is not None
    assert measured.ventricular_rate.value == pytest.approx(
        60.0 / float(np.diff(inside).mean()), rel=0.02
    )


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "rate", "qrs", "qt"),
    # Read off the drawn median beat and the strip: rate within 2 /min, QRS within 15 and QT 20 ms.
    [
        ("P00073_E02", 101, 80, 344),
        ("P00277_E01", 95, 84, 352),
        ("P01062_E01", 109, 80, 304),
        ("P02189_E01", 130, 80, 304),
        ("P02851_E01", 57, 90, 376),
        ("P03818_E01", 46, 102, 402),
        ("P05372_E01", 86, 100, 346),
        ("P07354_E04", 126, 82, 280),
        ("P07648_E01", 71, 80, 360),
        ("P08950_E01", 83, 74, 338),
        ("P10027_E01", 81, 84, 448),
    ],
)
def test_children_measure_as_they_were_read(
    ecg_data: Path, name: str, rate: float, qrs: float, qt: float
) -> None:
    measured = analyse(read_path(ecg_data / "paediatric" / f"{name}.hea")).measurements
    assert measured is not None
    assert measured.ventricular_rate.value == pytest.approx(rate, abs=2)
    assert measured.qrs_duration.value == pytest.approx(qrs, abs=15)
    assert measured.qt_interval.value == pytest.approx(qt, abs=20)
    assert measured.p_wave is not PWave.ABSENT  # all twelve are in sinus rhythm
