"""What vLLM calls in each of its processes, so that it knows EcgLM.

It knows names only; again does no harm. It is an entry point of the group `vllm.general_plugins`.
A plugin that fails is only logged by vLLM: `engines` asks for the architecture before it loads.
"""

from __future__ import annotations

from ecgcli.models.ecglm.config import EcgLmConfig
from ecgcli.models.files import SIGNAL_ARCHITECTURE, SIGNAL_MODEL

CLASS = "ecgcli.models.ecglm.served:EcgLmForConditionalGeneration"


def register() -> None:
    """Tell vLLM of the architecture, and `transformers` of its configuration."""
    from transformers import AutoConfig
    from vllm import ModelRegistry

    AutoConfig.register(SIGNAL_MODEL, EcgLmConfig, exist_ok=True)
    if SIGNAL_ARCHITECTURE not in ModelRegistry.get_supported_archs():
        ModelRegistry.register_model(SIGNAL_ARCHITECTURE, CLASS)  # loaded when it is asked for
