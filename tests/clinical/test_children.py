"""The twelve children of the data set against what their cardiologists coded (AHA numbers)."""

from pathlib import Path

import pytest

from ecgcli.clinical.interpret import interpret
from ecgcli.records.read import read_path
from ecgcli.signals.analyse import analyse

CODED = [
    ("P00073_E02", {"NORM"}, "normal"),
    ("P00277_E01", {"ONORM", "RAD"}, "otherwise normal"),
    ("P01062_E01", {"NORM"}, "normal"),
    ("P02189_E01", {"RAO/RAE", "LVH", "RVH"}, "hypertrophy of both ventricles, right atrium"),
    ("P03818_E01", {"SBRAD"}, "sinus bradycardia"),
    ("P05372_E01", {"NORM"}, "normal"),
    ("P07354_E04", {"STACH", "VCLVH"}, "sinus tachycardia, left ventricular high voltage"),
    ("P07648_E01", {"PAC"}, "premature atrial beats"),
    ("P08950_E01", {"NORM"}, "normal"),
    ("P10027_E01", {"LNGQT"}, "long QT interval, bradycardia"),
]


@pytest.mark.real
@pytest.mark.parametrize(("name", "codes", "coded"), CODED)
def test_children(ecg_data: Path, name: str, codes: set[str], coded: str) -> None:
    record = read_path(ecg_data / "paediatric" / f"{name}.hea")
    found = interpret(analyse(record))
    assert codes <= {s.code for s in found.statements}, coded
