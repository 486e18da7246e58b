"""The statement network in PyTorch, for a GPU: the arithmetic of `models.statements`, elsewhere.

It knows layers and devices; it does not choose one (`engines.device`). Each recording is a pass of
its own and of one size, so that its probabilities are the same whatever else is read. They differ
from those of a processor by rounding, less than 1e-5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from ecgcli.models.statements import FARTHEST, HIGHEST_MV, StatementModel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class TorchModel(StatementModel):
    """A statement network whose passes run on a device of PyTorch.

    Attributes:
        tensors: `weights` on that device; those of convolutions as (outputs, inputs, kernel).
    """

    tensors: Mapping[str, torch.Tensor]

    def logits(
        self, signal: Floats, numbers: Floats, tape: dict[str, Floats] | None = None
    ) -> Floats:
        """Return the logit of each output; see `StatementModel.logits`."""
        on = self.tensors["head.weight"].device
        # TensorFloat-32 would round to three digits.
        exact = torch.backends.cudnn.flags(
            enabled=True, benchmark=False, deterministic=True, allow_tf32=False
        )
        with torch.inference_mode(), exact:
            x = torch.from_numpy(np.ascontiguousarray(signal)).to(on)[None]
            x = x.clamp(-HIGHEST_MV, HIGHEST_MV)
            noted: dict[str, torch.Tensor] = {}
            for name in ("stem", "second"):
                x = noted[name] = torch.relu(self._convolution(name, x, 2))
            for name in self.blocks():
                x = self._residual(name, x, noted)
            read = self._perceptron(torch.from_numpy(np.ascontiguousarray(numbers)).to(on))
            seen = torch.cat((self._pool(x[0].T, noted), read))
            result: Floats = self._product("head", seen).cpu().numpy()
            if tape is not None:
                tape.update((name, _rows(tensor)) for name, tensor in noted.items())
        return result

    def _convolution(self, name: str, x: torch.Tensor, step: int = 1) -> torch.Tensor:
        weight = self.tensors[f"{name}.weight"]
        reach = weight.shape[2] // 2
        bias = self.tensors[f"{name}.bias"]
        return functional.conv1d(x, weight, bias, stride=step, padding=reach)

    def _residual(self, name: str, x: torch.Tensor, noted: dict[str, torch.Tensor]) -> torch.Tensor:
        short, step = x, self.step(name)
        if f"{name}.short.weight" in self.tensors:
            halved = functional.avg_pool1d(x, 2, ceil_mode=True) if step == 2 else x
            short = self._convolution(f"{name}.short", halved)
        inner = torch.relu(self._convolution(f"{name}.first", x, step))
        y = self._convolution(f"{name}.second", inner)
        down = torch.relu(self._product(f"{name}.down", y[0].mean(dim=1)))
        gate = torch.sigmoid(self._product(f"{name}.up", down))
        y = torch.relu(y * gate[:, None] + short)
        noted[f"{name}.first"], noted[f"{name}.gate"], noted[name] = inner, gate, y
        return y

    def _product(self, name: str, x: torch.Tensor) -> torch.Tensor:
        return x @ self.tensors[f"{name}.weight"] + self.tensors[f"{name}.bias"]

    def _pool(self, x: torch.Tensor, noted: dict[str, torch.Tensor]) -> torch.Tensor:
        """Return the mean, the maximum and an attention-weighted mean of (samples, channels)."""
        weight = noted["pool"] = self._product("pool", x).softmax(dim=0)
        parts = x.reshape(len(x), weight.shape[1], -1)
        attended = torch.einsum("th,thc->hc", weight, parts).reshape(-1)
        return torch.cat((x.mean(dim=0), x.amax(dim=0), attended))

    def _perceptron(self, numbers: torch.Tensor) -> torch.Tensor:
        missing = numbers.isnan()
        z = (numbers - self.tensors["center"]) / self.tensors["spread"]
        z = torch.where(missing, 0.0, z.clamp(-FARTHEST, FARTHEST))
        hidden = torch.relu(self._product("numbers.0", torch.cat((z, missing.to(z.dtype)))))
        return torch.relu(self._product("numbers.1", hidden))


def moved(model: StatementModel, device: str) -> TorchModel:
    """Return a network whose passes run on a device ("cpu", "cuda")."""
    tensors = {}
    for name, weight in model.weights.items():
        if weight.ndim == 3:  # NumPy's is (kernel, inputs, outputs)
            weight = weight.transpose(2, 1, 0)
        tensors[name] = torch.from_numpy(np.ascontiguousarray(weight)).to(device)
    return TorchModel(model.weights, model.card, tensors)


def _rows(tensor: torch.Tensor) -> Floats:
    """Return a noted tensor as `models.statements` notes it: rows are samples."""
    rows = tensor[0].T if tensor.ndim == 3 else tensor
    result: Floats = rows.contiguous().cpu().numpy()
    return result
