"""Real recordings, as far as they are here."""

import random
from pathlib import Path

import numpy as np
import pytest

from ecgcli.errors import Category, RecordError
from ecgcli.records.find import Source, find
from ecgcli.records.leads import LEADS
from ecgcli.records.read import read, read_path
from ecgcli.records.record import Record

pytestmark = pytest.mark.real


def sources(folder: Path) -> list[Source]:
    return [item for item in find([folder]) if isinstance(item, Source)]


def einthoven_mv(record: Record) -> float:
    one, two, three = (record.lead(name) for name in ("I", "II", "III"))
    assert one is not None
    assert two is not None
    assert three is not None
    return float(np.nanmax(np.abs(one.astype(float) + three - two)))


def span_mv(record: Record) -> float:
    """Return the median over leads and 1.5 s windows of the peak to peak amplitude."""
    window = int(1.5 * record.rate)
    signal = record.signal[:12]
    parts = signal[:, : signal.shape[1] // window * window].reshape(len(signal), -1, window)
    return float(np.median(np.ptp(parts, axis=2)))


def test_formats(ecg_data: Path) -> None:
    failed = {}
    for source in sources(ecg_data / "formats"):
        try:
            record = read(source)
        except RecordError as error:
            failed[source.path.name] = error.category
            continue
        assert record.leads[:12] == LEADS, source.path.name
        assert 0.3 < span_mv(record) < 3.0, source.path.name
        assert einthoven_mv(record) <= 0.0101, source.path.name
    assert failed == {
        "empty.xml": Category.INCOMPLETE,
        "minimum_aecg.xml": Category.TOO_SHORT,
        "invalid-doc-version.xml": Category.UNSUPPORTED,
    }


def test_the_same_ecg_in_three_formats(ecg_data: Path) -> None:
    names = ("dicom/Example.dcm", "hl7_aecg/Example.xml", "scp_ecg/Example.scp")
    one, two, three = (read_path(ecg_data / "formats" / name) for name in names)
    np.testing.assert_allclose(one.signal, two.signal, atol=1e-5)
    np.testing.assert_allclose(one.signal, three.signal, atol=1e-5)
    assert one.acquired == two.acquired == three.acquired


def test_the_calibration_pulse_of_philips_files(ecg_data: Path) -> None:
    for source in sources(ecg_data / "formats" / "philips_sierra"):
        if "invalid" not in source.path.name:
            record = read(source)
            assert record.source_duration_s == 11
            assert 10 < record.duration_s < 10.7
            assert any("calibration pulse" in note for note in record.notes)


def test_children(ecg_data: Path) -> None:
    records = [read(source) for source in sources(ecg_data / "paediatric")]
    assert len(records) == 12
    for record in records:
        assert record.patient.age_years is not None
        assert 0.3 < record.patient.age_years < 14.2
        assert record.patient.sex is not None
        assert record.source_statements
        assert einthoven_mv(record) < 0.005


@pytest.mark.parametrize("part", ["ptbxl/records100", "ptbxl/records500"])
def test_ptbxl(ecg_data: Path, part: str) -> None:
    found = sources(ecg_data / part)
    for source in random.Random(5).sample(found, 40):
        record = read(source)
        assert record.leads == LEADS
        assert record.duration_s == 10
        assert str(source.output).count("/") == 1


def test_ludb_and_its_annotations(ecg_data: Path) -> None:
    found = list(find([ecg_data / "ludb" / "data"]))
    assert len(found) == 120
    for item in found[::12]:
        assert isinstance(item, Source)
        record = read(item)
        assert record.leads == LEADS
        assert record.patient.age_years is not None


def test_bad_recordings_are_read_all_the_same(ecg_data: Path) -> None:
    """What cinc2011 is there for: flat and railed recordings are for the quality to judge."""
    for source in sources(ecg_data / "cinc2011")[::5]:
        assert read(source).leads == LEADS
