"""How EcgLM is asked: its prompt, in training and ever after.

It knows the words of the prompt; what is to be answered it does not know (`engines.answer`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

from ecgcli.engines.quantities import quantities
from ecgcli.models.ecglm.tokens import ANSWER, ECG, INTERPRET

TOLD = (
    "heart_rate", "rr_sd", "p_duration", "pr", "qrs", "qt", "qtc", "p_axis", "qrs_axis", "t_axis",
    "sokolow_lyon", "cornell",
)  # fmt: skip
"""Quantities that a prompt with measurements tells, in this order."""


def prompt(
    age_years: float | None,
    sex: Literal["female", "male"] | None,
    measured: Mapping[str, float] | None = None,
) -> str:
    """Return the text before the answer.

    Args:
        age_years: Age; `None` where it is not known.
        sex: Sex; `None` where it is not known.
        measured: Quantities by name to be told, in their units; `None` leaves the model to see for
            itself. What was not measured is not in it.
    """
    age = "unknown" if age_years is None or math.isnan(age_years) else f"{age_years:.0f}"
    words = [f"age {age}", f"sex {sex or 'unknown'}"]
    if measured is not None:
        words += [f"{name} {number(name, measured[name])}" for name in TOLD if name in measured]
    return f"{ECG}{INTERPRET}{', '.join(words)}{ANSWER}"


def number(quantity: str, value: float) -> str:
    """Return a number as prompts and answers write it: volts to the hundredth, others whole."""
    return f"{value + 0.0:.2f}" if quantities()[quantity].unit == "mV" else f"{round(value)}"
