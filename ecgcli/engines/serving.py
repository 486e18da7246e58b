"""How a vLLM server is started for a job that reads ECGs: its arguments and its environment.

It knows vLLM's options; it starts nothing.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from ecgcli.engines.host import PRIVATE

MODULE = "vllm.entrypoints.openai.api_server"
KEY = "VLLM_API_KEY"
"""Where vLLM takes its key from; on a command line everybody could read it."""


def command(
    model: str, name: str, host: str, port: int, window: int, more: Sequence[str] = ()
) -> list[str]:
    """Return the command that serves a model.

    Args:
        model: Directory or name of the model.
        name: What the server calls it.
        host: Address to listen at.
        port: Port to listen at.
        window: Questions that it works on at once.
        more: Further arguments of vLLM's own.
    """
    one_picture = json.dumps({"image": 1})
    dense = json.dumps({"disable_any_whitespace": True, "backend": "xgrammar"})
    return [
        *(sys.executable, "-m", MODULE),
        *("--model", model, "--served-model-name", name),
        *("--host", host, "--port", str(port)),
        *("--max-num-seqs", str(window)),
        *("--limit-mm-per-prompt", one_picture),
        *("--mm-processor-cache-gb", "0"),  # no ECG comes twice
        # White space is valid JSON, and some models fill a whole answer with it.
        *("--structured-outputs-config", dense),
        *("--seed", "0"),
        "--disable-log-stats",
        "--disable-uvicorn-access-log",
        *more,
    ]


def environment(present: dict[str, str], key: str | None) -> dict[str, str]:
    """Return the environment of the server: private, offline, with its key where there is one.

    What the user has set of vLLM stays, but for what keeps the server from telling anybody.

    Args:
        present: The environment of this process.
        key: The key that clients have to show.
    """
    own = {name: value for name, value in PRIVATE.items() if name != IN_PROCESS}
    loose = {name: present[name] for name in LOOSE if name in present}
    made = {**present, **own, **loose}
    return made | {KEY: key} if key else made


IN_PROCESS = "VLLM_ENABLE_V1_MULTIPROCESSING"
"""A server may have an engine of its own beside it."""
LOOSE = ("VLLM_LOGGING_LEVEL", "VLLM_CPU_KVCACHE_SPACE")
