"""Lets a torchvision be imported whose own library is for another build of PyTorch.

For the tests only: where there is no torchvision for processors, the one for CUDA does not load,
and with it no model of `transformers` that looks at pictures. Its transforms need nothing of that
library; so what it would register is declared, in each process that imports it.
"""

import ctypes
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

KEPT: list[object] = []


class Declaring(importlib.abc.MetaPathFinder):
    """Declares what is missing before torchvision is imported, and finds nothing itself."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> None:
        if name == "torchvision":
            sys.meta_path.remove(self)
            _declare()


def _declare() -> None:
    import torch

    spec = importlib.machinery.PathFinder.find_spec("torchvision")
    if spec is None or spec.origin is None:
        return
    try:
        for library in Path(spec.origin).parent.glob("_C*.so"):
            ctypes.CDLL(str(library))
    except OSError:
        kept = torch.library.Library("torchvision", "DEF")
        kept.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        kept.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        KEPT.append(kept)  # what nobody keeps is undone


sys.meta_path.insert(0, Declaring())
