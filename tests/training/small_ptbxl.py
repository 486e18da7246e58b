"""A PTB-XL of synthetic recordings in the official layout, for tests of what reads one."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ecgcli.records.leads import LEADS
from ecgcli.records.write_wfdb import write_wfdb
from tests import synthetic

STATEMENTS = """,description,diagnostic,form,rhythm,diagnostic_class,diagnostic_subclass
NORM,normal ECG,1.0,,,NORM,NORM
IMI,inferior infarction,1.0,,,MI,IMI
ASMI,anteroseptal infarction,1.0,,,MI,AMI
LVH,hypertrophy,1.0,,,HYP,LVH
CLBBB,left bundle branch block,1.0,,,CD,CLBBB
NDT,T abnormality,1.0,1.0,,STTC,STTC
LVOLT,low voltage,,1.0,,,
SR,sinus rhythm,,,1.0,,
SBRAD,bradycardia,,,1.0,,
"""
HEAD = "ecg_id,age,sex,scp_codes,strat_fold,filename_lr,filename_hr"
SLOW, FAST = 45.0, 75.0


def make(folder: Path, records: int, sharp: int = 2) -> Path:
    """Write `records` recordings at 100 Hz, the first `sharp` of them also at 500 Hz."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "scp_statements.csv").write_text(STATEMENTS)
    lines = [HEAD]
    for at in range(records):
        slow = at % 3 == 0
        codes = {"SBRAD" if slow else "SR": 0.0, "NORM": 100.0 if at % 2 else 50.0}
        if at % 4 == 0:
            codes = {"SBRAD" if slow else "SR": 0.0, "IMI": 35.0, "ASMI": 100.0}
        fold = at % 9 + 1
        low, high = f"records100/{at:05d}_lr", f"records500/{at:05d}_hr"
        lines.append(f'{at + 1},{30 + at}.0,{at % 2},"{codes}",{fold},{low},{high}')
        rate = SLOW if slow else FAST
        _write(folder / low, rate + at % 5, 100.0)
        if at < sharp:
            _write(folder / high, rate + at % 5, 500.0)
    (folder / "ptbxl_database.csv").write_text("\n".join(lines) + "\n")
    return folder


def _write(path: Path, beats_per_minute: float, rate: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    record = synthetic.normal(beats_per_minute, 10.0, rate)
    assert record.leads == LEADS
    assert np.isfinite(record.signal).all()
    write_wfdb(record, path.parent, path.name)
