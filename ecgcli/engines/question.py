"""A question to a model and what counts as an answer to it.

It knows texts, a picture and the schema that the answer has to keep, and how OpenAI's interface
writes them; it does not know servers, or ECGs. The server is told the schema and everything it says
is checked against it all the same: some ignore it, and no model is believed to have kept it.

No error here quotes a question or an answer: both are about a patient.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SEED = 1
WARMTH = 0.2  # temperature where the most probable answer was not usable
HINT = (
    "\n\nThe answer before this one could not be used: {why}. Answer with one JSON object that"
    " follows the schema, briefly, and with nothing before or after it."
)


class UnusableError(Exception):
    """An answer that is none; the text says why, without quoting it."""


class ForeignError(Exception):
    """What came is not even an answer of a chat: the server speaks another language."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a model is asked.

    Attributes:
        system: Who it is to be and what it is to do.
        user: What is asked.
        schema: JSON Schema (2020-12) of the answer.
        name: The schema's name: letters, digits, "_" and "-".
        picture: A PNG that goes with it.
        signal: (12, 1000) in mV at 100 Hz, for a model that reads signals; `user` is then the whole
            prompt, with the model's own token where the signal stands.
        max_tokens: How long the answer may become.
    """

    system: str = field(repr=False)
    user: str = field(repr=False)
    schema: Mapping[str, Any] = field(repr=False)
    name: str = "answer"
    picture: bytes | None = field(default=None, repr=False)
    signal: NDArray[np.float32] | None = field(default=None, repr=False)
    max_tokens: int = 1024

    def body(self, model: str, unusable: tuple[str, ...] = ()) -> bytes:
        """Return the body of the request, the same bytes for the same arguments.

        Args:
            model: Name of the model.
            unusable: Why each of the answers before could not be used. After one the same is asked
                again, as a server may stumble; from the second on a model is told what was wrong
                and may choose other words.
        """
        temperature, seed = self.chance(unusable)
        request = {
            "model": model,
            "messages": self.messages(unusable),
            "max_tokens": self.max_tokens,
            "temperature": temperature,
            "seed": seed,
            "stream": False,
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": self.name, "strict": True, "schema": dict(self.schema)},
            },
        }
        return json.dumps(request, ensure_ascii=False).encode()

    def chance(self, unusable: tuple[str, ...] = ()) -> tuple[float, int]:
        """Return temperature and seed: none of the first, but after two unusable answers."""
        again = len(unusable) > 1
        return (WARMTH, SEED + len(unusable)) if again else (0.0, SEED)

    def messages(self, unusable: tuple[str, ...] = ()) -> list[dict[str, Any]]:
        """Return the question as the messages of a chat; see `body`."""
        hint = HINT.format(why=unusable[-1]) if len(unusable) > 1 else ""
        content: str | list[dict[str, Any]] = self.user + hint
        if self.picture is not None:
            encoded = base64.b64encode(self.picture).decode("ascii")
            content = [
                {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{encoded}"}},
                {"type": "text", "text": content},
            ]
        messages: list[dict[str, Any]] = [{"role": "user", "content": content}]
        if self.system:  # some models' templates know no such role
            messages.insert(0, {"role": "system", "content": self.system})
        return messages

    def answer(self, body: bytes) -> str:
        """Return the answer in a reply's body: JSON that keeps the schema.

        Raises:
            ForeignError: The body is no reply of OpenAI's interface.
            UnusableError: There is no answer in it, or one that breaks the schema.
        """
        text, ended = content(body)
        try:
            said = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_number)
            json.dumps(said, ensure_ascii=False).encode()  # halves of characters have no bytes
        except (ValueError, RecursionError):
            if ended == "length":
                raise UnusableError(f"it was cut off after {self.max_tokens} tokens") from None
            raise UnusableError("it was no valid JSON") from None
        self._check(said)
        return text

    def _check(self, said: object) -> None:
        # Not at the top: who asks no model need not wait for it.
        from jsonschema import Draft202012Validator
        from referencing import Registry

        # With a registry of its own no reference in a schema is ever fetched.
        validator = Draft202012Validator(self.schema, registry=Registry())
        try:
            broken = next(validator.iter_errors(said), None)
        except RecursionError:
            raise UnusableError("it was nested too deeply") from None
        if broken is not None:
            raise UnusableError(f"it broke the schema ({broken.validator})")


def content(body: bytes) -> tuple[str, str]:
    """Return what a reply says, and why it ended ("stop", "length").

    Raises:
        ForeignError: It is no reply of OpenAI's interface.
        UnusableError: It says nothing.
    """
    try:
        choice = json.loads(body)["choices"][0]
        text = choice["message"]["content"]
        ended = choice.get("finish_reason")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise ForeignError("the reply is not one of OpenAI's interface") from None
    if not isinstance(text, str) or not text.strip():
        raise UnusableError("it was empty")
    return text.strip(), str(ended)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Of two values under one name a reader would see one, and who knows which.
    named = dict(pairs)
    if len(named) != len(pairs):
        raise ValueError
    return named


def _no_number(word: str) -> float:
    raise ValueError  # NaN and Infinity, which are no JSON
