"""What the statements are worth on PTB-XL: the network's, the criteria's, and those of both.

It runs the whole chain on a folder of PTB-XL and knows the benchmark's way to count (Strodthoff et
al., IEEE J Biomed Health Inform 25:1519, 2021): a record has a label whatever its likelihood, and a
macro-AUROC is the mean over the classes that some of the records have. How the numbers are computed
is `statement_scores`.

The network gives probabilities, which rank records by themselves. The criteria rank them by the
confidence of the statement made, 0 where none is. The final statements rank first those for which
the statement is made, and either part by the network's probability.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ecgcli.clinical import statement_scores
from ecgcli.clinical.interpret import interpret
from ecgcli.clinical.statement import Interpretation
from ecgcli.engines.opinion import is_child, judged
from ecgcli.errors import ModelError, RecordError
from ecgcli.models import statements
from ecgcli.processes import processes
from ecgcli.training.ptbxl_table import Row, table
from ecgcli.training.vocabulary import Vocabulary, vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ecgcli.models.statements import StatementModel

EQUAL = {"ONORM": "NORM"}
"""Statements of ours that say what a code of PTB-XL says, beside those of the same name."""
SOURCES = ("network", "rules", "hybrid")


@dataclass(frozen=True, slots=True)
class Said:
    """What was said of one record: confidences by code, and the network's logits."""

    rules: dict[str, float]
    hybrid: dict[str, float]
    logits: NDArray[np.float32] | None


@dataclass(frozen=True, slots=True)
class Table:
    """All records as arrays, (records, outputs).

    Attributes:
        labels: Likelihood, NaN where it is no label.
        logits: The network's.
        rules: Confidence of the criteria's statements, 0 where there is none.
        hybrid: That of the final ones.
    """

    labels: NDArray[np.float32]
    logits: NDArray[np.float32]
    rules: NDArray[np.float64]
    hybrid: NDArray[np.float64]


def evaluate(
    folder: Path,
    folds: range,
    rate: int,
    file: Path | None = None,
    jobs: int = 1,
    resamples: int = 200,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Return all numbers as JSON holds them.

    Args:
        folder: PTB-XL in the official layout.
        folds: Which folds.
        rate: Recordings at 100 or 500 Hz.
        file: A model other than the one that the package brings.
        jobs: Worker processes.
        resamples: For the 95 % intervals.
        say: Takes lines about the progress.

    Raises:
        ModelError: The folder holds no such recordings, or the model was made for other labels.
    """
    words = vocabulary(folder)
    model = model_of(file)
    if tuple(model.card["outputs"]) != words.names:
        raise ModelError("the model was made for other statements than this folder's table has")
    rows = [row for row in table(folder, rate) if row.fold in folds]
    if not rows:
        raise ModelError(f"{folder} holds no recordings at {rate} Hz of these folds")
    say(f"{len(rows)} recordings")
    with processes(jobs) as pool:
        said = list(pool.map(partial(see, file=file), rows, chunksize=16))
    found = tabled(rows, said, words)
    return statement_scores.numbers(found, words, model, resamples) | {
        "records": len(rows),
        "not_read": sum(one is None for one in said),
        "folds": list(folds),
        "rate": rate,
        "model": model.card["hash"],
    }


def see(row: Row, file: Path | None = None) -> Said | None:
    """Run the whole chain on one record; `None` where it cannot be read."""
    from ecgcli.records.read import read_path  # the chain costs a second to import
    from ecgcli.signals.analyse import analyse
    from ecgcli.signals.reading import inputs

    try:
        analysis = analyse(replace(read_path(row.path), patient=row.patient))
    except RecordError:
        return None
    model = model_of(file)
    logits = model.logits(*inputs(analysis))
    silent = analysis.measurements is None or is_child(row.patient)
    seen = None if silent else judged(model, model.probabilities(logits))
    return Said(_codes(interpret(analysis)), _codes(interpret(analysis, seen)), logits)


@cache
def model_of(file: Path | None) -> StatementModel:
    """Return the model of a file, or the one that the package brings."""
    return statements.shipped() if file is None else statements.load(file)


def _codes(said: Interpretation) -> dict[str, float]:
    found: dict[str, float] = {}
    for statement in said.statements:
        code = EQUAL.get(statement.code, statement.code)
        found[code] = max(found.get(code, 0.0), statement.confidence)
    return found


def tabled(rows: list[Row], said: list[Said | None], words: Vocabulary) -> Table:
    """Return what was said as arrays; nothing is said of a record that was not read."""
    count = len(words.names)
    silent = np.full(count, -20.0, np.float32)
    return Table(
        np.stack([words.labels(row.codes) for row in rows]),
        np.stack([silent if one is None or one.logits is None else one.logits for one in said]),
        np.stack([_confidences(one.rules if one else {}, words) for one in said]),
        np.stack([_confidences(one.hybrid if one else {}, words) for one in said]),
    )


def _confidences(codes: dict[str, float], words: Vocabulary) -> NDArray[np.float64]:
    """Return (outputs,) the confidence of each code and of the classes above it."""
    found = dict(codes)
    for code, confidence in codes.items():
        if code in words.classes:
            sub, above = words.classes[code]
            for name in (f"subclass:{sub}", f"superclass:{above}"):
                found[name] = max(found.get(name, 0.0), confidence)
    return np.array([found.get(name, 0.0) for name in words.names])


def lines(result: dict[str, Any]) -> list[str]:
    """Return the tables for people."""
    said = [
        f"{result['records']} records at {result['rate']} Hz, {result['not_read']} not read",
        "",
    ]
    groups = list(result["network"]["macro_auroc"])
    said.append(f"{'macro-AUROC':12}" + "".join(f"{group:>22}" for group in groups))
    for source in SOURCES:
        cells = []
        for group in groups:
            low, high = result[source]["macro_auroc_95"][group]
            area = result[source]["macro_auroc"][group]
            between = f"({_number(low)}-{_number(high)})"
            cells.append(f"{_number(area, 4)} {between}".rjust(22))
        said.append(f"{source:12}" + "".join(cells))
    said.append("")
    for source in SOURCES:
        one = result[source]
        bench = one["ecgbench_superclass"]
        said.append(
            f"{source:12} macro-F1 {_number(one['macro_f1'], 4)}  superclasses as ECGBench: AUC "
            f"{_number(bench['auc'])} F1 {_number(bench['f1'])} Hamming "
            f"{_number(bench['hamming'])}  ECE {_number(one['ece'], 4)}"
        )
    said += ["", "reliability of the network: what it said, and how often that was true"]
    for row in result["reliability"]:
        if row["count"]:
            bar = "#" * round(40 * row["true"])
            said.append(f"{row['said']:6.3f} {row['true']:6.3f} {row['count']:8d}  {bar}")
    said += ["", f"{'':10}{'':>7}" + "".join(f"{source:>30}" for source in SOURCES)]
    said.append(
        f"{'statement':10}{'count':>7}" + f"{'AUROC':>12}{'sens':>6}{'prec':>6}{'F1':>6}" * 3
    )
    for code, first in result["network"]["statements"].items():
        scores = [result[source]["statements"][code] for source in SOURCES]
        said.append(
            f"{code:10}{first['count']:7d}"
            + "".join(
                f"{_number(c['auroc']):>12}{_number(c['sensitivity'], 2):>6}"
                f"{_number(c['precision'], 2):>6}{_number(c['f1'], 2):>6}"
                for c in scores
            )
        )
    return said


def _number(value: float | None, digits: int = 3) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
