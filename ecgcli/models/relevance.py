"""Which samples of which leads speak for an output of the statement network.

It knows the network's arithmetic backwards: the gradient of a logit with respect to the signal,
times the signal (Simonyan et al., arXiv 1312.6034; Shrikumar et al., arXiv 1605.01713). The weights
by which the network itself attends (excitation, pooling) are held fixed, so that what it attends to
is told and not how the attention would change. A relevance is a hint: whoever shows one should
remove what it points to and see the probability fall (`engines.explain`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from ecgcli.models.statements import StatementModel

    Floats = NDArray[np.float32]


def relevance(
    model: StatementModel, signal: Floats, tape: Mapping[str, Floats], output: int
) -> Floats:
    """Return (12, 1000) how much each sample raises the logit of an output.

    Args:
        model: The network.
        signal: What it was given, (12, 1000) in mV.
        tape: What `StatementModel.logits` noted on its way.
        output: Which output.
    """
    blocks = model.blocks()
    back = _through_pool(model, tape, tape[blocks[-1]], output)
    for place in reversed(range(len(blocks))):
        before = tape[blocks[place - 1]] if place else tape["second"]
        back = _through_block(model, tape, blocks[place], back, len(before))
    back = _through(model, "second", back * (tape["second"] > 0.0), len(tape["stem"]), 2)
    back = _through(model, "stem", back * (tape["stem"] > 0.0), signal.shape[1], 2)
    result: Floats = back.T * signal
    return result


def _through_pool(
    model: StatementModel, tape: Mapping[str, Floats], x: Floats, output: int
) -> Floats:
    width = x.shape[1]
    column = model.weights["head.weight"][: 3 * width, output]
    mean, most, attended = column[:width], column[width : 2 * width], column[2 * width :]
    weight = tape["pool"].repeat(width // tape["pool"].shape[1], axis=1)
    back: Floats = mean / np.float32(len(x)) + weight * attended
    back[x.argmax(axis=0), np.arange(width)] += most
    return back


def _through_block(
    model: StatementModel, tape: Mapping[str, Floats], name: str, back: Floats, length: int
) -> Floats:
    """Return the gradient at a block's input, `length` samples long."""
    step = model.step(name)
    back = back * (tape[name] > 0.0)
    inner = tape[f"{name}.first"]
    through = _through(model, f"{name}.second", back * tape[f"{name}.gate"], len(inner), 1)
    result = _through(model, f"{name}.first", through * (inner > 0.0), length, step)
    if f"{name}.short.weight" in model.weights:
        back = _through(model, f"{name}.short", back, len(back), 1)
        if step == 2:
            back = _doubled(back, length)
    result += back
    return result


def _doubled(back: Floats, length: int) -> Floats:
    """Return the gradient before means of two; a last sample alone was its own mean."""
    spread = np.repeat(back * np.float32(0.5), 2, axis=0)[:length]
    if length % 2:
        spread[-1] = back[-1]
    return spread


def _through(model: StatementModel, name: str, back: Floats, length: int, step: int) -> Floats:
    """Return the gradient at a convolution's input, `length` samples long."""
    weight = model.weights[f"{name}.weight"]
    kernel, inputs, outputs = weight.shape
    reach = kernel // 2
    parts = back @ weight.reshape(-1, outputs).T  # what each output row gives to `kernel` inputs
    summed = np.zeros((length + 2 * reach, inputs), np.float32)
    for tap in range(kernel):
        given = summed[tap : tap + step * len(back) : step]
        given += parts[:, tap * inputs : (tap + 1) * inputs]
    return summed[reach : reach + length]
