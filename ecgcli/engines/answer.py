"""What a language model answers about one recording: findings, the numbers they rest on, a summary.

It knows the form of an answer, as types, as a JSON Schema for engines that guide decoding, and as a
parser that checks all of it again, because a server may ignore the schema without saying so. It
does not know whether anything in an answer is true (`clinical.claims`).
"""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NoReturn, cast, get_args

from ecgcli.engines.quantities import Quantity, quantities
from ecgcli.errors import AnswerError
from ecgcli.records.leads import LEADS

Certainty = Literal["definite", "probable", "possible"]
CERTAINTIES: tuple[Certainty, ...] = get_args(Certainty)

MOST_FINDINGS = 12
MOST_LEADS = len(LEADS)
MOST_CLAIMS = 8
LONGEST_IMPRESSION = 4000
LONGEST_ANSWER = 65_536
"""Characters. The largest answer that fits the schema has some 57,000: an impression whose every
character is an escaped surrogate pair is 48,000 long."""
LARGEST_NUMBER = 1e6
"""No quantity comes near it in its unit; a number beyond it would only make lines long."""
KINDS = {
    dict: "an object",
    list: "a list",
    str: "text",
    float: "a number",
    bool: "true or false",
}
"""What `json` makes of a text, in words."""
LONGEST_WORD = 40
"""So much of an unknown word is said in an error."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One number that the model says it read.

    Attributes:
        quantity: Its name in `engines.quantities`, which also fixes the unit.
        value: In that unit.
        lead: Where the quantity belongs to a lead, else `None`.
    """

    quantity: str
    value: float
    lead: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One statement that the model makes, by code, with the leads it names and its numbers."""

    code: str
    certainty: Certainty
    leads: tuple[str, ...] = ()
    evidence: tuple[Claim, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """All that a model says of one recording. No code stands twice among its findings."""

    findings: tuple[Finding, ...]
    impression: str


def schema(codes: Sequence[str]) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of an answer.

    It keeps to what engines for guided decoding can follow: no references, formats, conditions,
    patterns or bounds on numbers. The impression is bounded in `parse` only: in a text with a bound
    vLLM (xgrammar) lets a model write neither quotation marks nor new lines, and one that repeats
    itself would be ended at the bound and believed.

    Args:
        codes: The statements that the model may make.
    """
    finding = _object(
        code={"type": "string", "enum": list(codes)},
        certainty={"type": "string", "enum": list(CERTAINTIES)},
        leads=_array({"type": "string", "enum": list(LEADS)}, MOST_LEADS),
        evidence=_array({"anyOf": [_claim_schema(False), _claim_schema(True)]}, MOST_CLAIMS),
    )
    whole = _object(
        findings=_array(finding, MOST_FINDINGS),
        impression={"type": "string"},
    )
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **whole}


def _claim_schema(per_lead: bool) -> dict[str, Any]:
    """Return the schema of a number of a lead, or of one of the whole ECG."""
    names = [each.name for each in quantities().values() if each.per_lead is per_lead]
    lead = {"type": "string", "enum": list(LEADS)} if per_lead else {"type": "null"}
    number = {"type": "number"}
    return _object(quantity={"type": "string", "enum": names}, value=number, lead=lead)


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _array(items: dict[str, Any], most: int) -> dict[str, Any]:
    return {"type": "array", "items": items, "maxItems": most}


def parse(text: str, codes: Collection[str]) -> Answer:
    """Return the answer that a model's raw text holds.

    A lead that a finding names twice counts once; control characters are taken out of the
    impression.

    Args:
        text: All that the model wrote.
        codes: The statements that it may make.

    Raises:
        AnswerError: The text is no JSON, or anything in it does not fit the schema.
    """
    if len(text) > LONGEST_ANSWER:
        raise AnswerError(f"the answer has {len(text)} characters; {LONGEST_ANSWER} are allowed")
    whole = _members(_json(text), ("findings", "impression"), "the answer")
    items = _list(whole["findings"], MOST_FINDINGS, "findings")
    findings = tuple(_finding(item, codes, f"findings[{at}]") for at, item in enumerate(items))
    named = [finding.code for finding in findings]
    for code in named:
        if named.count(code) > 1:
            raise AnswerError(f"findings: {code} stands in it {named.count(code)} times")
    return Answer(findings, _impression(whole["impression"]))


def _json(text: str) -> object:
    """Return what a JSON text holds; every number is a float, and no key stands twice."""
    try:
        return json.loads(
            text, object_pairs_hook=_pairs, parse_int=float, parse_constant=_no_number
        )
    except json.JSONDecodeError as error:
        raise AnswerError(
            f"the answer is no JSON: character {error.pos + 1}: {error.msg}"
        ) from None
    except RecursionError:
        raise AnswerError("the answer is nested too deeply") from None


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise AnswerError(f"the key {_word(twice)} stands twice in one object")
    return found


def _no_number(text: str) -> NoReturn:
    raise AnswerError(f"{text} is no number")


def _finding(item: object, codes: Collection[str], where: str) -> Finding:
    found = _members(item, ("code", "certainty", "leads", "evidence"), where)
    leads = _list(found["leads"], MOST_LEADS, f"{where}.leads")
    claims = _list(found["evidence"], MOST_CLAIMS, f"{where}.evidence")
    named = [_one_of(x, LEADS, f"{where}.leads[{at}]", "lead") for at, x in enumerate(leads)]
    certainty = _one_of(found["certainty"], CERTAINTIES, f"{where}.certainty", "certainty")
    return Finding(
        code=_one_of(found["code"], codes, f"{where}.code", "statement"),
        certainty=cast(Certainty, certainty),
        leads=tuple(dict.fromkeys(named)),
        evidence=tuple(_claim(x, f"{where}.evidence[{at}]") for at, x in enumerate(claims)),
    )


def _claim(item: object, where: str) -> Claim:
    found = _members(item, ("quantity", "value", "lead"), where)
    name = _one_of(found["quantity"], quantities(), f"{where}.quantity", "quantity")
    value = found["value"]
    if not isinstance(value, float):
        raise AnswerError(f"{where}.value is {_kind(value)} instead of a number")
    if not math.isfinite(value) or abs(value) > LARGEST_NUMBER:
        raise AnswerError(f"{where}.value is beyond anything that can be measured")
    return Claim(name, value, _lead(found["lead"], quantities()[name], where))


def _lead(value: object, quantity: Quantity, where: str) -> str | None:
    if quantity.per_lead:
        return _one_of(value, LEADS, f"{where}.lead", "lead")
    if value is not None:
        raise AnswerError(f"{where}.lead is not null, but {quantity.name} belongs to no lead")
    return None


def _impression(value: object) -> str:
    if not isinstance(value, str):
        raise AnswerError(f"impression is {_kind(value)} instead of text")
    if len(value) > LONGEST_IMPRESSION:
        raise AnswerError(
            f"impression has {len(value)} characters; {LONGEST_IMPRESSION} are allowed"
        )
    return cleaned(value)


def cleaned(text: str) -> str:
    """Return free text without characters that have no business in it; its lines are kept.

    Control characters, halves of surrogate pairs and characters without a shared meaning become
    U+FFFD, so that their having been there is seen; marks that turn the direction of the text that
    follows are dropped.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    shown = (" ".join("".join(map(_fit, line)).split()) for line in lines)
    return "\n".join(shown).strip()


def _fit(char: str) -> str:
    category = unicodedata.category(char)
    if char.isspace() or category in ("Zl", "Zp"):
        return " "
    if category == "Cf":  # format marks, those that turn the direction of text among them
        return ""
    return "\ufffd" if category in ("Cc", "Cs", "Co", "Cn") else char


def _members(value: object, keys: tuple[str, ...], where: str) -> dict[str, object]:
    """Return an object that has just these keys."""
    if not isinstance(value, dict):
        raise AnswerError(f"{where} is {_kind(value)} instead of an object")
    for key in keys:
        if key not in value:
            raise AnswerError(f"{where} has no {key}")
    for key in value:
        if key not in keys:
            raise AnswerError(f"{where} has a key {_word(key)} that does not belong there")
    return cast("dict[str, object]", value)


def _list(value: object, most: int, where: str) -> list[object]:
    if not isinstance(value, list):
        raise AnswerError(f"{where} is {_kind(value)} instead of a list")
    if len(value) > most:
        raise AnswerError(f"{where} has {len(value)} entries; {most} are allowed")
    return cast("list[object]", value)


def _one_of(value: object, known: Collection[str], where: str, what: str) -> str:
    if not isinstance(value, str):
        raise AnswerError(f"{where} is {_kind(value)} instead of text")
    if value not in known:
        raise AnswerError(f"{where}: {_word(value)} is no {what} that may be named")
    return value


def _word(text: str) -> str:
    """Return the beginning of a word of the model, fit for a line of a log."""
    short = text if len(text) <= LONGEST_WORD else text[: LONGEST_WORD - 1] + "…"
    return ascii(short) if not short.isprintable() else repr(short)


def _kind(value: object) -> str:
    """Return what a JSON value is, in words."""
    return "null" if value is None else KINDS[type(value)]
