import pytest

from ecgcli.clinical.tables import Row, TableError, parse

COLUMNS = ("name", "value")


def row(**cells: str) -> Row:
    return Row("limits.csv", 7, cells)


def test_rows_know_their_line() -> None:
    rows = parse("t.csv", 'name,value\na,1\n"b, c", 2 \n', COLUMNS)
    assert [(r.line, r["name"], r.number("value")) for r in rows] == [(2, "a", 1), (3, "b, c", 2)]


def test_a_wrong_header_is_refused() -> None:
    with pytest.raises(TableError, match="line 1: the columns must be name, value"):
        parse("t.csv", "name,limit\n", COLUMNS)


def test_a_row_of_wrong_length_is_refused() -> None:
    with pytest.raises(TableError, match=r"t\.csv, line 3: 3 cells instead of 2"):
        parse("t.csv", "name,value\na,1\nb,2,3\n", COLUMNS)


def test_errors_name_table_line_and_column() -> None:
    with pytest.raises(TableError, match=r"limits\.csv, line 7, column value: 'x' is not a number"):
        row(value="x").number("value")


@pytest.mark.parametrize(
    ("text", "years"),
    [("", None), ("0 d", 0), ("11 d", 11 / 365.25), ("3 mo", 0.25), ("18 y", 18), ("0.5 y", 0.5)],
)
def test_ages(text: str, years: float | None) -> None:
    found = row(age=text).age("age")
    assert found == (None if years is None else pytest.approx(years))


@pytest.mark.parametrize("text", ["18", "18y", "-3 y", "3 weeks", "y"])
def test_ages_that_are_none(text: str) -> None:
    with pytest.raises(TableError, match="is no age"):
        row(age=text).age("age")


def test_a_word_outside_of_the_choice() -> None:
    with pytest.raises(TableError, match="column sex: 'f' is none of 'any', 'female'"):
        row(sex="f").choice("sex", ("any", "female"))
    with pytest.raises(TableError, match="column sex: is empty"):
        row(sex="").required("sex")
