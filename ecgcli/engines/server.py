"""A server of models with OpenAI's interface, vLLM's or another, asked for unattended work.

It knows what to do with everything that such a server may answer or fail to: ask again, give the
record up, or give up altogether. It does not know ECGs. Three ends are told apart:

- an answer: JSON that keeps the question's schema;
- `RecordError`: the server is well and this question has no usable answer; it costs the record;
- `ModelError`: the server is gone, busy beyond patience or set up wrongly; it ends the run with the
  exit code for that, and the next run goes on.

Whose fault it is that a question came to nothing is found out by a tiny one: who answers that is
well. So a question on which a server stumbles does not end the run, and a broken server does not
turn a night's recordings into failures.

Questions are blocking calls, from any number of threads or processes, each with a connection of its
own: whoever asks bounds how many are asked at once, the server batches what it gets, and all that
one question leaves behind for the next is the model's name. An event loop would wait no better, and
its time-outs and cancellations are harder to get right.

The key comes from the environment and goes into the header of a request, nowhere else.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from ecgcli.engines import refusal, wire
from ecgcli.engines.patience import Clock, Limits, Patience, asked_for
from ecgcli.engines.probe import is_reply, riddle
from ecgcli.engines.question import ForeignError, Question, UnusableError
from ecgcli.engines.refusal import KEY_VARIABLE
from ecgcli.engines.wire import Address, Loss, LostError, Reply, Request, TooLongError
from ecgcli.errors import Category, EcgcliError, ModelError, RecordError, UsageError

T = TypeVar("T")

CHAT = "/chat/completions"
MODELS = "/models"
LISTED = 10  # names of models in a message
NAME_LENGTH = 100


@dataclass(frozen=True, slots=True)
class _Trouble:
    """Why a try came to nothing, and what follows for the next.

    `away` says that no question would have fared better; where it does not, that is found out.
    """

    why: str
    away: bool = False
    failed: bool = False
    wait_s: float = 0.0


class GoneError(ModelError):
    """The server answers nobody, as far as could be found out."""


class _GaveUpError(Exception):
    """Patience is at its end."""

    def __init__(self, trouble: _Trouble, tries: int) -> None:
        super().__init__(trouble.why)
        self.trouble, self.tries = trouble, tries


class _NoneUsableError(Exception):
    """Answers came, and none that can be used; the text says why of the last."""

    def __init__(self, unusable: tuple[str, ...]) -> None:
        super().__init__(unusable[-1])
        self.count = len(unusable)


class Server:
    """A server, one of its models, and the bounds of asking it."""

    def __init__(
        self,
        url: str | Address,
        model_name: str | None = None,
        key: str | None = None,
        *,
        limits: Limits | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Take note of it; nothing is sent before the first question.

        Args:
            url: http(s)://HOST:PORT/v1, or an address.
            model_name: The model's name there; without one it is the only one.
            key: The server's key; `None` takes what the environment has as `ECGCLI_API_KEY`.
            limits: How long and how often it is asked.
            clock: Another clock, for tests.

        Raises:
            UsageError: The URL or the key cannot be one.
        """
        self.address = Address.of(url) if isinstance(url, str) else url
        self.model_name = model_name
        self._limits = limits or Limits()
        self._clock = clock or Clock()
        self._key = _checked(os.environ.get(KEY_VARIABLE) if key is None else key)
        self._context = wire.trust() if self.address.scheme == "https" else None

    def __repr__(self) -> str:
        return f"Server({str(self.address)!r}, {self.model_name!r})"

    def ask(self, question: Question) -> str:
        """Return the answer: JSON that keeps the question's schema.

        It takes `Limits.question_s` at most, and `Limits.check_s` on top where the question came to
        nothing.

        Raises:
            RecordError: The model has no usable answer to it.
            ModelError: The server or the model is not there, or not as it has to be.
            UsageError: No model is named, and the server has several.
        """
        patience = self._patience(question)
        if self.model_name is None:
            self.model_name = self._only_model(patience)
        try:
            return self._answer(question, self.model_name, patience)
        except _GaveUpError as end:
            raise self._blamed(end) from None
        except _NoneUsableError as none:
            raise RecordError(
                Category.NO_ANSWER,
                f"none of {none.count} answers of the model could be used; of the last: {none}",
                "try again with --retry-failed, or use another model",
            ) from None

    def probe(self, *, with_picture: bool = False) -> str:
        """Find out whether questions will be answered, and return the model's name.

        Args:
            with_picture: Ask with a picture, so that a model without eyes is found out, too.

        Raises:
            ModelError: The server or the model is not there, or does not keep schemas.
            UsageError: No model is named, and the server has several.
        """
        question = riddle(with_picture=with_picture)
        patience = self._patience(question)
        try:
            self.model_name = self._chosen(patience)
            self._answer(question, self.model_name, patience)
        except _GaveUpError as end:
            raise self._unavailable(end) from None
        except _NoneUsableError as none:
            raise refusal.unforced(self.address, _shown(self.model_name), str(none)) from None
        except RecordError as error:  # there is no record yet
            raise ModelError(f"{self.address}: {error.reason} ({error.remedy})") from None
        return self.model_name

    def models(self) -> tuple[str, ...]:
        """Return the names of the models that the server offers.

        Raises:
            ModelError: It does not say.
        """
        return self._models(Patience(self._limits, self._clock, seed=0))

    def only_model(self) -> str:
        """Return the name of the one model that the server offers.

        Raises:
            ModelError: It offers none, or does not say.
            UsageError: It offers several.
        """
        return self._only_model(Patience(self._limits, self._clock, seed=0))

    def _chosen(self, patience: Patience) -> str:
        if self.model_name is None:
            return self._only_model(patience)
        offered = self._models(patience)
        if self.model_name not in offered:
            raise self._no_such_model(offered)
        return self.model_name

    def _only_model(self, patience: Patience) -> str:
        offered = self._models(patience)
        if not offered:
            raise ModelError(f"{self.address} offers no model")
        if len(offered) > 1:
            raise UsageError(f"{self.address} offers several models, name one: {_listed(offered)}")
        return offered[0]

    def _models(self, patience: Patience) -> tuple[str, ...]:
        request = Request(MODELS, self._fields())
        try:
            return self._reply(request, patience, _names)
        except (_GaveUpError, UnusableError) as end:
            raise self._unavailable(end) from None

    def _answer(self, question: Question, model: str, patience: Patience) -> str:
        """Return the first answer that can be used.

        Raises:
            _GaveUpError: None came.
            _NoneUsableError: Some came.
        """
        unusable: tuple[str, ...] = ()
        while len(unusable) < self._limits.answers:
            request = self._chat(question.body(model, unusable))
            try:
                return self._reply(request, patience, question.answer, question)
            except UnusableError as error:
                unusable += (str(error),)
            except _GaveUpError:
                if not unusable:
                    raise
                break
        raise _NoneUsableError(unusable)

    def _patience(self, question: Question) -> Patience:
        return Patience(self._limits, self._clock, seed=zlib.crc32(question.body("")))

    def _chat(self, body: bytes) -> Request:
        return Request(CHAT, self._fields() | {"Content-Type": "application/json"}, body)

    def _fields(self) -> dict[str, str]:
        fields = {"Accept": "application/json", "Connection": "close", "User-Agent": "ecgcli"}
        return fields | ({"Authorization": f"Bearer {self._key}"} if self._key else {})

    def _reply(
        self,
        request: Request,
        patience: Patience,
        read: Callable[[bytes], T],
        question: Question | None = None,
    ) -> T:
        """Return what `read` makes of the reply's body, after as many tries as it takes.

        `question` is what the request puts to a model, if it does.

        Raises:
            _GaveUpError: There is none.
            UnusableError: `read` says so, or the reply is too long.
            EcgcliError: The server refuses for good.
        """
        trouble = _Trouble("the time is up")
        while (seconds := patience.seconds()) > 0.0:
            try:
                reply = self._exchange(request, seconds)
                if reply.status == 200:
                    return read(reply.body)
                trouble = self._turned_away(reply, question, patience)
            except LostError as lost:
                trouble = _Trouble(str(lost), away=lost.loss is Loss.UNREACHED)
            except ForeignError as error:
                trouble = _Trouble(str(error))
            except TooLongError:
                raise UnusableError(f"longer than {self._limits.answer_bytes} bytes") from None
            if not patience.waits(failed=trouble.failed, at_least_s=trouble.wait_s):
                break
        raise _GaveUpError(trouble, patience.tries)

    def _exchange(self, request: Request, seconds: float) -> Reply:
        return wire.exchange(
            self.address,
            request,
            timeout_s=seconds,
            most_bytes=self._limits.answer_bytes,
            context=self._context,
        )

    def _turned_away(self, reply: Reply, question: Question | None, patience: Patience) -> _Trouble:
        """Return the trouble that a reply other than 200 is, if it may pass; raise it if not."""
        why = refusal.named(reply)
        if reply.status in refusal.BROKEN:
            return _Trouble(why, failed=True)
        if reply.status in refusal.BUSY:
            wait_s = asked_for(reply.fields.get("retry-after"), self._clock.date())
            return _Trouble(why, away=reply.status in refusal.OVERLOADED, wait_s=wait_s)
        if reply.status == 404 and question is not None:
            raise self._no_such_model(self._models(patience))
        raise refusal.refused(
            reply,
            self.address,
            has_key=self._key is not None,
            has_picture=question is not None and question.picture is not None,
        )

    def _blamed(self, end: _GaveUpError) -> EcgcliError:
        """Return the error of who is to blame for a question that came to nothing."""
        if end.trouble.away or not self._is_well():
            return self._unavailable(end)
        return RecordError(
            Category.NO_ANSWER,
            f"no answer after {end.tries} tries, though the server is well: {end.trouble.why}",
            "the server's log may say why; try again with --retry-failed",
        )

    def _is_well(self) -> bool:
        request = self._chat(riddle().body(self.model_name or ""))
        try:
            reply = self._exchange(request, self._limits.check_s)
        except (LostError, TooLongError, ModelError):
            return False
        return reply.status == 200 and is_reply(reply.body)

    def _unavailable(self, end: _GaveUpError | UnusableError) -> GoneError:
        tries = f" after {end.tries} tries" if isinstance(end, _GaveUpError) else ""
        return GoneError(
            f"no use of {self.address}{tries}: {end}. Is the server of the model running, and is"
            " this its address?"
        )

    def _no_such_model(self, offered: tuple[str, ...]) -> ModelError:
        if self.model_name in offered:
            return ModelError(f"{self.address} has {_shown(self.model_name)}, but not for chats")
        return ModelError(
            f"{self.address} has no model {_shown(self.model_name)}; it offers {_listed(offered)}"
        )


def _checked(key: str | None) -> str | None:
    """Return a key as it goes into a header, `None` for an empty one."""
    key = (key or "").strip()
    if not key:
        return None
    if not (key.isascii() and key.isprintable() and " " not in key):
        raise UsageError(f"{KEY_VARIABLE} holds characters that no key has")
    return key


def _names(body: bytes) -> tuple[str, ...]:
    """Return the names in the reply to /models."""
    try:
        names = [entry["id"] for entry in json.loads(body)["data"]]
    except (ValueError, LookupError, TypeError, RecursionError):
        raise ForeignError("what it says of its models is no reply of OpenAI's interface") from None
    return tuple(name for name in names if isinstance(name, str))


def _shown(name: str | None) -> str:
    """Return a name as it may be written anywhere: quoted, and not longer than a line."""
    return repr((name or "")[:NAME_LENGTH])


def _listed(names: tuple[str, ...]) -> str:
    rest = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return (", ".join(_shown(name) for name in names[:LISTED]) or "none") + rest
