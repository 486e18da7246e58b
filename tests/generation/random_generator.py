"""A generator of small networks that nobody trained: it draws noise, but in every step."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ecgcli.models.generator import weights
from ecgcli.models.generator.decoder import STAGES
from ecgcli.models.generator.flow import HEADS, WAVES
from ecgcli.models.generator.layout import BEAT_CHANNELS, INDEPENDENT, LATENT, PATCH, SCALARS
from ecgcli.models.generator.rhythm import RATES, START
from ecgcli.models.generator.upsample import BLOCKS, FACTOR

CODES = ("1AVB", "AFIB", "ASMI", "CLBBB", "IMI", "ISC_", "LVH", "NDT", "NORM", "PVC", "SBRAD", "SR",
         "STACH")  # fmt: skip
WIDTH = 4 * HEADS
NARROW = 8

Shapes = dict[str, tuple[int, ...]]


def make(file: Path, examples: int = 100) -> Path:
    """Write one that has learned so many recordings of each of `CODES`."""
    rng = np.random.default_rng(1)
    tensors = {}
    for name, shape in (_rhythm() | _flow() | _autoencoder() | _upsampler()).items():
        size = 1.0 / np.sqrt(np.prod(shape[1:])) if len(shape) > 1 else 0.1
        tensors[name] = (size * rng.standard_normal(shape)).astype(np.float32)
        if name.endswith(("gain", "autoencoder.size", "loudness")):
            tensors[name] = np.ones(shape, np.float32)
    card = {"codes": list(CODES), "examples": dict.fromkeys(CODES, examples)}
    weights.save(tensors, card, file)
    return file


def _linear(name: str, out: int, into: int) -> Shapes:
    return {f"{name}.weight": (out, into), f"{name}.bias": (out,)}


def _convolution(name: str, out: int, into: int, kernel: int) -> Shapes:
    return {f"{name}.weight": (out, into, kernel), f"{name}.bias": (out,)}


def _residual(name: str) -> Shapes:
    return {
        f"{name}.norm.gain": (NARROW,),
        **_convolution(f"{name}.first", NARROW, NARROW, 5),
        **_convolution(f"{name}.second", NARROW, NARROW, 5),
    }


def _rhythm() -> Shapes:
    return {
        "rhythm.age.weight": (NARROW, 2),
        **_linear("rhythm.statements", NARROW, len(CODES)),
        "rhythm.tokens.weight": (START + 1, NARROW),
        "rhythm.memory.weight_ih_l0": (3 * NARROW, NARROW),
        "rhythm.memory.weight_hh_l0": (3 * NARROW, NARROW),
        "rhythm.memory.bias_ih_l0": (3 * NARROW,),
        "rhythm.memory.bias_hh_l0": (3 * NARROW,),
        **_linear("rhythm.out", max(START, RATES), NARROW),
    }


def _flow() -> Shapes:
    spread = 2 + 2 * WAVES
    found: Shapes = {
        "flow.condition.statements.weight": (WIDTH, len(CODES)),
        "flow.blocks.0.joined.weight": (WIDTH, WIDTH),
        "flow.blocks.0.mixing.weight": (3 * WIDTH, WIDTH),
        "flow.blocks.0.widened.weight": (4 * WIDTH, WIDTH),
        "flow.blocks.0.narrowed.weight": (WIDTH, 2 * WIDTH),
        **_linear("flow.blocks.0.adapted", 6 * WIDTH, WIDTH),
        **_linear("flow.adapted", 2 * WIDTH, WIDTH),
        **_linear("flow.beats", WIDTH, BEAT_CHANNELS * PATCH),
        **_linear("flow.latent", WIDTH, LATENT),
        **_linear("flow.out", LATENT, WIDTH),
        **_linear("flow.condition.time.0", WIDTH, spread),
        **_linear("flow.condition.time.2", WIDTH, WIDTH),
        **_linear("flow.condition.mixed.0", WIDTH, WIDTH),
        **_linear("flow.condition.mixed.2", WIDTH, WIDTH),
    }
    for at in range(len(SCALARS)):
        found |= _linear(f"flow.condition.scalars.{at}.0", NARROW, spread)
        found |= _linear(f"flow.condition.scalars.{at}.2", WIDTH, NARROW)
    return found


def _autoencoder() -> Shapes:
    head = "autoencoder.decoder.layers"
    found: Shapes = {
        "autoencoder.centre": (LATENT,),
        "autoencoder.size": (LATENT,),
        **_convolution(f"{head}.0", NARROW, LATENT, 3),
        **_residual(f"{head}.1"),
    }
    for stage in range(STAGES):
        found[f"{head}.{2 * stage + 2}.weight"] = (NARROW, NARROW, 4)
        found[f"{head}.{2 * stage + 2}.bias"] = (NARROW,)
        found |= _residual(f"{head}.{2 * stage + 3}")
    found |= _residual(f"{head}.{2 * STAGES + 2}")
    found["autoencoder.decoder.straight.weight"] = (LATENT, len(INDEPENDENT), PATCH)
    return found | _convolution("autoencoder.decoder.out", len(INDEPENDENT), NARROW, 7)


def _upsampler() -> Shapes:
    found: Shapes = {"upsampler.colour": (2,), "upsampler.loudness": ()}
    found |= _convolution("upsampler.first", NARROW, len(INDEPENDENT), 7)
    for block in range(BLOCKS):
        found |= _residual(f"upsampler.blocks.{block}")
    found[f"upsampler.blocks.{BLOCKS}.gain"] = (NARROW,)
    found |= _convolution("upsampler.course", FACTOR * len(INDEPENDENT), NARROW, 3)
    return found | _convolution("upsampler.doubt", len(INDEPENDENT), NARROW, 3)
