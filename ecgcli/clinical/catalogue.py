"""The catalogue: every statement that can be made, its wording and its codes.

It knows the words and the vocabularies (SCP-ECG, AHA/ACC/HRS, SNOMED CT); it does not know when a
statement is true. `data/statements.csv` is the table; a code that could not be verified in a
published table is left empty there, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from ecgcli.clinical import tables
from ecgcli.clinical.statement import Urgency

COLUMNS = ("code", "text", "scp", "aha", "snomed", "category", "urgency", "source")
CATEGORIES = (
    "overall",
    "rate",
    "rhythm",
    "ectopy",
    "pacing",
    "conduction",
    "axis",
    "voltage",
    "atrium",
    "hypertrophy",
    "infarction",
    "repolarisation",
    "technical",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One statement of the catalogue.

    Attributes:
        code: Our key; the SCP-ECG code where the vocabulary has one.
        text: The wording; "{leads}" stands for the leads of the evidence.
        scp: SCP-ECG code as PTB-XL spells it.
        aha: AHA/ACC/HRS 2007 statement number.
        snomed: SNOMED CT concept ids, the ECG finding first.
        category: One of `CATEGORIES`.
        urgency: How soon a physician should look unless a criterion says otherwise.
        source: Where the codes stand.
        order: Position in the catalogue, for sorting.
    """

    code: str
    text: str
    scp: str | None
    aha: str | None
    snomed: tuple[str, ...]
    category: str
    urgency: Urgency
    source: str
    order: int


@cache
def catalogue() -> dict[str, Entry]:
    """Return the shipped catalogue by code, in its own order."""
    return from_rows(tables.read("statements.csv", COLUMNS))


def codes(row: tables.Row, column: str) -> tuple[str, ...]:
    """Return the statements that a cell of any table names.

    Raises:
        tables.TableError: One is not in the catalogue.
    """
    found = tuple(row[column].split())
    if set(found) - catalogue().keys():
        unknown = sorted(set(found) - catalogue().keys())
        raise row.error(column, f"{unknown} is not in the catalogue")
    return found


def wordings() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield every code with what it is called: itself, its text, its SCP-ECG code.

    The text is that without leads, and again without what follows ":". A code of SCP-ECG that two
    statements share (NORM) is the one whose own code it is.
    """
    for code, entry in catalogue().items():
        text = re.sub(r",? ?\{leads\}", "", entry.text)
        names = [code, text, text.partition(":")[0]]
        if entry.scp is not None and entry.scp not in catalogue():
            names.append(entry.scp)
        yield code, tuple(dict.fromkeys(names))


def from_rows(rows: tuple[tables.Row, ...]) -> dict[str, Entry]:
    """Return a catalogue from the rows of its table.

    Raises:
        tables.TableError: A code stands twice, or a cell does not fit.
    """
    entries: dict[str, Entry] = {}
    for order, row in enumerate(rows):
        code = row.required("code")
        if code in entries:
            raise row.error("code", f"{code!r} stands twice")
        snomed = tuple(row["snomed"].split())
        if any(not _is_sctid(concept) for concept in snomed):
            raise row.error("snomed", f"{row['snomed']!r} fails the check digit of SNOMED CT")
        entries[code] = Entry(
            code=code,
            text=row.required("text"),
            scp=row["scp"] or None,
            aha=row["aha"] or None,
            snomed=snomed,
            category=row.choice("category", CATEGORIES),
            urgency=Urgency(row.choice("urgency", [urgency.value for urgency in Urgency])),
            source=row.required("source"),
            order=order,
        )
    return entries


# Verhoeff's scheme, which SNOMED CT uses for the last digit of every concept id.
_PERMUTE = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def _is_sctid(text: str) -> bool:
    """Return whether a text is a well-formed SNOMED CT id, its check digit included."""
    if not re.fullmatch(r"[1-9][0-9]{5,17}", text):
        return False
    check = 0
    for position, digit in enumerate(map(int, reversed(text))):
        for _ in range(position % 8):
            digit = _PERMUTE[digit]
        check = _dihedral(check, digit)
    return check == 0


def _dihedral(a: int, b: int) -> int:
    """Multiply in the dihedral group of order ten."""
    if a < 5:
        return (a + b) % 5 if b < 5 else 5 + (a + b) % 5
    return 5 + (a - b) % 5 if b < 5 else (a - b) % 5
