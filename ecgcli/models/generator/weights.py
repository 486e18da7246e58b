"""The generator's file: the weights of its networks, what statements they know, and a card.

It knows the file; what the networks compute is beside it (`rhythm`, `flow`, `decoder`, `upsample`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ecgcli.errors import ModelError
from ecgcli.models.files import WEIGHTS, digest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

FORMAT = "generator 1"
SHIPPED = WEIGHTS / "generator.safetensors"


@dataclass(frozen=True, slots=True)
class Weights:
    """All networks of a generator.

    Attributes:
        tensors: By name, "flow.blocks.0.mixing.weight" say, as PyTorch lays them out.
        codes: Statements, in the order of the networks' inputs.
        examples: How many recordings of each the networks have seen.
        digest: By which the file is named.
    """

    tensors: Mapping[str, Floats]
    codes: tuple[str, ...]
    examples: Mapping[str, int]
    digest: str = ""

    def of(self, network: str) -> dict[str, Floats]:
        """Return one network's tensors, without its name."""
        head = f"{network}."
        return {
            name.removeprefix(head): tensor
            for name, tensor in self.tensors.items()
            if name.startswith(head)
        }


def save(tensors: Mapping[str, Floats], card: Mapping[str, Any], file: Path) -> None:
    """Write a generator, matrices as float16.

    Args:
        tensors: As `Weights` has them.
        card: "codes" and "examples".
        file: What to write.
    """
    from safetensors.numpy import save_file

    small = {
        name: tensor.astype(np.float16 if tensor.ndim > 1 else np.float32)
        for name, tensor in tensors.items()
    }
    # One entry: of several the library writes the order at random, and the bytes would differ.
    head = json.dumps({"format": FORMAT, "card": dict(card)}, sort_keys=True)
    save_file(small, file, metadata={"ecgcli": head})


def load(file: Path) -> Weights:
    """Read a generator.

    Raises:
        ModelError: The file is not there or is no generator.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="np") as stream:
            head = json.loads((stream.metadata() or {})["ecgcli"])
            names = list(stream.keys())
            tensors = {name: stream.get_tensor(name).astype(np.float32) for name in names}
        name = digest(file)
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise ModelError(f"{file.name} is no generator: {error}") from error
    if head.get("format") != FORMAT:
        raise ModelError(f"{file.name} is a generator of another version of ecgcli")
    card = head["card"]
    return Weights(tensors, tuple(card["codes"]), dict(card["examples"]), name)


@cache
def shipped() -> Weights:
    """Return the generator that the package brings, loaded once a process.

    Raises:
        ModelError: There is none, or it does not load.
    """
    if not SHIPPED.exists():
        raise ModelError(
            "this version of ecgcli comes without the generator's weights: name a file that holds"
            " them (--model FILE)"
        )
    return load(SHIPPED)


@cache
def named(file: Path | None) -> Weights:
    """Return the generator in a file, that of the package where none is named.

    Raises:
        ModelError: There is none, or it does not load.
    """
    return shipped() if file is None else load(file)
