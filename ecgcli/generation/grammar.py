"""The grammar: how phrases, numbers and negations follow each other in a text.

It knows what may stand beside what; it does not know what phrases mean beyond their kind
(`vocabulary`) or how what was understood adds up (`draft`). Nothing of a text is dropped unless the
table of words says so: all else is a statement, a number, or an error.
"""

from __future__ import annotations

from dataclasses import replace

from ecgcli.clinical.phrases import Found
from ecgcli.clinical.tokens import tokens
from ecgcli.generation.amounts import Amount, amount, unit
from ecgcli.generation.cursor import Cursor
from ecgcli.generation.draft import Draft
from ecgcli.generation.lexicon import comparisons
from ecgcli.generation.quantities import quantities
from ecgcli.generation.refusal import Kind, RequestError, unclear
from ecgcli.generation.request import Bound
from ecgcli.generation.unknown import Unknown
from ecgcli.generation.vocabulary import Meaning, Named, Phrase, Stage, Unavailable, Word

SEPARATORS = frozenset(",;.:()[]{}|!?/-\"'=*•")
_BEFORE_A_NUMBER = frozenset(
    "of is at was around about approx approximately ~ : = ( the".split()  # noqa: SIM905
)
_ENDS_NEGATION = frozenset({"with", "has", "have", "having", "but"})
_SEX, _AT, _ECTOPY = "sex", "at", "ectopy"
_DURING = frozenset({"for", "since", "over", "within", "last", "past", "after", "every"})
_THEN = frozenset({"after", "ago", "since", "later", "post", "following", "before", "history"})
_OLDEST_UNNAMED = 100  # a larger number beside a sex is rather a rate
_COUNTED = frozenset({"PVC", "PAC", "PRC(S)"})
_COUNT = Unavailable(
    "a number of ectopic beats", "its training data do not count them", "PVCs or bigeminy", False
)


def understood(text: str) -> Draft:
    """Return what a text says.

    Raises:
        RequestError: A word is unknown, a phrase is unclear or cannot be generated, or a value is
            impossible. Unknown words go first, all of them at once.
    """
    grammar = _Grammar(text)
    grammar.read()
    return grammar.draft


class _Grammar(Cursor):
    """One pass from left to right, the longest known phrase at each place."""

    def __init__(self, text: str) -> None:
        super().__init__(tokens(text))
        self.draft = Draft()
        self._context = ""  # what a bare number would be: a quantity, or after a sex an age
        self._has_name = False  # whether the statement before said "PR" or "QRS"
        self._unknown = Unknown(self._tokens)
        self._refused: list[RequestError] = []

    def read(self) -> None:
        while self._at < len(self._tokens):
            before = self._at
            try:
                self._step()
            except RequestError as error:
                self._refused.append(error)
                self._at = max(self._at, before + 1)
        self._unknown.refuse()
        if self._refused:
            raise self._refused[0]

    def _step(self) -> None:
        found = self._found()
        token = self._tokens[self._at]
        if found is not None:
            self._unknown.note(self._at, found)
            self._take(found)
        elif token.key in ("or", "nor"):
            self._at += 1
            raise unclear(f"'{token.written}' leaves open which of two is meant", "name one")
        elif token.key == "?" and self._asks():
            self._at += 1
            raise unclear("a question mark before a statement is a question", "say with or without")
        elif not self._bare_number():
            if token.key not in SEPARATORS:
                self._unknown.add(self._at)
            if token.key not in "(:=" and (token.key not in (",", "/") or self._context != _SEX):
                self._context = ""
            self._at += 1

    def _take(self, found: Found[Meaning]) -> None:
        """Take a known phrase."""
        meaning = found.meaning
        if isinstance(meaning, Word):
            self._word(meaning, found.length)
            return
        written = self._written(self._at, self._at + found.length)
        said = {each.key for each in self._tokens[self._at : self._at + found.length]}
        self._at += found.length
        if isinstance(meaning, Named):
            self._named(meaning.quantity)
        elif isinstance(meaning, Phrase):
            if meaning.ask:
                raise unclear(f"'{written}' can be several things", meaning.ask)
            self.draft.asserted.append(meaning)
            self._context = "qtc_ms" if "qtc" in said else meaning.number
            if _COUNTED & set(meaning.present):
                self._context = _ECTOPY
            self._has_name = bool(said & {"pr", "qrs", "qtc"})
        elif isinstance(meaning, Unavailable):
            self._context = ""
            raise _unavailable(meaning)
        else:
            self._stage(meaning)

    def _stage(self, stage: Stage) -> None:
        self.draft.stages.append(stage)
        self._context = _SEX
        if stage.sex is not None:
            self.draft.set_sex(stage.sex)

    def _word(self, word: Word, length: int) -> None:
        token = self._tokens[self._at]
        said = self._written(self._at, self._at + length)
        self._at += length
        if word.kind == "negation":
            self._negation(said)
        elif word.kind == "doubt":
            raise unclear(f"'{said}' is a question and no statement", "say with or without")
        elif word.kind in ("male", "female"):
            self._context = _SEX
            self.draft.set_sex("male" if word.kind == "male" else "female")
        elif token.key == "at" and not _is_named(self._context, self._has_name):
            self._context = _AT

    # Numbers

    def _named(self, quantity: str) -> None:
        """Take the number of a quantity that was called by name."""
        self._context = ""
        pair = self._pair(quantity)
        of, self._at = unit(self._tokens, self._at)
        while self._key() in _BEFORE_A_NUMBER and not comparisons().find(self._tokens, self._at):
            self._at += 1  # "PR of at least 200": "at" is part of the comparison
        found = self._amount(quantity)
        if found is None:
            name = quantities()[quantity].name
            raise unclear(f"{name} without a number", f"such as '{name} {_example(quantity)}'")
        self._set(quantity, found if found.unit else replace(found, unit=of))
        if pair:
            self._skip({"/"})
            second = self._amount(pair)
            if second is None:
                raise unclear("QT/QTc with one number", "such as 'QT/QTc 400/430'")
            self._set(pair, second)

    def _pair(self, quantity: str) -> str:
        """Return "qtc_ms" where "QT/QTc" was written, which two numbers follow."""
        found = self._found(self._at + 1)
        if quantity == "qt_ms" and self._key() == "/" and found == Found(Named("qtc_ms"), 1):
            self._at += 2
            return "qtc_ms"
        return ""

    def _amount(self, quantity: str) -> Amount | None:
        found = amount(self._tokens, self._at, quantity)
        if found is not None:
            self._at = found.end
        return found

    def _bare_number(self) -> bool:
        """Take a number without a name; return whether there is one."""
        found = amount(self._tokens, self._at, "axis_deg" if self._context == "axis_deg" else "")
        if found is None or self._is_dash(found):
            return False
        written, before = self._written(self._at, found.end), self._key(self._at - 1)
        self._at, context = found.end, self._context
        self._context = ""
        quantity = self._meant(found, context, written)
        if quantity == "age_years" and self._may_be_a_time(found, context, before):
            raise unclear(f"'{written}' may be an age or a time", "write it as in '60 year old'")
        self._set(quantity, found)
        return True

    def _may_be_a_time(self, found: Amount, context: str, before: str) -> bool:
        """Return whether an age may be how long ago or how long: "AF 10 days", "3 days after"."""
        if before in _DURING or self._key() in _THEN:
            return True
        young = found.unit is not None and found.unit.factor < 1
        said = self._tokens[self._at - 1].key in ("old", "age", "life")
        follows = self._found()
        stage = follows is not None and isinstance(follows.meaning, Stage)
        return young and not (said or context == _SEX or stage or _is_sex(follows))

    def _is_dash(self, found: Amount) -> bool:
        """Return whether what looks like a minus sign stands between two phrases."""
        axis = self._context == "axis_deg" or (found.unit and found.unit.of == "axis_deg")
        return self._key() == "-" and not axis

    def _meant(self, found: Amount, context: str, written: str) -> str:
        """Return the quantity that a number without a name is."""
        if context == _ECTOPY and not _is_sex(self._found()) and not _is_age(found):
            raise _unavailable(_COUNT)
        if found.unit is not None:
            if found.unit.fits(context):
                return context
            if found.unit.of == "interval":
                raise unclear(
                    f"'{written}' may be any interval", f"write PR, QRS, QT or QTc {written}"
                )
            return found.unit.of
        follows = self._found()
        if _can_be_counted(follows):
            raise _unavailable(_COUNT)
        if _is_sex(follows) and not (context in quantities() and self._key() == ","):
            return "age_years"
        if context == _SEX and (found.high or 0) <= _OLDEST_UNNAMED:
            return "age_years"
        after_comma = self._found(self._at + 1) if self._key() in (",", "/") else None
        if context == "" and _is_sex(after_comma):
            return "age_years"
        if context == _AT:
            return "heart_rate"
        if _is_named(context, self._has_name):
            return context
        raise unclear(
            f"the number {written} has no name", f"write what it is, such as 'rate {written}'"
        )

    def _set(self, quantity: str, found: Amount) -> None:
        """Take a value or a range of a quantity."""
        name = quantities()[quantity].name
        if found.unit is not None and not found.unit.fits(quantity):
            raise unclear(f"the unit does not fit {name}", f"such as '{_example(quantity)}'")
        low, high = found.within(quantity)
        if low is not None and low == high:
            self.draft.set_value(quantity, low)
        elif quantity == "age_years":
            raise unclear("the age is a range", "give one age")
        else:
            self.draft.set_bound(Bound(quantity, low, high))

    # Negation

    def _negation(self, said: str) -> None:
        """Take all that a negation holds for: one phrase, or a list that "or" closes."""
        self._context = ""
        while True:
            self._deny(said)
            if self._key() == "," and self._closed_by_or(self._at):
                self._at += 1
            if self._key() in ("or", "nor", "/"):
                self._at += 1
            elif self._tokens[self._at - 1].key != ",":
                break
        self._end_of_negation(said)

    def _deny(self, said: str) -> None:
        self._at = self._after_words(self._at)
        found = self._found()
        if found is None or isinstance(found.meaning, Stage):
            if self._at >= len(self._tokens) or self._tokens[self._at].kind == "mark":
                raise unclear(f"nothing follows '{said}'", "say what is to be absent")
            if self._tokens[self._at].kind == "number":
                number = self._tokens[self._at].written
                raise unclear(f"'{said} {number}' denies a number", "say what it is instead")
            self._unknown.add(self._at)
            self._at += 1
            return
        self._unknown.note(self._at, found)
        meaning = found.meaning
        if isinstance(meaning, Phrase):
            self._deny_phrase(meaning, self._written(self._at, self._at + found.length))
        elif isinstance(meaning, Unavailable) and not meaning.negated_is_met:
            self._at += found.length
            raise _unavailable(meaning)
        elif isinstance(meaning, Named):
            written = self._written(self._at, self._at + 2)
            raise unclear(f"'{said} {written}' denies a number", "say what it is instead")
        elif isinstance(meaning, Word):
            written = self._tokens[self._at].written
            raise unclear(f"'{said} {written}' says nothing that could be absent", "say it plainly")
        self._at += found.length

    def _deny_phrase(self, phrase: Phrase, written: str) -> None:
        if phrase.negated is None:
            what = f"'{written}' says several things and cannot be denied as a whole"
            raise unclear(what, "deny its parts, or say what is there instead")
        self.draft.denied.append(phrase)

    def _end_of_negation(self, said: str) -> None:
        """Refuse what may or may not be negated too: "no ST elevation and Q waves"."""
        at = self._after_words(self._at, _ENDS_NEGATION)
        follows = self._found(at)
        if follows is not None and isinstance(follows.meaning, Phrase):
            written = self._tokens[at].written
            raise unclear(
                f"'{said}' may or may not hold for what begins with '{written}' too",
                "join what is absent by 'or', and begin what is present after a comma",
            )

    def _closed_by_or(self, at: int) -> bool:
        """Return whether phrases follow, between commas, of which the last comes after "or"."""
        while True:
            at += 1
            if self._key(at) in ("or", "nor"):
                return True
            at = self._after_words(at)
            found = self._found(at)
            if found is None or not isinstance(found.meaning, Phrase | Unavailable):
                return False
            at += found.length
            if self._key(at) in ("or", "nor"):
                return True
            if self._key(at) != ",":
                return False


def _is_named(context: str, has_name: bool) -> bool:
    """Return whether a number after a statement needs no unit to be known: "long PR 260"."""
    return context in ("heart_rate", "axis_deg") or (context in quantities() and has_name)


def _is_age(found: Amount) -> bool:
    return found.unit is not None and found.unit.of == "age_years"


def _is_sex(found: Found[Meaning] | None) -> bool:
    return found is not None and found.meaning in (Word("male"), Word("female"))


def _can_be_counted(found: Found[Meaning] | None) -> bool:
    """Return whether a number before a phrase may count it: "3 PVCs" is no age."""
    if found is None or not isinstance(found.meaning, Phrase):
        return False
    return bool(_COUNTED & set(found.meaning.present))


def _example(quantity: str) -> str:
    examples = {"heart_rate": "140/min", "axis_deg": "-45 degrees", "age_years": "60 years"}
    return examples.get(quantity, "160 ms")


def _unavailable(what: Unavailable) -> RequestError:
    return RequestError(
        Kind.UNAVAILABLE,
        f"known, but not to be had from this generator: {what.name}, because {what.reason}",
        f"nearest: {what.nearest}",
    )
