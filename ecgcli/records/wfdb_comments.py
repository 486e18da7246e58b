"""What the comments of a WFDB header say about the patient and the diagnosis.

Comments have no standard. These spellings are known: the PhysioNet challenges ("Age: 81", "Sex:
Female", "Dx: 426177001,59931005"), LUDB ("<age>: 51", "<diagnoses>:" and lines that follow), the
PTB database ("Reason for admission: ..."), ZZU-pECG ("Age: 7 mo", "AHA: A1", "ICD-10: Q21.1") and
MIT-BIH ("69 M 1085 1629 x1"), and our own of recordings that were generated ("SYNTHETIC: ...").
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ecgcli.records.patient import parse_age, parse_sex
from ecgcli.records.record import SYNTHETIC, Sex

_DIAGNOSES = {
    "dx": "",
    "diagnosis": "",
    "aha": "AHA ",
    "icd-10": "ICD-10 ",
    "reason for admission": "",
    "acute infarction (localization)": "Acute infarction: ",
    "former infarction (localization)": "Former infarction: ",
    "additional diagnoses": "",
}
_NOTHING = ("", "unknown", "no", "n/a", "none")
_SYNTHETIC = re.compile(rf"{SYNTHETIC}\b.*")
_MIT_BIH = re.compile(r"(\d{1,3}|-1) ([MF?])(?: .*)?")


@dataclass(slots=True)
class Comments:
    """What was found; `notes` are for the record's notes."""

    age: float | None = None
    sex: Sex | None = None
    statements: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    synthetic: bool = False


def read_comments(lines: Sequence[str]) -> Comments:
    """Read the comment lines of a header (without their "#")."""
    result = Comments()
    following = False  # in the list of diagnoses that "<diagnoses>:" begins
    for number, line in enumerate(lines):
        key, colon, value = line.partition(":")
        key, value = key.strip().strip("<>").casefold(), value.strip()
        mit = _MIT_BIH.fullmatch(line) if number == 0 else None
        if mit:
            _set_age(result, mit[1])
            result.sex = parse_sex(mit[2])
        elif _SYNTHETIC.fullmatch(line):
            result.synthetic = True
            result.notes.append(line)
        elif colon and key in ("age", "patient age"):
            _set_age(result, value)
        elif colon and key in ("sex", "gender"):
            result.sex = parse_sex(value)
        elif colon and key == "diagnoses":
            following = True
        elif colon and key in _DIAGNOSES:
            _add_statement(result, key, value)
        elif following and line:
            result.statements.append(line)
    return result


def _set_age(result: Comments, text: str) -> None:
    result.age, note = parse_age(text)
    if note:
        result.notes.append(note)


def _add_statement(result: Comments, key: str, value: str) -> None:
    if value.casefold() in _NOTHING:
        return
    # Codes are a list, words are a sentence.
    values = value.split(",") if key in ("dx", "aha", "icd-10") else [value]
    result.statements += [_DIAGNOSES[key] + text.strip() for text in values if text.strip()]
