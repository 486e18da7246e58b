"""The statement network as it is trained and as it runs are the same; alone equals in a batch."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from ecgcli.models.statements import StatementModel, load, save  # noqa: E402
from ecgcli.training.network import parameters  # noqa: E402
from ecgcli.training.statement_net import Shape, StatementNet, folded  # noqa: E402

NUMBERS = 20


@pytest.fixture(scope="module")
def trained() -> "StatementNet":
    """Return a network whose every number counts."""
    torch.manual_seed(0)
    model = StatementNet(Shape(numbers=NUMBERS, outputs=9))
    for module in model.modules():
        if isinstance(module, (torch.nn.BatchNorm1d, torch.nn.BatchNorm2d)):
            module.running_mean.normal_(0.0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, 0.0, 0.1)
    model.center.normal_()
    model.spread.uniform_(0.5, 2.0)
    return model.eval()


@pytest.fixture(scope="module")
def running(trained: "StatementNet") -> StatementModel:
    return StatementModel(folded(trained), {})


def drawn(records: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    signal = rng.normal(0.0, 0.4, (records, 12, 1000)).astype(np.float32)
    signal[0, 3] = 0.0
    numbers = rng.normal(0.0, 3.0, (records, NUMBERS)).astype(np.float32)
    numbers[:, ::3] = np.nan
    return signal, numbers


def test_numpy_and_torch_agree(trained: "StatementNet", running: StatementModel) -> None:
    signal, numbers = drawn(5)
    with torch.inference_mode():
        wanted = trained(torch.from_numpy(signal), torch.from_numpy(numbers)).numpy()
    ours = [running.logits(x, n) for x, n in zip(signal, numbers, strict=True)]
    assert np.array(ours) == pytest.approx(wanted, abs=1e-4)
    assert np.ptp(wanted, axis=0).min() > 1e-3  # the inputs matter


def test_a_file_holds_all_of_it(running: StatementModel, tmp_path: Path) -> None:
    file = tmp_path / "model.safetensors"
    save(running.weights, {"outputs": ["a"]}, file)
    again = load(file)
    assert again.card["outputs"] == ["a"]
    assert len(again.card["hash"]) == 16
    signal, numbers = drawn(1)
    wanted = running.logits(signal[0], numbers[0])
    assert again.logits(signal[0], numbers[0]) == pytest.approx(wanted, abs=0.02)  # float16


def test_a_missing_number_is_not_the_usual_one(running: StatementModel) -> None:
    signal, numbers = drawn(1)
    missing, usual = numbers[0].copy(), numbers[0].copy()
    missing[1] = np.nan
    usual[1] = running.weights["center"][1]
    assert np.abs(running.logits(signal[0], missing) - running.logits(signal[0], usual)).max() > 0


def test_one_to_five_million_parameters(trained: "StatementNet") -> None:
    assert 1_000_000 < parameters(trained) < 5_000_000
