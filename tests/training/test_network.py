"""The network as it is trained and as it runs are the same; order and number of leads are free."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from ecgcli.models import delineator  # noqa: E402
from ecgcli.training.network import Delineator, folded, parameters  # noqa: E402


@pytest.fixture(scope="module")
def trained() -> "Delineator":
    """Return a network whose every number counts."""
    torch.manual_seed(0)
    model = Delineator()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0.0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, 0.0, 0.1)
    return model.eval()


@pytest.fixture(scope="module")
def running(trained: "Delineator") -> delineator.Delineator:
    return delineator.Delineator({name: t.numpy() for name, t in folded(trained).items()})


def noise(leads: int, samples: int) -> np.ndarray:
    return np.random.default_rng(1).normal(0.0, 0.3, (leads, samples)).astype(np.float32)


def test_numpy_and_torch_agree(trained: "Delineator", running: delineator.Delineator) -> None:
    signal = noise(12, 4992)  # a multiple of 64
    with torch.inference_mode():
        wanted = trained(torch.from_numpy(signal)[None])[0].softmax(dim=1).numpy()
    assert running.shares(signal) == pytest.approx(wanted, abs=1e-5)


def test_the_order_of_the_leads_does_not_matter(running: delineator.Delineator) -> None:
    signal = noise(12, 2560)
    order = np.random.default_rng(2).permutation(12)
    assert running.shares(signal[order]) == pytest.approx(running.shares(signal)[order], abs=1e-5)


@pytest.mark.parametrize(("leads", "samples"), [(1, 5000), (3, 2501), (12, 4999)])
def test_any_number_of_leads_and_samples(
    running: delineator.Delineator, leads: int, samples: int
) -> None:
    shares = running.shares(noise(leads, samples))
    assert shares.shape == (leads, 7, samples // 2)
    assert shares.sum(axis=1) == pytest.approx(1.0, abs=1e-5)


def test_fewer_than_a_million_parameters(trained: "Delineator") -> None:
    assert parameters(trained) < 1_000_000
