"""Whether the statement network says the same of a recording at 100 and at 500 Hz.

It knows PTB-XL's two versions, which the publisher made differently; the same chain runs on both.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ecgcli.clinical.evaluate_statements import Said, model_of, see
from ecgcli.clinical.statement_scores import macro
from ecgcli.errors import ModelError
from ecgcli.processes import processes
from ecgcli.signals.auroc import auroc
from ecgcli.training.ptbxl_table import table
from ecgcli.training.vocabulary import SUPERCLASSES, vocabulary


def compare(
    folder: Path,
    folds: range,
    file: Path | None = None,
    jobs: int = 1,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Return how far the probabilities of the recordings that are there at both rates differ.

    Raises:
        ModelError: There are none.
    """
    words = vocabulary(folder)
    model = model_of(file)
    rows = {
        rate: {r.number: r for r in table(folder, rate) if r.fold in folds} for rate in (100, 500)
    }
    both = sorted(rows[100].keys() & rows[500].keys())
    if not both:
        raise ModelError(f"{folder} holds no recording of these folds at both rates")
    say(f"{len(both)} recordings at both rates")
    with processes(jobs) as pool:
        said: dict[int, list[Said | None]] = {
            rate: list(
                pool.map(
                    partial(see, file=file), [rows[rate][number] for number in both], chunksize=8
                )
            )
            for rate in rows
        }
    logits = {
        rate: np.stack([one.logits for one in found if one is not None and one.logits is not None])
        for rate, found in said.items()
    }
    low, high = (model.probabilities(logits[rate]) for rate in (100, 500))
    present = ~np.isnan(np.stack([words.labels(rows[100][number].codes) for number in both]))
    at = {name: words.names.index(f"superclass:{name}") for name in SUPERCLASSES}
    codes = list(words.groups["all"])
    return {
        "records": len(both),
        "mean_absolute_difference": round(float(np.abs(low - high)[:, codes].mean()), 5),
        "largest_difference": round(float(np.abs(low - high)[:, codes].max()), 3),
        "superclass_auroc": {
            name: {
                "100": round(auroc(low[:, column], present[:, column]), 4),
                "500": round(auroc(high[:, column], present[:, column]), 4),
            }
            for name, column in at.items()
        },
        "macro_auroc": {
            group: {
                "100": round(macro(low, present, columns), 4),
                "500": round(macro(high, present, columns), 4),
            }
            for group, columns in words.groups.items()
        },
    }


def lines(result: dict[str, Any]) -> list[str]:
    """Return the comparison for people."""
    said = [
        f"{result['records']} recordings at 100 and at 500 Hz",
        f"probabilities differ by {result['mean_absolute_difference']:.4f} on average,"
        f" {result['largest_difference']:.3f} at most",
        f"{'AUROC':20}{'100 Hz':>9}{'500 Hz':>9}",
    ]
    for part in ("superclass_auroc", "macro_auroc"):
        for name, areas in result[part].items():
            said.append(f"{name:20}{areas['100']:9.4f}{areas['500']:9.4f}")
    return said
