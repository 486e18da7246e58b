"""What PTB-XL calls its statements: 71 SCP-ECG codes, their 23 subclasses and 5 superclasses.

It knows the table `scp_statements.csv`; a record's labels are those with any likelihood, as in the
benchmark of Strodthoff et al. (IEEE J Biomed Health Inform 25:1519, 2021).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ecgcli.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

SUPERCLASSES = ("NORM", "MI", "STTC", "CD", "HYP")
WITHOUT_LIKELIHOOD = 1.0
"""Statements on form and rhythm carry none; PTB-XL writes 0 there."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The outputs of the network and which of them the benchmark puts together.

    Attributes:
        names: Codes, then "subclass:NAME", then "superclass:NAME".
        groups: Rows of `names` by the benchmark's task: all, diagnostic, subclass, superclass,
            form, rhythm.
        classes: Subclass and superclass of each diagnostic code.
    """

    names: tuple[str, ...]
    groups: Mapping[str, tuple[int, ...]]
    classes: Mapping[str, tuple[str, str]]

    def labels(self, codes: Mapping[str, float]) -> NDArray[np.float32]:
        """Return (`names`,) the likelihood of each label, 0 to 1, NaN where it was not given.

        A label of likelihood 0 is one: "possible", and the benchmark counts it.

        Args:
            codes: Statement codes with their likelihoods in %, as in column `scp_codes`.
        """
        row = np.full(len(self.names), np.nan, dtype=np.float32)
        place = {name: at for at, name in enumerate(self.names)}
        for code, percent in codes.items():
            likelihood = WITHOUT_LIKELIHOOD
            called = [code]
            if code in self.classes:
                likelihood = percent / 100.0
                sub, above = self.classes[code]
                called += [f"subclass:{sub}", f"superclass:{above}"]
            for name in called:
                if name in place:
                    row[place[name]] = np.fmax(row[place[name]], likelihood)
        return row


def vocabulary(folder: Path) -> Vocabulary:
    """Return the vocabulary of a folder of PTB-XL.

    Raises:
        ModelError: The folder has no `scp_statements.csv`.
    """
    table = folder / "scp_statements.csv"
    if not table.is_file():
        raise ModelError(f"{folder} is no folder of PTB-XL: it holds no {table.name}")
    with table.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    codes = [row[""] for row in rows]
    classes = {
        row[""]: (row["diagnostic_subclass"], row["diagnostic_class"])
        for row in rows
        if row["diagnostic"]
    }
    subclasses = sorted({sub for sub, _ in classes.values()})
    names = [
        *codes,
        *(f"subclass:{name}" for name in subclasses),
        *(f"superclass:{name}" for name in SUPERCLASSES),
    ]
    above = len(codes) + len(subclasses)
    groups = {
        "all": tuple(range(len(codes))),
        "diagnostic": tuple(at for at, row in enumerate(rows) if row["diagnostic"]),
        "subclass": tuple(range(len(codes), above)),
        "superclass": tuple(range(above, len(names))),
        "form": tuple(at for at, row in enumerate(rows) if row["form"]),
        "rhythm": tuple(at for at, row in enumerate(rows) if row["rhythm"]),
    }
    return Vocabulary(tuple(names), groups, classes)
