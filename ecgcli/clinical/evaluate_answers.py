"""What a language model's answers are worth on PTB-XL: from the reports of a run that asked it.

It reads the JSON reports of `interpret --model ...` and PTB-XL's table, so that any model is judged
by the same program that uses it: its statements against the labels, beside those of the statement
model in the same reports, and its numbers and leads against what was measured. It asks no model.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ecgcli.clinical.tolerances import tolerances
from ecgcli.errors import ModelError
from ecgcli.training.ptbxl_table import table
from ecgcli.training.vocabulary import vocabulary

ENOUGH = 10
"""Labelled recordings from which on a statement counts in the macro-F1."""
RATES = (100, 500)


@dataclass(slots=True)
class Score:
    """How often a statement was made, and rightly."""

    labelled: int = 0
    made: int = 0
    right: int = 0

    @property
    def f1(self) -> float:
        """Return the harmonic mean of sensitivity and precision, 0 where nothing is right."""
        return 2 * self.right / max(self.labelled + self.made, 1)


@dataclass(slots=True)
class Result:
    """Everything that was counted.

    Attributes:
        models: Names of the models in the reports.
        records: Reports with an answer.
        answers: Scores of the language model, by code.
        network: Scores of the statement model on the same recordings, by code.
        verdicts: Claims (statements, numbers, leads) by verdict.
        numbers: Numbers whose quantity was measured.
        near: Those within 10 % of it.
    """

    models: Counter[str] = field(default_factory=Counter)
    records: int = 0
    answers: dict[str, Score] = field(default_factory=dict)
    network: dict[str, Score] = field(default_factory=dict)
    verdicts: dict[str, Counter[str]] = field(default_factory=dict)
    numbers: int = 0
    near: int = 0


def evaluate(reports: Path, data: Path) -> Result:
    """Return what the answers in a folder of reports are worth.

    Args:
        reports: What `interpret` wrote of recordings of PTB-XL.
        data: PTB-XL in the official layout.

    Raises:
        ModelError: No report there has an answer about a recording of the table.
    """
    labels = {row.path.stem: frozenset(row.codes) for rate in RATES for row in table(data, rate)}
    groups = vocabulary(data)
    codes = [name for at, name in enumerate(groups.names) if at in groups.groups["all"]]
    result = Result(
        answers={code: Score() for code in codes}, network={code: Score() for code in codes}
    )
    for file in sorted(reports.rglob("*.json")):
        report = _report(file)
        name = report.get("record", {}).get("name") if report else None
        if report is not None and name in labels and report.get("answer"):
            _count(result, report, labels[name])
    if not result.records:
        raise ModelError(
            f"{reports} holds no report with an answer about a recording of {data}: run"
            " `ecgcli interpret --model ...` on it first"
        )
    return result


def _report(file: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) and "answer" in content else None


def _count(result: Result, report: Mapping[str, Any], labels: frozenset[str]) -> None:
    answer = report["answer"]
    result.records += 1
    result.models[str(report["provenance"]["language_model"])] += 1
    said = {found["finding"]["code"] for found in answer["findings"]}
    _score(result.answers, said, labels)
    model = report.get("model")
    if model:
        limits = model["thresholds"]
        probable = model["probabilities"].items()
        asserted = {c for c, p in probable if limits[c] is not None and p >= limits[c]}
        _score(result.network, asserted, labels)
    for found in answer["findings"]:
        _verdict(result, "statements", [found])
        _verdict(result, "numbers", found["claims"])
        _verdict(result, "leads", found["leads"])
        for claim in found["claims"]:
            if claim["measured"] is not None:
                limit = tolerances()[claim["claim"]["quantity"]]
                result.numbers += 1
                result.near += limit.grounds(claim["claim"]["value"], claim["measured"])


def _score(scores: Mapping[str, Score], said: set[str], labels: frozenset[str]) -> None:
    for code, score in scores.items():
        score.labelled += code in labels
        score.made += code in said
        score.right += code in said and code in labels


def _verdict(result: Result, what: str, parts: Iterable[Mapping[str, Any]]) -> None:
    counter = result.verdicts.setdefault(what, Counter())
    counter.update(part["verdict"] for part in parts)


def macro_f1(scores: Mapping[str, Score]) -> float | None:
    """Return the mean F1 over statements with enough labelled recordings, `None` without any."""
    counted = [score.f1 for score in scores.values() if score.labelled >= ENOUGH]
    return sum(counted) / len(counted) if counted else None


def as_json(result: Result) -> dict[str, Any]:
    """Return the numbers as JSON holds them."""
    return {
        "records": result.records,
        "models": dict(result.models),
        "answers": _scores(result.answers),
        "statement_model": _scores(result.network),
        "verdicts": {what: dict(counter) for what, counter in result.verdicts.items()},
        "grounding": {
            "numbers": result.numbers,
            "near": result.near,
            "share": _share(result.near, result.numbers),
        },
    }


def _scores(scores: Mapping[str, Score]) -> dict[str, Any]:
    return {
        "macro_f1": macro_f1(scores),
        "statements": {
            code: {"labelled": s.labelled, "made": s.made, "right": s.right, "f1": s.f1}
            for code, s in scores.items()
        },
    }


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def lines(result: Result) -> Sequence[str]:
    """Return the tables for people."""
    ours, theirs = macro_f1(result.answers), macro_f1(result.network)
    said = [
        f"{result.records} recordings, {', '.join(sorted(result.models))}",
        "",
        f"macro-F1 over statements with {ENOUGH} or more: answers {_text(ours)},"
        f" statement model {_text(theirs)}",
        f"numbers within 10 % of what was measured: {result.near} of {result.numbers}"
        f" ({_text(_share(result.near, result.numbers))})",
    ]
    for what, counter in result.verdicts.items():
        total = counter.total()
        parts = [f"{word} {count} ({_text(_share(count, total))})" for word, count in
                 counter.most_common()]  # fmt: skip
        said.append(f"{what}: {', '.join(parts) or 'none'}")
    said += ["", f"{'statement':10}{'labelled':>9}{'answers':>9}{'model':>9}  (F1)"]
    ordered = sorted(result.answers.items(), key=lambda item: -item[1].labelled)
    said += [
        f"{code:10}{score.labelled:>9}{score.f1:>9.2f}{result.network[code].f1:>9.2f}"
        for code, score in ordered
        if score.labelled or score.made
    ]
    return said


def _text(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
