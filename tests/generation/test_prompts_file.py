"""Files of requests: a text a line or CSV, and errors that name the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecgcli.errors import UsageError
from ecgcli.generation.order import Order, orders
from ecgcli.generation.prompts import Given, read_prompts
from ecgcli.generation.reading import read
from ecgcli.generation.request import Request


def write(folder: Path, text: str, name: str = "prompts.txt") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_a_text_a_line(tmp_path: Path) -> None:
    file = write(tmp_path, "\ufeffAF, rate 140\n\n# a remark\n  LBBB, 70yo woman\n")
    found = read_prompts(file, Given(count=3))
    assert [(p.line, p.count, p.request.present) for p in found] == [
        (1, 3, ("AFIB",)),
        (4, 3, ("CLBBB",)),
    ]


def test_a_table(tmp_path: Path) -> None:
    text = (
        "Prompt, n, age, sex, heart-rate, pr, qrs, qt, qtc, axis, statement\n"
        '"normal, healthy", 2, 50, F, 70, 160, 90, 380, , 40,\n'
        "\n"
        ",,,male,,,,,,,AFLT CLBBB\n"
    )
    first, second = read_prompts(write(tmp_path, text, "p.CSV"), Given(numbers={"age_years": 66.0}))
    assert first.count == 2
    assert first.request.present == ("NORM",)
    assert (first.request.age_years, first.request.sex) == (50, "female")
    assert first.request.values() == {
        "heart_rate": 70,
        "pr_ms": 160,
        "qrs_ms": 90,
        "qt_ms": 380,
        "axis_deg": 40,
    }
    assert (second.line, second.count) == (4, 1)
    assert set(second.request.present) == {"AFLT", "CLBBB"}
    assert (second.request.age_years, second.request.sex) == (66, "male")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no request"),
        ("# nothing\n", "holds no request"),
        ("prompt\n", "holds no request"),
        ("AF\nno such thing at all\n", "line 2: unknown words"),
        ("prompt,hr\nAF,140\n", "'hr' is no column; there are prompt, statement"),
        ("prompt,n,n\nAF,1,2\n", "'n' stands twice"),
        ("prompt,n\nAF\n", "line 2: 1 cells under 2 columns"),
        ("prompt,n\nAF, rate 140,2\n", "line 2: 3 cells under 2 columns"),
        ("prompt,n\nAF,0\n", "line 2: n is '0'"),
        ("prompt,n\nAF,many\n", "line 2: n is 'many'"),
        ("prompt,age\nAF,old\n", "line 2: age is 'old', which is no number"),
        ("prompt,age\nAF,nan\n", "line 2: "),
        ("prompt,sex\nAF,x\n", "line 2: sex is 'x'"),
        ("prompt,statement\nAF,AFFL\n", "line 2: there is no statement 'AFFL'"),
        ('prompt\n"two\nlines"\nsinus tachycardia at 50/min\n', "unknown words"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        read_prompts(write(tmp_path, text), Given())
    assert message in str(error.value)


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "p").write_bytes(b"\xff\xfe\x00AF")
    with pytest.raises(UsageError, match="no text in UTF-8"):
        read_prompts(tmp_path / "p", Given())
    with pytest.raises(UsageError, match="cannot read"):
        read_prompts(tmp_path / "absent", Given())


def test_an_order_comes_back_as_it_was_written() -> None:
    request = read("AF with RVR, 60yo male; no LBBB, QRS 90-110 ms")
    assert Request.from_dict(request.as_dict()) == request
    order = Order(request, 7, 3, 2, 12.0, 250.0, True, "abc")
    assert Order.loads(order.dumps()) == order
    assert order.dumps() == Order.loads(order.dumps()).dumps()


def test_a_name_tells_the_statements_and_nothing_of_the_patient() -> None:
    name = Order(read("AF and LBBB, 61yo man"), 7).name
    assert name.startswith("afib-clbbb-")
    assert name.endswith("-0001")
    assert name.replace("-", "").isalnum()
    assert Order(read("PRC(S)"), 7).name.startswith("prcs-")
    other = Order(read("AF and LBBB, 62yo man"), 7).name
    assert len({name, other, Order(read("AF and LBBB, 61yo man"), 8).name}) == 3
    assert name == Order(read("LBBB, atrial fibrillation, 61 year old man"), 7).name


def test_a_request_that_comes_again_goes_on_counting() -> None:
    prompts = [Given(count=n).prompt(text) for text, n in (("AF", 2), ("LBBB", 1), ("AFIB", 2))]
    made = list(orders(prompts, Order(prompts[0].request, 7)))
    assert [order.number for order in made] == [0, 1, 0, 2, 3]
    assert len({order.name for order in made}) == 5
