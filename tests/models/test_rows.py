"""The network's arithmetic: what plain loops give, for any number of leads and samples."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from safetensors.numpy import load_file

from ecgcli.models.delineator import SHIPPED, Delineator, load
from ecgcli.models.rows import Workspace, convolve
from tests.models import plain

SEEDS = st.integers(0, 2**32 - 1)


def recording(rng: np.random.Generator, leads: int, samples: int) -> NDArray[np.float32]:
    """Return something between noise and a heart, of the right size."""
    slow = np.sin(np.arange(samples) / 30.0) ** 21
    return (slow + rng.normal(0.0, 0.1, (leads, samples))).astype(np.float32)


@settings(max_examples=60, deadline=None)
@given(
    seed=SEEDS,
    rows=st.integers(1, 40),
    inputs=st.integers(1, 9),
    outputs=st.integers(1, 9),
    kernel=st.integers(1, 16),
    step=st.integers(1, 4),
)
def test_a_convolution_is_the_sum_over_its_window(
    seed: int, rows: int, inputs: int, outputs: int, kernel: int, step: int
) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=((rows - 1) * step + kernel, inputs)).astype(np.float32)
    weight = rng.normal(size=(kernel, inputs, outputs)).astype(np.float32)
    out = np.full((rows, outputs), np.nan, np.float32)
    convolve(x, weight.reshape(-1, outputs), step, out)
    expected = plain.convolution(
        x[None].astype(np.float64), weight.astype(np.float64), np.zeros(outputs), step, 0
    )[0]
    assert out == pytest.approx(expected, abs=1e-4)


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS, leads=st.integers(1, 12), samples=st.integers(2, 700))
def test_the_network_computes_what_its_layers_say(seed: int, leads: int, samples: int) -> None:
    signal = recording(np.random.default_rng(seed), leads, samples)
    expected = plain.shares(load_file(SHIPPED), signal)
    assert load().shares(signal) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(("leads", "seconds"), [(12, 10), (1, 10), (3, 60)])
def test_long_recordings_too(leads: int, seconds: int) -> None:
    signal = recording(np.random.default_rng(1), leads, seconds * 500)
    expected = plain.shares(load_file(SHIPPED), signal)
    assert load().shares(signal) == pytest.approx(expected, abs=1e-5)


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS, scale=st.floats(0.1, 0.9))
def test_any_weights_will_do(seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    weights = {
        name: (rng.normal(0.0, scale, w.shape) / np.sqrt(w[..., 0].size)).astype(np.float32)
        for name, w in load_file(SHIPPED).items()
    }
    # With larger weights the scores grow from layer to layer beyond what single precision can hold.
    signal = recording(rng, 3, 640)
    found = Delineator(weights).shares(signal)
    assert found == pytest.approx(plain.shares(weights, signal), abs=1e-4)


def test_a_recording_comes_out_the_same_after_any_other() -> None:
    rng = np.random.default_rng(1)
    network = load()
    signal = recording(rng, 12, 5000)
    alone = network.shares(signal)
    for leads, samples in ((12, 5000), (3, 2777), (1, 30000), (12, 64), (12, 5000)):
        other = recording(rng, leads, samples) * 50.0
        other[0, samples // 2] = np.inf
        with np.errstate(invalid="ignore"):
            network.shares(other)
    assert np.array_equal(network.shares(signal), alone)


def test_threads_may_share_a_network() -> None:
    rng = np.random.default_rng(1)
    signals = [recording(rng, leads, 5000) for leads in (12, 3, 8, 12, 1, 12)]
    network = load()
    alone = [network.shares(signal) for signal in signals]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(network.shares, signals * 3))
    for number, shares in enumerate(together):
        assert np.array_equal(shares, alone[number % len(signals)])


def test_a_workspace_does_not_grow() -> None:
    network = load()
    for samples in (5000, 4000, 5000, 3000, 4999, 4990, 2000, 5000):
        network.shares(recording(np.random.default_rng(1), 12, samples))
    (work,) = network._idle
    assert sum(block.nbytes for block in work.free) < 20e6


def test_memory_taken_twice_is_not_the_same() -> None:
    work = Workspace()
    work.give(work.take(10, 3))
    one, other = work.take(4, 3), work.take(5, 2)
    one[:], other[:] = 1.0, 2.0
    assert one.shape == (4, 3)
    assert (one == 1.0).all()
    assert (other == 2.0).all()
