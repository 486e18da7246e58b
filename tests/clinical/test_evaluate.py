from pathlib import Path

import pytest

from ecgcli.clinical.evaluate import (
    Case,
    Counts,
    cases,
    choose,
    compare,
    interpret_case,
    main,
    report,
)
from ecgcli.clinical.interpret import interpret
from ecgcli.signals.results import PWave
from tests.clinical.builders import analysis, measurements

DATABASE = """ecg_id,age,sex,scp_codes,strat_fold,filename_lr,filename_hr
1,300.0,1,"{'NORM': 100.0, 'SR': 0.0}",1,low/1,high/1
2,50.0,0,"{'IMI': 35.0, 'ASMI': 50.0, 'AFIB': 0.0, 'LVOLT': 0.0}",2,low/2,high/2
3,,,"{'NORM': 80.0}",9,low/3,high/3
4,40.0,0,"{'NORM': 80.0}",3,low/4,high/4
"""
STATEMENTS = """,description,diagnostic
NORM,normal,1.0
IMI,inferior,1.0
ASMI,anteroseptal,1.0
SR,sinus,
AFIB,fibrillation,
LVOLT,low,
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ptbxl_database.csv").write_text(DATABASE)
    (tmp_path / "scp_statements.csv").write_text(STATEMENTS)
    (tmp_path / "low").mkdir()
    for number in (1, 2, 3):
        (tmp_path / "low" / f"{number}.hea").touch()
    return tmp_path


def test_cases_are_those_that_are_there(folder: Path) -> None:
    first, second = cases(folder, range(1, 9), 100)
    assert (first.age, first.sex) == (90, "female")
    assert first.present == {"NORM", "SR"}
    assert second.present == {"ASMI", "AFIB", "LVOLT"}
    assert second.uncertain == {"IMI"}
    assert cases(folder, range(1, 9), 500) == []


def case(*present: str, uncertain: tuple[str, ...] = ()) -> Case:
    return Case(Path("x"), 60, "male", frozenset(present), frozenset(uncertain))


def test_choosing_is_even_and_enriched() -> None:
    found = [case("NORM") for _ in range(99)] + [case("WPW")]
    assert len(choose(found, 10, 0)) == 10
    assert len(choose(found, 0, 0)) == 100
    assert len([c for c in choose(found, 10, 3) if "WPW" in c.present]) == 1


def test_counts() -> None:
    normal = interpret(analysis(measurements()))
    fibrillation = interpret(analysis(measurements(PWave.ABSENT, rr_variation=20)))
    pairs = [
        (case("NORM", "SR"), normal),
        (case("AFIB"), normal),
        (case("AFIB"), fibrillation),
        (case("SR"), fibrillation),
        (case("SR", uncertain=("NORM",)), normal),
        (case("SR"), None),
    ]
    counts, used = compare([c for c, _ in pairs], [i for _, i in pairs])
    assert len(used) == 5
    assert counts["AFIB"] == Counts(hit=1, missed=1, false=1, rejected=2)
    assert counts["NORM"] == Counts(hit=1, missed=0, false=1, rejected=2)
    text = report(counts, used)
    assert "of 5 interpreted, 1 are labelled normal" in text
    assert "AFIB                    2       2  0.500  0.500  0.667" in text


@pytest.mark.real
def test_the_command_prints_the_table(ecg_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([str(ecg_data / "ptbxl"), "--folds", "1-8", "--limit", "12", "--rate", "500"])
    printed = capsys.readouterr().out
    assert printed.startswith("12 records; 0 not read")
    assert "critical values in all" in printed


@pytest.mark.real
def test_real_records_agree_with_their_labels_mostly(ecg_data: Path) -> None:
    found = choose(cases(ecg_data / "ptbxl", range(1, 9), 500), 80, 0)
    counts, _ = compare(found, [interpret_case(c) for c in found])
    for group, sensitivity, specificity in (("SR", 0.85, 0.4), ("NORM", 0.6, 0.6)):
        n = counts[group]
        assert n.hit / (n.hit + n.missed) >= sensitivity
        assert n.rejected / (n.rejected + n.false) >= specificity
