"""What has been understood of a text so far; it grows phrase by phrase and becomes a `Request`.

It knows how phrases add up and which values were given twice; it does not know the text's grammar.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ecgcli.generation.limits import BoundRule
from ecgcli.generation.quantities import plain, possible, quantities
from ecgcli.generation.refusal import Kind, RequestError
from ecgcli.generation.request import Bound, Request
from ecgcli.generation.statements import in_order
from ecgcli.generation.vocabulary import Phrase, Stage

if TYPE_CHECKING:
    from ecgcli.records.record import Sex


@dataclass
class Draft:
    """A request in the making."""

    asserted: list[Phrase] = field(default_factory=list)
    denied: list[Phrase] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)
    values: dict[str, float] = field(default_factory=dict)
    bounds: list[Bound] = field(default_factory=list)
    sex: Sex | None = None

    def set_value(self, quantity: str, value: float) -> None:
        """Take a value.

        Raises:
            RequestError: It is impossible, or another was given before.
        """
        value = possible(quantity, value)
        known = self.values.setdefault(quantity, value)
        if known != value:
            of = quantities()[quantity]
            raise RequestError(
                Kind.CONTRADICTION,
                f"{of.name} is given as {of.show(known)} and as {of.show(value)}",
                "give one of them",
            )

    def set_bound(self, bound: Bound) -> None:
        """Take a range.

        Raises:
            RequestError: An end of it is impossible.
        """
        ends = (bound.low, bound.high)
        low, high = (None if end is None else possible(bound.quantity, end) for end in ends)
        self.bounds.append(Bound(bound.quantity, low, high))

    def set_sex(self, sex: Sex) -> None:
        """Take the patient's sex.

        Raises:
            RequestError: The other was given before.
        """
        if self.sex not in (None, sex):
            raise RequestError(
                Kind.CONTRADICTION, "the patient is male and female", "give one of them"
            )
        self.sex = sex

    def finished(self, text: str) -> Request:
        """Return the request.

        Raises:
            RequestError: A phrase cannot be meant as it stands, or two ranges have nothing in
                common.
        """
        age = self._age()
        present, absent, rules = self._statements()
        bounds = [rule.bound(age, self.sex) for rule in rules] + self.bounds
        return Request(
            text=text,
            present=in_order(present),
            absent=in_order(absent),
            age_years=age,
            sex=self.sex,
            bounds=self._left(bounds),
            **{name: value for name, value in self.values.items() if name != "age_years"},
        )

    def _age(self) -> float | None:
        """Return the age in years, which a stage of life may give or has to fit."""
        said = self.values.get("age_years")
        given = {stage.age for stage in self.stages if stage.age is not None}
        age = said if said is not None else next(iter(given), None)
        for stage in self.stages:
            if age is None:
                raise RequestError(
                    Kind.UNCLEAR,
                    f"'{stage.name}' is no age",
                    "give it in years, months or days, such as '80 year old'",
                )
            if not stage.from_age <= age <= stage.to_age:
                raise RequestError(
                    Kind.CONTRADICTION,
                    f"'{stage.name}' does not fit an age of {plain(round(age, 3))} years",
                    "leave one of them out",
                )
        return age

    def _statements(self) -> tuple[set[str], set[str], list[BoundRule]]:
        """Return what is present, what is absent, and the ranges that phrases say."""
        certain = {code for phrase in self.asserted if not phrase.unless for code in phrase.present}
        present, absent, rules = set(certain), set[str](), list[BoundRule]()
        for phrase in self.asserted:
            only_rate = bool(certain & set(phrase.unless))
            if not only_rate:
                present.update(phrase.present)
            if only_rate or not phrase.unless:
                rules += phrase.bounds
            absent.update(phrase.absent)
        for phrase in self.denied:
            only_rate = bool(certain & set(phrase.unless)) or not phrase.negated
            absent.update(() if only_rate else phrase.negated or ())
            rules += [rule.opposite for rule in phrase.bounds] if only_rate else []
        return present, absent, rules

    def _left(self, bounds: Iterable[Bound]) -> tuple[Bound, ...]:
        """Return one range for each quantity that has no value, and hold the values against theirs.

        Raises:
            RequestError: Two ranges have nothing in common, or a value lies outside.
        """
        found: dict[str, Bound] = {}
        for bound in bounds:
            found[bound.quantity] = found.get(bound.quantity, Bound(bound.quantity)).narrowed(bound)
        for name, bound in found.items():
            if bound.empty:
                _refuse_empty(bound)
            value = self.values.get(name)
            if value is not None and not bound.holds(value):
                of = quantities()[name]
                raise RequestError(
                    Kind.CONTRADICTION,
                    f"{of.name} is given as {of.show(value)} and as {shown(bound)}",
                    "leave one of them out",
                )
        open_ = {name for name in found if name not in self.values}
        left = [found[name] for name in quantities() if name in open_]
        return tuple(bound for bound in left if (bound.low, bound.high) != (None, None))


def shown(bound: Bound) -> str:
    """Return a range as people write it, which is also how it is read."""
    of = quantities()[bound.quantity]
    if bound.low is not None and bound.high is not None:
        return f"{plain(bound.low)} to {of.show(bound.high)}"
    if bound.low is not None:
        return f"at least {of.show(bound.low)}"
    return f"at most {of.show(bound.high)}" if bound.high is not None else "any"


def _refuse_empty(bound: Bound) -> None:
    of = quantities()[bound.quantity]
    if bound.low is not None and bound.high is not None:
        raise RequestError(
            Kind.CONTRADICTION,
            f"{of.name} is to be at least {of.show(bound.low)} and at most {of.show(bound.high)}",
            "leave one of them out",
        )
