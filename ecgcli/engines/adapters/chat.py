"""How a model that talks and looks at pictures is asked: those of the LLaVA and Qwen-VL kinds.

It knows the words; the picture and the numbers are given, and what is to be answered is
`engines.answer`. The same recording is asked about in the same words every time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from ecgcli.engines.answer import CERTAINTIES, schema
from ecgcli.engines.quantities import quantities
from ecgcli.engines.question import Question

SYSTEM = (
    "You interpret 12-lead electrocardiograms for a cardiologist, who reads your answer beside"
    " measurements of the same recording: everything you claim is checked against them. Say only"
    " what the tracing shows. Answer with one JSON object and nothing else."
)
MAX_TOKENS = 1536


def question(
    codes: Mapping[str, str],
    age_years: float | None,
    sex: Literal["female", "male"] | None,
    measured: Mapping[str, float] | None,
    picture: bytes | None,
) -> Question:
    """Return what is asked about one recording.

    Args:
        codes: The statements that may be made, by code, in words.
        age_years: Age; `None` where it is not known.
        sex: Sex; `None` where it is not known.
        measured: Quantities by name to be told, in their units; `None` tells none.
        picture: The recording drawn, as PNG.
    """
    parts = [
        "This is a 12-lead ECG (25 mm/s, 10 mm/mV; lead II below for 10 s).",
        _patient(age_years, sex),
        _numbers(measured),
        "\n".join(_frame(codes)),
    ]
    return Question(
        SYSTEM,
        "\n\n".join(part for part in parts if part),
        schema(list(codes)),
        "ecg",
        picture,
        max_tokens=MAX_TOKENS,
    )


def _patient(age_years: float | None, sex: str | None) -> str:
    age = "unknown age" if age_years is None else f"{age_years:.0f} years old"
    return f"Patient: {age}, {sex or 'sex unknown'}."


def _numbers(measured: Mapping[str, float] | None) -> str:
    if not measured:
        return ""
    known = quantities()
    told = [f"{known[name].label} {value:g} {known[name].unit}" for name, value in measured.items()]
    return f"Measured: {', '.join(told)}."


def _frame(codes: Mapping[str, str]) -> Sequence[str]:
    """Return the lines that say what an answer is made of."""
    return [
        'Answer with {"findings": [...], "impression": "..."}. Each finding has "code" (from the'
        f' list below), "certainty" ({", ".join(CERTAINTIES)}), "leads" (those that show it) and'
        ' "evidence": numbers you read, each with "quantity", "value" in the unit given below and'
        ' "lead" (null where the quantity is of the whole ECG). The impression is a short summary.',
        "Quantities: "
        + "; ".join(
            f"{q.name} ({q.unit}{', per lead' if q.per_lead else ''}: {q.what})"
            for q in quantities().values()
        )
        + ".",
        "Codes: " + "; ".join(f"{code} {text}" for code, text in codes.items()) + ".",
    ]
