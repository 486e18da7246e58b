"""WFDB records: what is read, what is judged, what is refused."""

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import wfdb

from ecgcli.errors import Category, RecordError
from ecgcli.records.leads import LEADS
from ecgcli.records.read import read_path
from ecgcli.records.record import Patient
from ecgcli.records.write_wfdb import write_wfdb
from tests import synthetic
from tests.records import files


def fails(path: Path, category: Category) -> RecordError:
    with pytest.raises(RecordError) as caught:
        read_path(path)
    assert caught.value.category is category
    return caught.value


def replace(path: Path, old: str, new: str, count: int = -1) -> Path:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, count), encoding="utf-8")
    return path


def test_record(tmp_path: Path) -> None:
    record = read_path(files.wfdb(tmp_path))
    assert record.leads == LEADS
    assert record.derived == ()
    assert (record.rate, record.duration_s, record.source_duration_s) == (100, 6, 6)
    assert record.signal.dtype == np.float32
    np.testing.assert_allclose(record.signal, files.millivolts(), atol=1e-6)
    assert record.patient == Patient(age_years=61, sex="female")
    assert (record.name, record.format, record.notes) == ("rec", "wfdb", ())


@pytest.mark.parametrize("given", ["rec", "rec.dat", "rec.hea", "rec.atr"])
def test_any_of_its_files_stands_for_the_record(tmp_path: Path, given: str) -> None:
    files.wfdb(tmp_path)
    (tmp_path / "rec.atr").write_bytes(b"\x00\x01\x02")
    assert read_path(tmp_path / given).name == "rec"


def test_leads_are_taken_by_name_and_not_by_position(tmp_path: Path) -> None:
    order = [0, 1, 2, 3, 5, 4, *range(6, 12)]  # aVF before aVL, as MIMIC-IV-ECG has it
    shuffled = tuple(LEADS[i].lower() for i in order)
    record = read_path(files.wfdb(tmp_path, signal=files.counts()[order], leads=shuffled))
    assert record.leads == LEADS
    np.testing.assert_allclose(record.signal, files.millivolts(), atol=1e-6)


def test_eight_leads_become_twelve(tmp_path: Path) -> None:
    rows = [LEADS.index(lead) for lead in files.STORED]
    record = read_path(files.wfdb(tmp_path, signal=files.counts()[rows], leads=files.STORED))
    assert record.leads == LEADS
    assert record.derived == ("III", "aVR", "aVL", "aVF")
    np.testing.assert_allclose(record.signal, files.millivolts(), atol=0.0051)


def test_other_leads_come_after_the_standard_ones(tmp_path: Path) -> None:
    signal = files.counts()
    names = ("vx", *LEADS[:11], "V6")
    record = read_path(files.wfdb(tmp_path, signal=np.vstack([signal[:1], signal]), leads=names))
    assert record.leads == (*LEADS, "vx")


def test_two_signals_of_one_name_are_refused(tmp_path: Path) -> None:
    names = ("I", "I", *LEADS[2:])
    error = fails(files.wfdb(tmp_path, leads=names), Category.INCOMPLETE)
    assert "both called I" in error.reason


def test_the_same_lead_stored_twice_counts_once(tmp_path: Path) -> None:
    signal = files.counts()
    signal[1] = signal[0]
    record = read_path(files.wfdb(tmp_path, signal=signal, leads=("I", "lead I", *LEADS[2:])))
    assert record.lead("I") is not None
    assert any("stored twice" in note for note in record.notes)


@pytest.mark.parametrize(
    ("gain", "factor"),
    [
        ("200(0)/mV", 1.0),
        ("0.2/uV", 1.0),
        ("0.2/µV", 1.0),
        ("0.2/microvolts", 1.0),
        ("200000/V", 1.0),
        ("200", 1.0),
        ("100/mV", 2.0),
    ],
)
def test_units_and_gains_are_honoured(tmp_path: Path, gain: str, factor: float) -> None:
    record = read_path(files.wfdb(tmp_path, gain=gain))
    np.testing.assert_allclose(record.signal, files.millivolts() * factor, rtol=1e-5, atol=1e-6)


def test_a_baseline_is_subtracted(tmp_path: Path) -> None:
    record = read_path(files.wfdb(tmp_path, gain="200(100)/mV"))
    np.testing.assert_allclose(record.signal, files.millivolts() - 0.5, atol=1e-6)


@pytest.mark.parametrize("gain", ["0/mV", "0(0)/mV", "/mV"])
def test_without_a_gain_there_are_no_amplitudes(tmp_path: Path, gain: str) -> None:
    assert "gain" in fails(files.wfdb(tmp_path, gain=gain), Category.INCOMPLETE).reason


def test_a_unit_that_is_no_voltage_is_no_ecg(tmp_path: Path) -> None:
    fails(files.wfdb(tmp_path, gain="200/mmHg"), Category.INCOMPLETE)


def test_missing_samples_are_nan(tmp_path: Path) -> None:
    signal = files.counts()
    signal[3, 100:120] = -32768
    record = read_path(files.wfdb(tmp_path, signal=signal))
    row = record.lead("aVR")
    assert row is not None
    assert np.isnan(row[100:120]).all()
    assert int(np.isnan(record.signal).sum()) == 20


def test_a_lead_without_any_valid_sample_is_derived(tmp_path: Path) -> None:
    signal = files.counts()
    signal[2] = -32768
    record = read_path(files.wfdb(tmp_path, signal=signal))
    assert record.derived == ("III",)
    np.testing.assert_allclose(record.signal[2], files.millivolts()[2], atol=0.0051)


def test_challenge_record(tmp_path: Path) -> None:
    record = read_path(files.challenge(tmp_path))
    assert record.acquired == datetime(2020, 6, 4, 10, 11, 12)
    assert record.source_statements == ("426177001", "59931005")
    assert record.patient == Patient(age_years=90, sex="male")
    np.testing.assert_allclose(record.signal, files.millivolts(), atol=1e-6)


def test_format_212(tmp_path: Path) -> None:
    np.testing.assert_allclose(
        read_path(files.wfdb_212(tmp_path)).signal, files.millivolts(), atol=1e-6
    )


def test_flac(tmp_path: Path) -> None:
    pytest.importorskip("soundfile")
    signal = files.counts()[:8]
    wfdb.wrsamp(
        "flac", RATE, ["mV"] * 8, list(files.STORED), d_signal=signal.T.astype(np.int64),
        fmt=["516"] * 8, adc_gain=[200.0] * 8, baseline=[0] * 8, write_dir=str(tmp_path),
    )  # fmt: skip
    record = read_path(tmp_path / "flac.hea")
    np.testing.assert_allclose(record.signal[0], files.millivolts()[0], atol=1e-6)


RATE = files.RATE


def _segments(tmp_path: Path, lines: str) -> Path:
    files.wfdb(tmp_path, "one", signal=files.counts()[:, :300], comments="")
    files.wfdb(tmp_path, "two", signal=files.counts()[:2, 300:], leads=LEADS[:2], comments="")
    path = tmp_path / "all.hea"
    path.write_text(f"all/3 12 {RATE} 700\n{lines}\n# Age: 50\n")
    return path


def test_segments_are_joined_by_name(tmp_path: Path) -> None:
    record = read_path(_segments(tmp_path, "one 300\n~ 100\ntwo 300"))
    assert record.source_duration_s == 7
    assert record.patient.age_years == 50
    np.testing.assert_allclose(record.signal[:, :300], files.millivolts()[:, :300], atol=1e-6)
    np.testing.assert_allclose(record.signal[:2, 400:], files.millivolts()[:2, 300:], atol=1e-6)
    assert np.isnan(record.signal[:, 300:400]).all()
    assert np.isnan(record.signal[6, 400:]).all()


def test_segments_that_contradict(tmp_path: Path) -> None:
    fails(_segments(tmp_path, "one 299\n~ 101\ntwo 300"), Category.DAMAGED)


def test_segments_that_are_missing(tmp_path: Path) -> None:
    path = _segments(tmp_path, "one 300\n~ 100\ntwo 300")
    (tmp_path / "two.hea").unlink()
    fails(path, Category.INCOMPLETE)


def test_a_short_signal_file_is_damaged(tmp_path: Path) -> None:
    path = files.wfdb(tmp_path)
    data = (tmp_path / "rec.dat").read_bytes()
    (tmp_path / "rec.dat").write_bytes(data[:-24])
    assert "shorter" in fails(path, Category.DAMAGED).reason


def test_a_wrong_checksum_is_damage(tmp_path: Path) -> None:
    path = files.wfdb(tmp_path)
    data = bytearray((tmp_path / "rec.dat").read_bytes())
    data[1001] ^= 4
    (tmp_path / "rec.dat").write_bytes(data)
    assert "checksum" in fails(path, Category.DAMAGED).reason


def test_a_header_without_checksums_is_read(tmp_path: Path) -> None:
    assert read_path(files.wfdb(tmp_path, checksum=False)).rate == RATE


def test_a_missing_signal_file_is_told(tmp_path: Path) -> None:
    path = files.wfdb(tmp_path)
    (tmp_path / "rec.dat").unlink()
    fails(path, Category.INCOMPLETE)


@pytest.mark.parametrize(
    "name", ["../secret.dat", "/etc/passwd", "s3://bucket/x.dat", "a\\b.dat", ".hidden", ".."]
)
def test_a_header_does_not_reach_outside_its_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.dat").write_bytes((files.counts().T).tobytes())
    inner = tmp_path / "inner"
    inner.mkdir()
    error = fails(replace(files.wfdb(inner), "rec.dat", name), Category.UNSAFE)
    assert name not in str(error)


def test_sizes_that_a_header_promises_are_not_allocated(tmp_path: Path) -> None:
    fails(replace(files.wfdb(tmp_path), " 100 600\n", " 100 99999999999\n"), Category.DAMAGED)
    path = replace(files.wfdb(tmp_path), "rec.dat 16 ", "rec.dat 516 ")
    fails(replace(path, " 100 600\n", " 100 99999999999\n"), Category.UNSAFE)
    fails(replace(files.wfdb(tmp_path), " 16 200", " 16:9999999999 200", 1), Category.DAMAGED)
    fails(replace(files.wfdb(tmp_path), " 16 200", " 16x9999999 200", 1), Category.DAMAGED)


@pytest.mark.parametrize(
    ("rate", "category"),
    [("0", Category.INCOMPLETE), ("1", Category.INCOMPLETE), ("1e9", Category.INCOMPLETE)],
)
def test_implausible_rates(tmp_path: Path, rate: str, category: Category) -> None:
    fails(files.wfdb(tmp_path, rate=rate), category)


def test_a_rate_that_is_missing(tmp_path: Path) -> None:
    fails(replace(files.wfdb(tmp_path), "rec 12 100 600", "rec 12"), Category.INCOMPLETE)


def test_shorter_than_five_seconds(tmp_path: Path) -> None:
    fails(files.wfdb(tmp_path, signal=files.counts()[:, :499]), Category.TOO_SHORT)
    assert read_path(files.wfdb(tmp_path, signal=files.counts()[:, :500])).duration_s == 5


def test_longer_than_an_hour(tmp_path: Path) -> None:
    signal = np.tile(files.counts()[:1], (1, 601))
    error = fails(files.wfdb(tmp_path, signal=signal, leads=("II",)), Category.UNSAFE)
    assert "hour" in error.reason


def test_a_gain_that_cannot_be(tmp_path: Path) -> None:
    assert "gain" in fails(files.wfdb(tmp_path, gain="0.2/mV"), Category.DAMAGED).remedy


def test_no_standard_lead(tmp_path: Path) -> None:
    names = tuple(f"EEG {i}" for i in range(12))
    fails(files.wfdb(tmp_path, leads=names), Category.INCOMPLETE)


def test_one_lead_is_enough(tmp_path: Path) -> None:
    record = read_path(files.wfdb(tmp_path, signal=files.counts()[1:2], leads=("II",)))
    assert record.leads == ("II",)


def test_a_cut_header_is_damaged(tmp_path: Path) -> None:
    path = files.wfdb(tmp_path)
    path.write_text(path.read_text()[:60])
    fails(path, Category.DAMAGED)


def test_multiple_samples_per_frame(tmp_path: Path) -> None:
    path = files.wfdb(tmp_path, signal=files.counts()[1:2], leads=("II",))
    replace(replace(path, " 100 600", " 50 300"), " 16 200", " 16x2 200")
    record = read_path(path)
    assert (record.rate, record.duration_s) == (100, 6)
    np.testing.assert_allclose(record.signal[0], files.millivolts()[1], atol=1e-6)


def test_written_and_read_again(tmp_path: Path) -> None:
    record = synthetic.normal(rate=250.0)
    record.signal[4, 10:20] = np.nan
    again = read_path(write_wfdb(record, tmp_path))
    np.testing.assert_allclose(again.signal, record.signal, atol=0.00051)
    assert (again.rate, again.leads, again.patient) == (250, record.leads, record.patient)
    assert again.name == "synthetic"


@pytest.mark.parametrize("years", [0.0, 30 / 365.25, 7 / 12, 61.0])
def test_ages_are_written_exactly(tmp_path: Path, years: float) -> None:
    patient = Patient(age_years=years, sex="female")
    record = synthetic.record(synthetic.normal().signal, patient=patient)
    assert read_path(write_wfdb(record, tmp_path)).patient == patient


def test_large_samples_are_written_without_loss(tmp_path: Path) -> None:
    record = synthetic.normal()
    record.signal[0, 5] = 40.0
    again = read_path(write_wfdb(record, tmp_path, name="big"))
    assert again.signal[0, 5] == pytest.approx(40.0)


def test_names_that_wfdb_does_not_take(tmp_path: Path) -> None:
    for name in ("", "a.b", "a/b", "ä"):
        with pytest.raises(ValueError, match="name"):
            write_wfdb(synthetic.normal(), tmp_path, name=name)


def test_a_generated_record_is_known_by_its_header(tmp_path: Path) -> None:
    comments = ["SYNTHETIC: made by ecgcli", "Prompt: Größe\nDx: 426177001 \x07 – AF"]
    header = write_wfdb(synthetic.normal(), tmp_path, "made", comments)
    assert header.read_bytes().isascii()
    record = read_path(header)
    assert record.synthetic
    assert record.notes == ("SYNTHETIC: made by ecgcli",)
    assert record.source_statements == ()  # a comment is one line, whatever stands in it
    assert record.patient == synthetic.ADULT
    assert not read_path(write_wfdb(synthetic.normal(), tmp_path, "not")).synthetic
