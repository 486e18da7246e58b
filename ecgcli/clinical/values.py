"""What a condition may name (measurements, waves in a lead, beats) and how each reads.

It turns names into readings, each with a value or the reason why there is none. It knows nothing of
limits or of what a value means.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ecgcli.signals.results import (
    BeatClass,
    Chamber,
    LeadMeasurements,
    Measured,
    Measurements,
    Pacing,
    PWave,
    Quality,
)

GLOBALS: dict[str, tuple[str, str]] = {
    "ventricular_rate": ("ventricular rate", "/min"),
    "atrial_rate": ("atrial rate", "/min"),
    "rr_mean": ("mean RR interval", "ms"),
    "rr_sd": ("SD of RR intervals", "ms"),
    "rr_variation": ("RR variation", "%"),
    "rr_rmssd": ("RMSSD", "ms"),
    "shortest_rr": ("shortest RR interval", "ms"),
    "longest_rr": ("longest RR interval", "ms"),
    "p_wave_share": ("beats with a P wave", "%"),
    "p_duration": ("P duration", "ms"),
    "pr_interval": ("PR interval", "ms"),
    "qrs_duration": ("QRS duration", "ms"),
    "qt_interval": ("QT interval", "ms"),
    "jt_interval": ("JT interval", "ms"),
    "qtc_bazett": ("QTc (Bazett)", "ms"),
    "qtc_fridericia": ("QTc (Fridericia)", "ms"),
    "qtc_framingham": ("QTc (Framingham)", "ms"),
    "qtc_hodges": ("QTc (Hodges)", "ms"),
    "p_axis": ("P axis", "deg"),
    "qrs_axis": ("QRS axis", "deg"),
    "t_axis": ("T axis", "deg"),
    "sokolow_lyon": ("Sokolow-Lyon voltage", "mV"),
    "cornell": ("Cornell voltage", "mV"),
    "cornell_product": ("Cornell product", "mV ms"),
    "peguero": ("Peguero-Lo Presti voltage", "mV"),
    "r_progression": ("smallest gain of R from V1 to V4", "mV"),
    "r_transition": ("R transition", "V"),
    "f_wave_v1": ("waves between the beats in V1", "mV"),
    "f_wave_ii": ("waves between the beats in II", "mV"),
    "f_wave_frequency": ("frequency of the waves between the beats", "Hz"),
    "f_wave_concentration": ("concentration of the waves between the beats", "%"),
}
"""Global measurements: how they read, and their unit."""

WAVES: dict[str, tuple[str, str, str | None]] = {
    "p_mv": ("P wave", "mV", "p"),
    "p_positive_mv": ("P+", "mV", "p_positive"),
    "p_positive_ms": ("P+ duration", "ms", "p_positive"),
    "p_negative_mv": ("P−", "mV", "p_negative"),
    "p_negative_ms": ("P− duration", "ms", "p_negative"),
    "p_terminal_mv_ms": ("P terminal force", "mV ms", "p_terminal"),
    "q_mv": ("Q wave", "mV", "q"),
    "q_ms": ("Q duration", "ms", "q"),
    "r_mv": ("R wave", "mV", "r"),
    "r_ms": ("R duration", "ms", "r"),
    "s_mv": ("S wave", "mV", "s"),
    "s_ms": ("S duration", "ms", "s"),
    "r2_mv": ("R' wave", "mV", "r2"),
    "r2_ms": ("R' duration", "ms", "r2"),
    "s2_mv": ("S' wave", "mV", "s2"),
    "s2_ms": ("S' duration", "ms", "s2"),
    "st_j_mv": ("ST at J", "mV", None),
    "st_40_mv": ("ST at J+40", "mV", None),
    "st_60_mv": ("ST at J+60", "mV", None),
    "st_80_mv": ("ST at J+80", "mV", None),
    "st_slope_mv_s": ("ST slope", "mV/s", None),
    "t_mv": ("T wave", "mV", "t"),
    "t_positive_mv": ("T+", "mV", "t_positive"),
    "t_negative_mv": ("T−", "mV", "t_negative"),
    "qrs_area_mv_ms": ("QRS area", "mV ms", None),
    "qrs_peak_to_peak_mv": ("QRS peak to peak", "mV", None),
    "intrinsicoid_ms": ("R peak time", "ms", "r"),
}
"""Values in a lead: how they read, their unit, and the wave that they belong to."""

PRECISION = {"mV": 3, "ms": 0, "/min": 0, "deg": 0, "mV ms": 1, "mV/s": 2, "V": 1, "Hz": 1}
"""Decimals to which values of a unit are reported, and therefore judged."""

SHOWN = {"mV": 2, "mV ms": 1, "mV/s": 2, "V": 1, "Hz": 1}
"""Decimals to which they are written in evidence, 0 for other units."""

MIRRORED = frozenset(
    {"st_j_mv", "st_40_mv", "st_60_mv", "st_80_mv", "st_slope_mv_s", "t_mv", "qrs_area_mv_ms"}
)
"""Values that keep their meaning in −aVR, the mirrored lead, which lies between I and II."""

BEATS: dict[str, BeatClass] = {
    "normal": BeatClass.NORMAL,
    "ventricular": BeatClass.VENTRICULAR,
    "supraventricular": BeatClass.SUPRAVENTRICULAR,
    "paced": BeatClass.PACED,
    "other": BeatClass.OTHER,
}
P_WAVE: dict[str, PWave] = {
    "present": PWave.PRESENT,
    "absent": PWave.ABSENT,
    "uncertain": PWave.UNCERTAIN,
}
PACING: dict[str, Chamber] = {
    "atrial": Chamber.ATRIAL,
    "ventricular": Chamber.VENTRICULAR,
    "dual": Chamber.DUAL,
}
LIMB_ORDER = ("aVL", "I", "-aVR", "II", "aVF", "III")
"""The limb leads as they lie next to each other in the frontal plane (Cabrera)."""
CHEST_ORDER = ("V1", "V2", "V3", "V4", "V5", "V6")


@dataclass(frozen=True, slots=True)
class Reading:
    """A value with its name, unit and lead, or no value and the reason."""

    name: str
    label: str
    unit: str
    value: float | None
    reason: str | None = None
    confidence: float | None = None
    lead: str | None = None

    def show(self, finer: bool = False) -> str:
        """Return how it reads: "ST at J in V2 0.21 mV"."""
        where = f" in {self.lead.replace('-', '−')}" if self.lead else ""
        return f"{self.label}{where} {amount(self.value or 0.0, self.unit, finer)}"


def amount(value: float, unit: str, finer: bool = False) -> str:
    """Return a number with its unit at the precision that it is measured to, or one digit more."""
    if unit == "":
        return f"{value:g}"
    digits = SHOWN.get(unit, 0) + finer
    if unit == "V":  # a place in the row of the chest leads
        return f"V{value:.{digits}f}"
    sign = {"deg": "°", "/min": "/min"}.get(unit, f" {unit}")
    return f"{value:.{digits}f}{sign}".replace("-", "−")


class Values:
    """The measurements of one record, as conditions name them."""

    def __init__(self, measurements: Measurements, quality: Quality) -> None:
        self._measurements = measurements
        self._leads = {lead.lead: lead for lead in measurements.leads}
        self._faults = {
            lead.lead: ", ".join(fault.value for fault in lead.faults) or "not usable"
            for lead in quality.leads
            if not lead.usable
        }

    def reading(self, name: str) -> Reading:
        """Return a global measurement."""
        label, unit = GLOBALS[name]
        measured: Measured = getattr(self._measurements, name)
        return Reading(
            name,
            label,
            unit,
            measured.value,
            measured.reason and f"{label}: {measured.reason}",
            measured.confidence,
        )

    def in_lead(self, lead: str, name: str) -> Reading:
        """Return a value of a lead; a wave that was looked for and is not there measures 0."""
        label, unit, wave = WAVES[name]
        real = lead.removeprefix("-")
        value, reason = self._in_lead(real, name, wave)
        if value is not None and real != lead:
            value = -value
        return Reading(name, label, unit, value, reason, lead=lead)

    def _in_lead(self, lead: str, name: str, wave: str | None) -> tuple[float | None, str | None]:
        if lead in self._faults:
            return None, f"lead {lead}: {self._faults[lead]}"
        measured: LeadMeasurements | None = self._leads.get(lead)
        if measured is None:
            return None, f"lead {lead}: missing"
        value: float | None = getattr(measured, name)
        if value is not None:
            return value, None
        if measured.reason is None and wave is not None and wave in measured.absent:
            return 0.0, None
        return None, f"lead {lead}: {measured.reason or self._why(name)}"

    def _why(self, name: str) -> str:
        """Return why a value of a lead that could be measured is missing."""
        for letter, of in (("p_", "p_duration"), ("t_", "qt_interval")):
            measured: Measured = getattr(self._measurements, of)
            if name.startswith(letter) and measured.reason:
                return f"{WAVES[name][0]}: {measured.reason}"
        return f"{WAVES[name][0]} not measured"

    def p_wave(self) -> PWave:
        """Return whether P waves are there."""
        return self._measurements.p_wave

    def pacing(self) -> Pacing | None:
        """Return what the pacing spikes tell."""
        return self._measurements.pacing

    def count(self, kind: str) -> Reading:
        """Return the number of beats of a kind."""
        number = sum(beat.kind is BEATS[kind] for beat in self._measurements.beats)
        return self._beats(f"count({kind})", f"{kind} beats", number)

    def repeats(self, pattern: Sequence[str]) -> Reading:
        """Return how often at most a pattern of beats follows on itself without a break."""
        kinds = [beat.kind for beat in self._measurements.beats]
        wanted = [BEATS[kind] for kind in pattern]
        size = len(wanted)
        best = 0
        for start in range(len(kinds)):
            at = start
            while kinds[at : at + size] == wanted:
                at += size
            best = max(best, (at - start) // size)
        names = " - ".join(pattern)
        label = f"{names} beats in a row" if size == 1 else f"{names} in a row"
        return self._beats(f"repeats({', '.join(pattern)})", label, best)

    def _beats(self, name: str, label: str, number: int) -> Reading:
        if not self._measurements.beats:
            return Reading(name, label, "", None, "no beats found")
        return Reading(name, label, "", float(number))
