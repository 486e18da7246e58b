"""A run that generates: orders in place of recordings, checked, marked, and the same again."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pypdf
import pytest
from jsonschema import Draft202012Validator

from ecgcli.batch import ordering
from ecgcli.batch.journal import Journal
from ecgcli.batch.ordering import FORMATS, PLACE, Generating, endings, rooms
from ecgcli.batch.run import run
from ecgcli.batch.settings import Settings
from ecgcli.errors import Category, ExitCode
from ecgcli.generation.order import Order, orders
from ecgcli.generation.prompts import Given, Prompt
from ecgcli.models.files import digest
from ecgcli.records.find import Source, find
from ecgcli.records.leads import LEADS
from ecgcli.records.read import read_path
from ecgcli.reports import synthetic
from tests.batch import drawings
from tests.batch.drawings import DEADLY, DEAF, HARD_OF_HEARING
from tests.batch.test_run import counts, files, report, times

Make = Callable[..., tuple[Generating, ExitCode]]
LIGHT = ("wfdb", "json")


def asked(text: str, count: int = 1, age: float | None = None) -> Prompt:
    return Given(numbers={} if age is None else {"age_years": age}, count=count).prompt(text)


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Run requests and return the settings and how it ended."""
    monkeypatch.setattr(ordering, "PROCESS", drawings.PROCESS)
    model = drawings.write_weights(tmp_path / "model.safetensors")

    def make(
        *prompts: Prompt,
        out: str = "out",
        formats: tuple[str, ...] = LIGHT,
        order: dict[str, Any] | None = None,
        **options: Any,
    ) -> tuple[Generating, ExitCode]:
        known = {"seed": 7, "candidates": 3, "model": digest(model), **(order or {})}
        like = Order(prompts[0].request, **known)
        folder = tmp_path / out
        settings = Generating(
            (folder / PLACE,),
            folder,
            endings(formats),
            **{"jobs": 1, "generator": model, "like": like, **options},
        )
        return settings, run(settings, rooms(lambda: orders(prompts, like)))

    return make


def records(out: Path) -> dict[str, Path]:
    return {path.stem: path for path in sorted(out.glob("*.hea"))}


def test_all_files_are_there_and_every_one_is_marked(make: Make) -> None:
    settings, code = make(asked("rate 72, 60yo male", 2), formats=FORMATS)
    assert code is ExitCode.OK
    assert counts(settings) == {"found": 2, "done": 2}
    found = files(settings.out)
    names = {name.partition(".")[0] for name in found} - {"index", "findings"}
    assert len(names) == 2
    assert set(found) == {"index.html", "findings.csv"} | {
        f"{name}.{kind}" for name in names for kind in ("hea", "dat", "json", "png", "html", "pdf")
    }
    for name in names:
        document = json.loads(found[f"{name}.json"])
        Draft202012Validator(synthetic.json_schema()).validate(document)
        assert document["record"] == name
        assert document["check"]["passed"]
        assert b"# SYNTHETIC: " in found[f"{name}.hea"]
        assert b"# Prompt: rate 72, 60yo male" in found[f"{name}.hea"]
        assert b"<title>SYNTHETIC" in found[f"{name}.html"]
        (page,) = pypdf.PdfReader(io.BytesIO(found[f"{name}.pdf"])).pages
        assert page.extract_text().count("SYNTHETIC") >= 2
        assert found[f"{name}.png"].startswith(b"\x89PNG")
        assert name.encode() in found["index.html"]
    assert found["index.html"].count(b"SYNTHETIC: ") == 2
    assert found["findings.csv"].count(b",SYNTHETIC\r\n") == 2
    told = report(settings)["settings"]
    assert (told["seed"], told["candidates"], told["recordings"]) == (7, 3, 0)
    assert "60yo" not in json.dumps(told)  # what was asked stands with the recordings


@pytest.mark.parametrize("rate", [100.0, 500.0])
def test_what_is_read_back_is_what_was_checked(make: Make, rate: float) -> None:
    settings, code = make(asked("rate 72, 60yo male"), order={"rate_hz": rate, "duration_s": 12})
    assert code is ExitCode.OK
    ((name, header),) = records(settings.out).items()
    record = read_path(header)
    assert (record.rate, record.leads, record.source_duration_s) == (rate, LEADS, 12)
    assert (record.patient.age_years, record.patient.sex) == (60, "male")
    assert record.synthetic
    order = Order.loads((settings.out / PLACE / f"{name}.json").read_bytes())
    from ecgcli.batch.generating import generator
    from ecgcli.generation.sample import sample

    made = sample(
        order.request,
        generator(settings.generator),
        seed=7,
        duration_s=12,
        rate=rate,
        candidates=3,
        name=name,
    )
    assert np.abs(record.signal - made.record.signal).max() < 1e-6
    uv = np.rint(record.signal.astype(float) * 1000)
    one, two, three, right, left, foot = uv[:6]
    assert (three == two - one).all()
    assert (2 * right == -one - two).all()
    assert (2 * left == 2 * one - two).all()
    assert (2 * foot == 2 * two - one).all()


def test_alone_equals_in_a_batch_whatever_the_number_the_jobs_or_the_order(make: Make) -> None:
    normal, fast = asked("rate 72", 3), asked("rate 110, 50 year old woman", 2)
    alone = files(make(replace(normal, count=1))[0].out)
    many = files(make(normal, fast, out="many", jobs=2)[0].out)
    other = files(make(fast, replace(normal, count=2), out="other")[0].out)
    made = [name for name in alone if name.endswith((".hea", ".dat", ".json"))]
    assert len(made) == 3
    for name in made:
        assert alone[name] == many[name] == other[name]
    shared = {name for name in other if name.startswith("ecg")}
    assert len(shared) == 4 * 3
    assert {name: many[name] for name in shared} == {name: other[name] for name in shared}
    signals = [content for name, content in many.items() if name.endswith(".dat")]
    assert len(set(signals)) == 5


def test_a_request_that_comes_twice_goes_on_counting(make: Make) -> None:
    settings, _ = make(asked("AF"), asked("rate 72"), asked("atrial fibrillation"), order=EFFORT)
    assert sorted(name[-4:] for name in records(settings.out)) == ["0001", "0001", "0002"]


EFFORT = {"best_effort": True, "candidates": 1}


def test_a_second_run_does_nothing_and_another_format_adds_to_it(make: Make) -> None:
    settings, _ = make(asked("rate 72", 2))
    before = times(settings.out)
    assert make(asked("rate 72", 2))[1] is ExitCode.OK
    assert times(settings.out) == before
    assert counts(settings) == {"found": 2, "unchanged": 2}
    settings, _ = make(asked("rate 72", 3), formats=("png",))
    assert counts(settings) == {"found": 3, "done": 3}
    assert len(records(settings.out)) == 2  # of the first two, whose files stay
    assert len(list(settings.out.glob("*.png"))) == 3


def test_what_was_written_before_a_kill_is_written_over(make: Make) -> None:
    settings, _ = make(asked("rate 72"), formats=FORMATS)
    before = files(settings.out)
    (settings.out / ".ecgcli" / "journal.sqlite3").unlink()
    make(asked("rate 72"), formats=FORMATS)
    assert files(settings.out) == before


def test_what_no_drawing_shows_is_not_written(make: Make) -> None:
    settings, code = make(asked("rate 72", age=DEAF), asked("rate 72"))
    assert code is ExitCode.NOT_AS_ASKED
    assert counts(settings) == {"found": 2, "done": 1, "failed": 1}
    assert report(settings)["failures_by_category"] == {"not as asked": 1}
    assert len(records(settings.out)) == 1
    failed = _failure(settings)
    assert failed is not None
    assert failed.category is Category.NOT_AS_ASKED
    assert "of 3 drawings" in failed.reason
    assert "heart rate: asked 72/min, found 92/min" in failed.reason
    assert make(asked("rate 72", age=DEAF))[1] is ExitCode.NOT_AS_ASKED  # known by now
    assert counts(settings) == {"found": 1, "known_failures": 1}


def _failure(settings: Settings) -> Any:
    journal = Journal(settings.out / ".ecgcli" / "journal.sqlite3", read_only=True)
    try:
        return next((one.failure for one in journal.entries() if one.failure), None)
    finally:
        journal.close()


def test_best_effort_writes_it_and_says_so_in_every_file(make: Make) -> None:
    assert make(asked("rate 72", age=DEAF))[1] is ExitCode.NOT_AS_ASKED
    settings, code = make(asked("rate 72", age=DEAF), formats=FORMATS, order={"best_effort": True})
    assert code is ExitCode.OK
    found = {name.rpartition(".")[2]: content for name, content in files(settings.out).items()}
    assert b"# SYNTHETIC, not as asked: heart rate: asked 72/min, found 92/min" in found["hea"]
    assert json.loads(found["json"])["mark"] == "SYNTHETIC – NOT AS ASKED"
    assert b"SYNTHETIC \xe2\x80\x93 NOT AS ASKED" in found["html"]
    (page,) = pypdf.PdfReader(io.BytesIO(found["pdf"])).pages
    assert "NOT AS ASKED" in page.extract_text()
    ((_, header),) = records(settings.out).items()
    assert any("not as asked" in note for note in read_path(header).notes)


def test_later_drawings_are_tried(make: Make) -> None:
    settings, code = make(asked("rate 72", age=HARD_OF_HEARING))
    assert code is ExitCode.OK
    (document,) = (json.loads(file.read_text()) for file in settings.out.glob("ecg*.json"))
    assert (document["candidate"], document["tried"], document["candidates"]) == (2, 3, 3)
    assert make(asked("rate 72", age=HARD_OF_HEARING), order={"candidates": 2}, out="few")[1] == 7


def test_another_failure_is_not_hidden_by_what_is_not_as_asked(make: Make) -> None:
    settings, code = make(asked("rate 72", age=DEAF), asked("rate 72", age=DEADLY))
    assert code is ExitCode.SOME_RECORDS_FAILED
    assert report(settings)["failures_by_category"] == {"crashed": 1, "not as asked": 1}


def test_nothing_of_a_prompt_is_logged(make: Make, capfd: pytest.CaptureFixture[str]) -> None:
    text = "normal ECG of a 61 year old woman, rate 72"
    make(asked(text), asked("rate 72, woman", age=DEAF), verbose=True)
    said = capfd.readouterr()
    logged = said.out + said.err
    assert "done record=" in logged
    for word in ("woman", "female", "year", "norm", "prompt", "ecg-"):
        assert word not in logged


def test_interpret_takes_the_records_and_nothing_else(make: Make) -> None:
    settings, _ = make(asked("rate 72, 60yo male"), formats=FORMATS)
    ((name, _),) = records(settings.out).items()
    found = list(find([settings.out]))
    assert [one.output for one in found if isinstance(one, Source)] == [PurePosixPath(name)]
    assert {one.path.name for one in found} == {f"{name}.hea", "run.json"}
    out = settings.out.with_name("interpreted")
    assert run(Settings((settings.out,), out, ("json", "html"), model="none")) is ExitCode.OK
    said = json.loads((out / f"{name}.json").read_text())
    assert said["mark"] == "SYNTHETIC"
    assert said["generated"] is None
    assert any(note.startswith("SYNTHETIC") for note in said["record"]["notes"])
    assert b"<title>SYNTHETIC" in (out / f"{name}.html").read_bytes()
