"""What an EcgLM is made of, as `transformers` and vLLM want to be told.

It knows sizes; it does not know layers (`network`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from transformers import PretrainedConfig, Qwen3Config

from ecgcli.models.ecglm.tokens import ECG, END, PAD, SPECIAL
from ecgcli.models.files import SIGNAL_ARCHITECTURE, SIGNAL_MODEL
from ecgcli.models.statements import LEADS, SAMPLES


class EcgLmConfig(PretrainedConfig):
    """Sizes of the encoder, of the decoder (`text_config`) and the number of vectors between them.

    Args:
        text_config: The decoder's configuration, or its arguments.
        widths: Channels of the encoder at 25, 12.5, 6.25 and 3.125 Hz.
        blocks: Residual blocks at each.
        kernels: Widths of their convolutions.
        stem: Channels of the encoder at 50 Hz.
        ecg_token_id: The token whose place an ECG's vectors take.
        tokens: Vectors that stand for one ECG.
        codes: The statements that it has learned to make.
    """

    model_type = SIGNAL_MODEL
    sub_configs = {"text_config": Qwen3Config}  # noqa: RUF012  (as transformers declares it)

    def __init__(
        self,
        text_config: Qwen3Config | dict[str, Any] | None = None,
        widths: tuple[int, ...] = (64, 128, 192, 256),
        blocks: tuple[int, ...] = (2, 2, 2, 2),
        kernels: tuple[int, ...] = (7, 7, 5, 5),
        stem: int = 48,
        ecg_token_id: int = SPECIAL.index(ECG),
        tokens: int = 32,
        codes: Sequence[str] = (),
        **others: Any,
    ) -> None:
        if not isinstance(text_config, Qwen3Config):
            text_config = Qwen3Config(**(text_config or {}))
        self.text_config: Qwen3Config = text_config
        self.widths, self.blocks, self.kernels = list(widths), list(blocks), list(kernels)
        self.stem = stem
        self.ecg_token_id = ecg_token_id
        self.tokens = tokens
        self.codes = list(codes)
        self.ecg_shape = [LEADS, SAMPLES]
        others.setdefault("architectures", [SIGNAL_ARCHITECTURE])
        others.setdefault("pad_token_id", SPECIAL.index(PAD))
        others.setdefault("eos_token_id", SPECIAL.index(END))
        others.setdefault("tie_word_embeddings", True)
        super().__init__(**others)


def small(vocabulary: int, codes: Sequence[str] = ()) -> EcgLmConfig:
    """Return the configuration of the model that ships: 5 M parameters in the decoder.

    Args:
        vocabulary: Tokens.
        codes: The statements that it learns to make.
    """
    text = Qwen3Config(
        vocab_size=vocabulary,
        hidden_size=256,
        intermediate_size=768,
        num_hidden_layers=6,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=64,
        max_position_embeddings=2048,
        tie_word_embeddings=True,
        pad_token_id=SPECIAL.index(PAD),
        eos_token_id=SPECIAL.index(END),
        bos_token_id=None,
    )
    return EcgLmConfig(text, codes=codes)
