import csv
from pathlib import Path

import pytest

from ecgcli.clinical.catalogue import COLUMNS, catalogue, from_rows
from ecgcli.clinical.criteria import criteria
from ecgcli.clinical.tables import TableError, parse

HEAD = ",".join(COLUMNS) + "\n"


@pytest.mark.real
def test_all_statements_of_ptbxl_are_there_with_their_aha_numbers(ecg_data: Path) -> None:
    with (ecg_data / "ptbxl" / "scp_statements.csv").open(encoding="utf-8") as stream:
        theirs = {row[""]: row["AHA code"] for row in csv.DictReader(stream)}
    ours = {entry.scp: entry for entry in catalogue().values() if entry.code == entry.scp}
    assert len(theirs) == 71
    assert theirs.keys() == ours.keys()
    assert {c: ours[c].aha for c, aha in theirs.items() if aha} == {
        c: aha for c, aha in theirs.items() if aha
    }


def test_every_statement_of_a_criterion_is_in_the_catalogue() -> None:
    assert {row.statement for row in criteria()} <= catalogue().keys()


@pytest.mark.parametrize(
    ("code", "concept"),
    [("AFIB", "164889003"), ("CRBBB", "713427006"), ("STELEV", "164931005"), ("LAD", "39732003")],
)
def test_findings_carry_the_codes_of_the_physionet_challenge(code: str, concept: str) -> None:
    assert catalogue()[code].snomed[0] == concept


def test_a_mistyped_snomed_id_is_refused() -> None:
    table = HEAD + "X,Text,,,164889004,rhythm,normal,here\n"
    with pytest.raises(TableError, match=r"line 2, column snomed: .* check digit"):
        from_rows(parse("statements.csv", table, COLUMNS))


def test_a_code_stands_once() -> None:
    line = "X,Text,,,,rhythm,normal,here\n"
    with pytest.raises(TableError, match="line 3, column code: 'X' stands twice"):
        from_rows(parse("statements.csv", HEAD + line + line, COLUMNS))


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("X,Text,,,,heart,normal,here", "category"),
        ("X,Text,,,,rhythm,soon,here", "urgency"),
        ("X,,,,,rhythm,normal,here", "text"),
        ("X,Text,,,,rhythm,normal,", "source"),
    ],
)
def test_cells_that_do_not_fit_are_named(line: str, column: str) -> None:
    with pytest.raises(TableError, match=f"line 2, column {column}"):
        from_rows(parse("statements.csv", HEAD + line + "\n", COLUMNS))
