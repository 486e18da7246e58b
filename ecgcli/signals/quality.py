"""Whether a recording can be interpreted, lead by lead and as a whole, and why not.

It knows how much disturbance is too much (`data/quality_limits.csv`) and says so in sentences for
the person who records ECGs; how the levels are found is `signals.levels`' work.

A lead that is off, or disturbed for most of the time, is not usable. A lead that is disturbed for
part of the time is: the beats outside the disturbance are measured, and the record is "usable in
part". "Not usable" hides a patient, so only a record with fewer than three usable leads is, or one
in which nothing looks like a heart: neither QRS complexes nor a field that the leads share, as
they do in ventricular fibrillation.

Of the 499 rated records of the PhysioNet/CinC Challenge 2011 (set a), 104 of the 115 unacceptable
ones are called not usable (37) or usable in part (67), and of the 384 acceptable ones 33 in part
and none not usable; the area under the score's ROC curve is 0.97. With the tuned limits chosen on
four fifths of the records and applied to the rest, ten times over, it is 92 % and 9 %. Of 720
recordings of PTB-XL and LUDB 3 are called usable in part and none not usable
(tests/signals/test_quality_real.py).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from ecgcli.records.leads import LEADS
from ecgcli.signals import trust
from ecgcli.signals.levels import TINY_MV, Levels, cardiac, levels, peaks
from ecgcli.signals.results import Conditioned, Fault, Grade, LeadQuality, Quality

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_LEADS = 3


@dataclass(frozen=True, slots=True)
class Limit:
    """From which level a disturbance is noted, spoils part of a lead, or spoils the lead."""

    noted: float
    in_part: float
    unusable: float


@cache
def limits() -> dict[str, Limit]:
    """Return the limits by measure, from the data file; what it leaves empty is never reached."""
    text = files("ecgcli.signals").joinpath("data/quality_limits.csv").read_text(encoding="utf-8")
    return {
        row["measure"]: Limit(
            *(float(row[name] or "inf") for name in ("noted", "in_part", "unusable"))
        )
        for row in csv.DictReader(text.splitlines())
    }


@dataclass(frozen=True, slots=True)
class Sign:
    """A measure, the fault that it is a sign of, and the sentence that tells of it."""

    measure: str
    fault: Fault
    sentence: str


SIGNS = (
    Sign("invalid", Fault.MISSING, "{leads}: not recorded for {share} of the time."),
    Sign("flat", Fault.FLAT, "{leads}: flat for {share} of the time, check electrode and cable."),
    Sign("same", Fault.SAME, "{leads}: the same signal in more than one lead, check the cables."),
    Sign("railed", Fault.SATURATED, "{leads}: amplifier saturated for {share} of the time."),
    Sign("burst", Fault.MOTION, "{leads}: movement or loose electrode for {share} of the time."),
    Sign("noisy", Fault.NOISY, "{leads}: strong muscle noise for {share} of the time."),
    Sign("noise", Fault.NOISY, "{leads}: muscle or other fast noise, {level}."),
    Sign("drowned", Fault.NOISY, "{leads}: no ECG above the noise."),
    Sign("mains", Fault.MAINS, "{leads}: mains interference of {level}, removed."),
    Sign("wander", Fault.WANDER, "{leads}: the baseline wanders by {level}, removed."),
)
MISSING = "{leads}: not recorded."
NO_LEAD = "No lead was recorded."
ALL_FLAT = "No lead moves: check that the electrodes are connected, and look at the patient."
TOO_FEW = "{count} of 12 leads can be read, at least {least} are needed."
NOISE_ONLY = "No QRS complexes stand out and the leads have nothing in common: this is noise."
NO_QRS = (
    "No QRS complexes stand out: ventricular fibrillation, a very fast wide rhythm, or movement; "
    "look at the tracing and at the patient."
)
WITHOUT = "Nothing can be told from {leads}; statements that need them are not made."
PARTLY = "{leads}: disturbed for part of the time or heavily, read with care."
UNTRUSTED = "{reason}; no amplitude or axis is told from {leads}."

# Below LEAST_PEAKS no QRS complexes stand out; below LEAST_CARDIAC no heart makes such leads
# (see `levels.peaks` and `levels.cardiac`; real records have at least 0.71 and noise at most 0.62).
LEAST_PEAKS = 2.2
LEAST_CARDIAC = 0.65


def assess(conditioned: Conditioned) -> Quality:
    """Judge each of the twelve leads and the record.

    Args:
        conditioned: At least 5 s.

    Returns:
        The quality, with twelve leads in standard order. `score` is the mean of the worst lead's
        score and of the average lead's; a lead scores 1 where nothing disturbs it, a half where
        one disturbance is just strong enough to spoil part of it, and 0 where it is not usable.
    """
    rows = np.flatnonzero(conditioned.present)
    if not rows.size:
        leads = tuple(_missing(name) for name in LEADS)
        return Quality(Grade.NOT_USABLE, 0.0, (NO_LEAD,), leads)
    found = levels(conditioned, rows)
    measured = measures(found)
    usable = np.zeros(len(LEADS), dtype=bool)
    usable[rows] = ~_reach(measured, "unusable")
    partly = np.zeros(len(LEADS), dtype=bool)
    partly[rows] = _reach(measured, "in_part")
    grade, verdict = _grade(conditioned, found, rows, usable, partly & usable)
    overall = score(measured, limits())
    if grade is Grade.NOT_USABLE and usable.sum() >= LEAST_LEADS:
        overall = 0.0  # clean leads, but of nothing
    by_row = {int(row): index for index, row in enumerate(rows)}
    distrust = trust.distrusted(conditioned.raw, conditioned.signal, usable)
    leads = tuple(
        _lead(name, by_row[row], bool(usable[row]), measured, found, distrust.get(name))
        if row in by_row
        else _missing(name)
        for row, name in enumerate(LEADS)
    )
    reasons = (*verdict, *_reasons(rows, measured), *_distrusted(distrust))
    return Quality(grade, round(overall, 3), reasons, leads)


def measures(found: Levels) -> dict[str, NDArray[np.float64]]:
    """Return what the limits are held against, by their names, (leads,) each."""
    same = np.zeros(len(found.flat))
    for pair in found.same:
        same[list(pair)] = 1.0
    # White noise is about eight times as large from peak to peak in 2 s.
    drowned = 8 * found.noise_mv / (found.size_mv + TINY_MV)
    result = {
        "invalid": found.invalid,
        "flat": found.flat,
        "same": same,
        "railed": found.railed,
        "burst": found.burst,
        "noisy": found.noisy,
        "noise": found.noise_mv,
        "drowned": drowned,
        "mains": found.mains_mv,
        "wander": found.wander_mv,
    }
    # Of a lead that is off nothing else is worth saying.
    off = found.flat >= limits()["flat"].unusable
    return {
        name: values if name in ("flat", "invalid") else np.where(off, 0.0, values)
        for name, values in result.items()
    }


def _reach(measured: dict[str, NDArray[np.float64]], severity: str) -> NDArray[np.bool_]:
    """Return which leads reach the limit of that severity in any measure: (leads,)."""
    reached: NDArray[np.bool_] = np.any(
        [values >= getattr(limits()[name], severity) for name, values in measured.items()], axis=0
    )
    return reached


def score(measured: dict[str, NDArray[np.float64]], by: dict[str, Limit]) -> float:
    """Return the score of a record from its leads' `measures`, held against the limits `by`.

    A lead's score is the product of what each measure leaves of it, and 0 where it is not usable
    or was not recorded.
    """
    kept = [1.0 / (1.0 + (each / by[name].in_part) ** 2) for name, each in measured.items()]
    spoilt = np.any([each >= by[name].unusable for name, each in measured.items()], axis=0)
    scores = np.zeros(len(LEADS))
    scores[: len(spoilt)] = np.where(spoilt, 0.0, np.prod(kept, axis=0))
    return float(scores.mean() + scores.min()) / 2


def _grade(
    conditioned: Conditioned,
    found: Levels,
    rows: NDArray[np.intp],
    usable: NDArray[np.bool_],
    partly: NDArray[np.bool_],
) -> tuple[Grade, tuple[str, ...]]:
    """Return the grade and the sentences that justify it."""
    count = int(usable.sum())
    if count < LEAST_LEADS:
        if (found.flat >= limits()["flat"].unusable).all():
            return Grade.NOT_USABLE, (ALL_FLAT,)
        return Grade.NOT_USABLE, (TOO_FEW.format(count=count, least=LEAST_LEADS),)
    verdict = []
    if peaks(found.envelope_mv[usable[rows]]) < LEAST_PEAKS:
        field = cardiac(conditioned, np.flatnonzero(usable))
        if field is not None and field < LEAST_CARDIAC:
            return Grade.NOT_USABLE, (NOISE_ONLY,)
        verdict.append(NO_QRS)
    if count < len(LEADS):
        verdict.append(WITHOUT.format(leads=_names(~usable)))
    if partly.any():
        verdict.append(PARTLY.format(leads=_names(partly)))
    return (Grade.IN_PART if verdict else Grade.USABLE), tuple(verdict)


def _lead(
    name: str,
    index: int,
    usable: bool,
    measured: dict[str, NDArray[np.float64]],
    found: Levels,
    distrust: str | None,
) -> LeadQuality:
    """Return the quality of one lead that was recorded."""
    noted = _noted(measured)
    faults = dict.fromkeys(sign.fault for sign in SIGNS if noted[sign.measure][index])
    return LeadQuality(
        lead=name,
        usable=usable,
        faults=tuple(faults),
        noise_mv=round(float(found.noise_mv[index]), 4),
        mains_mv=round(float(found.mains_mv[index]), 4),
        wander_mv=round(float(found.wander_mv[index]), 3),
        distrust=distrust,
    )


def _noted(measured: dict[str, NDArray[np.float64]]) -> dict[str, NDArray[np.bool_]]:
    """Return by measure which leads reach the limit from which a disturbance is noted.

    Fast noise reaches into the band in which movements are looked for: where it lasts about as
    long as they seem to, it is the noise alone that is noted.
    """
    noted = {name: values >= limits()[name].noted for name, values in measured.items()}
    noted["burst"] &= ~(noted["noisy"] & (2 * measured["noisy"] >= measured["burst"]))
    return noted


def _missing(name: str) -> LeadQuality:
    return LeadQuality(lead=name, usable=False, faults=(Fault.MISSING,))


def _reasons(rows: NDArray[np.intp], measured: dict[str, NDArray[np.float64]]) -> tuple[str, ...]:
    """Return a sentence per disturbance that reaches the limit from which it is noted."""
    sentences = []
    absent = np.ones(len(LEADS), dtype=bool)
    absent[rows] = False
    if absent.any():
        sentences.append(MISSING.format(leads=_names(absent)))
    every = _noted(measured)
    for sign in SIGNS:
        values, noted = measured[sign.measure], every[sign.measure]
        if noted.any():
            sentences.append(
                sign.sentence.format(
                    leads=_names(rows[noted]),
                    share=_span(values[noted], "{:.0%}"),
                    level=_span(values[noted], "{:.2f}") + " mV",
                )
            )
    return tuple(sentences)


def _distrusted(distrust: dict[str, str]) -> tuple[str, ...]:
    """Return a sentence per reason why amplitudes cannot be trusted."""
    return tuple(
        UNTRUSTED.format(
            reason=reason[:1].upper() + reason[1:],
            leads=_names(np.array([n in distrust for n in LEADS])),
        )
        for reason in dict.fromkeys(distrust.values())
    )


def _span(values: NDArray[np.float64], form: str) -> str:
    """Return "0.10" or "0.10 to 0.25"."""
    low, high = form.format(values.min()), form.format(values.max())
    return low if low == high else f"{low} to {high}"


def _names(rows: NDArray[np.bool_] | NDArray[np.intp]) -> str:
    """Return the names of leads, given as a mask of twelve or as indices, joined by commas."""
    names = np.array(LEADS)[rows]
    return "all leads" if len(names) == len(LEADS) else ", ".join(names)
