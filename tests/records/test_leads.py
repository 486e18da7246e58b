import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecgcli.records.leads import LEADS, LIMB_LEADS, derive_limb_leads, standard_name
from tests import synthetic


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("I", "I"),
        ("avr", "aVR"),
        ("AVF", "aVF"),
        (" v1 ", "V1"),
        ("V 6", "V6"),
        ("MDC_ECG_LEAD_AVL", "aVL"),
        ("MDC_ECG_LEAD_V3", "V3"),
        ("Lead II", "II"),
        ("Lead I (Einthoven)", "I"),
        ("LEAD_III", "III"),
        ("leadV2", "V2"),
        ("ECG I", "I"),
        ("ECG Lead aVR", "aVR"),
        ("EKG-V5", "V5"),
        ("ecg_v4", "V4"),
        ("DI", "I"),
        ("D2", "II"),
        ("ⅱ", "II"),
        ("Ⅲ", "III"),
    ],
)
def test_spellings(text: str, name: str) -> None:
    assert standard_name(text) == name


@pytest.mark.parametrize(
    "text",
    [
        *("", "1", "ECG 1", "Lead 2", "MLII", "MCL1", "V", "V0", "V7", "V1R", "V4R", "vx", "VR"),
        *("-aVR", "-I", "aVR-neg", "IV", "IIII", "X", "C1", "CM5", "ECG", "lead", "Resp", "ABP"),
        *("I-II", "I II", "II_2", "V1-V2", "MDC_ECG_LEAD_V7", "MDC_ECG_LEAD_X", "A V1"),
    ],
)
def test_what_is_no_standard_lead_or_doubtful(text: str) -> None:
    assert standard_name(text) is None


@given(st.sampled_from(LEADS), st.data())
def test_any_case_is_the_same_lead(lead: str, data: st.DataObject) -> None:
    flips = data.draw(st.lists(st.booleans(), min_size=len(lead), max_size=len(lead)))
    text = "".join(
        letter.swapcase() if flip else letter for letter, flip in zip(lead, flips, strict=True)
    )
    assert standard_name(text) == lead


@given(st.text())
def test_any_text_is_a_standard_lead_or_none(text: str) -> None:
    assert standard_name(text) in (*LEADS, None)


@pytest.mark.parametrize("pair", list(itertools.combinations(LIMB_LEADS, 2)))
def test_any_two_limb_leads_give_the_others(pair: tuple[str, str]) -> None:
    truth = dict(zip(LEADS, synthetic.normal().signal.astype(float), strict=True))
    derived = derive_limb_leads({name: truth[name] for name in pair})
    assert set(derived) == set(LIMB_LEADS) - set(pair)
    for name, row in derived.items():
        np.testing.assert_allclose(row, truth[name], atol=2e-7)


def test_one_limb_lead_gives_none() -> None:
    row = np.ones(5)
    assert derive_limb_leads({"II": row, "V1": row}) == {}
    assert derive_limb_leads(dict.fromkeys(LIMB_LEADS, row)) == {}


@settings(max_examples=25)
@given(st.lists(st.floats(-5, 5, width=32), min_size=1, max_size=20))
def test_missing_samples_stay_missing(values: list[float]) -> None:
    one = np.array(values)
    two = one[::-1].copy()
    two[0] = np.nan
    derived = derive_limb_leads({"I": one, "II": two})
    for row in derived.values():
        assert np.isnan(row[0])
        assert np.isfinite(row[1:]).all()
