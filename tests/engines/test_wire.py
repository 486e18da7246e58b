"""Servers are trusted only with a certificate that the system knows; no length is believed."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ecgcli.engines.patience import Limits
from ecgcli.engines.server import Server
from ecgcli.engines.wire import Address, Loss, LostError, Request, TooLongError, exchange
from ecgcli.errors import ModelError
from tests.engines import scripted
from tests.engines.scripted import MODEL, Behaviour, Hurried, Scripted, says, serving

QUICK = Limits(try_s=2.0, check_s=1.0)
ASKED = b'{"response_format": {"json_schema": {"name": "answer"}}}'


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    if shutil.which("openssl") is None:
        pytest.skip("no openssl here to sign a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
        " -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    )
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command.split(), *files], check=True, capture_output=True)
    return certificate, key


@pytest.fixture
def encrypted(certificate: tuple[Path, Path]) -> Iterator[Scripted]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with serving(Scripted(says("{}")), context) as server:
        yield server


def test_a_certificate_that_signed_itself_is_refused_at_once(encrypted: Scripted) -> None:
    clock = Hurried()
    with pytest.raises(ModelError, match=r"cannot be trusted: .*self.signed.*SSL_CERT_FILE"):
        Server(encrypted.url, MODEL, limits=QUICK, clock=clock).probe()
    assert clock.waits == []
    assert encrypted.seen == []  # not a byte of the question has gone


def test_nothing_in_the_environment_switches_that_off(
    encrypted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (
        ("PYTHONHTTPSVERIFY", "0"), ("CURL_CA_BUNDLE", ""), ("SSL_VERIFY", "0"),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    with pytest.raises(ModelError, match="cannot be trusted"):
        Server(encrypted.url, MODEL, limits=QUICK).probe()


def test_a_certificate_that_the_system_trusts_is_good(
    encrypted: Scripted, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    assert Server(encrypted.url, limits=QUICK).probe() == MODEL


def test_a_trusted_certificate_for_another_host_is_refused(
    encrypted: Scripted, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with pytest.raises(ModelError, match="cannot be trusted"):
        Server(encrypted.url.replace("127.0.0.1", "localhost"), limits=QUICK).probe()


def test_https_where_there_is_only_http_is_told() -> None:
    with serving(Scripted(says("{}"))) as server:
        url = server.url.replace("http:", "https:")
        with pytest.raises(ModelError, match="does not speak TLS: is it http"):
            Server(url, MODEL, limits=QUICK).probe()


def test_http_where_there_is_only_https_ends_the_run(encrypted: Scripted) -> None:
    with pytest.raises(ModelError, match="Is the server of the model running"):
        Server(
            encrypted.url.replace("https:", "http:"), MODEL, limits=QUICK, clock=Hurried()
        ).probe()


def get(server: Scripted, *, timeout_s: float = 2.0, most_bytes: int = 10_000) -> bytes:
    request = Request("/chat/completions", {}, ASKED)
    return exchange(
        Address.of(server.url), request, timeout_s=timeout_s, most_bytes=most_bytes, context=None
    ).body


def raw(content: bytes) -> Behaviour:
    def behaviour(handler: scripted.Handler, body: object) -> None:
        handler.wfile.write(content)
        handler.close_connection = True

    return behaviour


@pytest.mark.parametrize(
    "behaviour",
    [
        raw(b""),
        raw(b"garbage\r\n\r\n"),
        raw(b"HTTP/1.1 abc\r\n\r\n"),
        raw(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n"),
        raw(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc"),
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc"),
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n"),
        scripted.resets,
        scripted.hangs_up,
    ],
)
def test_what_is_no_whole_answer_is_lost(behaviour: Behaviour) -> None:
    with serving(Scripted(behaviour)) as server, pytest.raises(LostError) as caught:
        get(server, most_bytes=100_000)
    assert caught.value.loss is Loss.CUT


@pytest.mark.parametrize(
    "behaviour",
    [
        scripted.floods(announced=True),
        scripted.floods(announced=False),
        raw(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffff\r\n" + b"x" * 20_000),
    ],
)
def test_no_more_is_read_than_may_be(behaviour: Behaviour) -> None:
    with serving(Scripted(behaviour)) as server, pytest.raises(TooLongError):
        get(server)


def test_a_whole_answer_of_just_so_many_bytes_is_read() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + b"x" * 100
    with serving(Scripted(raw(answer))) as server:
        assert get(server, most_bytes=len(answer)) == b"x" * 100
        with pytest.raises(TooLongError):
            get(server, most_bytes=len(answer) - 1)


def test_chunks_are_put_together() -> None:
    answer = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    )
    with serving(Scripted(raw(answer))) as server:
        assert get(server) == b"abcde"


@pytest.mark.parametrize("where", ["header", "body"])
def test_time_runs_out_whatever_drips(where: str) -> None:
    with serving(Scripted(scripted.drips(where))) as server, pytest.raises(LostError) as caught:
        get(server, timeout_s=0.2)
    assert caught.value.loss is Loss.LATE


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (socket.gaierror(-2, "Name or service not known"), "host's name is not known"),
        (TimeoutError(), "nobody takes the connection"),
        (ConnectionRefusedError(111, "Connection refused"), "connection refused"),
        (OSError(113, "No route to host"), "no route to host"),
    ],
)
def test_a_host_that_is_not_reached(
    monkeypatch: pytest.MonkeyPatch, error: OSError, why: str
) -> None:
    def unreachable(*arguments: object) -> None:
        raise error

    monkeypatch.setattr(socket, "create_connection", unreachable)
    with pytest.raises(LostError, match=why) as caught:
        exchange(
            Address.of("http://gpu.example:8000/v1"),
            Request("/models", {}),
            timeout_s=2.0,
            most_bytes=1000,
            context=None,
        )
    assert caught.value.loss is Loss.UNREACHED
