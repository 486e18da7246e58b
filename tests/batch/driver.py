"""A run against the faulty rooms in a process of its own: `python -m tests.batch.driver IN OUT`."""

from __future__ import annotations

import sys
from pathlib import Path

from ecgcli.batch.run import run
from ecgcli.batch.settings import Settings
from ecgcli.errors import EcgcliError
from tests.batch.faults import ROOMS


def main() -> int:
    source, out, *words = sys.argv[1:]
    settings = Settings(
        (Path(source),),
        Path(out),
        jobs=2,
        wait="no-wait" not in words,
        verbose="verbose" in words,
        log_format="json" if "json" in words else "text",
    )
    try:
        return int(run(settings, ROOMS))
    except EcgcliError as error:
        return int(error.exit_code)


if __name__ == "__main__":
    sys.exit(main())
