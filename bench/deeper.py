"""A language model made slower by layers that change nothing, to stand for a larger one.

What `interpret` costs beside a language model is processor time per recording; how much that is in
proportion depends on how long the model takes. The answers stay the same, so that reading,
checking and reports do the same work.
"""

from __future__ import annotations

from pathlib import Path
from shutil import copy2


def deepen(model: Path, out: Path, layers: int) -> None:
    """Write an EcgLM with more layers, each of which adds zero to what it is given.

    Args:
        model: Directory of the model.
        out: Directory to write.
        layers: How many to add.
    """
    import torch
    from safetensors.torch import load_file, save_file
    from transformers import AutoConfig, Qwen3Config

    from ecgcli.models.ecglm.network import register

    register()
    out.mkdir(parents=True)
    for file in model.iterdir():
        copy2(file, out / file.name)
    config = AutoConfig.from_pretrained(model)
    text = config.text_config.to_dict()
    last = text["num_hidden_layers"] - 1
    text["num_hidden_layers"] += layers
    text.pop("layer_types", None)
    config.text_config = Qwen3Config(**text)
    config.save_pretrained(out)
    weights = load_file(model / "model.safetensors")
    marker = f".layers.{last}."
    for name in [each for each in weights if marker in each]:
        zero = name.endswith(("o_proj.weight", "down_proj.weight"))
        for number in range(last + 1, last + 1 + layers):
            copied = torch.zeros_like(weights[name]) if zero else weights[name].clone()
            weights[name.replace(marker, f".layers.{number}.")] = copied
    save_file(weights, out / "model.safetensors", {"format": "pt"})
