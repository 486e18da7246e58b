"""EcgLM for `transformers`: encoder, projector and a Qwen3 decoder in one model.

It knows how an ECG's vectors take the place of their tokens; what is asked and answered it does
not know (`engines`), nor how it is trained (`training`).
"""

from __future__ import annotations

from typing import Any

import torch
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForCausalLM,
    GenerationMixin,
    PreTrainedModel,
    Qwen3ForCausalLM,
)

from ecgcli.models.ecglm.config import EcgLmConfig
from ecgcli.models.ecglm.encoder import EcgEncoder, Projector
from ecgcli.models.files import SIGNAL_MODEL


class EcgLmForConditionalGeneration(PreTrainedModel, GenerationMixin):
    """Text after an ECG and a question."""

    config_class = EcgLmConfig
    base_model_prefix = ""
    main_input_name = "input_ids"
    _tied_weights_keys = {  # noqa: RUF012  (as transformers declares it)
        "language_model.lm_head.weight": "language_model.model.embed_tokens.weight"
    }
    _supports_sdpa = True

    def __init__(self, config: EcgLmConfig) -> None:
        super().__init__(config)
        self.encoder = EcgEncoder(config)
        self.projector = Projector(config)
        self.language_model = Qwen3ForCausalLM(config.text_config)
        self.post_init()

    def get_input_embeddings(self) -> torch.nn.Module:
        """Return the table of the tokens' vectors."""
        table: torch.nn.Module = self.language_model.get_input_embeddings()
        return table

    def get_output_embeddings(self) -> torch.nn.Module:
        """Return the layer that scores the next token."""
        layer: torch.nn.Module = self.language_model.lm_head
        return layer

    def embed_ecg(self, ecg_values: torch.Tensor) -> torch.Tensor:
        """Return (recordings, tokens, hidden size) of signals (recordings, 12, 1000) in mV."""
        vectors: torch.Tensor = self.projector(self.encoder(ecg_values.to(self.dtype)))
        return vectors

    def forward(
        self,
        input_ids: torch.Tensor | None = None,
        ecg_values: torch.Tensor | None = None,
        inputs_embeds: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        **kwargs: Any,
    ) -> Any:
        """Run the decoder.

        Args:
            input_ids: (recordings, tokens), `config.tokens` in a row of which are the ECG's token.
            ecg_values: (recordings, 12, 1000) in mV at 100 Hz; needed where the prompt is read,
                not again for each token.
            inputs_embeds: Vectors instead of `input_ids`.
            attention_mask: (recordings, tokens) 0 where there is only padding.
            kwargs: What else a decoder of `transformers` takes (labels, past_key_values, ...).
        """
        if inputs_embeds is None:
            if input_ids is None:
                raise ValueError("input_ids or inputs_embeds is needed")
            inputs_embeds = self.get_input_embeddings()(input_ids)
            if ecg_values is not None:
                place = (input_ids == self.config.ecg_token_id)[:, :, None]
                vectors = self.embed_ecg(ecg_values).to(inputs_embeds.dtype)
                inputs_embeds = inputs_embeds.masked_scatter(place, vectors)
        return self.language_model(
            inputs_embeds=inputs_embeds, attention_mask=attention_mask, **kwargs
        )

    def prepare_inputs_for_generation(
        self, input_ids: torch.Tensor, ecg_values: torch.Tensor | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        """Give the ECG with the prompt only."""
        made: dict[str, Any] = super().prepare_inputs_for_generation(input_ids, **kwargs)
        past = made.get("past_key_values")
        if past is None or past.get_seq_length() == 0:
            made["ecg_values"] = ecg_values
        return made


def register() -> None:
    """Tell `transformers` of the model; again does no harm."""
    AutoConfig.register(SIGNAL_MODEL, EcgLmConfig, exist_ok=True)
    AutoModel.register(EcgLmConfig, EcgLmForConditionalGeneration, exist_ok=True)
    AutoModelForCausalLM.register(EcgLmConfig, EcgLmForConditionalGeneration, exist_ok=True)
