"""What it means that a server of models says no, and what to do about it.

It knows HTTP's status codes and the words that servers explain them with; it does not know how
questions are asked. A server's words are only looked through for known ones and never repeated:
they may quote the question, and that is about a patient.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ecgcli.errors import Category, EcgcliError, ModelError, RecordError

if TYPE_CHECKING:
    from ecgcli.engines.wire import Address, Reply

KEY_VARIABLE = "ECGCLI_API_KEY"

# A server that is busy, restarting, or not yet there behind its gateway.
BUSY = frozenset({408, 425, 429, 502, 503, 504})
OVERLOADED = frozenset({429, 503})  # whatever is asked; the others may be one question's fault
BROKEN = frozenset({500})
WRONG_QUESTION = frozenset({400, 413, 422})

TOO_LONG = (
    *("context length", "context_length", "maximum model length", "max_model_len"),
    *("max_tokens", "max_completion_tokens", "context window", "too long"),
)
NO_PICTURES = ("multimodal", "multi-modal", "image", "vision", "content parts", "content type")
NO_SCHEMAS = ("response_format", "json_schema", "schema", "grammar", "structured", "guided")

ENFORCE = (
    "It has to support response_format with a json_schema in chats: vLLM does from 0.12 on, with no"
    " --structured-outputs-config or one whose backend is auto"
)


LONGER = "the question is longer than the model takes"
LONGER_CONTEXT = "serve the model with a longer context; vLLM: --max-model-len"


def named(reply: Reply) -> str:
    """Return what a status is called: "HTTP 503 (Service Unavailable)"."""
    try:
        return f"HTTP {reply.status} ({HTTPStatus(reply.status).phrase})"
    except ValueError:
        return f"HTTP {reply.status}"


def refused(reply: Reply, address: Address, *, has_key: bool, has_picture: bool) -> EcgcliError:
    """Return the error that a reply other than 200 stands for, where it is final.

    404 is not among them, as what it means depends on the models that there are.

    Args:
        reply: The server's.
        address: Of the server.
        has_key: Whether a key was sent.
        has_picture: Whether a picture was.
    """
    if reply.status == 401:
        return ModelError(
            f"{address} does not take the key in {KEY_VARIABLE}"
            if has_key
            else f"{address} asks for a key: put it into the environment as {KEY_VARIABLE}"
        )
    if reply.status == 403:
        return ModelError(f"{address} forbids it: is the key in {KEY_VARIABLE} for this model?")
    if 300 <= reply.status < 400:
        return ModelError(
            f"{address} sends us elsewhere ({named(reply)}), and no question goes where it was not"
            " meant to: name the server's own address"
        )
    if reply.status in WRONG_QUESTION:
        return _wrong_question(reply, address, has_picture=has_picture)
    return ModelError(
        f"{address} answers with {named(reply)}: is it the address of an OpenAI-compatible server?"
        " It usually ends in /v1"
    )


def unforced(address: Address, model: str, why: str) -> ModelError:
    """Return the error that a schema was not kept which the server had to enforce.

    Args:
        address: Of the server.
        model: Name of the model, as it may be shown.
        why: What was wrong with the last answer.
    """
    return ModelError(
        f"{address} does not make {model} keep a JSON Schema; of its last answer: {why}. {ENFORCE}."
        " A model that thinks before it answers is to be served without that"
        " (--default-chat-template-kwargs '{\"enable_thinking\": false}'), and one that fills its"
        " answer with blanks with"
        ' --structured-outputs-config \'{"backend": "xgrammar", "disable_any_whitespace": true}\''
    )


def _wrong_question(reply: Reply, address: Address, *, has_picture: bool) -> EcgcliError:
    words = _words(reply.body).casefold()
    if reply.status == 413 or is_too_long(words):
        return RecordError(Category.NO_ANSWER, LONGER, LONGER_CONTEXT)
    if has_picture and _any(NO_PICTURES, words):
        return ModelError(
            f"the model at {address} takes no pictures: serve one that does (vLLM: and not with"
            " --limit-mm-per-prompt of no image)"
        )
    if _any(NO_SCHEMAS, words):
        return ModelError(f"{address} does not take the schema of the answer. {ENFORCE}")
    return RecordError(
        Category.NO_ANSWER,
        f"the server of the model refused the question with {named(reply)}",
        "the server's log says why",
    )


def is_too_long(words: str) -> bool:
    """Say whether an explanation speaks of a question that is too long."""
    return _any(TOO_LONG, words.casefold())


def _any(known: tuple[str, ...], words: str) -> bool:
    return any(word in words for word in known)


def _words(body: bytes) -> str:
    """Return the explanation in a reply: the message of the error alone, where there is one."""
    try:
        found: Any = json.loads(body)
    except (ValueError, RecursionError):
        return body[:1000].decode("utf-8", "replace")
    for name in ("error", "message", "detail"):
        if isinstance(found, dict) and name in found:
            found = found[name]
    return found if isinstance(found, str) else json.dumps(found)[:1000]
