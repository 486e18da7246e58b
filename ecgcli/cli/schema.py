"""The command `schema`: what the program's JSON looks like, for machines."""

from __future__ import annotations

import json

import click


@click.command("schema")
@click.argument(
    "what", type=click.Choice(["report", "measure", "generate"]), default="report", required=False
)
def schema(what: str) -> None:
    """Print a JSON Schema (draft 2020-12).

    `report` is the JSON report of `interpret` (the default), `measure` and `generate` are what
    those commands write.
    """
    if what == "measure":
        from ecgcli.exports.measurements import json_schema
    elif what == "generate":
        from ecgcli.reports.synthetic import json_schema
    else:
        from ecgcli.reports.schema import json_schema
    click.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))
