"""Real vLLM behind `ecgcli serve`: the client's probe passes, and answers keep the form.

Where vLLM is not installed this is skipped; CI installs it for processors (`.ci/run`).
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("vllm")
torch = pytest.importorskip("torch")

from ecgcli.engines.patience import Limits  # noqa: E402
from ecgcli.engines.question import Question  # noqa: E402
from ecgcli.engines.server import Server  # noqa: E402
from ecgcli.errors import ModelError  # noqa: E402
from ecgcli.training import ecglm_tokenizer  # noqa: E402

pytestmark = [pytest.mark.slow, pytest.mark.vllm]
PATIENCE_S = 400.0
KEY = "s3cret"
TEMPLATE = "{% for m in messages %}{{ m['content'] }}\n{% endfor %}"
SCHEMA = {
    "type": "object",
    "properties": {"rhythm": {"enum": ["sinus", "fibrillation"]}, "sure": {"type": "boolean"}},
    "required": ["rhythm", "sure"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory of a small text model that has learned nothing."""
    from transformers import Qwen3Config, Qwen3ForCausalLM

    folder = tmp_path_factory.mktemp("models") / "tiny-text"
    tokenizer = ecglm_tokenizer.learn([json.dumps(SCHEMA), "What is the rhythm?"] * 20, 400)
    tokenizer.chat_template = TEMPLATE
    torch.manual_seed(1)
    config = Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        head_dim=32,
        max_position_embeddings=2048,
        pad_token_id=0,
        eos_token_id=1,
        bos_token_id=None,
    )
    Qwen3ForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def url(model: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "ecgcli", "serve", str(model), "--port", str(port)]
    command += ["--window", "4", "--", "--dtype", "float32", "--enforce-eager"]
    environment = os.environ | {"ECGCLI_API_KEY": KEY}
    with subprocess.Popen(command, env=environment, start_new_session=True) as process:
        address = f"http://127.0.0.1:{port}/v1"
        _wait_for(Server(address, key=KEY, limits=Limits(question_s=10.0)), process)
        yield address
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def _wait_for(server: Server, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            server.probe()
        except ModelError:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(2.0)
        else:
            return


def test_it_comes_up_and_keeps_the_form(url: str) -> None:
    server = Server(url, key=KEY, limits=Limits(question_s=60.0))
    assert server.probe() == "tiny-text"
    for number in range(3):
        said = json.loads(server.ask(Question("", f"What is rhythm {number}?", SCHEMA)))
        assert set(said) == {"rhythm", "sure"}


def test_a_model_without_eyes_is_found_out_before_the_first_record(url: str) -> None:
    server = Server(url, key=KEY, limits=Limits(question_s=60.0))
    with pytest.raises(ModelError, match="takes no pictures: serve one that does"):
        server.probe(with_picture=True)


def test_without_the_key_nothing_is_answered(url: str) -> None:
    with pytest.raises(ModelError, match="key"):
        Server(url, key="other", limits=Limits(question_s=10.0)).probe()
