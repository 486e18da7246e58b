"""Which folder a language model's name means: the one that ships, a directory, or the hub's copy.

It knows names; it loads no model and fetches nothing.
"""

from __future__ import annotations

import re
from pathlib import Path

from ecgcli.batch import settings as options
from ecgcli.errors import ModelError, UsageError
from ecgcli.models.files import ECGLM

OURS = "ecglm"
HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")
CONFIGS = ("config.json", "params.json")
"""What one of them says of a model's kind: that of `transformers`, and that of Mistral."""


def folder_of(name: str) -> Path:
    """Return the folder of a language model.

    Args:
        name: "ecglm", a directory, or a name of the Hugging Face hub whose files are in its cache.

    Raises:
        UsageError: It is none of them.
        ModelError: The hub's files are not on this machine.
    """
    folder = Path(name)
    if name == OURS:
        folder = ECGLM
    elif not folder.is_dir() and HUB_NAME.fullmatch(name):
        folder = _in_cache(name)
    if not folder.is_dir():
        raise UsageError(
            f"--model {name!r} is no directory, no URL, and neither {options.EMBEDDED!r},"
            f" {OURS!r} nor {options.NONE!r}"
        )
    if not any((folder / file).is_file() for file in CONFIGS):
        raise UsageError(f"--model {name!r} holds no config.json: it is no model's")
    return options.absolute(folder)


def _in_cache(name: str) -> Path:
    """Return where the hub's library keeps a model.

    Raises:
        ModelError: It does not, or it is not installed.
    """
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import LocalEntryNotFoundError
    except ImportError as error:
        raise ModelError(
            f"--model {name!r}: a name of the hub needs vLLM: pip install 'ecgcli[vllm]'"
        ) from error
    try:
        return Path(snapshot_download(name, local_files_only=True))
    except (LocalEntryNotFoundError, ValueError) as error:
        raise ModelError(
            f"--model {name!r} is not on this machine, and nothing is fetched here:"
            f" hf download {name}"
        ) from error
