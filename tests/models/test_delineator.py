"""The network that ships: it finds what is there, and nothing in noise."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ecgcli.errors import ModelError
from ecgcli.models.delineator import SHIPPED, load, shipped
from ecgcli.signals.delineation import PEAK
from ecgcli.signals.shares import mark
from tests import synthetic

TIME = np.arange(5000) / 500.0


def beats(signal: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the times (s) at which at least four leads show a QRS complex."""
    peaks = np.sort(np.concatenate([waves.qrs[:, PEAK] for waves in mark(shipped(), signal)]))
    groups = np.split(peaks, np.flatnonzero(np.diff(peaks) > 50.0) + 1)
    return np.array([np.median(group) for group in groups if len(group) >= 4]) / 500.0


@pytest.mark.parametrize("rate", [40.0, 75.0, 120.0, 180.0])
def test_every_beat_of_a_clean_recording_is_found(rate: float) -> None:
    times = synthetic.beat_times(rate, 10.0)
    found = beats(synthetic.signal(times))
    inner = times[(times > 0.7) & (times < 9.3)]
    distance = np.abs(found[:, None] - inner[None, :])
    assert distance.min(axis=0).max() < 0.03
    assert len(found) <= len(times)


def test_without_p_waves_no_beat_has_one() -> None:
    rng = np.random.default_rng(1)
    times = 0.5 + np.cumsum(rng.uniform(0.5, 1.1, 11))
    times = times[times < 9.6]
    signal = synthetic.signal(times, p_wave=False)
    signal += rng.normal(0.0, 0.01, signal.shape).astype(np.float32)
    assert sum(len(waves.p) for waves in mark(shipped(), signal)) <= len(times)


NOISE = np.random.default_rng(1).normal(0.0, 0.2, (12, 5000))
NOTHING = {
    "flat": np.zeros((12, 5000)),
    "white noise": NOISE,
    "weak white noise": NOISE / 20.0,
    "mains": np.tile(0.3 * np.sin(2.0 * np.pi * 50.0 * TIME), (12, 1)),
}


@pytest.mark.parametrize("kind", NOTHING)
def test_where_no_heart_is_no_beat_is(kind: str) -> None:
    assert len(beats(NOTHING[kind].astype(np.float32))) == 0


def test_marks_do_not_depend_on_what_was_marked_before() -> None:
    signal = synthetic.signal(synthetic.beat_times(70.0, 10.0))
    alone = mark(shipped(), signal)
    mark(shipped(), NOISE.astype(np.float32))
    again = mark(shipped(), signal)
    for one, two in zip(alone, again, strict=True):
        for wave in ("p", "qrs", "t"):
            assert np.array_equal(one.of(wave), two.of(wave))


def test_a_file_that_is_none_is_a_model_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="do not load"):
        load(tmp_path / "missing.safetensors")
    (tmp_path / "text.safetensors").write_text("no weights")
    with pytest.raises(ModelError, match="do not load"):
        load(tmp_path / "text.safetensors")


def test_the_shipped_file_is_small_and_has_a_card() -> None:
    assert SHIPPED.stat().st_size < 1_500_000
    assert "Measured" in SHIPPED.with_suffix(".md").read_text()
