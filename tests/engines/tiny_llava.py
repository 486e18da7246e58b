"""A model of the LLaVA kind, small and never trained, that looks at pictures and says one sentence.

Its weights are chance, and an answer by chance might have no end. So a few of them are set: where
it may begin a text it does with the sentence's first piece, after each piece comes the next, and
after the last the end.
"""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors.torch import load_file, save_file

from ecgcli.batch.questions import spoken
from ecgcli.engines.adapters import chat
from ecgcli.training import ecglm_tokenizer

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

PLACE = "<image>"
SIDE, PATCH = 112, 28
TEMPLATE = (
    "{% for m in messages %}{% if m['content'] is string %}{{ m['content'] }}{% else %}"
    "{% for part in m['content'] %}{% if part['type'] == 'image' %}" + PLACE + "{% else %}"
    "{{ part['text'] }}{% endif %}{% endfor %}{% endif %}{% endfor %}"
)
SENTENCE = "Sinus rhythm, by chance."
CONSTANT, LIKELY, SURE = 3.0, 0.5, 2.0


def write(folder: Path) -> Path:
    """Write the model and return its directory."""
    from transformers import (
        CLIPImageProcessor,
        CLIPVisionConfig,
        LlamaConfig,
        LlavaConfig,
        LlavaForConditionalGeneration,
        LlavaProcessor,
    )

    question = chat.question(spoken(), 60, "male", {"heart_rate": 60.0}, None)
    tokenizer = ecglm_tokenizer.learn([question.system, question.user] * 4, 2000)
    tokenizer.add_special_tokens({"additional_special_tokens": [PLACE]})
    tokenizer.chat_template = TEMPLATE
    torch.manual_seed(1)
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=2,
            image_size=SIDE,
            patch_size=PATCH,
            projection_dim=32,
        ),
        text_config=LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=64,
            intermediate_size=128,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=2,
            max_position_embeddings=8192,
            pad_token_id=0,
            eos_token_id=1,
            bos_token_id=None,
        ),
        image_token_index=tokenizer.convert_tokens_to_ids(PLACE),
        vision_feature_layer=-1,
        tie_word_embeddings=False,
    )
    model = LlavaForConditionalGeneration(config)
    _teach(model, tokenizer)
    model.save_pretrained(folder)
    _rename(folder / "model.safetensors")
    processor = LlavaProcessor(
        CLIPImageProcessor(size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE}),
        tokenizer,
        patch_size=PATCH,
        vision_feature_select_strategy="default",
        chat_template=TEMPLATE,
        image_token=PLACE,
        num_additional_image_tokens=1,
    )
    processor.save_pretrained(folder)
    return folder


def _rename(file: Path) -> None:
    """Call the weights what they are called in the models that there are, and what vLLM reads."""
    kept = load_file(file)
    old, new = "vision_tower.", "vision_tower.vision_model."
    save_file({name.replace(old, new): kept[name] for name in kept}, file, {"format": "pt"})


def _teach(model: torch.nn.Module, tokenizer: PreTrainedTokenizerFast) -> None:
    """Set what makes the model say the sentence, and name no finding."""
    pieces = [*tokenizer.encode(SENTENCE), tokenizer.convert_tokens_to_ids('"')]
    assert len(set(pieces)) == len(pieces)
    with torch.no_grad():
        known = model.get_input_embeddings().weight
        said = model.get_output_embeddings().weight
        known[:, : len(pieces)] = 0.0
        said[:, : len(pieces)] = 0.0
        known[:, 0] = CONSTANT  # in every state the same: what it says anyway
        said[pieces[0], 0] = LIKELY
        said[tokenizer.convert_tokens_to_ids(["]", '"']), 0] = LIKELY / 2
        for at, (piece, following) in enumerate(pairwise(pieces), start=1):
            known[piece, at] = CONSTANT
            said[following, at] = SURE


if __name__ == "__main__":
    write(Path(sys.argv[1]))
