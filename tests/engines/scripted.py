"""A server of models on 127.0.0.1 that does, question by question, what a test tells it."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ecgcli.engines.patience import Clock

MODEL = "tiny-ecg"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Scripted

    def log_message(self, *arguments: object) -> None:
        pass

    def do_GET(self) -> None:
        self.server.note(self, None)
        if self.path == "/v1/models":
            self.server.about_models(self, {})
        else:
            reply(self, 404, {"detail": "Not Found"})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.note(self, body)
        if body["response_format"]["json_schema"]["name"] == "probe":
            self.server.about_probe(self, body)
            return
        script = self.server.script
        (script.pop(0) if len(script) > 1 else script[0])(self, body)


Behaviour = Callable[[Handler, Any], None]


class Scripted(ThreadingHTTPServer):
    """The server; `script` is what it does with questions, its last entry for all that follow."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, *script: Behaviour, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.script = list(script)
        self.about_probe: Behaviour = obeys
        self.about_models: Behaviour = offers(MODEL)
        self.seen: list[tuple[str, dict[str, str], Any]] = []
        self.lock = threading.Lock()
        self.scheme = "http"

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server_port}/v1"

    def note(self, handler: Handler, body: Any) -> None:
        with self.lock:
            fields = {name.lower(): value for name, value in handler.headers.items()}
            self.seen.append((handler.path, fields, body))

    @property
    def questions(self) -> list[Any]:
        """What was asked, without the tiny questions."""
        asked = [body for _, _, body in self.seen if body is not None]
        return [each for each in asked if each["response_format"]["json_schema"]["name"] != "probe"]

    def shutdown_request(self, request: Any) -> None:
        self.close_request(request)  # without a word of farewell, so that `resets` can be rude

    def handle_error(self, request: object, client_address: object) -> None:
        pass  # clients that hang up are what is tested


@contextmanager
def serving(server: Scripted, context: ssl.SSLContext | None = None) -> Iterator[Scripted]:
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.scheme = "https"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Hurried(Clock):
    """A clock that does not wait: time passes at once, and is noted."""

    def __init__(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        self.waits: list[float] = []
        self.meanwhile = meanwhile

    def now(self) -> float:
        return super().now() + sum(self.waits)

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.meanwhile()


def reply(handler: Handler, status: int, body: Any, fields: dict[str, str] | None = None) -> None:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    handler.send_response(status)
    for name, value in (fields or {}).items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    with suppress(OSError):
        handler.wfile.write(content)


def chat(text: str | None, ended: str = "stop") -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {"choices": [{"index": 0, "message": message, "finish_reason": ended}]}


def says(text: str | None, ended: str = "stop") -> Behaviour:
    return lambda handler, body: reply(handler, 200, chat(text, ended))


def fails(status: int, body: Any = None, **fields: str) -> Behaviour:
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    return lambda handler, asked: reply(handler, status, body or {}, named)


def offers(*names: str) -> Behaviour:
    listed = {"object": "list", "data": [{"id": name, "object": "model"} for name in names]}
    return lambda handler, body: reply(handler, 200, listed)


def obeys(handler: Handler, body: Any) -> None:
    """Answer the tiny question as a server does that enforces schemas."""
    schema = body["response_format"]["json_schema"]["schema"]
    says(json.dumps({"word": schema["properties"]["word"]["enum"][0]}))(handler, body)


def resets(handler: Handler, body: Any) -> None:
    """Begin to answer, then cut the connection."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"choices": [')
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True


def hangs_up(handler: Handler, body: Any) -> None:
    """Announce more than comes, and close in good order."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(json.dumps(chat('{"rhythm": "sinus"}')).encode())
    handler.close_connection = True


def waits(seconds: float, then: Behaviour) -> Behaviour:
    def behaviour(handler: Handler, body: Any) -> None:
        time.sleep(seconds)
        with suppress(OSError):
            then(handler, body)

    return behaviour


def drips(where: str) -> Behaviour:
    """Send a byte now and then, in the header or in the body, for ever."""

    def behaviour(handler: Handler, body: Any) -> None:
        beginning = b"HTTP/1.1 200 OK\r\nX-Slow: "
        if where == "body":
            beginning = b'HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{"choices": "'
        with suppress(OSError):
            handler.wfile.write(beginning)
            while True:
                handler.wfile.write(b"x")
                time.sleep(0.02)

    return behaviour


def floods(announced: bool) -> Behaviour:
    """Send text without an end."""

    def behaviour(handler: Handler, body: Any) -> None:
        fields = b"Content-Length: 1000000000000\r\n" if announced else b"Connection: close\r\n"
        with suppress(OSError):
            handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + fields + b"\r\n")
            while True:
                handler.wfile.write(b" " * 65536)

    return behaviour
