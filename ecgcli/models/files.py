"""Where the weights that ship lie, and their fingerprints; light to import.

It knows files, not what is in them.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path

WEIGHTS = Path(__file__).parent / "weights"
DELINEATOR = WEIGHTS / "delineator.safetensors"
STATEMENTS = WEIGHTS / "statements.safetensors"
ECGLM = WEIGHTS / "ecglm"
"""Directory of the language model that ships, which `--model ecglm` names."""


@cache
def digest(file: Path) -> str:
    """Return the first 16 digits of a file's SHA-256, by which a model is named.

    Raises:
        OSError: It cannot be read.
    """
    return hashlib.sha256(file.read_bytes()).hexdigest()[:16]


SIGNAL_MODEL = "ecglm"
"""What `config.json` of a model calls the kind that reads signals."""
SIGNAL_ARCHITECTURE = "EcgLmForConditionalGeneration"
"""What vLLM has to know it by."""
LARGE = 2**30
"""Bytes from which on a file is named by its size and not by its content."""


@cache
def describes_signals(folder: Path) -> bool:
    """Say whether a folder holds a model that reads signals, not pictures."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(config, dict) and config.get("model_type") == SIGNAL_MODEL


@cache
def digest_of_model(folder: Path) -> str:
    """Return 16 digits that name a model's folder: over its files, large ones by their size.

    Raises:
        OSError: A file cannot be read.
    """
    whole = hashlib.sha256()
    for file in sorted(path for path in folder.iterdir() if path.is_file()):
        size = file.stat().st_size
        content = digest(file) if size < LARGE else "large"
        whole.update(f"{file.name} {size} {content}\n".encode())
    return whole.hexdigest()[:16]
