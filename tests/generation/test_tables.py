"""The tables of the room hold together, and with the catalogue."""

from __future__ import annotations

import pytest

from ecgcli.clinical import tables
from ecgcli.clinical.phrases import phrases
from ecgcli.clinical.tokens import key
from ecgcli.generation import vocabulary
from ecgcli.generation.amounts import numerals
from ecgcli.generation.definitions import definitions, told_by_value
from ecgcli.generation.lexicon import lexicon
from ecgcli.generation.limits import bound_rules, checked
from ecgcli.generation.quantities import quantities, units
from ecgcli.generation.reading import read
from ecgcli.generation.refusal import Kind, RequestError
from ecgcli.generation.statements import codes, entries, in_order
from ecgcli.generation.vocabulary import Phrase, Unavailable

ITEMS = vocabulary.items()


def test_every_phrase_names_statements_of_the_catalogue() -> None:
    for item in ITEMS:
        if isinstance(item.meaning, Phrase):
            of = item.meaning
            named = {*of.present, *of.absent, *(of.negated or ()), *of.unless}
            assert named <= entries().keys(), item.origin


def test_no_phrase_means_two_things() -> None:
    lexicon()
    seen: dict[tuple[str, ...], vocabulary.Item] = {}
    for item in ITEMS:
        if item.origin != "the catalogue":
            known = seen.setdefault(key(item.written), item)
            assert known.meaning == item.meaning, (item.written, known.origin, item.origin)


def test_an_ambiguous_phrase_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    twice = (*ITEMS, vocabulary.Item("LBBB", vocabulary.Word("filler"), "here"))
    monkeypatch.setattr(vocabulary, "items", lambda: twice)
    with pytest.raises(tables.TableError, match=r"'LBBB' stands in phrases\.csv, .* and in here"):
        lexicon.__wrapped__()


def test_no_phrase_is_empty_or_a_number_alone() -> None:
    for item in ITEMS:
        assert key(item.written), item.origin
        assert not all(part.isdigit() for part in key(item.written)), item.origin


def test_every_phrase_says_something() -> None:
    for item in ITEMS:
        if isinstance(item.meaning, Phrase):
            of = item.meaning
            assert of.present or of.absent or of.bounds or of.ask, item.origin


def test_every_phrase_is_read_as_its_row_says() -> None:
    for item in ITEMS:
        if not isinstance(item.meaning, Phrase):
            continue
        if item.meaning.ask:
            with pytest.raises(RequestError, match="can be several things"):
                read(item.written)
        else:
            assert read(item.written).present == in_order(item.meaning.present), item.written


def test_what_cannot_be_generated_is_known() -> None:
    for item in ITEMS:
        if isinstance(item.meaning, Unavailable):
            with pytest.raises(RequestError) as caught:
                read(item.written)
            assert caught.value.kind is Kind.UNAVAILABLE, item.written
            assert item.meaning.name in caught.value.reason
            assert item.meaning.nearest in caught.value.remedy


def test_what_is_nearest_can_be_asked_for() -> None:
    nearest = {x.meaning.nearest for x in ITEMS if isinstance(x.meaning, Unavailable)}
    for words in nearest:
        for each in words.replace(" or another statement with its wall", "").split(" or "):
            read(each)


def test_what_to_ask_instead_can_be_asked_for() -> None:
    asks = {x.meaning.ask for x in ITEMS if isinstance(x.meaning, Phrase) and x.meaning.ask}
    assert asks
    for ask in asks:
        _, _, example = ask.partition("such as ")
        for each in filter(None, example.replace(", ", " or ").split(" or ")):
            assert read(each).present


def test_every_statement_has_a_name_of_its_own() -> None:
    assert vocabulary.names().keys() == entries().keys()
    assert len(set(vocabulary.names().values())) == len(entries())


def test_units_and_numerals_are_no_other_words() -> None:
    words = {key(item.written) for item in ITEMS}
    assert not {key(word) for word in units()} & words
    assert not {(word,) for word in numerals()} - {("one",)} & words


def test_definitions_are_of_quantities_that_can_be_asked_for() -> None:
    assert {each.quantity for each in definitions()} <= quantities().keys()
    assert {"LAD", "RAD", "1AVB", "LNGQT"} <= told_by_value()
    assert not told_by_value() & {"SBRAD", "STACH", "CLBBB", "NORM"}


def row(**cells: str) -> tables.Row:
    return tables.Row("t.csv", 3, cells)


@pytest.mark.parametrize("cell", ["heart_rate > 100", "rate >= 100", "heart_rate >= @x", "fast"])
def test_a_wrong_range_in_a_table_is_named(cell: str) -> None:
    with pytest.raises(tables.TableError, match=r"t\.csv, line 3, column bound"):
        bound_rules(row(bound=cell), "bound")


def test_a_wrong_limit_or_code_in_a_table_is_named() -> None:
    with pytest.raises(tables.TableError, match="column low: '1O0' is neither"):
        checked(row(low="1O0"), "low", "1O0")
    with pytest.raises(tables.TableError, match="not in the catalogue"):
        codes(row(code="AFIB XYZ"), "code")


@pytest.mark.parametrize(
    ("cell", "listed"),
    [
        ("MI", ("MI",)),
        ("[old|] MI; AMI", ("old MI", "MI", "AMI")),
        ("[a|b] [c|d]", ("a c", "a d", "b c", "b d")),
    ],
)
def test_phrases_of_a_cell(cell: str, listed: tuple[str, ...]) -> None:
    assert phrases(cell) == listed
