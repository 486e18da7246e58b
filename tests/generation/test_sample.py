"""Which drawing is taken, and what a drawing shows that nobody asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from ecgcli.clinical.catalogue import catalogue
from ecgcli.clinical.hybrid import MEASUREMENT
from ecgcli.clinical.statement import Evidence, Interpretation, Statement, Urgency
from ecgcli.engines.opinion import Judgement, Opinion
from ecgcli.generation import check as checking
from ecgcli.generation import sample as sampling
from ecgcli.generation.check import Check, Item, Seen
from ecgcli.generation.reading import read
from ecgcli.models.generator import draw, weights
from tests.generation import random_generator
from tests.reports import builder

MET = Item("AFIB", "present", "stated", True, 0.1)
UNMET = Item("AFIB", "present", "not stated", False, 0.9)
RATE = Evidence("ventricular_rate", "rate 140", 140.0, "/min")
PATTERN = Evidence(MEASUREMENT, "the statement model finds it probable", 0.8)


@pytest.fixture(scope="module")
def generator(tmp_path_factory: pytest.TempPathFactory) -> draw.Generator:
    file: Path = random_generator.make(tmp_path_factory.mktemp("model") / "random.safetensors")
    return draw.Generator(weights.load(file))


def drawings(
    monkeypatch: pytest.MonkeyPatch, generator: draw.Generator, made: Sequence[Check]
) -> list[sampling.Sample]:
    """Draw with checks that are said beforehand."""
    said: Iterator[Check] = iter(made)
    monkeypatch.setattr(sampling, "look", lambda _record: None)
    monkeypatch.setattr(sampling, "check", lambda *_: next(said))
    request = read("AF")
    return list(
        sampling.attempts(request, generator, seed=1, rate=100.0, steps=1, candidates=len(made))
    )


def shown(sure: float, *items: Item) -> Check:
    return Check(items or (MET,), (("IMI", sure),) if sure else ())


def test_the_first_that_passes_and_shows_little_else_is_the_last(
    monkeypatch: pytest.MonkeyPatch, generator: draw.Generator
) -> None:
    made = [shown(0.0, UNMET), shown(0.9), shown(0.3), shown(0.0)]
    tried = drawings(monkeypatch, generator, made)
    assert len(tried) == 3
    assert sampling.nearest(tried).candidate == 2


def test_of_several_that_show_more_the_one_with_least_is_taken(
    monkeypatch: pytest.MonkeyPatch, generator: draw.Generator
) -> None:
    made = [shown(0.9), shown(0.0, UNMET), shown(0.6), shown(0.8), shown(0.0)]
    tried = drawings(monkeypatch, generator, made)
    assert len(tried) == 4  # three that pass are enough
    assert sampling.nearest(tried).candidate == 2


def test_nothing_else_does_not_outweigh_what_was_asked(
    monkeypatch: pytest.MonkeyPatch, generator: draw.Generator
) -> None:
    tried = drawings(monkeypatch, generator, [shown(0.0, UNMET), shown(0.9)])
    assert sampling.nearest(tried).candidate == 1


def statement(code: str, urgency: Urgency, *evidence: Evidence) -> Statement:
    scp = catalogue()[code].scp
    return Statement(code, code, scp, None, (), 0.8, urgency, False, evidence, "by hand")


@pytest.mark.parametrize(
    ("text", "found", "unasked"),
    [
        ("AF", statement("IMI", Urgency.ABNORMAL, PATTERN), ("IMI",)),
        ("AF", statement("AFIB", Urgency.ABNORMAL, PATTERN), ()),
        ("AF", statement("RATEHI", Urgency.CRITICAL, RATE), ("RATEHI",)),
        ("AF, rate 140", statement("RATEHI", Urgency.CRITICAL, RATE), ()),
        ("AF, rate 140", statement("RATEHI", Urgency.CRITICAL, RATE, PATTERN), ("RATEHI",)),
        # Readers use the one for the other.
        ("anterior infarction", statement("ASMI", Urgency.ABNORMAL, PATTERN), ()),
        ("AF", statement("LAD", Urgency.BORDERLINE, PATTERN), ()),
    ],
)
def test_findings_that_nobody_asked_for(
    text: str, found: Statement, unasked: tuple[str, ...]
) -> None:
    said: dict[str, Any] = {"not_assessed": (), "conclusion": "", "limits": ""}
    whole = Interpretation(statements=(found,), urgency=found.urgency, **said)
    made = checking.check(read(text), Seen(builder.analysis(), None, whole))
    assert tuple(code for code, _ in made.unasked) == unasked
    assert made.more == pytest.approx(0.8 * len(unasked))


@pytest.mark.parametrize(
    ("text", "stated", "met"),
    [
        # What the measurements decide has to be stated, however probable the network finds it.
        ("sinus tachycardia", None, False),
        ("sinus tachycardia", "STACH", True),
        ("sinus rhythm", "STACH", True),  # follows from it
        ("sinus rhythm", "AFIB", False),
        ("normal ECG", None, False),
        ("LBBB", None, True),
        ("bigeminy", "BIGU", False),  # by the network alone
    ],
)
def test_a_statement_of_the_measurements_has_to_be_stated(
    text: str, stated: str | None, met: bool
) -> None:
    request = read(text)
    found = (statement(stated, Urgency.BORDERLINE, PATTERN),) if stated else ()
    whole = Interpretation(found, (), None, "", "")
    names = [catalogue()[code].scp or code for code in request.present]
    opinion = Opinion({name: Judgement(0.95, 0.5) for name in names}, {}, "by hand")
    made = checking.check(request, Seen(builder.analysis(), opinion, whole))
    (item,) = (each for each in made.items if each.name in request.present)
    assert item.met is met
