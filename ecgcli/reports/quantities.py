"""The global measurements by name: how a report calls each, and to how many digits it tells them.

It knows labels and rounding; it does not know limits (the clinical room's) or layout.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ecgcli.signals.results import Measured, Measurements

# What the devices resolve, not what floating point holds: 1 ms, 1 /min, 1 uV, 1 degree.
DIGITS = {
    "ms": 0,
    "/min": 0,
    "mV": 3,
    "%": 1,
    "deg": 0,
    "degrees": 0,
    "°": 0,
    "mV ms": 1,
    "mV/s": 2,
    "Hz": 1,
    "V": 1,
}
OTHER_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Quantity:
    """A global measurement: its field in `Measurements` and its names in reports."""

    field: str
    short: str
    name: str

    def of(self, measurements: Measurements) -> Measured:
        """Return the measurement itself."""
        measured: Measured = getattr(measurements, self.field)
        return measured


QUANTITIES = (
    Quantity("ventricular_rate", "Rate", "Ventricular rate"),
    Quantity("pr_interval", "PR", "PR interval"),
    Quantity("qrs_duration", "QRS", "QRS duration"),
    Quantity("qt_interval", "QT", "QT interval"),
    Quantity("qtc_bazett", "QTcB", "QTc (Bazett)"),
    Quantity("qtc_fridericia", "QTcF", "QTc (Fridericia)"),
    Quantity("qtc_framingham", "QTcFra", "QTc (Framingham)"),
    Quantity("qtc_hodges", "QTcH", "QTc (Hodges)"),
    Quantity("p_duration", "P", "P duration"),
    Quantity("p_axis", "P axis", "P axis"),
    Quantity("qrs_axis", "QRS axis", "QRS axis"),
    Quantity("t_axis", "T axis", "T axis"),
    Quantity("rr_mean", "RR", "Mean RR interval"),
    Quantity("rr_variation", "RR variation", "RR variation (coefficient of variation)"),
    Quantity("longest_rr", "Longest RR", "Longest RR interval"),
    Quantity("p_wave_share", "P before QRS", "Beats that a P wave precedes"),
    Quantity("sokolow_lyon", "Sokolow-Lyon", "Sokolow-Lyon voltage"),
    Quantity("cornell", "Cornell", "Cornell voltage"),
    Quantity("cornell_product", "Cornell product", "Cornell voltage times QRS duration"),
    Quantity("peguero", "Peguero", "Peguero-Lo Presti voltage"),
    Quantity("r_transition", "R transition", "R transition: place in the row V1 to V6"),
    Quantity("r_progression", "R progression", "Smallest gain of the R wave, V1 to V4"),
    Quantity("jt_interval", "JT", "JT interval"),
    Quantity("atrial_rate", "Atrial rate", "Atrial rate"),
    Quantity("f_wave_v1", "f waves V1", "Waves between the beats in V1, peak to peak"),
    Quantity("f_wave_ii", "f waves II", "Waves between the beats in II, peak to peak"),
    Quantity("f_wave_frequency", "f frequency", "Frequency of the waves between the beats"),
    Quantity("f_wave_concentration", "f concentration", "Power of these waves near one frequency"),
    Quantity("rr_sd", "RR SD", "Standard deviation of the RR intervals"),
    Quantity("rr_rmssd", "RMSSD", "RMSSD of the RR intervals"),
    Quantity("shortest_rr", "Shortest RR", "Shortest RR interval"),
)


def rounded(value: float | None, unit: str = "") -> float | None:
    """Round to the digits of its unit; `None` where there is no finite number."""
    if value is None or not math.isfinite(value):
        return None
    return round(float(value), DIGITS.get(unit, OTHER_DIGITS)) + 0.0  # + 0.0: never "-0.0"


def number(value: float, unit: str) -> str:
    """Write a number for people, with a true minus sign: 1.2, 142, −30.

    A place in the row of the chest leads (unit "V") is told by its leads: V3–V4.
    """
    if unit == "V":
        before, behind = math.floor(value), math.ceil(value)
        return f"V{before}" if before == behind else f"V{before}–V{behind}"
    digits = 2 if unit == "mV" else DIGITS.get(unit, OTHER_DIGITS)
    text = f"{value:.{digits}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    return text.replace("-", "−")


def unit_sign(unit: str) -> str:
    """Write a unit as it follows a number: " ms", "°", " %"."""
    if unit in ("deg", "degrees", "°"):
        return "°"
    return f" {unit}" if unit and unit != "V" else ""


def shown(measured: Measured) -> str:
    """Write a measurement with its unit, or a dash where there is none."""
    if measured.value is None:
        return "–"
    return number(measured.value, measured.unit) + unit_sign(measured.unit)
