"""Reading: from the words of a clinician to a `Request`, or to an error that says what is wrong.

It knows the order of the steps: understand the text, join what was given beside it, refuse what
contradicts itself. The same text always gives the same request; nothing is guessed or added.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecgcli.generation.consistency import check
from ecgcli.generation.draft import Draft
from ecgcli.generation.grammar import understood
from ecgcli.generation.quantities import possible, quantities
from ecgcli.generation.refusal import Kind, RequestError
from ecgcli.generation.request import Request

if TYPE_CHECKING:
    from ecgcli.records.record import Sex

LONGEST_TEXT = 2000
"""Characters; a request is a sentence and not a letter."""


def read(
    text: str,
    *,
    age_years: float | None = None,
    sex: Sex | None = None,
    heart_rate: float | None = None,
    pr_ms: float | None = None,
    qrs_ms: float | None = None,
    qt_ms: float | None = None,
    qtc_ms: float | None = None,
    axis_deg: float | None = None,
) -> Request:
    """Return what a text asks for, together with what is given beside it.

    Args:
        text: Statements, numbers and a patient in clinical English, abbreviations or codes of the
            catalogue: "AF with RVR, 60yo male".
        age_years: Age in years.
        sex: Sex of the patient.
        heart_rate: Ventricular rate in beats per minute.
        pr_ms: PR interval in milliseconds.
        qrs_ms: QRS duration in milliseconds.
        qt_ms: QT interval in milliseconds.
        qtc_ms: Corrected QT interval in milliseconds.
        axis_deg: QRS axis in degrees.

    Raises:
        RequestError: The text or a value cannot be taken as it is; its `kind` says of which sort
            the trouble is. No other error is raised, whatever the text.
    """
    if len(text) > LONGEST_TEXT:
        raise RequestError(
            Kind.UNCLEAR, f"the text has {len(text)} characters", f"at most {LONGEST_TEXT}"
        )
    given = {
        "age_years": age_years,
        "heart_rate": heart_rate,
        "pr_ms": pr_ms,
        "qrs_ms": qrs_ms,
        "qt_ms": qt_ms,
        "qtc_ms": qtc_ms,
        "axis_deg": axis_deg,
    }
    values = {name: value for name, value in given.items() if value is not None}
    if not text.strip() and not values and sex is None:
        raise RequestError(Kind.UNCLEAR, "nothing is asked for", "such as 'AF, rate 140'")
    draft = understood(text)
    _join(draft, values, sex)
    request = draft.finished(text)
    check(request)
    return request


def _join(draft: Draft, values: dict[str, float], sex: Sex | None) -> None:
    """Add what was given beside the text.

    Raises:
        RequestError: It disagrees with the text, or is impossible.
    """
    for name, value in values.items():
        taken, of = possible(name, float(value)), quantities()[name]
        said = draft.values.get(name)
        if said is not None and said != taken:
            raise _disagree(of.name, of.show(said), of.show(taken))
        draft.set_value(name, taken)
    if sex is not None:
        if draft.sex not in (None, sex):
            raise _disagree("sex", str(draft.sex), sex)
        draft.set_sex(sex)


def _disagree(name: str, said: str, given: str) -> RequestError:
    return RequestError(
        Kind.CONTRADICTION,
        f"{name} is {said} in the text and {given} in the option",
        "leave one of them out",
    )
