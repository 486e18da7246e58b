"""Runs of the program for the tests of the command line: real processes, real records."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from tests import synthetic

PATIENCE_S = 180.0


def ecgcli(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ecgcli", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE_S, check=False, **options
    )


def write_csv(file: Path, seconds: float = 10.0) -> None:
    """Write a recording as CSV with its sidecar."""
    record = synthetic.normal(duration_s=seconds, rate=250.0)
    np.savetxt(
        file, record.signal.T, "%.3f", delimiter=",", header=",".join(record.leads), comments=""
    )
    sidecar = {"rate_hz": 250, "unit": "mV", "leads": list(record.leads)}
    file.with_suffix(".json").write_text(json.dumps(sidecar))


def files(out: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in out.rglob("*")
        if path.is_file() and path.name != "run.json" and ".ecgcli" not in path.parts
    }


def counts(out: Path) -> dict[str, int]:
    content = json.loads((out / "run.json").read_text())["counts"]
    return {name: number for name, number in content.items() if number}
