"""A process that holds one model in vLLM and answers what comes through a pipe.

It knows vLLM: how it is started without a word to anybody, how requests go in and answers come out
while others run. It does not know recordings, nor what to do when it dies (`engines.local`). All of
vLLM runs in this one process (no engine or worker of its own beside it), so that whoever ends the
process has ended all of it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

from ecgcli.engines import refusal, unloaded
from ecgcli.engines.child import be_silent, die_with_parent, leave_signals_to_parent
from ecgcli.engines.question import Question

PRIVATE = {
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_DO_NOT_TRACK": "1",
    "DO_NOT_TRACK": "1",
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "VLLM_LOGGING_LEVEL": "WARNING",  # at DEBUG it prints prompts
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "OMP_WAIT_POLICY": "PASSIVE",  # threads that wait would take the processors from our workers
}
"""The environment that vLLM starts in; what the user has set stays, but for the first six."""
DENSE = {"backend": "xgrammar", "disable_any_whitespace": True}
"""How answers keep a schema. White space is valid JSON, and some models fill a whole answer with
it. Only the engine can be asked for that: vLLM 0.32 takes it with a question, and forgets it."""
FIXED = frozenset(list(PRIVATE)[:6]) | {"VLLM_ENABLE_V1_MULTIPROCESSING"}


@dataclass(frozen=True, slots=True)
class Plan:
    """What is loaded, and how.

    Attributes:
        model: Directory or name of the model.
        options: Arguments of `vllm.LLM` beside it.
        environment: Variables beside `PRIVATE`, where the user has set none.
        architecture: One that vLLM must know before it loads: a plugin that failed is only logged.
        loud: Leave vLLM's own output on standard error.
    """

    model: str
    options: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    architecture: str | None = None
    loud: bool = False


@dataclass(frozen=True, slots=True)
class Ready:
    """The model is loaded; vLLM is of this version."""

    version: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The model did not load, or no question will be answered, and what its owner can do."""

    reason: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.reason}: {self.remedy}" if self.remedy else self.reason


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with the number under which it is answered."""

    number: int
    question: Question = field(repr=False)
    again: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answered:
    """What the model said.

    Attributes:
        number: That of the question.
        text: What was said.
        ended: "stop" or "length"; "refused" where vLLM takes no such question, with `text` saying
            why.
        read: Tokens of the prompt.
        written: Tokens of the answer.
    """

    number: int
    text: str = field(repr=False)
    ended: str
    read: int = 0
    written: int = 0


def serve(connection: Connection, plan: Plan) -> None:
    """Load the model and answer until the pipe closes: what runs in the process."""
    leave_signals_to_parent()
    die_with_parent(connection)
    quiet(plan)
    try:
        llm, version = load(plan)
    except BaseException as error:  # whatever it is: the other side must hear of it
        with suppress(OSError):
            connection.send(_failed(error))
        return
    connection.send(Ready(version))
    with suppress(EOFError, OSError):
        _Answering(connection, llm).go()


def quiet(plan: Plan) -> None:
    """Make this process one in which vLLM tells nobody anything."""
    for name, value in {**PRIVATE, **plan.environment}.items():
        if name in FIXED:
            os.environ[name] = value
        else:
            os.environ.setdefault(name, value)
    if not plan.loud:
        be_silent()


def load(plan: Plan) -> tuple[Any, str]:
    """Return `vllm.LLM` and vLLM's version."""
    import vllm
    from vllm.plugins import load_general_plugins

    load_general_plugins()
    if plan.architecture is not None:
        known = vllm.ModelRegistry.get_supported_archs()
        if plan.architecture not in known:
            raise LookupError(plan.architecture)
    options = {
        "seed": 0,
        "distributed_executor_backend": "uni",
        "mm_processor_cache_gb": 0,  # no ECG comes twice
        "disable_log_stats": True,
        "structured_outputs_config": DENSE,
        **plan.options,
    }
    return vllm.LLM(model=plan.model, **options), str(vllm.__version__)


def _failed(error: BaseException) -> Failed:
    """Return why a model did not load, in words; no path of the error's text goes into them."""
    said = str(error)
    kind = type(error).__name__
    if isinstance(error, LookupError) and said.strip("'\"").isidentifier():
        name = said.strip("'\"")
        return Failed(f"vLLM does not know the architecture {name}", "pip install ecgcli again")
    if isinstance(error, MemoryError):
        return Failed(*unloaded.NO_MEMORY)
    if (known := unloaded.why(said)) is not None:
        return Failed(*known)
    if isinstance(error, ImportError):
        return Failed(f"vLLM is not installed whole ({kind})", "pip install 'ecgcli[vllm]'")
    if isinstance(error, OSError | ValueError):
        return Failed(f"vLLM does not load it ({kind})", unloaded.VERBOSE)
    return Failed(f"vLLM ended while it loaded ({kind})", unloaded.VERBOSE)


class _Answering:
    """Questions in, answers out, whichever is first."""

    def __init__(self, connection: Connection, llm: Any) -> None:
        self._connection = connection
        self._llm = llm
        self._numbers: dict[str, int] = {}

    def go(self) -> None:
        engine = self._llm.llm_engine
        while True:
            while self._connection.poll(None if not self._numbers else 0):
                self._take(self._connection.recv())
            for output in engine.step():
                if output.finished:
                    self._tell(output)

    def _take(self, asked: Asked) -> None:
        try:
            (internal,) = self._enqueue(asked)
        except Exception as error:
            # vLLM takes no such question (too long, say): that costs this one only.
            is_long = refusal.is_too_long(str(error))
            reason = refusal.LONGER if is_long else type(error).__name__
            self._connection.send(Answered(asked.number, reason, "refused"))
            return
        # vLLM adds a random word to the number that its outputs carry.
        self._numbers[internal.rpartition("-")[0]] = asked.number

    def _enqueue(self, asked: Asked) -> list[str]:
        question, params = asked.question, parameters(asked)
        if question.signal is not None:
            prompt = {
                "prompt": question.user,
                "multi_modal_data": {"ecg": question.signal},
            }
            ids: list[str] = self._llm.enqueue(prompt, params, use_tqdm=False)
            return ids
        messages = question.messages(asked.again)
        ids = self._llm.enqueue_chat(messages, params, use_tqdm=False)
        return ids

    def _tell(self, output: Any) -> None:
        number = self._numbers.pop(output.request_id)
        said = output.outputs[0]
        self._connection.send(
            Answered(
                number,
                said.text,
                str(said.finish_reason),
                len(output.prompt_token_ids or ()),
                len(said.token_ids),
            )
        )


def parameters(asked: Asked) -> Any:
    """Return `vllm.SamplingParams` for a question."""
    from vllm import SamplingParams
    from vllm.sampling_params import StructuredOutputsParams

    question = asked.question
    warmth, seed = question.chance(asked.again)
    if not question.schema:
        return SamplingParams(temperature=warmth, seed=seed, max_tokens=question.max_tokens)
    return SamplingParams(
        temperature=warmth,
        seed=seed,
        max_tokens=question.max_tokens,
        structured_outputs=StructuredOutputsParams(json=dict(question.schema)),
    )
