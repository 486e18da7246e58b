"""Compare `ecgcli interpret` with the plain way (`bench.plain`) on the same recordings, in one run.

    python -m bench.compare [--records N] [--jobs 1,2]

On real recordings (PTB-XL at 500 Hz below $ECG_DATA, default ~/.cache/ecg-data) where there are
any, else on copies of the synthetic examples. Both are whole programs in fresh processes and write
all three formats. "Whole" counts from start to end; "steady" leaves the start-up out: for the plain
way what it takes to import, for ours the difference of two runs, of all records and of one.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of one program over some records, with its start-up and without; and of processor."""

    whole: float
    steady: float
    processor: float


def recordings(count: int, folder: Path) -> tuple[list[Path], str]:
    """Copy recordings to `folder`; return them, without extension, and what they are."""
    data = Path(os.environ.get("ECG_DATA", Path.home() / ".cache" / "ecg-data"))
    headers = sorted((data / "ptbxl" / "records500").rglob("*.hea"))
    what = "PTB-XL, 500 Hz"
    if not headers:
        kept = (HERE / "examples" / "records").glob("*.hea")
        headers = sorted(h for h in kept if h.stem != "synthetic-broken")
        what = "synthetic examples: no real recordings here"
    step = max(1, len(headers) // count)  # spread over the folders, the same ones every time
    chosen = headers[::step][:count]
    copies = []
    for number, header in enumerate(chosen):
        copies.append(folder / header.stem)
        for file in (header, header.with_suffix(".dat")):
            shutil.copy(file, folder / file.name)
        assert copies[number].with_suffix(".dat").exists()
    return copies, what


def timed(*command: str | Path) -> tuple[float, float, str]:
    """Run a program; return its seconds, those of processor, and what it printed.

    One thread per process in the numeric libraries, as both would be run in a batch.
    """
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    own = children()
    before = processor_seconds()
    start = time.monotonic()
    done = subprocess.run(
        list(map(str, command)), env=environment, cwd=HERE, capture_output=True, text=True
    )
    if done.returncode not in (0, 3):
        sys.exit(
            f"{' '.join(map(str, command[:4]))} ... ended with {done.returncode}\n{done.stderr}"
        )
    seconds = time.monotonic() - start
    wait_for_orphans(own)
    return seconds, processor_seconds() - before, done.stdout


def adopt_orphans() -> None:
    """Become the parent of processes that outlive theirs (Linux).

    Workers are children of a server process that nobody waits for; unless we do, the kernel never
    adds their processor time to ours.
    """
    pr_set_child_subreaper = 36
    if ctypes.CDLL(None).prctl(pr_set_child_subreaper, 1, 0, 0, 0) != 0:
        sys.exit("this comparison needs Linux")


def children() -> set[int]:
    """Return the processes that this one is the parent of, by birth or by adoption."""
    listed = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
    return {int(pid) for pid in listed.split()}


def wait_for_orphans(own: set[int]) -> None:
    """Wait until every adopted process has ended; those in `own` go on for reasons of their own."""
    while adopted := children() - own:
        for pid in adopted:
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)


def processor_seconds() -> float:
    """Return the processor time of all programs run so far; other work on the machine is not in."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def plain(records: list[Path], jobs: int, out: Path) -> Timing:
    """Time the plain way."""
    whole, processor, said = timed(sys.executable, "-m", "bench.plain", out, str(jobs), *records)
    return Timing(whole, float(said), processor)


def ours(folder: Path, count: int, jobs: int, out: Path) -> Timing:
    """Time `ecgcli interpret`."""
    command: list[str | Path] = [sys.executable, "-m", "ecgcli", "interpret", folder]
    command += ["--jobs", str(jobs), "--quiet"]
    start_up, _, _ = timed(*command, "--out", out / "one", "--limit", "1")
    whole, processor, _ = timed(*command, "--out", out / "all")
    reports = list((out / "all").rglob("*.pdf"))
    if len(reports) != count:
        sys.exit(f"interpret wrote {len(reports)} PDF reports of {count}")
    return Timing(whole, (whole - start_up) * count / (count - 1), processor)


def line(name: str, jobs: int, count: int, timing: Timing) -> str:
    """Return a row of the table."""
    return (
        f"{name:16} {jobs:4} {timing.whole:9.1f} {count / timing.whole:11.2f} "
        f"{count / timing.steady:11.2f} {timing.processor:12.1f}"
    )


def main() -> None:
    """Time both with the same number of processes and print the ratio."""
    parser = argparse.ArgumentParser(description="Time interpret against the plain way.")
    parser.add_argument("--records", type=int, default=50)
    parser.add_argument("--jobs", default="1,2", help="numbers of processes, commas between")
    chosen = parser.parse_args()
    adopt_orphans()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "records"
        folder.mkdir()
        records, what = recordings(chosen.records, folder)
        count = len(records)
        print(f"{count} recordings ({what}), JSON + HTML + PDF of each\n")
        titles = f"{'records/s':>11} {'steady/s':>11} {'processor s':>12}"
        print(f"{'':16} {'jobs':>4} {'seconds':>9} {titles}")
        ratios = []
        for jobs in map(int, chosen.jobs.split(",")):
            out = Path(scratch) / f"out-{jobs}"
            ecgcli = ours(folder, count, jobs, out / "ours")
            print(line("ecgcli interpret", jobs, count, ecgcli), flush=True)
            theirs = plain(records, jobs, out / "plain")
            print(line("the plain way", jobs, count, theirs), flush=True)
            ratios.append(
                f"jobs {jobs}: {theirs.whole / ecgcli.whole:.1f} times the plain way; steady "
                f"{theirs.steady / ecgcli.steady:.1f} times; by processor time "
                f"{theirs.processor / ecgcli.processor:.1f} times"
            )
        print()
        print("\n".join(ratios))


if __name__ == "__main__":
    main()
