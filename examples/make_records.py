"""Write examples/records: synthetic recordings with known truth, in five formats.

    python examples/make_records.py [FOLDER]

No patient was ever near them. Every run writes the same bytes, and `truth.json` says what each
recording holds: what the model was told, or what was read off its noiseless beat (see
`heart.Beat.truth`).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from formats import write_aecg, write_csv, write_dicom, write_npy, write_wfdb
from heart import Beat, Floats, Noise, Plateau, Scene, Wave, record, rhythm

ACQUIRED = datetime(2020, 1, 1, 12, 0, 0)

NORMAL = Beat(
    p=(Wave(-124, 15, 15, (0.04, 0.085, -0.045)), Wave(-98, 16, 15, (0.05, 0.045, 0.035))),
    qrs=(
        Wave(16, 6, 7, (-0.12, 0.01, -0.22)),
        Wave(27, 6, 6, (0.25, 0.12, -0.28)),
        Wave(41, 8.5, 9, (1.00, 0.72, 0.22)),
        Wave(53, 8.5, 9, (0.38, 0.16, 0.66)),
        Wave(70, 7, 7, (-0.13, -0.13, 0.18)),
    ),
    t=(Wave(312, 60, 34, (0.30, 0.19, -0.19)), Wave(462, 30, 35, (0.012, 0.012, -0.02))),
    st=(Plateau(84, 270, (0.012, 0.010, -0.03)),),
)
FAST = replace(  # the same heart, with the shorter intervals of a high rate
    NORMAL,
    p=tuple(replace(wave, at=wave.at + 18) for wave in NORMAL.p),
    t=(Wave(222, 46, 28, (0.26, 0.18, -0.15)),),
    st=(Plateau(84, 180, (0.0, -0.02, -0.01)),),
).turned(18, 0.95)
SLOW_CONDUCTION = replace(
    NORMAL, p=tuple(replace(wave, at=wave.at - 92) for wave in NORMAL.p)
).turned(-35, 1.05)
WOMAN_OF_58 = NORMAL.turned(-20, 0.9)
FIBRILLATING = replace(NORMAL, p=(), t=(Wave(282, 54, 32, (0.20, 0.13, -0.12)),)).turned(-28)
LEFT_BUNDLE_BLOCK = Beat(
    p=NORMAL.p,
    qrs=(
        Wave(25, 9, 13, (0.26, 0.14, -0.10)),
        Wave(61, 16, 18, (0.74, 0.16, 0.50)),
        Wave(101, 20, 18, (0.70, -0.04, 0.80)),
        Wave(134, 13, 12, (0.30, -0.06, 0.18)),
    ),
    t=(Wave(345, 68, 38, (-0.34, -0.04, -0.42)),),
    st=(Plateau(158, 315, (-0.10, -0.01, -0.15)),),
)
INFERIOR_INFARCTION = Beat(
    p=NORMAL.p,
    qrs=(
        Wave(17, 7, 8, (0.05, -0.24, -0.20)),
        Wave(41, 8.5, 9, (0.92, 0.52, 0.20)),
        Wave(53, 8.5, 9, (0.36, 0.12, 0.62)),
        Wave(70, 7, 7, (-0.10, -0.04, 0.14)),
    ),
    t=(Wave(290, 62, 36, (0.08, 0.34, -0.06)),),
    st=(Plateau(80, 305, (-0.10, 0.27, 0.03)),),
)
LONG_REPOLARISATION = replace(
    NORMAL,
    t=(Wave(452, 84, 40, (0.27, 0.17, -0.17)),),
    st=(Plateau(84, 380, (0.005, 0.0, -0.01)),),
).turned(5, 0.85)
VENTRICULAR = Beat(  # from the right ventricular outflow tract: broad, tall below, negative in V1
    p=(),
    qrs=(
        Wave(36, 14, 18, (0.16, 0.50, 0.10)),
        Wave(74, 20, 20, (0.30, 1.25, 0.78)),
        Wave(116, 16, 13, (0.18, 0.42, 0.62)),
    ),
    t=(Wave(318, 66, 42, (-0.20, -0.62, -0.46)),),
    st=(Plateau(138, 280, (-0.04, -0.14, -0.10)),),
)
CHILD = Beat(  # five years: shorter in all, more right ventricle, T negative in V1 and V2
    p=(Wave(-100, 12, 12, (0.05, 0.10, -0.05)), Wave(-80, 12, 12, (0.05, 0.045, 0.03))),
    qrs=(
        Wave(13, 5, 6, (-0.10, 0.02, -0.34)),
        Wave(31, 6.5, 7, (0.88, 0.92, -0.10)),
        Wave(42, 7, 7, (0.34, 0.30, 0.58)),
        Wave(54, 6, 6, (-0.26, 0.02, 0.05)),
    ),
    t=(Wave(240, 46, 28, (0.30, 0.22, 0.13)),),
)

QUIET = Noise()


@dataclass(frozen=True)
class Case:
    """One recording: who, what, and how it is stored."""

    name: str
    seed: int
    age: float
    sex: str
    scene: Scene
    writer: Callable[[Path, Floats, float, str, str, datetime], None]
    rate: float | None  # ventricular rate that the model was told, /min
    beat: Beat | None  # the dominant beat, which intervals are read off
    expected: tuple[str, ...]  # codes of statements that must be made
    critical: tuple[str, ...] = ()  # those of them that are critical values
    grade: str = "usable"


def steady(seed: int, rate: float, beat: Beat, noise: Noise = QUIET, **how: float) -> Scene:
    """Return a regular rhythm of one kind of beat."""
    onsets = rhythm(np.random.default_rng(seed), rate, **how)
    return Scene(onsets, (beat,) * onsets.size, noise)


def fibrillation(seed: int) -> Scene:
    """Return atrial fibrillation: RR intervals that owe nothing to each other."""
    rng = np.random.default_rng(seed)
    rr = np.clip(rng.gamma(14, 0.62 / 14, 40), 0.36, 1.15)
    onsets = np.cumsum(rr) - 1.0
    onsets = onsets[onsets < 11]
    return Scene(onsets, (FIBRILLATING,) * onsets.size, fibrillation=0.075)


def extrasystoles(seed: int) -> Scene:
    """Return a sinus rhythm with three premature ventricular beats and the pauses after them."""
    sinus = list(rhythm(np.random.default_rng(seed), 74))
    onsets, beats = [], []
    skip = False
    for index, onset in enumerate(sinus):
        if skip:  # the sinus beat that meets refractory tissue
            skip = False
            continue
        onsets.append(onset)
        beats.append(WOMAN_OF_58)
        if index in (3, 7, 11):
            onsets.append(onset + 0.45)
            beats.append(VENTRICULAR)
            skip = True
    return Scene(np.array(onsets), tuple(beats))


def cases() -> list[Case]:
    """Return what is written, in the order of the worklist's interest."""
    return [
        Case(
            "synthetic-sinus-rhythm",
            1,
            52,
            "female",
            steady(1, 68, NORMAL),
            write_wfdb,
            68,
            NORMAL,
            ("SR",),
        ),
        Case(
            "synthetic-sinus-tachycardia",
            2,
            34,
            "male",
            steady(2, 124, FAST, Noise(muscle=0.009), breathing=0.008, jitter=0.004),
            write_csv,
            124,
            FAST,
            ("STACH",),
        ),
        Case(
            "synthetic-atrial-fibrillation",
            3,
            77,
            "male",
            fibrillation(3),
            write_aecg,
            None,
            FIBRILLATING,
            ("AFIB",),
        ),
        Case(
            "synthetic-lbbb",
            4,
            69,
            "female",
            steady(4, 72, LEFT_BUNDLE_BLOCK),
            write_dicom,
            72,
            LEFT_BUNDLE_BLOCK,
            ("SR", "CLBBB"),
        ),
        Case(
            "synthetic-inferior-st-elevation",
            5,
            61,
            "male",
            steady(5, 82, INFERIOR_INFARCTION, Noise(muscle=0.008), breathing=0.015),
            write_wfdb,
            82,
            INFERIOR_INFARCTION,
            ("SR", "STELEV"),
            critical=("STELEV",),
        ),
        Case(
            "synthetic-first-degree-av-block",
            6,
            71,
            "male",
            steady(6, 61, SLOW_CONDUCTION),
            write_csv,
            61,
            SLOW_CONDUCTION,
            ("SR", "1AVB"),
        ),
        Case(
            "synthetic-ventricular-extrasystoles",
            7,
            58,
            "female",
            extrasystoles(7),
            write_npy,
            None,
            WOMAN_OF_58,
            ("SR", "PVC"),
        ),
        Case(
            "synthetic-long-qt",
            8,
            45,
            "female",
            steady(8, 64, LONG_REPOLARISATION),
            write_wfdb,
            64,
            LONG_REPOLARISATION,
            ("SR", "LNGQT"),
            critical=("LNGQT",),
        ),
        Case(
            "synthetic-child",
            9,
            5,
            "male",
            steady(9, 104, CHILD, breathing=0.05),
            write_npy,
            104,
            CHILD,
            ("SR",),
        ),
        Case(
            "synthetic-noisy",
            10,
            66,
            "male",
            steady(
                10, 80, NORMAL, Noise(0.1, 0.3, 0.6, 0.45, ("RA", "LA", "LL", "V2", "V3", "V5"))
            ),
            write_wfdb,
            None,
            None,
            (),
            grade="not usable",
        ),
    ]


def mean_rate(scene: Scene) -> float:
    """Return the mean ventricular rate of the beats that lie within the recording, /min."""
    inside = scene.onsets[(scene.onsets > 0) & (scene.onsets < 10)]
    return 60 / float(np.mean(np.diff(inside)))


def truth(case: Case) -> dict[str, Any]:
    """Return what is known of a case."""
    known: dict[str, Any] = {"age": case.age, "sex": case.sex, "quality": case.grade}
    if case.beat is not None:
        known["rate_per_min"] = round(mean_rate(case.scene), 1)
        known |= case.beat.truth()
    return known | {"statements": list(case.expected), "critical": list(case.critical)}


def broken(folder: Path, whole: Path) -> None:
    """Write a record whose samples end in the middle, as after a transmission that broke off."""
    header = whole.with_suffix(".hea").read_text().replace(whole.name, "synthetic-broken")
    (folder / "synthetic-broken.hea").write_text(header)
    samples = whole.with_suffix(".dat").read_bytes()
    (folder / "synthetic-broken.dat").write_bytes(samples[: len(samples) // 4])


def signal(case: Case) -> Floats:
    """Return (12, 5000) in mV at 500 Hz."""
    return record(np.random.default_rng(100 + case.seed), case.scene)


def main(folder: Path) -> None:
    """Write everything into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    known = {}
    for case in cases():
        comment = f"SYNTHETIC, made by examples/make_records.py: {case.name}; no patient"
        case.writer(folder / case.name, signal(case), case.age, case.sex, comment, ACQUIRED)
        known[case.name] = truth(case)
    broken(folder, folder / "synthetic-sinus-rhythm")
    known["synthetic-broken"] = {"error": "damaged"}
    (folder / "truth.json").write_text(json.dumps(known, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "records")
