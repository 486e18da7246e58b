"""The network elsewhere says what it says on the processor; a GPU that is not there is said so."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from ecgcli.engines import device
from ecgcli.engines.explain import explain
from ecgcli.engines.opinion import opinion
from ecgcli.errors import ModelError
from ecgcli.models import statements
from ecgcli.models.statements import LEADS, SAMPLES
from ecgcli.signals.analyse import analyse
from tests import synthetic


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    device.network.cache_clear()


def test_the_processor_needs_no_pytorch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setattr(device, "DRIVER", "no-such-driver.so")
    assert not device.has_gpu()
    assert device.network(device.CPU) is statements.shipped()
    assert device.network(device.AUTO) is statements.shipped()
    with pytest.raises(ModelError, match=r"PyTorch is not installed.*--device cpu"):
        device.network(device.CUDA)


def test_a_gpu_that_only_the_driver_sees_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setattr(device, "has_gpu", lambda: True)
    assert device.network(device.AUTO) is statements.shipped()


def test_pytorch_without_a_gpu_is_refused() -> None:
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(ModelError, match="finds no GPU"):
        device.network(device.CUDA)


@pytest.mark.parametrize("place", ["cpu", "cuda"])
def test_the_same_opinion_wherever_it_runs(place: str) -> None:
    torch = pytest.importorskip("torch")
    if place == "cuda" and not torch.cuda.is_available():
        pytest.skip("no GPU")
    from ecgcli.models.statements_torch import moved

    ours = statements.shipped()
    theirs = moved(ours, place)
    rng = np.random.default_rng(1)
    signal = rng.normal(0.0, 0.3, (LEADS, SAMPLES)).astype(np.float32)
    signal[3] = 0.0
    numbers = rng.normal(0.0, 100.0, len(ours.card["numbers"])).astype(np.float32)
    numbers[::3] = np.nan
    tape: dict[str, np.ndarray] = {}
    wanted: dict[str, np.ndarray] = {}
    here = ours.probabilities(ours.logits(signal, numbers, wanted))
    there = theirs.probabilities(theirs.logits(signal, numbers, tape))
    assert there == pytest.approx(here, abs=1e-5)
    assert tape.keys() == wanted.keys()
    for name, array in wanted.items():
        assert tape[name] == pytest.approx(array, abs=1e-3)
    again = theirs.logits(signal, numbers)
    assert np.array_equal(again, theirs.logits(signal, numbers))


def test_what_it_says_elsewhere_is_explained_alike() -> None:
    pytest.importorskip("torch")
    from ecgcli.models.statements_torch import moved

    analysis = analyse(synthetic.normal(70))
    here = opinion(analysis)
    there = opinion(analysis, moved(statements.shipped(), "cpu"))
    assert here is not None
    assert there is not None
    assert explain(there, ["LVH"]) == explain(here, ["LVH"])
