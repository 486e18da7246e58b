"""The network that ships: its file, what it says of recordings, again and with parts missing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ecgcli.clinical.catalogue import catalogue
from ecgcli.engines.explain import _spans, explain
from ecgcli.engines.opinion import opinion
from ecgcli.errors import ModelError
from ecgcli.models import statements
from ecgcli.models.relevance import relevance
from ecgcli.models.statements import StatementModel
from ecgcli.records.record import Patient, Record
from ecgcli.signals.analyse import analyse
from ecgcli.signals.reading import NUMBERS, inputs
from tests import synthetic


@pytest.fixture(scope="module")
def network() -> StatementModel:
    return statements.shipped()


def of(record: Record) -> dict[str, float]:
    said = opinion(analyse(record))
    assert said is not None
    return {code: judgement.probability for code, judgement in said.statements.items()}


def test_its_card_says_what_goes_in_and_what_comes_out(network: StatementModel) -> None:
    card = network.card
    assert tuple(card["numbers"]) == NUMBERS
    codes = [name for name in card["outputs"] if ":" not in name]
    assert len(codes) == 71
    assert [code for code in codes if catalogue()[code].scp != code] == []
    rows = zip(card["outputs"], card["examples"], card["thresholds"], strict=True)
    for _, examples, threshold in rows:
        assert (threshold is None) is (examples < 30)
        assert threshold is None or 0.15 <= threshold < 1.0


def test_one_file_of_at_most_20_mb() -> None:
    assert statements.SHIPPED.stat().st_size < 20e6
    assert statements.SHIPPED.with_suffix(".md").is_file()


@pytest.mark.parametrize(("rate", "code"), [(45.0, "SBRAD"), (75.0, "SR"), (125.0, "STACH")])
def test_it_tells_rates(rate: float, code: str) -> None:
    said = of(synthetic.normal(rate))
    others = {"SBRAD", "STACH", "AFIB", "AFLT", "PACE"} - {code}
    assert said[code] > max(said[other] for other in others)


def test_the_same_again_and_at_any_rate() -> None:
    whole = of(synthetic.normal(75.0))
    assert of(synthetic.normal(75.0)) == whole
    for rate in (250.0, 1000.0):
        said = of(synthetic.normal(75.0, rate=rate))
        assert max(abs(said[code] - whole[code]) for code in whole) < 0.02


def test_age_and_sex_may_be_missing_and_count() -> None:
    record = synthetic.normal(75.0)
    known = of(record)
    unknown = of(replace(record, patient=Patient()))
    assert all(0.0 < probability < 1.0 for probability in unknown.values())
    assert known != unknown


def test_it_goes_on_without_some_leads() -> None:
    record = synthetic.normal(75.0)
    some = replace(record, leads=record.leads[:6], signal=record.signal[:6])
    assert of(some)["SR"] > 0.5


def test_a_recording_that_is_not_usable_gets_no_opinion() -> None:
    noise = np.random.default_rng(1).normal(0.0, 1.0, (12, 5000)).astype(np.float32)
    assert opinion(analyse(synthetic.record(noise))) is None


def test_a_child_gets_no_opinion() -> None:
    child = replace(synthetic.normal(), patient=Patient(age_years=9.0))
    assert opinion(analyse(child)) is None
    assert opinion(analyse(replace(child, patient=Patient(age_years=16.0)))) is not None


def test_a_network_for_other_numbers_is_refused(network: StatementModel) -> None:
    other = replace(network, card={**network.card, "numbers": ["something else"]})
    with pytest.raises(ModelError, match="train it again"):
        opinion(analyse(synthetic.normal()), other)


def test_relevance_is_where_the_logit_would_change(network: StatementModel) -> None:
    signal, numbers = inputs(analyse(synthetic.normal(75.0)))
    tape: dict[str, np.ndarray] = {}
    output = list(network.card["outputs"]).index("LVH")
    before = network.logits(signal, numbers, tape)[output]
    weights = relevance(network, signal, tape, output)
    assert weights.shape == signal.shape
    assert np.isfinite(weights).all()
    # A little less of the lead that speaks for it lowers the logit about as much as it says.
    lead = int(weights.sum(axis=1).argmax())
    less = signal.copy()
    less[lead] *= 0.999
    change = (before - network.logits(less, numbers)[output]) * 1000.0
    assert change == pytest.approx(weights[lead].sum(), rel=0.6, abs=0.2)


def test_what_is_named_lowers_the_probability(network: StatementModel) -> None:
    analysis = analyse(synthetic.normal(125.0))
    said = opinion(analysis)
    assert said is not None
    for code, found in explain(said, ["STACH", "LVH", "AFIB"]).items():
        before = said.statements[code].probability
        if found.leads:
            assert found.without_leads is not None
            assert found.without_leads < before + 5e-4  # it is rounded
        if found.start_s is not None:
            assert found.end_s is not None
            assert found.without_span is not None
            assert 0.0 <= found.start_s < found.end_s <= 10.0
            assert found.without_span < before + 5e-4
    assert explain(said, []) == {}


def test_what_speaks_nearly_as_much_shares_a_span() -> None:
    weights = np.zeros((12, 1000), np.float32)
    weights[1, 300:400], weights[1, 600:700] = 1.0, 0.9
    assert _spans(weights, [])[0][0] in range(280, 301)
    assert _spans(weights, [(590, 710)])[0] == (590, 710)
    assert (100, 220) not in _spans(weights, [(100, 220)])
    assert _spans(np.zeros_like(weights), [(100, 220)])[0] == (0, 120)


def test_without_a_way_nothing_is_explained() -> None:
    said = opinion(analyse(synthetic.normal(125.0)))
    assert said is not None
    assert explain(replace(said, way=None), ["LVH"]) == {}
