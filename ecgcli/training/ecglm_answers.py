"""What EcgLM should answer of a recording: its labels, the numbers measured in it, and a summary.

It knows a table (`data/findings.csv`: which numbers and leads belong to a statement) and a small
grammar of English; it does not know how the labels or the numbers came about. No number is written
that was not measured: a statement whose number there is none of stands without it.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files

from ecgcli.engines.answer import MOST_FINDINGS, Answer, Certainty, Claim, Finding
from ecgcli.engines.quantities import quantities
from ecgcli.records.leads import LEADS

LIKELIHOODS: tuple[tuple[float, Certainty], ...] = (
    (0.8, "definite"),
    (0.5, "probable"),
    (0.0, "possible"),
)
"""From which likelihood of a label on a finding counts as what."""
MOST_NAMED = 4
"""Leads that a finding names at most, those that show it most."""
MOST_READ = 2
"""Leads whose number it gives."""
DECIMALS = {"mV": 2}
SAID = {"heart_rate": "{} per minute", "pr": "PR {} ms", "qrs": "QRS {} ms", "qtc": "QTc {} ms"}
"""Numbers that the summary repeats, at most one a finding."""


@dataclass(frozen=True, slots=True)
class Row:
    """One statement of the table.

    Attributes:
        words: As it stands in a sentence.
        numbers: Quantities of the whole ECG that belong to it.
        leads: Where it may show.
        read: The quantity of a lead that shows it, "" for none.
        least: From which value on it does; a negative one is a value to stay below.
    """

    code: str
    words: str
    numbers: tuple[str, ...]
    leads: tuple[str, ...]
    read: str
    least: float


@cache
def rows() -> dict[str, Row]:
    """Return the table by code, in the order in which findings are told."""
    text = files("ecgcli.training").joinpath("data/findings.csv").read_text(encoding="utf-8")
    return {
        row["code"]: Row(
            row["code"],
            row["words"],
            tuple(row["numbers"].split()),
            tuple(row["leads"].split()),
            row["read"],
            float(row["least"] or 0.0),
        )
        for row in csv.DictReader(text.splitlines())
    }


Measured = Mapping[tuple[str, str | None], float]
"""Numbers by quantity and lead, in the quantity's unit; what was not measured is not in it."""


def answer(labels: Mapping[str, float], measured: Measured) -> Answer:
    """Return the answer.

    Args:
        labels: Likelihood (0 to 1) by code.
        measured: Numbers of the recording.
    """
    told = [row for code, row in rows().items() if code in labels][:MOST_FINDINGS]
    findings = tuple(_finding(row, labels[row.code], measured) for row in told)
    return Answer(findings, " ".join(_sentence(finding) for finding in findings))


def written(said: Answer) -> str:
    """Return an answer as the model writes it: JSON without spaces."""
    return json.dumps(asdict(said), separators=(",", ":"), ensure_ascii=False)


def _finding(row: Row, likelihood: float, measured: Measured) -> Finding:
    claims = [
        Claim(name, _rounded(name, measured[name, None]))
        for name in row.numbers
        if (name, None) in measured
    ]
    shown = _shown(row, measured)
    claims += [Claim(row.read, _rounded(row.read, measured[row.read, lead]), lead)
               for lead in shown[:MOST_READ]]  # fmt: skip
    named = tuple(lead for lead in row.leads if lead in shown[:MOST_NAMED])
    certainty = next(word for least, word in LIKELIHOODS if likelihood >= least)
    return Finding(row.code, certainty, named, tuple(claims))


def _shown(row: Row, measured: Measured) -> list[str]:
    """Return the leads that show a statement, that which shows it most first."""
    if not row.read:
        return []
    values = {lead: measured[row.read, lead] for lead in row.leads if (row.read, lead) in measured}
    sign = -1.0 if row.least < 0.0 else 1.0
    enough = [lead for lead, value in values.items() if sign * value >= abs(row.least)]
    return sorted(enough, key=lambda lead: -sign * values[lead])


def _rounded(name: str, value: float) -> float:
    decimals = DECIMALS.get(quantities()[name].unit, 0)
    rounded = round(value, decimals) if decimals else round(value)
    return rounded + 0.0 if decimals else rounded  # no -0.0


def _sentence(finding: Finding) -> str:
    row = rows()[finding.code]
    words = row.words if finding.certainty == "definite" else f"{finding.certainty} {row.words}"
    number = next((claim for claim in finding.evidence if claim.quantity in SAID), None)
    said = f", {SAID[number.quantity].format(f'{number.value:g}')}" if number else ""
    where = f" in {_listed(finding.leads)}" if finding.leads else ""
    return f"{words[0].upper()}{words[1:]}{where}{said}."


def _listed(leads: tuple[str, ...]) -> str:
    *first, last = leads
    return f"{', '.join(first)} and {last}" if first else last


def numbers(row: Mapping[str, float]) -> dict[tuple[str, str | None], float]:
    """Return a recording's numbers as `answer` takes them.

    Args:
        row: Features by name, as `signals.features` names them; NaN for none.
    """
    found: dict[tuple[str, str | None], float] = {}
    for name, quantity in quantities().items():
        if quantity.per_lead:
            for lead in LEADS:
                found[name, lead] = _of_lead(row, quantity.measured, lead)
        elif f"{quantity.measured}_cos" in row:
            cos, sin = row[f"{quantity.measured}_cos"], row[f"{quantity.measured}_sin"]
            found[name, None] = math.degrees(math.atan2(sin, cos))
        else:
            found[name, None] = row[quantity.measured]
    return {key: value for key, value in found.items() if math.isfinite(value)}


def _of_lead(row: Mapping[str, float], measured: str, lead: str) -> float:
    """Return a number of a lead; `signals.voltages` says what height and depth are."""
    if measured == "height":
        return _largest(row[f"r_mv_{lead}"], row[f"r2_mv_{lead}"])
    if measured == "depth":
        # A QS complex has no R wave (0 among the features), and its depth counts as that of an S.
        own = "q_mv" if row[f"r_mv_{lead}"] == 0.0 else "s_mv"
        return _largest(-row[f"{own}_{lead}"], -row[f"s2_mv_{lead}"])
    value = row[f"{measured}_{lead}"]
    return abs(value) if measured == "q_mv" else value


def _largest(one: float, other: float) -> float:
    """Return the larger one and at least 0; NaN where the first is not known."""
    return one if math.isnan(one) else max(one, 0.0 if math.isnan(other) else other, 0.0)
