"""The command `schema`: what a report's JSON looks like, for machines."""

from __future__ import annotations

import json

import click


@click.command("schema")
def schema() -> None:
    """Print the JSON Schema of the reports (draft 2020-12)."""
    from ecgcli.reports.document import json_schema

    click.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))
