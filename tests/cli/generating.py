"""`ecgcli generate` with a generator that draws what it is told, in a process of its own.

`python -m tests.cli.generating TEXT --out DIR ...` is the command; see `tests.batch.drawings`.
"""

from __future__ import annotations

import sys

from ecgcli.batch import ordering
from ecgcli.cli.main import main
from tests.batch.drawings import PROCESS

if __name__ == "__main__":
    ordering.PROCESS = PROCESS
    main(["generate", *sys.argv[1:]])
