"""One HTTP request and its whole answer, bounded in time and in size.

It knows sockets, TLS and HTTP as `http.client` speaks it; it does not know what is asked, what an
answer means, or whether to try again.

The bounds hold for everything: connecting, the TLS handshake, a header that drips, a body without
an end. They sit where bytes are read and written, below HTTP; a client library's time-out is one
for each read, which a server that sends a byte a second never reaches. The certificate of a server
is always verified, against the certificates that the system trusts ($SSL_CERT_FILE adds others). A
redirect is an answer like any other, and proxies are not known here: a question goes to the host
that it is meant for, or nowhere. Each request has a connection of its own, so there is none that
the server has closed meanwhile; next to a model's seconds a connection costs nothing.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from ecgcli.errors import ModelError, UsageError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

CONNECT_S = 10.0  # longer than any network that is to be relied on takes
PIECE = 2**16  # bytes
UNIX = "unix"


class Loss(Enum):
    """How a request was lost."""

    UNREACHED = "unreached"  # nobody took the connection
    CUT = "cut"  # it ended before the answer did, or what came is no answer
    LATE = "late"


class LostError(Exception):
    """No whole answer came; its text says why, in words that name nobody."""

    def __init__(self, loss: Loss, why: str) -> None:
        super().__init__(why)
        self.loss = loss


class TooLongError(Exception):
    """The answer has more bytes than may be read."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is: what "http(s)://host:port/path" says, or a socket in a folder of ours."""

    scheme: str
    host: str
    port: int
    path: str

    @classmethod
    def of(cls, url: str) -> Address:
        """Return the address in a URL; without a path it is that of OpenAI's interface, /v1.

        Raises:
            UsageError: It is no such URL, or holds more than an address. A URL is not repeated, as
                it may hold a password.
        """
        try:
            parts = urlsplit(url.strip())
            port = parts.port
        except ValueError as error:
            raise UsageError("the server's URL is not valid: write http://HOST:PORT/v1") from error
        if parts.scheme not in ("http", "https") or not parts.hostname or not url.isascii():
            raise UsageError("the server's URL has to look like http://HOST:PORT/v1")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise UsageError(
                "the server's URL may hold no user, password, query or fragment; a key is taken"
                " from the environment"
            )
        path = parts.path.rstrip("/") or "/v1"
        if not path.isprintable() or " " in path:
            raise UsageError("the server's URL holds characters that have no place in one")
        return cls(
            parts.scheme,
            parts.hostname,
            port or (443 if parts.scheme == "https" else 80),
            path,
        )

    @classmethod
    def of_socket(cls, file: Path) -> Address:
        """Return the address of a server that listens at a Unix socket."""
        return cls(UNIX, str(file), 0, "/v1")

    def __str__(self) -> str:
        if self.scheme == UNIX:
            return "the run's own server"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.path}"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: status, header fields by their names in small letters, and body."""

    status: int
    fields: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked: `path` is that below the address; without a body it is a GET."""

    path: str
    fields: Mapping[str, str]
    body: bytes | None = None

    def __repr__(self) -> str:  # its fields hold the key, its body a patient's data
        return f"Request({self.path!r})"


def trust() -> ssl.SSLContext:
    """Return how servers are verified: by host name and the certificates that the system trusts."""
    return ssl.create_default_context()


def exchange(
    address: Address,
    request: Request,
    *,
    timeout_s: float,
    most_bytes: int,
    context: ssl.SSLContext | None,
) -> Reply:
    """Send a request and return the answer.

    Args:
        address: The server.
        request: What is asked.
        timeout_s: Seconds that it may take in all.
        most_bytes: What may be read in all, header included.
        context: `trust()` for https, `None` for http.

    Raises:
        LostError: No whole answer came in time.
        TooLongError: It has more bytes.
        ModelError: The server cannot be trusted, or does not speak TLS.
    """
    bounds = _Bounds(time.monotonic() + timeout_s, most_bytes)
    connection = _Connection(address, bounds, context)
    try:
        method = "GET" if request.body is None else "POST"
        connection.request(method, address.path + request.path, request.body, dict(request.fields))
        with connection.getresponse() as response:
            fields = {name.lower(): value for name, value in response.getheaders()}
            return Reply(response.status, fields, _whole(response))
    except TimeoutError:
        if not connection.reached:
            raise LostError(Loss.UNREACHED, "nobody takes the connection") from None
        raise LostError(Loss.LATE, f"no whole answer within {timeout_s:.3g} s") from None
    except socket.gaierror:
        raise LostError(Loss.UNREACHED, "the host's name is not known") from None
    except OSError as error:  # which ends of connections and TLS errors are, too
        loss = Loss.CUT if connection.reached else Loss.UNREACHED
        raise LostError(loss, (error.strerror or "the connection ended").lower()) from None
    except http.client.HTTPException:
        # Its text would quote what the server sent.
        raise LostError(Loss.CUT, "the answer is cut off, or no HTTP") from None
    finally:
        connection.close()


def _whole(response: http.client.HTTPResponse) -> bytes:
    # In pieces: a length that the server makes up would be allocated in advance.
    pieces = []
    while piece := response.read(PIECE):
        pieces.append(piece)
    if response.length:  # what was announced and has not come
        raise LostError(Loss.CUT, "the answer is cut off")
    return b"".join(pieces)


@dataclass(slots=True)
class _Bounds:
    """What is left of the time and the bytes of one exchange."""

    end: float
    bytes_left: int

    def seconds(self) -> float:
        left = self.end - time.monotonic()
        if left <= 0.0:
            raise TimeoutError
        return left

    def count(self, size: int) -> None:
        self.bytes_left -= size
        if self.bytes_left < 0:
            raise TooLongError


class _Connection(http.client.HTTPConnection):
    """A connection whose socket keeps the bounds."""

    def __init__(
        self, address: Address, bounds: _Bounds, context: ssl.SSLContext | None = None
    ) -> None:
        super().__init__("localhost" if address.scheme == UNIX else address.host, address.port)
        if context is not None:
            self.default_port = http.client.HTTPS_PORT
        self._address, self._bounds, self._context = address, bounds, context
        self.reached = False

    def connect(self) -> None:
        timeout_s = min(CONNECT_S, self._bounds.seconds())
        plain = self._reach(timeout_s)
        self.reached = True
        try:
            ours = plain if self._context is None else self._encrypted(plain, self._context)
        except BaseException:
            plain.close()
            raise
        # What `http.client` asks of a socket are the three methods of `_Socket`.
        self.sock = cast("socket.socket", _Socket(ours, self._bounds))

    def _reach(self, timeout_s: float) -> socket.socket:
        host, port = self._address.host, self._address.port
        if self._address.scheme == UNIX:
            plain = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                plain.settimeout(timeout_s)
                plain.connect(host)
            except BaseException:
                plain.close()
                raise
            return plain
        plain = socket.create_connection((host, port), timeout_s)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return plain

    def _encrypted(self, plain: socket.socket, context: ssl.SSLContext) -> socket.socket:
        plain.settimeout(self._bounds.seconds())
        try:
            return context.wrap_socket(plain, server_hostname=self._address.host)
        except ssl.SSLCertVerificationError as error:
            raise ModelError(
                f"{self._address} cannot be trusted: {error.verify_message}. Add the certificate"
                " of whoever signed the server's to those that the system trusts, or name its file"
                " in SSL_CERT_FILE"
            ) from None
        except ssl.SSLError as error:
            if error.reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL"):
                raise ModelError(
                    f"{self._address} does not speak TLS: is it http and not https?"
                ) from None
            raise


class _Socket:
    """A socket that gives up in time, and in size."""

    def __init__(self, inner: socket.socket, bounds: _Bounds) -> None:
        self._inner, self._bounds = inner, bounds

    def sendall(self, data: ReadableBuffer) -> None:
        view = memoryview(data)
        while view:
            self._inner.settimeout(self._bounds.seconds())
            view = view[self._inner.send(view) :]

    def makefile(self, mode: str) -> io.BufferedReader:
        assert mode == "rb"
        return io.BufferedReader(_Stream(self._inner, self._bounds))

    def close(self) -> None:
        self._inner.close()  # for good once the last stream of it is closed


class _Stream(io.RawIOBase):
    def __init__(self, inner: socket.socket, bounds: _Bounds) -> None:
        super().__init__()
        self._inner, self._bounds = inner, bounds
        self._raw = inner.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        self._inner.settimeout(self._bounds.seconds())
        size = self._raw.readinto(buffer)
        self._bounds.count(size or 0)
        return size

    def close(self) -> None:
        self._raw.close()
        super().close()
