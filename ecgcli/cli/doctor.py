"""`ecgcli doctor`: what works on this machine, what is missing and which command installs it."""

from __future__ import annotations

import json
from pathlib import Path

import click

from ecgcli.errors import ExitCode

MARKS = {"ok": "ok", "missing": "MISSING", "lacking": "lacking", "not installed": "-"}


@click.command()
@click.option(
    "--out",
    metavar="DIR",
    type=click.Path(path_type=Path),
    default=Path(),
    help="Where reports would go; looked at for write access and room.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def doctor(context: click.Context, out: Path, as_json: bool) -> None:
    """Say what works on this machine and what to install.

    Ends with 0 if interpret can run, 4 if only DIR cannot be written, 1 otherwise.
    """
    from ecgcli.cli.checks import State, run

    checks = list(run(out.absolute()))
    missing = [check for check in checks if check.state is State.MISSING]
    if not missing:
        code = ExitCode.OK
    elif [check.name for check in missing] == ["output"]:
        code = ExitCode.OUTPUT_NOT_WRITABLE
    else:
        code = ExitCode.INTERNAL_ERROR
    if as_json:
        listed = [
            {
                "name": check.name,
                "state": check.state.value,
                "detail": check.detail,
                "remedy": check.remedy,
            }
            for check in checks
        ]
        click.echo(json.dumps({"ready": not missing, "checks": listed}, indent=2))
        context.exit(code)
    for check in checks:
        click.echo(f"{MARKS[check.state.value]:8} {check.name:20} {check.detail}")
        if check.remedy and check.state in (State.MISSING, State.LACKING):
            click.echo(f"{'':8} {'':20} -> {check.remedy}")
    click.echo()
    click.echo("interpret cannot run as it is." if missing else "Ready: interpret can run.")
    context.exit(code)
