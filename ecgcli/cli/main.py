"""The program's command line: its commands by name, and how each ends.

It knows what commands there are and one line about each; a command's own module is loaded when it
is called, so that `ecgcli --help` does not wait for libraries.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

from ecgcli import __version__
from ecgcli.errors import EcgcliError, ExitCode

COMMANDS = {
    "interpret": "Interpret folders of ECGs: JSON, HTML and PDF reports.",
    "measure": "Measure ECGs: intervals, amplitudes, fiducial points as JSON.",
    "generate": "Generate ECGs that show what a text says.",
    "info": "Show what a recording holds, without interpretation.",
    "doctor": "Say what works on this machine and what to install.",
    "schema": "Print the JSON Schema of what the program writes.",
    "serve": "Serve a language model with vLLM on this machine.",
    "train": "Train the package's own models from public data.",
    "evaluate": "Measure how good the package's models are.",
}


class Commands(click.Group):
    """A group that knows its commands by name and loads the one that is called."""

    def __init__(self, **attributes: Any) -> None:
        """Make the group with a placeholder for every command."""
        attributes["commands"] = {
            name: click.Command(name, short_help=text) for name, text in COMMANDS.items()
        }
        super().__init__(**attributes)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command: the function in `ecgcli.cli.NAME` that is called NAME."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"ecgcli.cli.{cmd_name}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one may have been meant."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import difflib

            close = difflib.get_close_matches(args[0], COMMANDS, n=1)
            if close:
                raise click.UsageError(
                    f"{error.message} Did you mean {close[0]!r}?", ctx
                ) from error
            raise

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without loading any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; turn what it raises into a message and an exit code."""
        try:
            return super().invoke(ctx)
        except EcgcliError as error:
            click.echo(f"Error: {error}", err=True)
            ctx.exit(error.exit_code)
        except (click.exceptions.Exit, click.exceptions.Abort, click.ClickException):
            raise
        except KeyboardInterrupt:
            ctx.exit(ExitCode.INTERRUPTED)
        except BrokenPipeError:  # `ecgcli ... | head`: click knows what to do
            raise
        except Exception as error:
            _internal_error(error, verbose=bool(ctx.meta.get("ecgcli.verbose")))
            ctx.exit(ExitCode.INTERNAL_ERROR)


def _internal_error(error: Exception, *, verbose: bool) -> None:
    """Say where a bug is. The exception's text may hold a path or a value, so it is left out."""
    from ecgcli.batch.log import trace, where

    click.echo(f"Error: internal error, please report it: {where(error)}", err=True)
    click.echo(trace(error) if verbose else "--verbose shows the way to it.", err=True)


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ecgcli")
def main() -> None:
    """Clinical batch work on 12-lead ECGs: measure, interpret, report, generate.

    Not a medical device: every interpretation needs a physician's review.
    """


if __name__ == "__main__":
    sys.exit(main())
