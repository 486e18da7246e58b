"""All that a text may say, each with its phrases, as the tables have it.

It knows the tables `phrases.csv`, `unavailable.csv`, `words.csv` and `stages.csv` and joins the
catalogue's own texts and codes to them; it does not know how phrases are found in a text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Literal, cast, get_args

from ecgcli.clinical import tables
from ecgcli.clinical.phrases import COLUMNS, denied_column, phrases
from ecgcli.generation import definitions, shipped
from ecgcli.generation.limits import BoundRule, bound_rules
from ecgcli.generation.quantities import quantities
from ecgcli.generation.statements import codes, entries

if TYPE_CHECKING:
    from ecgcli.records.record import Sex

UNAVAILABLE_COLUMNS = ("phrases", "name", "reason", "nearest", "negated", "source")
STAGE_COLUMNS = ("words", "age", "from_age", "to_age", "sex", "source")

WordKind = Literal["filler", "degree", "negation", "doubt", "male", "female"]

_RATED = ("rate", "rhythm", "pacing")
"""Categories of the catalogue after whose statements a bare number is the rate: "AF 140"."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Statements, as a phrase says them.

    Attributes:
        present: Codes that it asserts.
        absent: Codes that it rules out ("normal axis").
        negated: Codes that its negation rules out; `None` where it cannot be negated.
        bounds: Ranges that it says.
        unless: Where one of these is present too, only the ranges are meant: "bradycardia" beside
            atrial fibrillation.
        ask: What to write instead where it is too vague to be asserted.
        number: The quantity that a bare number after it is, "" for none.
        name: Its first wording, for messages.
    """

    present: tuple[str, ...]
    absent: tuple[str, ...]
    negated: tuple[str, ...] | None
    bounds: tuple[BoundRule, ...]
    unless: tuple[str, ...]
    ask: str
    number: str
    name: str

    @property
    def own(self) -> str | None:
        """The code that it says and negates, no more and no less; else `None`."""
        plain = not (self.absent or self.bounds or self.unless)
        return self.present[0] if plain and self.present == self.negated and self._one else None

    @property
    def _one(self) -> bool:
        return len(self.present) == 1


@dataclass(frozen=True, slots=True)
class Unavailable:
    """What is known but cannot be generated: why, what comes nearest, and whether "no" is met."""

    name: str
    reason: str
    nearest: str
    negated_is_met: bool


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of life: the age (years) that it means, if any, and those that it fits."""

    name: str
    age: float | None
    from_age: float
    to_age: float
    sex: Sex | None


@dataclass(frozen=True, slots=True)
class Word:
    """A word of grammar, degree, doubt or sex."""

    kind: WordKind


@dataclass(frozen=True, slots=True)
class Named:
    """A quantity called by name."""

    quantity: str


Meaning = Phrase | Unavailable | Stage | Word | Named


@dataclass(frozen=True, slots=True)
class Item:
    """A phrase as it is written in a table, and what it means."""

    written: str
    meaning: Meaning
    origin: str = field(compare=False)


@cache
def items() -> tuple[Item, ...]:
    """Return every phrase of the tables, then the catalogue's own texts and codes."""
    return (
        *_statements(),
        *_unavailable(),
        *_stages(),
        *_words(),
        *_quantities(),
        *_of_catalogue(),
    )


@cache
def names() -> dict[str, str]:
    """Return for each code the wording that says it, no more and no less."""
    found: dict[str, str] = {}
    for item in items():
        if isinstance(item.meaning, Phrase) and item.meaning.own is not None:
            found.setdefault(item.meaning.own, item.written)
    return found


def _statements() -> Iterator[Item]:
    for row in tables.read("phrases.csv", COLUMNS):
        written = phrases(row.required("phrases"))
        present, bounds = codes(row, "present"), bound_rules(row, "bound")
        row.required("source")
        denied = denied_column(row)
        meaning = Phrase(
            present=present,
            absent=codes(row, "absent"),
            negated=codes(row, denied) if denied else None,
            bounds=bounds,
            unless=codes(row, "unless"),
            ask=row["ask"],
            number=_number(present, bounds),
            name=written[0],
        )
        yield from (Item(each, meaning, f"phrases.csv, line {row.line}") for each in written)


def _number(present: tuple[str, ...], bounds: tuple[BoundRule, ...]) -> str:
    """Return which quantity a number after such statements is: the only one that they define."""
    categories = {entries()[code].category for code in present}
    if categories & set(_RATED) or any(bound.quantity == "heart_rate" for bound in bounds):
        return "heart_rate"
    rows = (each for each in definitions.definitions() if each.code in present)
    found = {row.quantity for row in rows if row.quantity != "qtc_ms"}  # "long QT 520": QT or QTc
    return found.pop() if len(found) == 1 else ""


def _unavailable() -> Iterator[Item]:
    for row in shipped.read("unavailable.csv", UNAVAILABLE_COLUMNS):
        row.required("source")
        meaning = Unavailable(
            name=row.required("name"),
            reason=row.required("reason"),
            nearest=row.required("nearest"),
            negated_is_met=row.choice("negated", ("", "met")) == "met",
        )
        for each in phrases(row.required("phrases")):
            yield Item(each, meaning, f"unavailable.csv, line {row.line}")


def _stages() -> Iterator[Item]:
    for row in shipped.read("stages.csv", STAGE_COLUMNS):
        from_age, to_age = row.age("from_age"), row.age("to_age")
        if from_age is None or to_age is None:
            raise row.error("from_age", "both ages must be given")
        sex = cast("Sex | None", row.choice("sex", ("", "female", "male")) or None)
        for each in phrases(row.required("words")):
            meaning = Stage(each, row.age("age"), from_age, to_age, sex)
            yield Item(each, meaning, f"stages.csv, line {row.line}")


def _words() -> Iterator[Item]:
    for row in tables.read("words.csv", ("kind", "words", "why")):
        meaning = Word(cast(WordKind, row.choice("kind", get_args(WordKind))))
        for each in phrases(row.required("words")):
            yield Item(each, meaning, f"words.csv, line {row.line}")


def _quantities() -> Iterator[Item]:
    for quantity in quantities().values():
        for each in quantity.words:
            yield Item(each, Named(quantity.field), f"quantities.csv, {quantity.field}")


def _of_catalogue() -> Iterator[Item]:
    """Yield what the catalogue itself calls its statements."""
    from ecgcli.clinical.catalogue import wordings

    for code, names in wordings():
        _, text, *_ = names
        meaning = Phrase((code,), (), (code,), (), (), "", _number((code,), ()), text)
        yield from (Item(name, meaning, "the catalogue") for name in names)
