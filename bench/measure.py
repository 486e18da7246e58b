"""Time the measurement engine and the statement model: milliseconds a record on one core.

    python -m bench.measure [--records N]

On real recordings (PTB-XL at 500 Hz below $ECG_DATA, default ~/.cache/ecg-data) where there are
any, else on copies of the synthetic examples; they are read beforehand. Each step's time is that
of the processor, the least of three rounds over the records, so that other work on the machine
counts little. Then
`ecgcli measure` writes the measurements of all records in one run and of some alone: they have to
be the same, byte for byte.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import fmean
from typing import TypeVar

from bench.compare import HERE, recordings

# Before NumPy is loaded: one core means one thread.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
os.environ.update(ONE_THREAD)

ROUNDS = 3
ALONE = 4
LOAD = """
import time
start = time.perf_counter()
from {module} import shipped
from ecgcli.signals.measure import measure
shipped()
print(time.perf_counter() - start)
"""

A = TypeVar("A")
B = TypeVar("B")


def timed(name: str, step: Callable[[A], B], inputs: list[A]) -> tuple[list[B], float]:
    """Return what a step makes of each input, and its milliseconds per input."""
    least = [float("inf")] * len(inputs)
    for _ in range(ROUNDS):
        outputs = []
        for number, given in enumerate(inputs):
            start = time.process_time()
            outputs.append(step(given))
            least[number] = min(least[number], time.process_time() - start)
    milliseconds = fmean(least) * 1000.0
    print(f"{name:12} {milliseconds:6.1f} ms", flush=True)
    return outputs, milliseconds


def steps(headers: list[Path]) -> float:
    """Time each step; return the sum in milliseconds a record."""
    from ecgcli.engines.opinion import opinion
    from ecgcli.models.delineator import shipped
    from ecgcli.records.read import read_path
    from ecgcli.signals.analyse import analyse
    from ecgcli.signals.condition import condition
    from ecgcli.signals.measure import measure_conditioned
    from ecgcli.signals.quality import assess
    from ecgcli.signals.results import Grade

    records = [read_path(header) for header in headers]
    conditioned, total = timed("condition", condition, records)
    qualities, took = timed("assess", assess, conditioned)
    total += took
    usable = [
        pair
        for pair in zip(conditioned, qualities, strict=True)
        if pair[1].grade is not Grade.NOT_USABLE
    ]
    network = shipped()
    _, marking = timed("network", lambda pair: network.shares(pair[0].signal), usable)
    _, took = timed("measure", lambda pair: measure_conditioned(*pair), usable)
    print(f"{'':12} {took - marking:6.1f} ms of it without the network")
    total += took
    print(f"{'together':12} {total:6.1f} ms a record on one core, {1000.0 / total:.0f} a second")
    analyses = [found for found in map(analyse, records) if found.measurements is not None]
    timed("statements", opinion, analyses)
    return total


def load_seconds(module: str) -> float:
    """Return the least of three times that it takes to load the engine and a network."""
    command = [sys.executable, "-c", LOAD.format(module=module)]
    return min(float(subprocess.check_output(command, text=True, cwd=HERE)) for _ in range(ROUNDS))


def lines(*paths: Path, jobs: int) -> list[bytes]:
    """Return what `ecgcli measure` prints, by record."""
    command = [sys.executable, "-m", "ecgcli", "measure", *paths, "--json", "-"]
    printed = subprocess.run(
        [*map(str, command), "--jobs", str(jobs)],
        cwd=HERE,
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ).stdout
    return printed.splitlines()


def main() -> None:
    """Print the times, and end with an error where a record depends on its neighbours."""
    parser = argparse.ArgumentParser(description="Time the measurement engine.")
    parser.add_argument("--records", type=int, default=60)
    with tempfile.TemporaryDirectory() as scratch:
        bases, what = recordings(parser.parse_args().records, Path(scratch))
        headers = [base.with_suffix(".hea") for base in bases]
        print(f"{len(headers)} recordings ({what})\n")
        for module in ("delineator", "statements"):
            took = load_seconds(f"ecgcli.models.{module}") * 1000.0
            print(f"load {module:10} {took:6.0f} ms, in a process of its own")
        steps(headers)
        together = lines(Path(scratch), jobs=2)
        for header in headers[:: max(1, len(headers) // ALONE)]:
            if lines(header, jobs=1)[0] not in together:
                sys.exit(f"{header.stem} is measured otherwise alone than among others")
    print("\nalone and among others the same, byte for byte")


if __name__ == "__main__":
    main()
