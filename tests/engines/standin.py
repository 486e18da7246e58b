"""What runs in vLLM's place where a test is about the process: a server that dies when told to.

The text in the file `notes/does` of the model's directory says what it does beside answering; what
it saw of its own start it writes into files there.
"""

from __future__ import annotations

import json
import os
import signal
import socketserver
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from tests.engines.scripted import chat

OPTIONS = dict(zip(sys.argv, sys.argv[1:], strict=False))
MODULE = Path("vllm/entrypoints/openai/api_server.py")


def install(folder: Path) -> Path:
    """Write a package `vllm` that is this server; return what is to stand first on the path."""
    (folder / MODULE).parent.mkdir(parents=True)
    for parent in list((folder / MODULE).parents)[:3]:
        (parent / "__init__.py").touch()
    (folder / MODULE).write_text("from tests.engines.standin import main\n\nmain()\n")
    return folder


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass

    def do_GET(self) -> None:
        if self.path == "/v1/models":
            self._say(200, {"data": [{"id": OPTIONS["--served-model-name"]}]})
        else:
            self._say(200, {"version": "0.0"})  # /health and /version

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers["Authorization"] != f"Bearer {os.environ['VLLM_API_KEY']}":
            self._say(401, {})
            return
        form = body["response_format"]["json_schema"]
        if form["name"] == "probe":
            self._say(
                200, chat(json.dumps({"word": form["schema"]["properties"]["word"]["enum"][0]}))
            )
            return
        does = _does()
        if does == "die" or (does == "die once" and _first("died")):
            os.kill(os.getpid(), signal.SIGKILL)
        if does == "die for good" and not _first("answered"):
            _first("died")
            os.kill(os.getpid(), signal.SIGKILL)
        if does == "refuse":
            self._say(403, {})
            return
        time.sleep(0.2)
        self._say(200, chat(_folder().joinpath("answer").read_text()))

    def _say(self, status: int, body: Any) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


class Unix(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 64


def _folder() -> Path:
    return Path(OPTIONS["--model"]) / "notes"


def _does() -> str:
    return (_folder() / "does").read_text() if (_folder() / "does").exists() else ""


def _first(name: str) -> bool:
    file = _folder() / name
    if file.exists():
        return False
    file.touch()
    return True


def main() -> None:
    """Serve until killed."""
    # Like vLLM's engine: a process of its own that outlives a server that is killed.
    engine = subprocess.Popen(["sleep", "600"])
    with (_folder() / "pids").open("a") as pids:
        pids.write(f"{os.getpid()} {engine.pid}\n")
    seen = {
        "key": os.environ["VLLM_API_KEY"],
        "words": sys.argv,
        "mode": oct(Path(OPTIONS["--uds"]).parent.stat().st_mode & 0o777),
    }
    (_folder() / "seen").write_text(json.dumps(seen))
    does = _does()
    if does.startswith("say "):
        print(does.removeprefix("say "), file=sys.stderr)
        sys.exit(1)
    if does == "die for good" and (_folder() / "died").exists():
        print("torch.OutOfMemoryError: CUDA out of memory", file=sys.stderr)
        sys.exit(1)
    if does == "load for ever":
        threading.Event().wait()
    with Unix(OPTIONS["--uds"], Handler) as server:
        server.serve_forever(0.05)
