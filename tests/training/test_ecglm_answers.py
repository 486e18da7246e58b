"""What EcgLM is to answer: only what is labelled and measured, in the form that is asked for."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecgcli.engines.answer import parse
from ecgcli.engines.quantities import quantities
from ecgcli.records.leads import LEADS
from ecgcli.signals.analyse import analyse
from ecgcli.signals.features import NAMES, features
from ecgcli.training.ecglm_answers import answer, numbers, rows, written
from tests import synthetic

Numbers = dict[tuple[str, str | None], float]
KEYS = [
    (name, lead)
    for name, quantity in quantities().items()
    for lead in (LEADS if quantity.per_lead else (None,))
]


def test_numbers_and_leads_go_with_the_statement_that_rests_on_them() -> None:
    measured: Numbers = {("heart_rate", None): 71.6, ("pr", None): 243.9}
    measured |= {("q_amplitude", "III"): 0.31, ("q_amplitude", "aVF"): 0.22}
    measured |= {("q_amplitude", "II"): 0.02, ("q_amplitude", "V5"): 0.5}
    said = answer({"IMI": 0.35, "SR": 1.0, "1AVB": 1.0}, measured)
    assert [finding.code for finding in said.findings] == ["SR", "1AVB", "IMI"]
    infarction = said.findings[-1]
    assert infarction.certainty == "possible"
    assert infarction.leads == ("III", "aVF")  # II shows too little, V5 is not inferior
    assert [(c.quantity, c.value, c.lead) for c in infarction.evidence] == [
        ("q_amplitude", 0.31, "III"),
        ("q_amplitude", 0.22, "aVF"),
    ]
    assert said.impression == (
        "Sinus rhythm, 72 per minute. First degree AV block, PR 244 ms."
        " Possible inferior infarction in III and aVF."
    )


def test_depression_is_told_where_it_is_deepest() -> None:
    measured: Numbers = {("st_j60", lead): -0.06 for lead in ("V4", "V5")}
    measured |= {("st_j60", "V6"): -0.2}
    measured |= {("st_j60", "V3"): 0.3, ("st_j60", "II"): -0.01}
    (finding,) = answer({"STD_": 1.0}, measured).findings
    assert finding.leads == ("V4", "V5", "V6")
    assert finding.evidence[0].lead == "V6"


@given(
    st.dictionaries(st.sampled_from(sorted(rows())), st.floats(0, 1), max_size=15),
    st.dictionaries(st.sampled_from(KEYS), st.floats(-900, 900), max_size=60),
)
def test_every_answer_is_one_and_no_number_in_it_is_invented(
    labels: dict[str, float], measured: dict[tuple[str, str | None], float]
) -> None:
    said = answer(labels, measured)
    assert parse(written(said), rows()) == said
    for finding in said.findings:
        assert finding.code in labels
        for claim in finding.evidence:
            assert claim.value == pytest.approx(measured[claim.quantity, claim.lead], abs=0.51)


def test_the_table_names_quantities_and_leads_that_there_are() -> None:
    for row in rows().values():
        assert set(row.numbers) <= set(quantities())
        assert set(row.leads) <= set(LEADS)
        assert not row.read or quantities()[row.read].per_lead
        assert bool(row.leads) == bool(row.read)


def test_numbers_are_those_that_were_measured() -> None:
    measurements = analyse(synthetic.normal(72)).measurements
    assert measurements is not None
    values = dict(zip(NAMES, features(measurements).tolist(), strict=True))
    found = numbers(values)
    assert found["heart_rate", None] == pytest.approx(72, abs=1)
    assert found["qrs_axis", None] == pytest.approx(measurements.qrs_axis.value, abs=0.1)
    lead = {one.lead: one for one in measurements.leads}["V1"]
    assert found["r_amplitude", "V1"] == pytest.approx(lead.r_mv, abs=1e-3)
    assert lead.s_mv is not None
    assert found["s_amplitude", "V1"] == pytest.approx(-lead.s_mv, abs=1e-3)
    assert numbers(dict.fromkeys(NAMES, np.nan)) == {}
    assert json.loads(written(answer({}, found))) == {"findings": [], "impression": ""}
