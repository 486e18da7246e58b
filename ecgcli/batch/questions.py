"""What a language model is asked of a record, and what its answer says.

It knows which kind of model is asked and with which statements; the words are those of
`engines.adapters`, the form of an answer that of `engines.answer`.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ecgcli.clinical.catalogue import catalogue
from ecgcli.clinical.criteria import critical_codes
from ecgcli.engines import answer as answers
from ecgcli.engines.adapters import chat, ecglm
from ecgcli.engines.picture import picture
from ecgcli.engines.quantities import quantities
from ecgcli.engines.question import Question
from ecgcli.errors import AnswerError, Category, RecordError
from ecgcli.signals.coarse import coarse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ecgcli.batch.outcome import Told
    from ecgcli.batch.settings import Settings
    from ecgcli.engines.answer import Answer
    from ecgcli.signals.results import Analysis, Measurements

MOST_TRIES = 3
STOPPED = "stop"


def question(analysis: Analysis, settings: Settings) -> Question:
    """Return what is asked about a record that could be measured."""
    assert analysis.measurements is not None
    patient = analysis.record.patient
    told = _told(analysis.measurements) if settings.with_measurements else None
    if settings.reads_signals:
        return Question(
            "",
            ecglm.prompt(patient.age_years, patient.sex, told),
            answers.schema(_codes(settings.model)),
            signal=coarse(analysis.conditioned, analysis.quality),
        )
    return chat.question(spoken(), patient.age_years, patient.sex, told, picture(analysis))


def answer(told: Told, settings: Settings) -> Answer:
    """Return what the model says.

    Raises:
        AnswerError: That cannot be used, and it may be asked again.
        RecordError: There is no usable answer.
    """
    codes = _codes(settings.model) if settings.reads_signals else tuple(spoken())
    try:
        if told.ended != STOPPED:
            raise AnswerError(f"it ended before its end ({told.ended})")
        return answers.parse(told.text, codes)
    except AnswerError as error:
        if len(told.again) + 1 < MOST_TRIES and told.ended in (STOPPED, "length"):
            raise
        raise RecordError(
            Category.NO_ANSWER,
            f"the model has no usable answer: {told.text if told.ended == 'refused' else error}",
            "try again with --retry-failed, or another --model",
        ) from None


@cache
def spoken() -> Mapping[str, str]:
    """Return the statements that a model of general use may make, in words."""
    critical = critical_codes()
    return {
        code: entry.text.replace(", {leads}", "")
        for code, entry in catalogue().items()
        if entry.scp is not None or code in critical
    }


@cache
def _codes(folder: str) -> tuple[str, ...]:
    """Return the statements that a model in a folder has learned to make, as it says itself."""
    config = json.loads((Path(folder) / "config.json").read_text(encoding="utf-8"))
    return tuple(config["codes"])


def _told(measured: Measurements) -> dict[str, float]:
    """Return the measurements that are told, by quantity; what was not measured is left out."""
    names = quantities()
    found = {name: getattr(measured, names[name].measured).value for name in ecglm.TOLD}
    return {name: float(value) for name, value in found.items() if value is not None}
