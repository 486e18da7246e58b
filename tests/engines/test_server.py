"""Whatever a server of models does: an answer, a record lost, or the run ended, and why."""

from __future__ import annotations

import base64
import json
import logging
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import pytest

from ecgcli.engines.patience import Limits
from ecgcli.engines.question import Question
from ecgcli.engines.server import Server
from ecgcli.errors import Category, EcgcliError, ExitCode, ModelError, RecordError, UsageError
from tests.engines import scripted
from tests.engines.scripted import (
    MODEL,
    Behaviour,
    Hurried,
    Scripted,
    chat,
    fails,
    offers,
    reply,
    says,
    serving,
)

GOOD = '{"rhythm": "sinus"}'
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"rhythm": {"enum": ["sinus", "other"]}},
    "required": ["rhythm"],
    "additionalProperties": False,
}
PATIENT = "Mustermann"
QUESTION = Question(system="You read ECGs.", user=f"{PATIENT}, 61 years.", schema=SCHEMA)
KEY = "sk-very-secret-4711"
QUICK = Limits(try_s=5.0, check_s=2.0)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ECGCLI_API_KEY", raising=False)


@pytest.fixture
def start() -> Iterator[Callable[..., Scripted]]:
    running = []

    def begin(*script: Behaviour) -> Scripted:
        manager = serving(Scripted(*script))
        running.append(manager)
        return manager.__enter__()

    yield begin
    for manager in running:
        manager.__exit__(None, None, None)


Start = Callable[..., Scripted]


def client(server: Scripted, limits: Limits = QUICK, clock: Hurried | None = None) -> Server:
    return Server(server.url, MODEL, limits=limits, clock=clock or Hurried())


def record_lost(server: Server, question: Question = QUESTION) -> RecordError:
    with pytest.raises(RecordError) as caught:
        server.ask(question)
    assert caught.value.category is Category.NO_ANSWER
    assert PATIENT not in str(caught.value)
    return caught.value


def run_ended(server: Server, question: Question = QUESTION) -> str:
    with pytest.raises(ModelError) as caught:
        server.ask(question)
    assert caught.value.exit_code is ExitCode.MODEL_NOT_AVAILABLE
    assert PATIENT not in str(caught.value)
    return str(caught.value)


# --- what is asked


def test_a_good_answer_comes_back_as_it_is(start: Start) -> None:
    server = start(says(f"\n {GOOD} "))
    assert client(server).ask(QUESTION) == GOOD
    (asked,) = server.questions
    assert asked["model"] == MODEL
    assert asked["temperature"] == 0.0
    assert asked["seed"] == 1
    assert asked["max_tokens"] == 1024
    assert asked["stream"] is False
    assert asked["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "answer", "strict": True, "schema": SCHEMA},
    }
    assert asked["messages"] == [
        {"role": "system", "content": QUESTION.system},
        {"role": "user", "content": QUESTION.user},
    ]


def test_a_picture_goes_before_the_text(start: Start) -> None:
    server = start(says(GOOD))
    picture = b"\x89PNG\r\n\x1a\n and so on"
    client(server).ask(replace(QUESTION, picture=picture, system=""))
    (asked,) = server.questions
    (user,) = asked["messages"]  # no empty system text: some templates know no such role
    shown, said = user["content"]
    assert said == {"type": "text", "text": QUESTION.user}
    head, _, data = shown["image_url"]["url"].partition(",")
    assert head == "data:image/png;base64"
    assert base64.b64decode(data) == picture


def test_the_same_question_is_asked_in_the_same_bytes() -> None:
    assert QUESTION.body(MODEL) == replace(QUESTION).body(MODEL)


def test_several_threads_get_each_its_own_answer(start: Start) -> None:
    together = threading.Barrier(8, timeout=10)

    def echo(handler: scripted.Handler, body: Any) -> None:
        together.wait()  # all eight are in hand at once
        text = json.dumps({"rhythm": "sinus", "said": body["messages"][1]["content"]})
        reply(handler, 200, chat(text))

    server = start(echo)
    free = {"type": "object", "required": ["said"]}
    questions = [replace(QUESTION, user=f"record {n}", schema=free) for n in range(8)]
    asking = client(server)
    with ThreadPoolExecutor(8) as pool:
        said = [json.loads(text)["said"] for text in pool.map(asking.ask, questions)]
    assert said == [f"record {n}" for n in range(8)]


def test_proxies_of_the_environment_are_not_used(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    assert client(start(says(GOOD))).ask(QUESTION) == GOOD


# --- answers that cannot be used


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (says("I think it is sinus rhythm."), "no valid JSON"),
        (says('{"rhythm": "sin'), "no valid JSON"),
        (says('{"rhythm": "sin', "length"), "cut off after 1024 tokens"),
        (says('{"rhythm": "Mustermann"}'), r"broke the schema \(enum\)"),
        (says('{"rhythm": "sinus", "rhythm": "other"}'), "no valid JSON"),
        (says('{"rhythm": NaN}'), "no valid JSON"),
        (says('{"rhythm": "\\ud800"}'), "no valid JSON"),
        (says("[" * 100_000), "no valid JSON"),
        (says("[]"), r"broke the schema \(type\)"),
        (says(""), "empty"),
        (says(None), "empty"),
        (says("x" * 2**20), "longer than"),
        (scripted.floods(announced=True), "longer than"),
        (scripted.floods(announced=False), "longer than"),
    ],
)
def test_an_answer_that_cannot_be_used_costs_the_record(
    start: Start, said: Behaviour, why: str
) -> None:
    server = start(said)
    asking = client(server)
    error = record_lost(asking)
    assert len(server.questions) == 4
    assert error.reason.startswith("none of 4 answers")
    with pytest.raises(RecordError, match=why):
        asking.ask(QUESTION)


def test_it_is_asked_again_the_same_then_with_a_hint_and_some_warmth(start: Start) -> None:
    server = start(says("Sinus!"), says("Sinus!"), says("Sinus?"), says(GOOD))
    clock = Hurried()
    assert client(server, clock=clock).ask(QUESTION) == GOOD
    first, second, third, fourth = server.questions
    assert second == first
    assert [each["temperature"] for each in (third, fourth)] == [0.2, 0.2]
    assert len({each["seed"] for each in (second, third, fourth)}) == 3
    for each in (third, fourth):
        said = each["messages"][1]["content"]
        assert said.startswith(QUESTION.user)
        assert "no valid JSON" in said
        assert "Sinus" not in said  # what it said is not quoted
    assert clock.waits == []  # the server is well: no reason to wait


def test_unusable_answers_until_the_time_is_up_cost_the_record(start: Start) -> None:
    server = start(scripted.waits(0.15, says("Sinus!")))
    error = record_lost(client(server, replace(QUICK, question_s=0.2)))
    assert "no valid JSON" in error.reason
    assert len(server.questions) == 2


# --- servers that stumble


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_passes_is_waited_for(start: Start, status: int) -> None:
    server = start(fails(status), fails(status), says(GOOD))
    clock = Hurried()
    assert client(server, clock=clock).ask(QUESTION) == GOOD
    assert len(server.questions) == 3
    first, second = clock.waits
    assert 0.25 <= first <= 0.5 <= second <= 1.0


def test_the_waits_double_and_differ_from_question_to_question(start: Start) -> None:
    server = start(fails(503))
    waits = []
    for question in (QUESTION, QUESTION, replace(QUESTION, user="another")):
        clock = Hurried()
        run_ended(client(server, clock=clock), question)
        waits.append(clock.waits)
    assert waits[0] == waits[1] != waits[2]
    assert len(waits[0]) == 7
    for at, wait in enumerate(waits[0]):
        most = min(0.5 * 2**at, 30.0)
        assert most / 2 <= wait <= most


@pytest.mark.parametrize("date", [False, True])
def test_a_server_that_says_when_is_asked_then(start: Start, date: bool) -> None:
    when = "7"
    if date:
        when = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 8))
    server = start(fails(429, Retry_After=when), says(GOOD))
    clock = Hurried()
    assert client(server, clock=clock).ask(QUESTION) == GOOD
    (wait,) = clock.waits
    assert 6.5 <= wait <= 8.0


@pytest.mark.parametrize("when", ["soon", "-5", "nan", "inf", "Mon, 99 Foo 2026 99:99:99 GMT", ""])
def test_a_server_that_says_nonsense_is_asked_as_usual(start: Start, when: str) -> None:
    server = start(fails(503, Retry_After=when), says(GOOD))
    clock = Hurried()
    assert client(server, clock=clock).ask(QUESTION) == GOOD
    assert clock.waits[0] <= 0.5


def test_a_server_that_asks_for_an_hour_is_not_waited_for(start: Start) -> None:
    server = start(fails(429, Retry_After="3600"))
    clock = Hurried()
    said = run_ended(client(server, clock=clock))
    assert "HTTP 429 (Too Many Requests)" in said
    assert clock.waits == []


@pytest.mark.parametrize("behaviour", [scripted.resets, scripted.hangs_up, fails(200, b"<html>")])
def test_an_answer_that_is_cut_off_is_asked_for_again(start: Start, behaviour: Behaviour) -> None:
    server = start(behaviour, behaviour, says(GOOD))
    assert client(server).ask(QUESTION) == GOOD


def test_a_slow_first_byte_is_waited_for(start: Start) -> None:
    server = start(scripted.waits(0.4, says(GOOD)))
    assert client(server).ask(QUESTION) == GOOD


def test_a_try_that_takes_too_long_is_followed_by_another(start: Start) -> None:
    server = start(scripted.waits(0.5, says(GOOD)), says(GOOD))
    assert client(server, replace(QUICK, try_s=0.2)).ask(QUESTION) == GOOD
    assert len(server.questions) == 2


def test_a_server_that_comes_up_late_is_found() -> None:
    with Scripted(says(GOOD)) as server:  # a port that nobody has by chance
        port = server.server_port
    started: list[AbstractContextManager[Scripted]] = []

    def later() -> None:
        if len(clock.waits) == 3:
            manager = serving(Scripted(says(GOOD), port=port))
            manager.__enter__()
            started.append(manager)

    clock = Hurried(later)
    try:
        asking = Server(f"http://127.0.0.1:{port}/v1", MODEL, limits=QUICK, clock=clock)
        assert asking.ask(QUESTION) == GOOD
        assert len(clock.waits) == 3
    finally:
        for manager in started:
            manager.__exit__(None, None, None)


# --- whose fault it is


def test_a_server_that_is_not_there_ends_the_run() -> None:
    with Scripted(says(GOOD)) as server:
        url = server.url
    clock = Hurried()
    said = run_ended(Server(url, MODEL, limits=QUICK, clock=clock))
    assert "after 8 tries: connection refused" in said
    assert url in said
    assert len(clock.waits) == 7


@pytest.mark.parametrize(
    ("behaviour", "tries", "why"),
    [
        (fails(500, {"detail": PATIENT}), 3, "HTTP 500"),
        (fails(504), 8, "HTTP 504"),
        (scripted.resets, 8, "connection reset by peer|cut off"),
        (scripted.hangs_up, 8, "cut off"),
        (fails(200, b"<html>Mustermann</html>"), 8, "not one of OpenAI's interface"),
        (fails(200, {"choices": []}), 8, "not one of OpenAI's interface"),
    ],
)
def test_a_question_that_only_fails_itself_costs_the_record(
    start: Start, behaviour: Behaviour, tries: int, why: str
) -> None:
    server = start(behaviour)
    error = record_lost(client(server))
    assert len(server.questions) == tries
    assert f"after {tries} tries, though the server is well" in error.reason
    assert re.search(why, error.reason)


@pytest.mark.parametrize("behaviour", [fails(500), scripted.resets, fails(200, b"<html>")])
def test_a_server_that_fails_every_question_ends_the_run(
    start: Start, behaviour: Behaviour
) -> None:
    server = start(behaviour)
    server.about_probe = behaviour
    assert "Is the server of the model running" in run_ended(client(server))


@pytest.mark.parametrize("where", ["header", "body"])
@pytest.mark.parametrize("well", [True, False])
def test_a_server_that_drips_runs_into_the_deadline(start: Start, where: str, well: bool) -> None:
    server = start(scripted.drips(where))
    limits = replace(QUICK, try_s=0.3, question_s=0.6, check_s=0.3)
    if not well:
        server.about_probe = scripted.drips(where)
    began = time.monotonic()
    if well:
        assert "no whole answer within" in record_lost(client(server, limits)).reason
    else:
        assert "no whole answer within" in run_ended(client(server, limits))
    assert time.monotonic() - began < 2.0


def test_a_server_that_takes_the_connection_and_nothing_more_ends_the_run() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        limits = replace(QUICK, try_s=0.2, question_s=0.3, check_s=0.2)
        assert "no whole answer" in run_ended(Server(url, MODEL, limits=limits, clock=Hurried()))


# --- refusals


def test_a_wrong_model_is_told_with_those_that_there_are(start: Start) -> None:
    server = start(fails(404, {"error": {"message": "The model does not exist."}}))
    server.about_models = offers("llava", "qwen-vl")
    said = run_ended(client(server))
    assert "has no model 'tiny-ecg'; it offers 'llava', 'qwen-vl'" in said
    assert len(server.questions) == 1


def test_an_address_that_is_no_such_server_is_told(start: Start) -> None:
    server = start(fails(404))
    server.about_models = fails(404)
    assert "It usually ends in /v1" in run_ended(client(server))


def test_a_missing_key_is_told(start: Start) -> None:
    said = run_ended(client(start(fails(401))))
    assert "asks for a key: put it into the environment as ECGCLI_API_KEY" in said


@pytest.mark.parametrize(
    ("status", "message", "has_picture", "error", "why"),
    [
        (400, "This model's maximum context length is 4096 tokens", False, RecordError, "longer"),
        (400, "The decoder prompt (length 9) is longer than the maximum model length of 8", True,
         RecordError, "--max-model-len"),
        (413, "", False, RecordError, "longer than the model takes"),
        (400, "tiny-ecg is not a multimodal model", True, ModelError, "takes no pictures"),
        (400, "At most 0 image(s) may be provided in one prompt.", True, ModelError, "no pictures"),
        (400, "something about an image", False, RecordError, "HTTP 400"),
        (400, "Grammar error: unsupported JSON schema", False, ModelError, "response_format"),
        (422, PATIENT, False, RecordError, r"HTTP 422 \(Unprocessable"),
        (403, "", False, ModelError, "forbids it"),
        (405, "", False, ModelError, "OpenAI-compatible"),
        (599, "", False, ModelError, "HTTP 599:"),
    ],
)  # fmt: skip
def test_a_refusal_is_final_and_names_the_remedy(
    start: Start,
    status: int,
    message: str,
    has_picture: bool,
    error: type[EcgcliError],
    why: str,
) -> None:
    picture = b"png" if has_picture else None
    for body in ({"error": {"message": message}}, {"object": "error", "message": message}):
        server = start(fails(status, body))
        with pytest.raises(error, match=why) as caught:
            client(server).ask(replace(QUESTION, picture=picture))
        assert PATIENT not in str(caught.value)
        assert len(server.questions) == 1


def test_a_redirect_is_not_followed(start: Start) -> None:
    other = start(says(GOOD))
    server = start(fails(307, Location=f"{other.url}/chat/completions?{PATIENT}"))
    said = run_ended(client(server))
    assert "HTTP 307" in said
    assert other.seen == []


# --- the key


@pytest.mark.parametrize("status", [200, 401, 403, 500, 503])
def test_the_key_goes_to_the_server_and_nowhere_else(
    start: Start,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    status: int,
) -> None:
    monkeypatch.setenv("ECGCLI_API_KEY", f"{KEY}\n")
    caplog.set_level(logging.DEBUG)
    server = start(says(GOOD) if status == 200 else fails(status, {"error": {"message": KEY}}))
    asking = client(server)
    told = [repr(asking)]
    try:
        asking.ask(QUESTION)
    except EcgcliError as error:
        told += [str(error), repr(error), repr(error.__cause__), repr(error.__context__)]
    assert {fields["authorization"] for _, fields, _ in server.seen} == {f"Bearer {KEY}"}
    printed = capfd.readouterr()
    for text in (*told, caplog.text, printed.out, printed.err):
        assert KEY not in text
        assert PATIENT not in text


def test_without_a_key_none_is_sent(start: Start) -> None:
    server = start(says(GOOD))
    client(server).ask(QUESTION)
    assert "authorization" not in server.seen[0][1]


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "schlüssel"])
def test_a_key_that_can_be_none_is_refused_without_being_told(key: str) -> None:
    with pytest.raises(UsageError) as caught:
        Server("http://localhost/v1", key=key)
    assert key not in str(caught.value)


@pytest.mark.parametrize("text", ["question", "request"])
def test_nothing_of_the_patient_is_in_a_representation(text: str) -> None:
    from ecgcli.engines.wire import Request

    shown = {
        "question": repr(replace(QUESTION, picture=PATIENT.encode())),
        "request": repr(Request("/chat", {"Authorization": KEY}, QUESTION.body(MODEL))),
    }
    assert PATIENT not in shown[text]
    assert KEY not in shown[text]


# --- the address


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://localhost:8000/v1", "http://localhost:8000/v1"),
        ("http://localhost:8000", "http://localhost:8000/v1"),
        ("https://ecg.example/models/v1/", "https://ecg.example:443/models/v1"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1"),
    ],
)
def test_addresses(url: str, address: str) -> None:
    assert str(Server(url).address) == address


@pytest.mark.parametrize(
    "url",
    [
        "localhost:8000",
        "ftp://host/v1",
        "http://",
        "http://host:port/v1",
        "http://user:hush@host/v1",
        "http://host/v1?key=hush",
        "http://host/v1#hush",
        "http://host/v 1",
        "http://höst/v1",
        "http://[::1/v1",
    ],
)
def test_what_is_no_address_is_refused_without_being_told(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        Server(url)
    assert "hush" not in str(caught.value)


# --- the probe


def test_the_probe_takes_the_only_model(start: Start) -> None:
    server = start(says(GOOD))
    asking = Server(server.url, limits=QUICK, clock=Hurried())
    assert asking.probe() == MODEL
    assert asking.ask(QUESTION) == GOOD
    assert server.questions[0]["model"] == MODEL
    paths = [path for path, _, _ in server.seen]
    assert paths == ["/v1/models", "/v1/chat/completions", "/v1/chat/completions"]


def test_a_question_without_a_probe_finds_the_only_model(start: Start) -> None:
    server = start(says(GOOD))
    assert Server(server.url, limits=QUICK).ask(QUESTION) == GOOD
    assert server.questions[0]["model"] == MODEL


def test_several_models_and_no_name_are_listed(start: Start) -> None:
    server = start(says(GOOD))
    server.about_models = offers(*(f"model-{n}" for n in range(12)))
    with pytest.raises(UsageError, match=r"name one: 'model-0', .*'model-9' and 2 more") as caught:
        Server(server.url, limits=QUICK).probe()
    assert caught.value.exit_code is ExitCode.USAGE


def test_a_name_that_the_server_does_not_have_is_told_at_start(start: Start) -> None:
    server = start(says(GOOD))
    with pytest.raises(ModelError, match="has no model 'other'; it offers 'tiny-ecg'"):
        Server(server.url, "other", limits=QUICK).probe()


@pytest.mark.parametrize(
    ("about", "why"),
    [
        (offers(), "offers no model"),
        (fails(200, b"<html>"), "no reply of OpenAI's interface"),
        (fails(200, {"data": 3}), "no reply of OpenAI's interface"),
        (fails(200, b" " * 2**21), "longer than"),
        (fails(401), "asks for a key"),
        (fails(503), "HTTP 503"),
        (fails(302, Location="http://elsewhere/"), "elsewhere"),
    ],
)
def test_a_server_that_says_nothing_of_its_models(start: Start, about: Behaviour, why: str) -> None:
    server = start(says(GOOD))
    server.about_models = about
    with pytest.raises(ModelError, match=why):
        Server(server.url, limits=QUICK, clock=Hurried()).probe()


@pytest.mark.parametrize("text", ["Hello!", '{"word": "hello"}', '{"hello": 1}', "", None])
def test_a_server_that_ignores_the_schema_is_found_out(start: Start, text: str | None) -> None:
    server = start(says(GOOD))
    server.about_probe = says(text)
    with pytest.raises(ModelError, match="does not make 'tiny-ecg' keep a JSON Schema") as caught:
        client(server).probe()
    assert "--structured-outputs-config" in str(caught.value)


def test_a_model_that_stumbles_once_passes_the_probe(start: Start) -> None:
    stumbling = [says("{\n\n\n\n", "length"), says("{\n\n", "length"), scripted.obeys]
    server = start(says(GOOD))
    server.about_probe = lambda handler, body: stumbling.pop(0)(handler, body)
    assert client(server).probe() == MODEL
    assert stumbling == []


def test_the_word_of_the_probe_is_new_each_time_and_not_in_the_question(start: Start) -> None:
    server = start(says(GOOD))
    for _ in range(2):
        client(server).probe()
    asked = [body for _, _, body in server.seen if body is not None]
    words = []
    for body in asked:
        schema = body["response_format"]["json_schema"]["schema"]
        (word,) = schema["properties"]["word"]["enum"]
        assert word not in json.dumps(body["messages"])
        words.append(word)
    assert len(set(words)) == 2


def test_a_model_without_eyes_is_found_out_at_start(start: Start) -> None:
    def blind(handler: scripted.Handler, body: Any) -> None:
        seen = isinstance(body["messages"][0]["content"], list)
        refuse = fails(400, {"error": {"message": "tiny-ecg is not a multimodal model"}})
        (refuse if seen else scripted.obeys)(handler, body)

    server = start(says(GOOD))
    server.about_probe = blind
    assert client(server).probe() == MODEL
    with pytest.raises(ModelError, match="takes no pictures"):
        client(server).probe(with_picture=True)


def test_the_probe_shows_a_whole_picture(start: Start) -> None:
    import io

    from PIL import Image

    server = start(says(GOOD))
    assert client(server).probe(with_picture=True) == MODEL
    (asked,) = [body for _, _, body in server.seen if body is not None]
    url = asked["messages"][0]["content"][0]["image_url"]["url"]
    png = base64.b64decode(url.partition(",")[2])
    Image.open(io.BytesIO(png)).verify()  # every part with its checksum
    image = Image.open(io.BytesIO(png))
    assert image.size == (64, 64)
    assert image.getextrema() == ((255, 255),) * 3


# --- the rest


def test_nothing_heavy_is_loaded_before_it_is_needed() -> None:
    code = "import sys, ecgcli.engines.server; print(*sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"numpy", "jsonschema", "PIL", "asyncio"} & set(said.stdout.split()) == set()
