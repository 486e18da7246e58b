"""Options that several commands have, so that each means the same everywhere."""

from __future__ import annotations

import click

from ecgcli.batch import settings

jobs = click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=settings.cores,
    metavar="N",
    show_default="the cores",
    help="Number of worker processes.",
)
force = click.option(
    "--force", is_flag=True, help="Do all records again, even those that are done."
)
retry_failed = click.option(
    "--retry-failed",
    is_flag=True,
    help="Try records again that failed before and have not changed since.",
)
timeout = click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=settings.DEFAULT_TIMEOUT_S,
    show_default=True,
    metavar="SECONDS",
    help="Give a record up after so many seconds.",
)
no_wait = click.option(
    "--no-wait", is_flag=True, help="Leave with exit code 6 if another run holds DIR; else wait."
)
paper = click.option(
    "--paper",
    type=click.Choice(["a4", "letter"], case_sensitive=False),
    default="a4",
    show_default=True,
    help="Page of the PDF.",
)
quiet = click.option("--quiet", "-q", is_flag=True, help="Say nothing but what stops the run.")
verbose = click.option(
    "--verbose", "-v", is_flag=True, help="Say every record, and the way to a bug."
)
log_format = click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Log on stderr as text, or as one JSON object a line.",
)
log_paths = click.option(
    "--log-paths",
    is_flag=True,
    help="Allow paths in the log; without it a keyed hash stands for each recording.",
)
