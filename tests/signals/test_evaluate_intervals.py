"""The engine against annotations: what counts, on a synthetic database of known truth."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import wfdb

from ecgcli.errors import UsageError
from ecgcli.records.leads import LEADS
from ecgcli.records.write_wfdb import write_wfdb
from ecgcli.signals import evaluate_intervals, ludb
from ecgcli.signals.evaluate_intervals import Comparison, evaluate_ludb, leads_of, table
from ecgcli.signals.results import Fiducials
from tests import synthetic

P, QRS, T = (-100, -80, -62), (-22, 0, 24), (75, 135, 180)  # samples from the R peak


def annotate(header: Path, beats: list[int], waves: tuple[str, ...] = ("p", "N", "t")) -> None:
    """Write marks as LUDB has them: the first and the last beat of a recording have none."""
    marks = {"p": P, "N": QRS, "t": T}
    rows = sorted(
        (beat + at, symbol)
        for beat in beats[1:-1]
        for wave in waves
        for at, symbol in zip(marks[wave], ("(", wave, ")"), strict=True)
    )
    samples, symbols = [at for at, _ in rows], [symbol for _, symbol in rows]
    wfdb.wrann(header.stem, "all", np.array(samples), symbols, write_dir=str(header.parent))
    for lead in LEADS:  # wfdb writes no file whose extension has a digit
        shutil.copy(header.with_suffix(".all"), header.with_suffix(f".{lead.lower()}"))


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a sinus rhythm (1), flutter waves that were not annotated (2), and no heart (3)."""
    folder = tmp_path_factory.mktemp("db") / "ludb"
    (folder / "data").mkdir(parents=True)
    for number, rate in ((1, 60.0), (2, 80.0)):
        header = write_wfdb(synthetic.normal(rate), folder / "data", str(number))
        beats = [round(float(at) * 500) for at in synthetic.beat_times(rate, 10.0)]
        annotate(header, beats, ("p", "N", "t") if number == 1 else ("N", "t"))
    silent = synthetic.record(np.zeros((12, 5000), np.float32))
    header = write_wfdb(silent, folder / "data", "3")
    annotate(header, list(range(300, 4800, 400)))
    (folder / "ludb.csv").write_text(
        'ID,Sex,Rhythms\n1,"F\n",Sinus rhythm\n2,"M\n",Atrial fibrillation\n3,M,Sinus rhythm\n'
    )
    return folder


@pytest.fixture(scope="module")
def compared(database: Path) -> Comparison:
    return evaluate_ludb(database)


def test_beats_rate_and_intervals(compared: Comparison) -> None:
    assert compared.records == 3
    assert compared.without_numbers == ["3"]
    # Of record 3 every annotated beat is missed, of the others none.
    assert (compared.missed, compared.invented) == (10, 0)
    assert set(compared.rate) == {"1", "2"}
    assert compared.rate["1"] == pytest.approx(0.0, abs=0.3)
    assert compared.rate_off() == []
    for interval, limit in (("PR", 20.0), ("QRS", 25.0), ("QT", 40.0)):
        assert abs(compared.differences(interval)["1"]) < limit
        assert "3" not in compared.differences(interval)
        assert interval in compared.intervals["3"][1]


def test_a_p_wave_in_fibrillation_is_counted(compared: Comparison) -> None:
    assert compared.fibrillation == ["2"]
    assert compared.p_global.part >= 0.7 * compared.p_global.whole > 0
    assert compared.p_leads.whole > compared.p_global.whole
    assert next(key for key, names in compared.p_wave.items() if "2" in names)[0] == "absent"


def test_marks_of_a_record_without_numbers_are_missed(compared: Comparison) -> None:
    score = compared.marks["QRS onset"]
    assert score.missed >= 10 * 12
    assert score.sensitivity < 1.0
    assert score.precision > 0.99


def test_a_lead_without_fiducials_has_no_waves_and_null_is_no_mark() -> None:
    from ecgcli.signals.analyse import analyse

    analysis = analyse(synthetic.normal())
    points = Fiducials((None, 5), (None, 7), (None, None), r_peak=(100, 200))
    one = leads_of(replace(analysis, fiducials={"II": points}))
    assert [len(lead.qrs) for lead in one] == [2 * (lead == "II") for lead in LEADS]
    p = one[LEADS.index("II")].p
    assert p[0, :2].tolist() == [5, 7]
    assert np.isnan(p[0, 2])
    assert len(p) == 1


def test_table_and_json_say_the_same(compared: Comparison) -> None:
    printed = "\n".join(table(compared))
    numbers = json.loads(json.dumps(evaluate_intervals.as_json(compared), allow_nan=False))
    assert printed.startswith("3 records, 1 without numbers (3)")
    assert numbers["without_numbers"] == ["3"]
    assert numbers["beats"]["missed"] == 10
    assert "1 records in atrial fibrillation or flutter" in printed
    assert numbers["fibrillation"]["beats"] == compared.p_global.whole
    assert numbers["intervals"]["QT"]["missed"] == 1
    assert numbers["p_wave"]["annotated present"]["present"] == 1


def test_the_database_is_found_from_any_of_its_folders(database: Path, tmp_path: Path) -> None:
    for folder in (database, database / "data", database.parent):
        assert [path.stem for path in ludb.headers(folder)] == ["1", "2", "3"]
        assert ludb.without_p(folder) == {"2"}
    assert ludb.without_p(tmp_path) == frozenset()
    with pytest.raises(UsageError, match="no LUDB records"):
        ludb.headers(tmp_path)
