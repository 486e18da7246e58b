"""Where the statement network runs: on the processor, or on a GPU where there is one.

It knows which devices there are and loads the network for one. On the processor NumPy runs it, and
PyTorch is not needed. It is light to import: what it loads it loads when asked.
"""

from __future__ import annotations

import ctypes
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

from ecgcli.errors import ModelError

if TYPE_CHECKING:
    from ecgcli.models.statements import StatementModel

AUTO, CPU, CUDA = "auto", "cpu", "cuda"
DEVICES = (AUTO, CPU, CUDA)
DRIVER = "libcuda.so.1"


@cache
def network(device: str = CPU) -> StatementModel:
    """Return the network that the package brings, on a device, loaded once a process.

    Args:
        device: One of `DEVICES`; "auto" is a GPU that PyTorch can use, or else the processor.

    Raises:
        ModelError: The network does not load, or "cuda" was asked for and there is none.
    """
    from ecgcli.models import statements

    if device == CPU or (device == AUTO and not has_gpu()):
        return statements.shipped()
    why = ""
    try:
        import torch

        from ecgcli.models.statements_torch import moved

        if torch.cuda.is_available():
            return moved(statements.shipped(), CUDA)
        why = "PyTorch finds no GPU that it can use (see: ecgcli doctor)"
    except (ImportError, OSError):
        why = "PyTorch is not installed (pip install 'ecgcli[models]')"
    if device == AUTO:
        return statements.shipped()
    raise ModelError(f"--device cuda: {why}; --device cpu needs neither")


def has_gpu() -> bool:
    """Say whether the driver knows a GPU, without PyTorch, whose import takes seconds."""
    with suppress(OSError, AttributeError):
        driver = ctypes.CDLL(DRIVER)
        count = ctypes.c_int(0)
        if driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0:
            return count.value > 0
    return False
