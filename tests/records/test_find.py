"""Finding: what counts, what belongs together, where outputs go."""

import os
import random
import zlib
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecgcli.errors import Category, RecordError
from ecgcli.records.find import NotAnEcg, Source, find
from ecgcli.records.names import MAX_NAME_BYTES, OUTPUT_SUFFIXES, RUN_OUTPUTS, output_names
from ecgcli.records.read import read
from tests.records import files


def sources(*paths: Path, exclude: Path | None = None, tables: bool = False) -> list[Source]:
    found = find(paths, exclude=exclude, tables=tables)
    return [item for item in found if isinstance(item, Source)]


def outputs(*paths: Path, exclude: Path | None = None) -> list[str]:
    return [str(source.output) for source in sources(*paths, exclude=exclude)]


def others(path: Path) -> dict[str, str]:
    return {item.path.name: item.reason for item in find([path]) if isinstance(item, NotAnEcg)}


def folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path


def test_every_format_is_known_by_its_content(tmp_path: Path) -> None:
    expected = {}
    for number, (kind, write) in enumerate(files.WRITERS.items()):
        path = write(folder(tmp_path / str(number)))
        format = "wfdb" if path.suffix == ".hea" else kind
        if format not in ("wfdb", "csv", "npy"):
            path = path.rename(path.with_name("file.of.no.known.extension"))
        expected[path] = format
    assert {source.path: source.format for source in sources(tmp_path)} == expected
    assert others(tmp_path) == {}


def test_a_record_is_one_and_its_companions_belong_to_it(tmp_path: Path) -> None:
    files.wfdb(tmp_path)
    for name in ("rec.atr", "rec.ii", "rec.txt", "rec.xyz"):
        (tmp_path / name).write_bytes(b"\x01\x00annotations")
    files.csv(tmp_path)
    files.npy(tmp_path)
    assert outputs(tmp_path) == ["array.npy", "rec", "table.csv"]
    assert others(tmp_path) == {}


def test_an_ecg_with_the_stem_of_another_is_an_ecg(tmp_path: Path) -> None:
    files.wfdb(tmp_path, "rec")
    files.muse(tmp_path, "rec.xml")
    files.kardia(tmp_path, "rec.json")
    assert outputs(tmp_path) == ["rec", "rec.json", "rec.xml"]


def test_segments_belong_to_their_record(tmp_path: Path) -> None:
    files.wfdb(tmp_path, "one")
    files.wfdb(tmp_path, "two")
    (tmp_path / "all.hea").write_text("all/2 12 100 1200\none 600\ntwo 600\n")
    assert outputs(tmp_path) == ["all"]
    assert outputs(tmp_path / "one.hea") == ["one"]
    assert others(tmp_path) == {}


def test_what_is_no_ecg_is_listed_with_a_reason(tmp_path: Path) -> None:
    contents: dict[str, bytes] = {
        "empty.xml": b"",
        "page.html": b"<!doctype html><html><body>x</body></html>",
        "other.xml": b"<?xml version='1.0'?><note>x</note>",
        "letter.pdf": b"%PDF-1.7\n1 0 obj<</Producer (Some writer)>>endobj",
        "data.json": b'{"a": 1}',
        "ct.dcm": bytes(128) + b"DICM" + b"1.2.840.10008.5.1.4.1.1.2" + bytes(50),
        "noise.dat": bytes(random.Random(1).randbytes(5000)),
        "signal.dat": files.counts().T.tobytes(),
        "README": b"Some words.\nAnd more.\n",
        "ages.csv": b"a,b\n1,2\n3,4\n5,6\n",
        "lost.mat": b"MATLAB 5.0 MAT-file, x" + bytes(200),
        "header.txt": b"rec 1 100 600\nrec.dat 16 200/mV 16 0 0 0 0 II\n",
        "fake.hea": b"this is no header\n",
    }
    for name, data in contents.items():
        (tmp_path / name).write_bytes(data)
    assert sources(tmp_path) == []
    assert set(others(tmp_path)) == set(contents)
    assert all(others(tmp_path).values())


def test_hidden_files_reports_and_the_output_folder_are_passed_over(tmp_path: Path) -> None:
    files.wfdb(tmp_path)
    files.muse(folder(tmp_path / ".hidden"))
    files.muse(tmp_path, ".muse.xml")
    files.muse(folder(tmp_path / "out"))
    folder(tmp_path / ".ecgcli")
    (tmp_path / "findings.csv").write_text("a,b\n1,2\n")
    (tmp_path / "r.json").write_text('{"schema_version": "1.0", "generator": "ecgcli 1", "a": 1}')
    (tmp_path / "r.html").write_text('<html><meta name="generator" content="ecgcli 1"></html>')
    (tmp_path / "s.html").write_text("<html><meta content='ecgcli 1' name='generator'></html>")
    (tmp_path / "r.pdf").write_bytes(b"%PDF-1.7\n<</Creator (ecgcli 1)/Producer (WeasyPrint)>>")
    found = list(find([tmp_path], exclude=tmp_path / "out"))
    assert [item.path.name for item in found] == ["rec.hea"]


def test_pdf_reports_as_they_are_written(tmp_path: Path) -> None:
    weasyprint = pytest.importorskip("weasyprint")
    for name, program in (("ours.pdf", "ecgcli 0.1"), ("theirs.pdf", "another program")):
        head = f'<title>ecgcli</title><meta name="generator" content="{program}">'
        page = weasyprint.HTML(string=f"<html><head>{head}</head><body>x</body></html>")
        (tmp_path / name).write_bytes(page.write_pdf())
    packed = zlib.compress(b"<xmp:CreatorTool>ecgcli 0.1</xmp:CreatorTool>")  # as in PDF/A
    (tmp_path / "archive.pdf").write_bytes(b"%PDF-1.7\nstream\n" + packed + b"\nendstream")
    assert list(others(tmp_path)) == ["theirs.pdf"]


def test_the_output_folder_may_be_the_input_folder(tmp_path: Path) -> None:
    files.wfdb(tmp_path)
    assert outputs(tmp_path, exclude=tmp_path) == ["rec"]
    assert outputs(folder(tmp_path / "in"), tmp_path, exclude=tmp_path) == ["rec"]


def test_links_and_loops(tmp_path: Path) -> None:
    inside, outside = folder(tmp_path / "in"), folder(tmp_path / "outside" / "deep")
    files.wfdb(inside)
    files.muse(outside, "far.xml")
    files.muse(tmp_path, "single.xml")
    (inside / "loop").symlink_to(inside, target_is_directory=True)
    (inside / "self").symlink_to("self")
    (inside / "again.hea").symlink_to("rec.hea")
    (inside / "a-link").symlink_to(outside.parent, target_is_directory=True)
    (inside / "b-link").symlink_to(outside, target_is_directory=True)
    (inside / "c.xml").symlink_to(tmp_path / "single.xml")
    (inside / "d.xml").symlink_to(tmp_path / "single.xml")
    (inside / "e.xml").symlink_to(outside / "far.xml")
    (outside / "back").symlink_to(inside, target_is_directory=True)
    names = outputs(inside)
    assert len(names) == 3
    assert {"rec", "c.xml"} < set(names)
    assert list(others(inside)) == ["self"]


def test_records_behind_links_into_hidden_folders_are_found(tmp_path: Path) -> None:
    store = folder(tmp_path / ".annex")
    files.wfdb(store, "KEY")
    (tmp_path / "rec.hea").symlink_to(store / "KEY.hea")
    (tmp_path / "KEY.dat").symlink_to(store / "KEY.dat")
    (found,) = sources(tmp_path)
    assert str(found.output) == "rec"
    assert read(found).name == "rec"


def test_a_file_reached_twice_counts_once(tmp_path: Path) -> None:
    sub = folder(tmp_path / "sub")
    path = files.wfdb(sub)
    muse = files.muse(tmp_path)
    expected = {"muse.xml", "sub/rec"}
    assert set(outputs(tmp_path, sub, path, muse, path)) == expected
    assert set(outputs(path, muse, tmp_path)) == expected
    assert len(outputs(sub, tmp_path, sub)) == 2
    assert outputs(path, sub / "rec.dat", sub / "rec") == ["rec"]


def test_outputs_are_relative_to_what_was_given(tmp_path: Path) -> None:
    files.muse(folder(tmp_path / "a" / "x"))
    files.muse(folder(tmp_path / "b"))
    assert outputs(tmp_path) == ["a/x/muse.xml", "b/muse.xml"]
    assert outputs(tmp_path / "a") == ["x/muse.xml"]
    assert outputs(tmp_path / "a", tmp_path / "b") == ["a/x/muse.xml", "b/muse.xml"]
    assert outputs(tmp_path / "b" / "muse.xml") == ["muse.xml"]
    assert outputs(tmp_path / "b" / "muse.xml", tmp_path / "a") == ["b/muse.xml", "a/x/muse.xml"]


def test_the_run_s_own_outputs_are_never_overwritten(tmp_path: Path) -> None:
    for name in ("index", "Run", "findings"):
        files.wfdb(tmp_path, name)
    files.wfdb(folder(tmp_path / "sub"), "index")
    files.ishne(tmp_path, "run")  # a file of another format without an extension
    names = outputs(tmp_path)
    assert {"index.hea", "Run.hea", "findings.hea", "sub/index"} < set(names)
    assert any(name.startswith("run~") for name in names)


def test_a_record_called_like_another_file(tmp_path: Path) -> None:
    files.wfdb(tmp_path, "rec")
    files.ishne(tmp_path, "rec")
    assert sorted(outputs(tmp_path)) == ["rec", "rec.hea"]


@settings(max_examples=200)
@given(
    st.lists(
        st.sampled_from(
            ["rec", "REC", "rec.hea", "Rec.hea", "rec.xml", "rec.xml.hea", "index", "index.hea",
             "run.json", "ä", "a\u0308", "a\nb", "x" * 250, "x" * 249 + "y", "rec.json", "é.hea"]
        ),
        unique=True,
    ),
    st.lists(
        st.sampled_from(["rec.json", "sub", "SUB", "index.html", "rec.pdf", "rec", "run.json"]),
        unique=True,
    ),
    st.booleans(),
)  # fmt: skip
def test_names_never_collide(names: Sequence[str], folders: Sequence[str], top: bool) -> None:
    found = output_names(names, [name for name in folders if name not in names], top)
    here = [name for name in folders if name not in names]
    written = [found[name] + suffix for name in names for suffix in OUTPUT_SUFFIXES]
    written += [found[name] for name in here] + (list(RUN_OUTPUTS) if top else [])
    keys = [name.casefold() for name in written]
    assert len(set(keys)) == len(keys)
    assert all(len(name.encode()) <= MAX_NAME_BYTES for name in found.values())
    assert found == output_names(list(reversed(names)), list(reversed(here)), top)


def test_names_that_are_no_text(tmp_path: Path) -> None:
    raw = os.fsencode(tmp_path) + b"/caf\xe9.xml"
    Path(os.fsdecode(raw)).write_bytes(files.muse(tmp_path).read_bytes())
    (tmp_path / "muse.xml").unlink()
    (found,) = sources(tmp_path)
    str(found.output).encode("utf-8")
    assert read(found).name.encode("utf-8")


def test_the_order_is_stable(tmp_path: Path) -> None:
    names = [f"{i}.xml" for i in range(30)]
    random.Random(3).shuffle(names)
    data = files.muse(tmp_path).read_bytes()
    for name in names:
        (tmp_path / name).write_bytes(data)
    assert outputs(tmp_path) == sorted([*names, "muse.xml"])


def test_it_is_lazy(tmp_path: Path) -> None:
    for name in ("a", "b"):
        files.muse(folder(tmp_path / name))
    found = find([tmp_path])
    next(found)
    files.muse(tmp_path / "b", "later.xml")
    assert [item.path.name for item in found] == ["later.xml", "muse.xml"]


def test_what_is_not_there_is_a_source_that_cannot_be_read(tmp_path: Path) -> None:
    assert [source.format for source in sources(tmp_path / "gone")] == ["unknown"]


def test_tables_need_to_be_explained(tmp_path: Path) -> None:
    table = files.csv(tmp_path)
    table.with_name("table.csv.json").unlink()
    (tmp_path / "ages.csv").write_text("patient,age\n1,2\n3,4\n5,6\n")
    assert set(others(tmp_path)) == {"table.csv", "ages.csv"}
    assert [source.path for source in sources(tmp_path, tables=True)] == [table]


def test_ten_thousand_files_named_alike(tmp_path: Path) -> None:
    header = "rec 1 100 600\nrec.dat 16 200/mV 16 0 0 0 0 II\n"
    for number in range(10_000):
        inner = tmp_path / f"{number // 100:03}" / f"{number % 100:03}"
        inner.mkdir(parents=True)
        (inner / "rec.hea").write_text(header)
    names = outputs(tmp_path)
    assert len(names) == 10_000
    assert len({name.casefold() for name in names}) == 10_000


def test_thousands_of_folders_side_by_side(tmp_path: Path) -> None:
    for number in range(2_000):
        inner = tmp_path / str(number)
        inner.mkdir()
        (inner / "rec.hea").write_text("rec 1 100 600\nrec.dat 16 200/mV 16 0 0 0 0 II\n")
    assert len(set(outputs(tmp_path))) == 2_000


def test_what_may_not_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = folder(tmp_path / "closed")
    files.muse(tmp_path)
    scandir, opened = os.scandir, Path.open

    def refuse_folder(path: Path) -> object:
        if path == closed:
            raise PermissionError(13, "no", str(path))
        return scandir(path)

    def refuse_file(path: Path, *arguments: object) -> object:
        if path.name == "muse.xml":
            raise PermissionError(13, "no", str(path))
        return opened(path, *arguments)  # type: ignore[call-overload]

    monkeypatch.setattr("os.scandir", refuse_folder)
    monkeypatch.setattr(Path, "open", refuse_file)
    found = sources(tmp_path)
    assert [(str(source.output), source.format) for source in found] == [
        ("muse.xml", "unknown"),
        ("closed", "unknown"),
    ]
    for source in found:
        with pytest.raises(RecordError) as caught:
            read(source)
        assert caught.value.category is Category.NOT_READABLE
        assert str(tmp_path) not in str(caught.value)
