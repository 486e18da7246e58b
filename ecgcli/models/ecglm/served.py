"""EcgLM as vLLM runs it: the same encoder, and vLLM's own Qwen3 decoder.

It knows how vLLM hands a signal to a model ("ecg" is a modality of its own) and where its vectors
stand in the prompt; weights have the names of `network`. Signals are (12, 1000) in mV at 100 Hz.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn
from transformers import BatchFeature
from vllm.config import VllmConfig
from vllm.model_executor.models.interfaces import MultiModalEmbeddings, SupportsMultiModal
from vllm.model_executor.models.utils import (
    AutoWeightsLoader,
    init_vllm_registered_model,
    maybe_prefix,
)
from vllm.multimodal import MULTIMODAL_REGISTRY
from vllm.multimodal.inputs import MultiModalFieldConfig, MultiModalKwargsItems
from vllm.multimodal.parse import ModalityDataItems, MultiModalDataParser, ProcessorBatchItems
from vllm.multimodal.processing import (
    BaseDummyInputsBuilder,
    BaseMultiModalProcessor,
    BaseProcessingInfo,
    PromptReplacement,
    PromptUpdate,
)

from ecgcli.models.ecglm.config import EcgLmConfig
from ecgcli.models.ecglm.encoder import EcgEncoder, Projector
from ecgcli.models.ecglm.tokens import ECG

MODALITY = "ecg"
VALUES = "ecg_values"


class Signals(ProcessorBatchItems[torch.Tensor]):
    """Signals as they come: nothing has to be made of them before the model sees them."""

    def __init__(self, data: Sequence[torch.Tensor]) -> None:
        super().__init__(data, MODALITY)

    def get_processor_data(self) -> Mapping[str, object]:
        """Return what a processor of `transformers` would have to do: nothing."""
        return {}

    def get_passthrough_data(self) -> Mapping[str, object]:
        """Return what goes to the model untouched."""
        return {VALUES: torch.stack(list(self.get_all()))}


class SignalParser(MultiModalDataParser):
    """Takes the signals of a request."""

    def _get_subparsers(self) -> Mapping[str, Any]:
        return {MODALITY: self._parse_ecg}

    def _parse_ecg(self, data: Any) -> ModalityDataItems[Any, Any] | None:
        each = data if isinstance(data, list) else [data]
        return Signals([torch.as_tensor(np.asarray(one, dtype=np.float32)) for one in each])


class Info(BaseProcessingInfo):
    """What a request may hold."""

    def get_data_parser(self) -> MultiModalDataParser:
        """Return what takes the signals of a request."""
        return SignalParser()

    def get_supported_mm_limits(self) -> Mapping[str, int | None]:
        """Return how many signals a request may hold."""
        return {MODALITY: 1}

    def get_mm_max_tokens_per_item(
        self, seq_len: int, mm_counts: Mapping[str, int]
    ) -> Mapping[str, int]:
        """Return how many tokens a signal is."""
        del seq_len, mm_counts
        return {MODALITY: self.get_hf_config().tokens}


class Dummies(BaseDummyInputsBuilder[Info]):
    """A request to try the memory with."""

    def get_dummy_text(self, mm_counts: Mapping[str, int]) -> str:
        """Return a prompt."""
        return ECG * mm_counts.get(MODALITY, 0)

    def get_dummy_mm_data(
        self, seq_len: int, mm_counts: Mapping[str, int], mm_options: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return its signals."""
        del seq_len, mm_options
        shape = self.info.get_hf_config().ecg_shape
        return {MODALITY: [np.zeros(shape, np.float32)] * mm_counts.get(MODALITY, 0)}


class Processor(BaseMultiModalProcessor[Info]):
    """Puts as many tokens into the prompt as a signal has vectors."""

    def _get_mm_fields_config(
        self, hf_inputs: BatchFeature, hf_processor_mm_kwargs: Mapping[str, object]
    ) -> Mapping[str, MultiModalFieldConfig]:
        del hf_inputs, hf_processor_mm_kwargs
        return {VALUES: MultiModalFieldConfig.batched(MODALITY)}

    def _get_prompt_updates(
        self,
        mm_items: Any,
        hf_processor_mm_kwargs: Mapping[str, object],
        out_mm_kwargs: MultiModalKwargsItems,
    ) -> Sequence[PromptUpdate]:
        del mm_items, hf_processor_mm_kwargs, out_mm_kwargs
        config = self.info.get_hf_config()
        token = config.ecg_token_id
        return [
            PromptReplacement(
                modality=MODALITY, target=[token], replacement=[token] * config.tokens
            )
        ]


@MULTIMODAL_REGISTRY.register_processor(Processor, info=Info, dummy_inputs=Dummies)
class EcgLmForConditionalGeneration(nn.Module, SupportsMultiModal):
    """Text after an ECG and a question; see `network` for the same in `transformers`."""

    @classmethod
    def get_placeholder_str(cls, modality: str, i: int) -> str | None:
        """Return what stands for a signal in a prompt."""
        del i
        if modality == MODALITY:
            return ECG
        raise ValueError(f"EcgLM reads signals (modality {MODALITY!r}), not {modality!r}")

    def __init__(self, *, vllm_config: VllmConfig, prefix: str = "") -> None:
        super().__init__()
        config: EcgLmConfig = vllm_config.model_config.hf_config
        with self._mark_tower_model(vllm_config, MODALITY):
            self.encoder = EcgEncoder(config)
            self.projector = Projector(config)
        with self._mark_language_model(vllm_config):
            self.language_model = init_vllm_registered_model(
                vllm_config=vllm_config,
                hf_config=config.text_config,
                prefix=maybe_prefix(prefix, "language_model"),
                architectures=["Qwen3ForCausalLM"],
            )
        self.make_empty_intermediate_tensors = self.language_model.make_empty_intermediate_tensors

    def embed_multimodal(self, **kwargs: object) -> MultiModalEmbeddings:
        """Return the vectors of each signal.

        One pass a signal: its vectors must not depend on the batch that vLLM made.
        """
        values = kwargs.get(VALUES)
        if values is None:
            return []
        dtype = next(self.encoder.parameters()).dtype
        return [
            self.projector(self.encoder(one.to(dtype).reshape(1, *one.shape[-2:])))[0]
            for one in values  # type: ignore[attr-defined]
        ]

    def forward(
        self,
        input_ids: torch.Tensor | None,
        positions: torch.Tensor,
        intermediate_tensors: Any = None,
        inputs_embeds: torch.Tensor | None = None,
        **kwargs: object,
    ) -> Any:
        """Run the decoder."""
        if intermediate_tensors is not None:
            inputs_embeds = None
        return self.language_model.model(
            input_ids, positions, intermediate_tensors, inputs_embeds=inputs_embeds
        )

    def compute_logits(self, hidden_states: torch.Tensor) -> torch.Tensor | None:
        """Return the scores of the next token."""
        scores: torch.Tensor | None = self.language_model.compute_logits(hidden_states)
        return scores

    def load_weights(self, weights: Iterable[tuple[str, torch.Tensor]]) -> set[str]:
        """Take the weights of a directory that `network` wrote."""
        loaded: set[str] = AutoWeightsLoader(self).load_weights(weights)
        return loaded
