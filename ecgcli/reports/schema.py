"""The JSON Schema of a report, described by the docstrings of what it is made of.

It knows how a docstring's "Attributes" become descriptions; what a report holds is `document`.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import is_dataclass
from typing import Any

from pydantic import BaseModel

from ecgcli.clinical.checked import (
    Checked,
    CheckedClaim,
    CheckedFinding,
    CheckedLead,
    Conflict,
    Counts,
    Tally,
    Unmentioned,
)
from ecgcli.clinical.statement import Contradiction, Evidence, NotAssessed, Statement
from ecgcli.engines.answer import Claim, Finding
from ecgcli.engines.explain import Explanation
from ecgcli.records.record import Patient
from ecgcli.reports.document import Provenance, Report
from ecgcli.reports.quantities import QUANTITIES
from ecgcli.signals.results import (
    Beat,
    LeadMeasurements,
    LeadQuality,
    Measured,
    Measurements,
    Pacing,
    Quality,
    Suspicion,
)

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a report, with descriptions."""
    schema = Report.model_json_schema(mode="serialization")
    definitions = schema["$defs"]
    for cls in _dataclasses(Report):
        _describe(definitions[cls.__name__], cls)
    for quantity in QUANTITIES:
        field = definitions["Measurements"]["properties"][quantity.field]
        field["description"] = quantity.name
    return {"$schema": DIALECT, "title": "ecgcli report", **schema}


def _dataclasses(model: type[BaseModel]) -> list[type]:
    """Return the dataclasses that a report is made of."""
    parts: list[type] = [Patient, Quality, LeadQuality, Measurements, Measured, LeadMeasurements]
    parts += [Beat, Pacing, Suspicion, Statement, Evidence, Explanation, NotAssessed]
    parts += [Contradiction, Provenance, Checked, CheckedFinding, CheckedClaim, CheckedLead]
    parts += [Finding, Claim, Unmentioned, Conflict, Counts, Tally]
    assert all(is_dataclass(part) for part in parts), model
    return parts


def _describe(definition: dict[str, Any], cls: type) -> None:
    """Turn a docstring's "Attributes" section into descriptions of the properties."""
    text, _, attributes = inspect.cleandoc(cls.__doc__ or "").partition("\nAttributes:\n")
    definition["description"] = " ".join(text.split())
    for name, words in re.findall(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", attributes, re.MULTILINE):
        if name in definition["properties"]:
            definition["properties"][name]["description"] = " ".join(words.split())
