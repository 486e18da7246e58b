"""Write the parts of README.md that the program itself knows: `python -m tools.readme`."""

from __future__ import annotations

import re
from pathlib import Path

import click

README = Path(__file__).parent.parent / "README.md"


def options(command: click.Command) -> str:
    """Return the options of a command as a table."""
    context = click.Context(command, info_name=command.name)
    rows = ["| Option | What it does |", "|---|---|"]
    for parameter in command.params:  # those of its own, so not --help
        record = parameter.get_help_record(context)
        if record is not None and isinstance(parameter, click.Option):
            names, text = (part.replace("|", "\\|") for part in record)
            rows.append(f"| `{names}` | {' '.join(text.split())} |")
    return "\n".join(rows)


def between(text: str, name: str) -> str:
    """Return what stands between the marks `name` and "end"."""
    found = re.search(rf"<!-- {name} -->\n(.*?)\n?<!-- end -->", text, re.DOTALL)
    return found[1] if found else ""


def filled(text: str) -> str:
    """Return the README with its tables of options as the program has them now."""
    from ecgcli.cli.generate import generate
    from ecgcli.cli.interpret import interpret
    from ecgcli.cli.measure import measure

    for name, command in (
        ("options", interpret),
        ("options of measure", measure),
        ("options of generate", generate),
    ):
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        table = options(command)
        parts = pattern.split(text)  # before, the mark, the mark of the end, after
        text = "".join((*parts[:2], f"{table}\n", *parts[2:]))
    return text


if __name__ == "__main__":
    README.write_text(filled(README.read_text(encoding="utf-8")), encoding="utf-8")
