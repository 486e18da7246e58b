"""The command `interpret`: folders of ECGs in, reports out."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from ecgcli.batch import settings as options
from ecgcli.batch.settings import Settings
from ecgcli.cli import common
from ecgcli.engines.device import AUTO, DEVICES
from ecgcli.errors import UsageError


def read_formats(ctx: click.Context, param: click.Parameter, value: Any) -> tuple[str, ...]:
    """Take formats with commas between them; a list where a configuration file has one."""
    try:
        return options.parse_formats(value)
    except UsageError as error:
        raise click.BadParameter(str(error), ctx, param) from error


def check_paths(
    ctx: click.Context, param: click.Parameter, value: tuple[Path, ...]
) -> tuple[Path, ...]:
    """Refuse what is not there; a WFDB record may be named without its extension."""
    for path in value:
        if not path.exists() and not path.with_name(f"{path.name}.hea").exists():
            raise click.BadParameter(f"{str(path)!r} does not exist", ctx, param)
    return value


def read_config(ctx: click.Context, param: click.Parameter, value: Path | None) -> Path | None:
    """Take the values of a configuration file as defaults; the command line overrides them."""
    if value is not None:
        names = {
            max(each.opts, key=len).removeprefix("--"): each.name
            for each in ctx.command.params
            if isinstance(each, click.Option) and each is not param
        }
        table = options.read_config(value, names)
        defaults = {str(names[key]): value for key, value in table.items()}
        ctx.default_map = {**(ctx.default_map or {}), **defaults}
    return value


@click.command("interpret")
@click.argument(
    "paths",
    metavar="PATH...",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path),
    callback=check_paths,
)
@click.option(
    "--out",
    metavar="DIR",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Output directory; made where it is missing.",
)
@click.option(
    "--format",
    "formats",
    type=click.UNPROCESSED,
    callback=read_formats,
    metavar="FORMATS",
    default=",".join(options.FORMATS),
    show_default=True,
    help="Reports to write, with commas between them.",
)
@common.jobs
@common.force
@common.retry_failed
@click.option("--dry-run", is_flag=True, help="List what would be done; write nothing.")
@click.option(
    "--limit", type=click.IntRange(min=1), metavar="N", help="Process at most N records, then stop."
)
@common.timeout
@common.no_wait
@click.option(
    "--age",
    type=click.FloatRange(0, 130),
    metavar="YEARS",
    help="Age to assume where a file states none; the report says so.",
)
@click.option(
    "--sex",
    type=click.Choice(["female", "male"], case_sensitive=False),
    help="Sex to assume where a file states none; the report says so.",
)
@common.paper
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    metavar="HZ",
    help="Sampling rate of CSV files without a sidecar.",
)
@click.option("--unit", metavar="UNIT", help="Unit of CSV files without a sidecar: uV, mV or V.")
@click.option(
    "--model",
    metavar="MODEL",
    default=options.EMBEDDED,
    show_default=True,
    help="Who interprets beside the criteria: embedded (the package's statement model), none, or a"
    " language model besides: ecglm (the package's own), a directory or a cached hub name for vLLM,"
    " or the URL of an OpenAI-compatible server.",
)
@click.option("--model-name", metavar="NAME", help="Which of a server's models.")
@click.option(
    "--serve",
    is_flag=True,
    help="Start a vLLM server for the model's directory, and end it with the run.",
)
@click.option(
    "--vllm-options",
    metavar="OPTIONS",
    default="",
    help="Further options of vLLM's own for --serve, in one text: '--max-model-len 8192'.",
)
@click.option("--with-measurements", is_flag=True, help="Tell a language model what was measured.")
@click.option(
    "--window",
    type=click.IntRange(min=1),
    metavar="N",
    help="Questions to a language model at once; the default suits its engine.",
)
@click.option(
    "--device",
    type=click.Choice(DEVICES),
    default=AUTO,
    show_default=True,
    help="Where the model runs; auto is a GPU that PyTorch can use, or else the processor.",
)
@click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    is_eager=True,
    expose_value=False,
    callback=read_config,
    metavar="FILE",
    help="TOML file with any of these options under their long names; the command line wins.",
)
@common.quiet
@common.verbose
@common.log_format
@common.log_paths
@click.pass_context
def interpret(
    ctx: click.Context,
    /,
    paths: tuple[Path, ...],
    out: Path,
    formats: tuple[str, ...],
    no_wait: bool,
    timeout: float,
    age: float | None,
    rate: float | None,
    **same: Any,
) -> None:
    """Interpret the ECGs in files and folders, in any format, and write reports into DIR.

    A record that is done is not done again: its content, the settings and the version are those of
    the last time. Exit codes: 0 all done or nothing new, 3 some records failed (now or before),
    4 DIR cannot be written, 6 another run holds it; the README has them all.
    """
    settings = Settings(
        paths=paths,
        out=out,
        formats=formats,
        wait=not no_wait,
        timeout_s=timeout,
        age_years=age,
        rate_hz=rate,
        **same,
    )
    if settings.quiet and settings.verbose:
        raise UsageError("--quiet and --verbose exclude each other")
    settings = _with_model(settings)
    if (settings.rate_hz is None) != (settings.unit is None):
        raise UsageError("--rate and --unit explain a CSV file only together")
    ctx.meta["ecgcli.verbose"] = settings.verbose
    if settings.dry_run:
        _preview(settings)
        return
    from ecgcli.batch.run import run

    code = run(settings)
    if sys.stderr.isatty() and not settings.quiet:
        click.echo(f"The worklist: {settings.out / 'index.html'}", err=True)
    ctx.exit(code)


def _with_model(settings: Settings) -> Settings:
    """Return the settings with the model's whole path; say what makes no sense at once.

    Raises:
        UsageError: Options of language models without one, or a model that is none.
    """
    if settings.model_name is not None and not settings.is_server:
        raise UsageError("--model-name says which of a server's models: --model is no URL")
    if settings.vllm_options and not settings.serve:
        raise UsageError("--vllm-options are for the server that --serve starts")
    if settings.asks and not settings.is_server:
        from ecgcli.cli import models

        settings = replace(settings, model=str(models.folder_of(settings.model)))
    if settings.serve:
        _check_served(settings)
    if not settings.asks and (settings.with_measurements or settings.window is not None):
        raise UsageError("--with-measurements and --window are for a language model: --model")
    return settings


def _check_served(settings: Settings) -> None:
    """Refuse --serve for what cannot be served, and options that are none.

    Raises:
        UsageError: That is so.
    """
    if settings.is_server or not settings.asks:
        raise UsageError("--serve is for the directory of a language model: --model DIR")
    if settings.reads_signals:
        raise UsageError("the model reads signals, which no server takes: leave --serve out")
    from ecgcli.engines.serving import further

    further(settings.vllm_options)


def _preview(settings: Settings) -> None:
    from ecgcli.batch.run import preview

    number = 0
    for source, verdict in preview(settings):
        number += 1
        path = str(source.path).encode("utf-8", "backslashreplace").decode()
        click.echo(f"{path}\t{source.format}\t{verdict.value}")
    click.echo(f"{number} records would be processed; nothing was written", err=True)
