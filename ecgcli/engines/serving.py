"""How a vLLM server is started for a job that reads ECGs: its arguments and its environment.

It knows vLLM's options; it starts nothing.
"""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Sequence

from ecgcli.engines.host import DENSE, PRIVATE
from ecgcli.errors import UsageError

MODULE = "vllm.entrypoints.openai.api_server"
KEY = "VLLM_API_KEY"
"""Where vLLM takes its key from; on a command line everybody could read it."""


OURS = (
    *("--model", "--served-model-name", "--host", "--port", "--uds", "--api-key"),
    *("--ssl-keyfile", "--ssl-certfile", "--root-path", "--config", "--enable-log-requests"),
)
"""What a run decides of its own server: where it is, who may ask, and that it logs no question."""


def further(options: str) -> tuple[str, ...]:
    """Return vLLM's options in a text that is written as in a shell.

    Raises:
        UsageError: It is none, or has options of those that a run decides itself.
    """
    try:
        words = shlex.split(options)
    except ValueError:
        raise UsageError("--vllm-options: a quote has no end") from None
    for word in words:
        name = word.partition("=")[0].replace("_", "-")
        # vLLM also takes the beginning of a name for the whole.
        if name.startswith("--") and any(own.startswith(name) for own in OURS):
            raise UsageError(f"--vllm-options: {name} is not for you to say, the run does")
    if words and not words[0].startswith("-"):
        raise UsageError("--vllm-options: options begin with --, as in '--max-model-len 4096'")
    return tuple(words)


def command(
    model: str, name: str, where: Sequence[str], window: int, more: Sequence[str] = ()
) -> list[str]:
    """Return the command that serves a model.

    Args:
        model: Directory or name of the model.
        name: What the server calls it.
        where: The options that say where it listens.
        window: Questions that it works on at once.
        more: Further arguments of vLLM's own.
    """
    one_picture = json.dumps({"image": 1})
    return [
        *(sys.executable, "-m", MODULE),
        *("--model", model, "--served-model-name", name),
        *where,
        *("--max-num-seqs", str(window)),
        *("--limit-mm-per-prompt", one_picture),
        *("--mm-processor-cache-gb", "0"),  # no ECG comes twice
        *("--structured-outputs-config", json.dumps(DENSE)),
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
LOOSE = ("VLLM_LOGGING_LEVEL", "VLLM_CPU_KVCACHE_SPACE", "OMP_WAIT_POLICY")
