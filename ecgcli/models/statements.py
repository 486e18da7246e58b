"""The network that reads a whole recording: 12 leads at 100 Hz and its numbers to probabilities.

It knows the network's arithmetic, in NumPy so that interpreting needs no PyTorch, and its file; it
does not know where its inputs come from or how it was trained (`training.statement_net` is the same
network as it is trained; tests hold the two together).

Recordings are run one by one: their probabilities are bit for bit the same whatever else is read.
An input that is not there (a lead, a measurement, the age) is a zero; numbers tell by a sign of
their own that they are missing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ecgcli.errors import ModelError
from ecgcli.models.files import STATEMENTS, digest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

LEADS = 12
SAMPLES = 1000
FORMAT = "statements 1"
FILE = "statements.safetensors"
SHIPPED = STATEMENTS
FARTHEST = 5.0  # spreads from the centre at which a number is cut off
HIGHEST_MV = 10.0


@dataclass(frozen=True, slots=True)
class StatementModel:
    """A network with its weights and what its inputs and outputs are.

    Threads may share it.

    Attributes:
        weights: Tensors by layer as `training.statement_net.folded` returns them: "NAME.weight" is
            (kernel, inputs, outputs) or (inputs, outputs), "NAME.bias" (outputs,).
        card: What its inputs and outputs are called, and what was measured on it.
    """

    weights: Mapping[str, Floats]
    card: Mapping[str, Any]

    def logits(
        self, signal: Floats, numbers: Floats, tape: dict[str, Floats] | None = None
    ) -> Floats:
        """Return the logit of each output.

        Args:
            signal: (12, 1000) in mV at 100 Hz, zeros where there is no lead.
            numbers: (numbers,), NaN where there is none.
            tape: Takes what `relevance` needs of the way.
        """
        tape = {} if tape is None else tape
        x = self._rectified("stem", signal.T.clip(-HIGHEST_MV, HIGHEST_MV), 2)
        tape["stem"] = x
        x = self._rectified("second", x, 2)
        tape["second"] = x
        for name in self.blocks():
            x = self._block(name, x, tape)
        return self._linear("head", np.concatenate((self._pooled(x, tape), self._read(numbers))))

    def probabilities(self, logits: Floats) -> NDArray[np.float64]:
        """Return calibrated probabilities of logits (..., outputs)."""
        slope, offset = np.asarray(self.card["slope"]), np.asarray(self.card["offset"])
        result: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-(slope * logits + offset)))
        return result

    def pooled(self, tape: Mapping[str, Floats]) -> Floats:
        """Return what the head is given of the signal: the features of a whole recording.

        Of each channel of the last block its mean, its maximum and its attention-weighted mean over
        time; what the perceptron makes of the numbers is not among them.

        Args:
            tape: What `logits` noted on its way.
        """
        return self._pooled(tape[self.blocks()[-1]], {})

    def blocks(self) -> list[str]:
        """Return the names of the residual blocks, in their order."""
        names = [name for name in self.weights if name.startswith("blocks.")]
        numbers = sorted({int(name.split(".")[1]) for name in names})
        return [f"blocks.{number}" for number in numbers]

    def _convolved(self, name: str, x: Floats, step: int = 1) -> Floats:
        weight = self.weights[f"{name}.weight"]
        kernel, inputs, outputs = weight.shape
        reach = kernel // 2
        padded = np.zeros((len(x) + 2 * reach, inputs), np.float32)
        padded[reach : reach + len(x)] = x
        out = windows(padded, kernel, step) @ weight.reshape(-1, outputs)
        out += self.weights[f"{name}.bias"]
        return out

    def _rectified(self, name: str, x: Floats, step: int = 1) -> Floats:
        y = self._convolved(name, x, step)
        return np.maximum(y, 0.0, out=y)

    def step(self, name: str) -> int:
        """Return how many samples of its input make one of a block's output."""
        return 2 if f"{name}.halved" in self.weights else 1

    def _block(self, name: str, x: Floats, tape: dict[str, Floats]) -> Floats:
        short, step = x, self.step(name)
        if f"{name}.short.weight" in self.weights:
            short = self._convolved(f"{name}.short", _halved(x) if step == 2 else x)
        inner = self._rectified(f"{name}.first", x, step)
        y = self._convolved(f"{name}.second", inner)
        gate = self._gate(name, y.mean(axis=0))
        y *= gate
        y += short
        np.maximum(y, 0.0, out=y)
        tape[f"{name}.first"], tape[f"{name}.gate"], tape[name] = inner, gate, y
        return y

    def _gate(self, name: str, mean: Floats) -> Floats:
        """Return how much each channel counts: squeeze-and-excitation."""
        down = np.maximum(self._linear(f"{name}.down", mean), 0.0)
        return _sigmoid(self._linear(f"{name}.up", down))

    def _linear(self, name: str, x: Floats) -> Floats:
        result: Floats = x @ self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]
        return result

    def _pooled(self, x: Floats, tape: dict[str, Floats]) -> Floats:
        """Return the mean, the maximum and an attention-weighted mean over time."""
        score = self._linear("pool", x)
        weight = np.exp(score - score.max(axis=0))
        weight /= weight.sum(axis=0)
        tape["pool"] = weight
        heads = weight.shape[1]
        parts = x.reshape(len(x), heads, -1)
        attended = np.einsum("th,thc->hc", weight, parts).reshape(-1)
        return np.concatenate((x.mean(axis=0), x.max(axis=0), attended))

    def _read(self, numbers: Floats) -> Floats:
        """Return what the perceptron makes of the numbers."""
        missing = np.isnan(numbers)
        z = (numbers - self.weights["center"]) / self.weights["spread"]
        z = np.where(missing, np.float32(0.0), z.clip(-FARTHEST, FARTHEST))
        both = np.concatenate((z, missing.astype(np.float32)))
        hidden = np.maximum(self._linear("numbers.0", both), 0.0)
        return np.maximum(self._linear("numbers.1", hidden), 0.0)


def windows(padded: Floats, kernel: int, step: int) -> Floats:
    """Return (outputs, kernel * inputs), the rows that each output row is made of, copied.

    With so few rows one product of a copy is faster than several without one (`models.rows`).
    """
    row, value = padded.strides
    count = (len(padded) - kernel) // step + 1
    view = as_strided(
        padded, (count, kernel * padded.shape[1]), (step * row, value), writeable=False
    )
    return np.ascontiguousarray(view)


def _halved(x: Floats) -> Floats:
    """Return means of two samples; a last one alone stays."""
    pairs = len(x) // 2
    means = x[: 2 * pairs].reshape(pairs, 2, -1).mean(axis=1)
    return means if len(x) == 2 * pairs else np.concatenate((means, x[-1:]))


def _sigmoid(x: Floats) -> Floats:
    result: Floats = np.float32(1.0) / (np.float32(1.0) + np.exp(-x))
    return result


def save(weights: Mapping[str, Floats], card: Mapping[str, Any], file: Path) -> None:
    """Write a model's file: weights as float16, the card beside them.

    A float16 changes a probability by less than 0.001.
    """
    from safetensors.numpy import save_file

    exact = {"center", "spread"}
    tensors = {
        name: tensor if name in exact else tensor.astype(np.float16)
        for name, tensor in weights.items()
    }
    # One entry: of several the library writes the order at random, and the bytes would differ.
    head = json.dumps({"format": FORMAT, "card": card}, sort_keys=True)
    save_file(tensors, file, metadata={"ecgcli": head})


def load(path: Path = SHIPPED) -> StatementModel:
    """Return the model of a file.

    Raises:
        ModelError: The file is not there or is no such model.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="np") as stream:
            head = json.loads((stream.metadata() or {}).get("ecgcli", "{}"))
            names = list(stream.keys())
            weights = {name: stream.get_tensor(name).astype(np.float32) for name in names}
    except (OSError, SafetensorError) as error:
        raise ModelError(f"the statement model does not load: {path}") from error
    if head.get("format") != FORMAT:
        raise ModelError(f"this is not a statement model: {path}")
    return StatementModel(weights, head["card"] | {"hash": digest(path)})


@cache
def shipped() -> StatementModel:
    """Return the model that the package brings, loaded once a process."""
    return load()
