"""EcgLM in `transformers`: its encoder is the statement network, alone equals in a batch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from ecgcli.models import statements  # noqa: E402
from ecgcli.models.ecglm.config import small  # noqa: E402
from ecgcli.models.ecglm.network import EcgLmForConditionalGeneration, register  # noqa: E402
from ecgcli.models.ecglm.tokens import ANSWER, ECG, SPECIAL  # noqa: E402

if TYPE_CHECKING:
    from numpy.typing import NDArray

PROMPT = [SPECIAL.index(ECG)] * 32 + [300, 301, SPECIAL.index(ANSWER)]


@pytest.fixture(scope="module")
def model() -> Any:
    torch.manual_seed(0)
    made = EcgLmForConditionalGeneration(small(400, ("SR", "AFIB")))
    made.encoder.begin_as(statements.shipped().weights)
    return made.eval()


def signals(count: int) -> NDArray[np.float32]:
    rng = np.random.default_rng(1)
    drawn: NDArray[np.float32] = rng.normal(0.0, 0.3, (count, 12, 1000)).astype(np.float32)
    drawn[0, 3] = 0.0
    return drawn


def scores(model: Any, signal: NDArray[np.float32]) -> Any:
    ids = torch.tensor([PROMPT] * len(signal))
    with torch.inference_mode():
        said = model(input_ids=ids, ecg_values=torch.from_numpy(signal)).logits
    return said


def test_the_encoder_sees_what_the_statement_network_sees(
    model: Any,
) -> None:
    network = statements.shipped()
    signal = signals(1)
    tape: dict[str, NDArray[np.float32]] = {}
    network.logits(signal[0], np.zeros(len(network.card["numbers"]), np.float32), tape)
    with torch.inference_mode():
        seen = model.encoder(torch.from_numpy(signal))[0].numpy()
    assert seen == pytest.approx(tape[network.blocks()[-1]], abs=1e-4)
    assert seen.shape == (model.config.tokens, model.config.widths[-1])


def test_what_it_says_depends_on_the_signal_and_on_no_other(
    model: Any,
) -> None:
    signal = signals(3)
    together = scores(model, signal)
    alone = torch.cat([scores(model, one[None]) for one in signal])
    assert torch.allclose(together, alone, atol=1e-4)
    assert (together[0, -1] - together[1, -1]).abs().max() > 1e-3


def test_the_signal_is_read_once_and_not_again_for_each_token(
    model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    embed = model.embed_ecg

    def counted(values: Any) -> Any:
        calls.append(len(values))
        return embed(values)

    monkeypatch.setattr(model, "embed_ecg", counted)
    signal = torch.from_numpy(signals(2))
    ids = torch.tensor([PROMPT] * 2)
    said = model.generate(
        input_ids=ids,
        ecg_values=signal,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=5,
        min_new_tokens=5,
        do_sample=False,
    )
    assert said.shape == (2, len(PROMPT) + 5)
    assert calls == [2]


def test_a_directory_holds_all_of_it(model: Any, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    register()
    register()  # vLLM's processes may do it again
    model.save_pretrained(tmp_path)
    again = AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32).eval()
    assert isinstance(again, EcgLmForConditionalGeneration)
    assert again.config.codes == ["SR", "AFIB"]
    assert torch.equal(scores(model, signals(1)), scores(again, signals(1)))


def test_it_is_small(model: Any) -> None:
    assert sum(p.numel() for p in model.parameters()) < 20_000_000


def test_nothing_to_read_is_an_error(model: Any) -> None:
    with pytest.raises(ValueError, match="input_ids"):
        model()
