"""Where the weights that ship lie, and their fingerprints; light to import.

It knows files, not what is in them.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

WEIGHTS = Path(__file__).parent / "weights"
DELINEATOR = WEIGHTS / "delineator.safetensors"
STATEMENTS = WEIGHTS / "statements.safetensors"


@cache
def digest(file: Path) -> str:
    """Return the first 16 digits of a file's SHA-256, by which a model is named.

    Raises:
        OSError: It cannot be read.
    """
    return hashlib.sha256(file.read_bytes()).hexdigest()[:16]
