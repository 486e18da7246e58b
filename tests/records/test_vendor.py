"""Recorders' own formats, from hand-written files: what a reader must find in each."""

import struct
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from ecgcli.errors import Category, RecordError
from ecgcli.records import vendor_file
from ecgcli.records.leads import LEADS, LIMB_LEADS
from ecgcli.records.read import read_path
from tests.records import files
from tests.records.test_wfdb import fails, replace

TOLERANCE = {  # mV; leads derived from two rounded ones are off by one more step of 5 uV
    True: 0.0051,
    False: 1e-6,
}
WHEN = datetime(2024, 5, 17, 8, 30)


@pytest.mark.parametrize("kind", files.WRITERS)
def test_samples_are_the_same_in_every_format(tmp_path: Path, kind: str) -> None:
    record = read_path(files.WRITERS[kind](tmp_path))
    truth = dict(zip(LEADS, files.millivolts(), strict=True))
    assert record.rate == files.RATE
    assert record.duration_s == 6
    for lead in record.leads:
        row = record.lead(lead)
        assert row is not None
        np.testing.assert_allclose(row, truth[lead], atol=TOLERANCE[lead in record.derived])


@pytest.mark.parametrize(
    ("kind", "leads", "derived"),
    [
        ("ge-muse", LEADS, 4),
        ("hl7-aecg", LEADS, 0),
        ("edf", LEADS, 0),
        ("ishne", (*LIMB_LEADS, "V1"), 4),
        ("mfer", LEADS, 4),
        ("mortara", LEADS, 0),
        ("kardia", LIMB_LEADS, 0),
        ("dicom", LEADS, 0),
    ],
)
def test_leads(tmp_path: Path, kind: str, leads: tuple[str, ...], derived: int) -> None:
    record = read_path(files.WRITERS[kind](tmp_path))
    assert (record.format, record.leads) == (kind, leads)
    assert record.derived == (("III", "aVR", "aVL", "aVF") if derived else ())


@pytest.mark.parametrize("kind", ["ge-muse", "mortara", "dicom"])
def test_ages_in_months_stay_exact(tmp_path: Path, kind: str) -> None:
    record = read_path(files.WRITERS[kind](tmp_path))
    assert record.patient.age_years == pytest.approx(7 / 12)
    assert record.patient.sex == "female"


@pytest.mark.parametrize("kind", ["ge-muse", "hl7-aecg", "edf", "mortara", "dicom"])
def test_time_of_recording(tmp_path: Path, kind: str) -> None:
    assert read_path(files.WRITERS[kind](tmp_path)).acquired == WHEN


def test_a_time_with_a_zone_keeps_it(tmp_path: Path) -> None:
    assert read_path(files.kardia(tmp_path)).acquired == WHEN.replace(tzinfo=UTC)


def test_who_was_recorded(tmp_path: Path) -> None:
    patient = read_path(files.muse(tmp_path)).patient
    assert (patient.id, patient.name) == ("X1", "Doe")
    assert read_path(files.muse(tmp_path)).source_statements == ("Sinus rhythm",)


def test_muse_age_below_one_year_without_a_number(tmp_path: Path) -> None:
    path = replace(files.muse(tmp_path), ">MONTHS<", ">YEARS<")
    replace(path, "<PatientAge>7<", "<PatientAge>0<")
    record = read_path(path)
    assert record.patient.age_years is None
    assert any("0 years" in note for note in record.notes)


def test_rates_that_are_no_whole_numbers(tmp_path: Path) -> None:
    record = read_path(files.aecg(tmp_path, increment='0.0099" unit="s'))
    assert record.rate == pytest.approx(1 / 0.0099)


def test_a_file_without_a_unit_is_not_guessed(tmp_path: Path) -> None:
    path = replace(files.muse(tmp_path), "MICROVOLTS", "UNITS")
    assert "calibrated" in fails(path, Category.INCOMPLETE).reason


def test_two_leads_of_one_name(tmp_path: Path) -> None:
    path = replace(files.aecg(tmp_path), "MDC_ECG_LEAD_V2", "MDC_ECG_LEAD_V1")
    assert "both called V1" in fails(path, Category.INCOMPLETE).reason


def test_no_rhythm(tmp_path: Path) -> None:
    path = tmp_path / "empty.xml"
    path.write_text('<AnnotatedECG xmlns="urn:hl7-org:v3"></AnnotatedECG>')
    assert fails(path, Category.INCOMPLETE).reason == "the file holds no rhythm recording"


def test_a_checksum_that_contradicts(tmp_path: Path) -> None:
    path = replace(files.muse(tmp_path), "<LeadID>I<", "<LeadDataCRC32>1</LeadDataCRC32><LeadID>I<")
    assert "checksum" in fails(path, Category.DAMAGED).reason


def test_a_truncated_edf_file_is_not_taken_for_a_shorter_one(tmp_path: Path) -> None:
    path = files.edf(tmp_path, records=7)
    assert "shorter" in fails(path, Category.DAMAGED).reason


def test_zero_as_dicom_padding_is_signal_unless_it_lasts(tmp_path: Path) -> None:
    record = read_path(files.dicom(tmp_path, padding=0))
    truth = files.millivolts()
    good = np.isfinite(record.signal)
    np.testing.assert_allclose(record.signal[good], truth[good], atol=1e-6)
    runs_of_zero = np.count_nonzero(~good)
    assert 0 < runs_of_zero < np.count_nonzero(truth == 0)


def test_another_dicom_padding_is_missing(tmp_path: Path) -> None:
    value = int(files.counts()[1].max())
    record = read_path(files.dicom(tmp_path, padding=value))
    assert np.isnan(record.signal[files.counts() == value]).all()


def test_a_day_of_holter_is_refused_before_it_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = files.ishne(tmp_path)
    with path.open("ab") as file:
        file.truncate(100_000_000)

    def decode(format: str) -> None:
        raise AssertionError("decoded")

    monkeypatch.setattr(vendor_file, "parser", decode)
    fails(path, Category.UNSAFE)


def test_a_file_too_large_is_refused(tmp_path: Path) -> None:
    path = files.muse(tmp_path)
    with path.open("ab") as file:
        file.truncate(300_000_000)
    fails(path, Category.UNSAFE)


def test_nothing_leaks(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for kind in files.WRITERS:
        read_path(files.WRITERS[kind](tmp_path))
    (tmp_path / "cut.xml").write_text(files.muse(tmp_path).read_text()[:2000])
    with pytest.raises(RecordError) as caught:
        read_path(tmp_path / "cut.xml")
    assert str(tmp_path) not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_scp_age_is_read_with_its_unit() -> None:
    tags = struct.pack("<BH", 0, 4) + b"Doe\0" + struct.pack("<BHHB", 4, 3, 30, 4) + b"\xff\0\0"
    section = bytes(16) + tags
    data = bytes(32) + struct.pack("<HII", 1, len(section), 43) + section
    found = vendor_file._scp_age(data)
    assert found is not None
    assert found[0] == pytest.approx(30 / 365.25)
