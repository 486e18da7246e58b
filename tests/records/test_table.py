"""CSV and NPY: sidecars, options, delimiters."""

import json
from pathlib import Path

import numpy as np
import pytest

from ecgcli.errors import Category, RecordError
from ecgcli.records.find import Source, find
from ecgcli.records.leads import LEADS
from ecgcli.records.read import ReadOptions, content_hash, read, read_path
from tests.records import files
from tests.records.test_wfdb import fails, replace

SAID = {"rate_hz": 100, "unit": "uV"}


def sidecar(path: Path, **values: object) -> None:
    path.with_name(path.name + ".json").write_text(json.dumps(values))


def test_sidecar(tmp_path: Path) -> None:
    path = files.csv(
        tmp_path,
        sidecar={**SAID, "age": 61, "sex": "F", "acquired": "2024-05-17T08:30:00", "device": "X"},
    )
    record = read_path(path)
    assert record.leads == LEADS
    assert (record.patient.age_years, record.patient.sex, record.device) == (61, "female", "X")
    assert record.acquired is not None


def test_options_instead_of_a_sidecar(tmp_path: Path) -> None:
    path = files.csv(tmp_path)
    path.with_name("table.csv.json").unlink()
    record = read_path(path, ReadOptions(rate_hz=100, unit="uV"))
    np.testing.assert_allclose(record.signal, files.millivolts(), atol=1e-6)
    with pytest.raises(RecordError):
        read_path(path)
    with pytest.raises(RecordError):
        read_path(path, ReadOptions(rate_hz=100))


@pytest.mark.parametrize(
    ("delimiter", "decimal"), [(",", "."), (";", ","), ("\t", "."), (";", ".")]
)
def test_delimiters(tmp_path: Path, delimiter: str, decimal: str) -> None:
    rows = [
        delimiter.join(f"{x:.3f}".replace(".", decimal) for x in r) for r in files.millivolts().T
    ]
    path = tmp_path / "x.tsv"
    path.write_text("\ufeff" + delimiter.join(LEADS) + "\r\n" + "\r\n".join(rows), "utf-8")
    sidecar(path, rate_hz=100, unit="mV")
    np.testing.assert_allclose(read_path(path).signal, files.millivolts(), atol=1e-6)


def test_without_a_header_line_the_sidecar_names_the_leads(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    np.savetxt(path, files.counts().T[:, ::-1] * 5, delimiter=",", fmt="%d")
    sidecar(path, **SAID, leads=list(reversed(LEADS)))
    np.testing.assert_allclose(read_path(path).signal, files.millivolts(), atol=1e-6)
    sidecar(path, **SAID)
    fails(path, Category.INCOMPLETE)
    sidecar(path, **SAID, leads=list(LEADS[:11]))
    fails(path, Category.INCOMPLETE)


def test_empty_cells_are_missing_samples(tmp_path: Path) -> None:
    path = files.csv(tmp_path)
    lines = path.read_text().splitlines()
    cells = lines[50].split(",")
    cells[3] = ""
    lines[50] = ",".join(cells)
    path.write_text("\n".join(lines))
    record = read_path(path)
    assert np.argwhere(np.isnan(record.signal)).tolist() == [[2, 49]]


def test_units_in_the_header_line(tmp_path: Path) -> None:
    path = replace(files.csv(tmp_path), ",I,", ",I [uV],")
    assert read_path(path).leads == LEADS
    replace(path, ",I [uV],", ",I [mV],")
    assert "contradict" in fails(path, Category.INCOMPLETE).reason


@pytest.mark.parametrize(
    "wrong",
    [
        {"rate_hz": "fast", "unit": "uV"},
        {"rate_hz": True, "unit": "uV"},
        {"rate_hz": 100},
        {"rate_hz": 100, "unit": "furlong"},
        {"rate_hz": 100, "unit": "uV", "leads": "I"},
        {"rate_hz": 100, "unit": "uV", "acquired": "yesterday"},
        {"rate_hz": -100, "unit": "uV"},
        {"rate_hz": float("nan"), "unit": "uV"},
    ],
)
def test_wrong_sidecars(tmp_path: Path, wrong: dict[str, object]) -> None:
    fails(files.csv(tmp_path, sidecar=wrong), Category.INCOMPLETE)


@pytest.mark.parametrize(
    ("old", "new"), [("\n0.02,", "\n0.02,x"), ("\n0.02,", "\n0.02,1,"), ("\n0.02,", "\n0.02,inf,,")]
)
def test_damaged_tables(tmp_path: Path, old: str, new: str) -> None:
    fails(replace(files.csv(tmp_path), old, new), Category.DAMAGED)


def test_infinite_samples(tmp_path: Path) -> None:
    path = files.npy(tmp_path)
    table = np.load(path)
    table[5, 5] = np.inf
    np.save(path, table)
    assert "infinite" in fails(path, Category.DAMAGED).reason


def test_microvolts_taken_for_millivolts(tmp_path: Path) -> None:
    assert (
        "gain"
        in fails(
            files.csv(tmp_path, sidecar={"rate_hz": 100, "unit": "mV"}), Category.DAMAGED
        ).remedy
    )


@pytest.mark.parametrize("dtype", ["<f4", ">f8", "<i2", "<i8"])
@pytest.mark.parametrize("transposed", [True, False])
def test_arrays(tmp_path: Path, dtype: str, transposed: bool) -> None:
    path = tmp_path / "x.npy"
    table = (files.counts() * 5).astype(dtype)
    np.save(path, table.T if transposed else table)
    sidecar(path, **SAID, leads=list(LEADS))
    np.testing.assert_allclose(read_path(path).signal, files.millivolts(), atol=1e-6)


def test_arrays_that_are_none(tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    sidecar(path, **SAID, leads=list(LEADS))
    np.save(path, np.zeros((2, 12, 600)))
    fails(path, Category.UNSUPPORTED)
    np.save(path, np.zeros((12, 600), dtype=complex))
    fails(path, Category.UNSUPPORTED)
    np.save(path, np.array([[{}]]), allow_pickle=True)
    fails(path, Category.DAMAGED)
    np.save(path, np.zeros((11, 600)))
    fails(path, Category.INCOMPLETE)


def test_an_array_that_promises_too_much(tmp_path: Path) -> None:
    path = files.npy(tmp_path)
    data = path.read_bytes().replace(b"(600, 12)", b"(9999999999, 12)")
    path.write_bytes(data)
    with pytest.raises(RecordError):
        read_path(path)


def test_the_sidecar_is_part_of_the_record(tmp_path: Path) -> None:
    path = files.csv(tmp_path)
    (source,) = [item for item in find([path]) if isinstance(item, Source)]
    before = content_hash(source)
    sidecar(path, **SAID, age=62)
    assert content_hash(source) != before
    assert read(source).content_hash == content_hash(source)
