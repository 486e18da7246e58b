"""A generated recording as data: what was asked, how it was read, what was drawn and measured.

It knows the document that stands beside such a recording, and its JSON Schema; it does not know
how anything in it was made (`generation`) or how a report shows it (`view`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ecgcli.generation.quantities import quantities
from ecgcli.generation.vocabulary import names
from ecgcli.generation.wording import sentence
from ecgcli.records.record import SYNTHETIC
from ecgcli.reports.text import clean

if TYPE_CHECKING:
    from ecgcli.generation.check import Item
    from ecgcli.generation.request import Request
    from ecgcli.generation.sample import Sample

SCHEMA_VERSION: Literal["1.0"] = "1.0"
GENERATOR: Literal["ecgcli generate"] = "ecgcli generate"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
NOT_AS_ASKED = f"{SYNTHETIC} – NOT AS ASKED"
DIGITS = 4


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Parse(_Part):
    """What the prompt was read as; null and empty lists where nothing was said."""

    present: tuple[str, ...] = Field(description="Statements that it shows, codes of the catalogue")
    absent: tuple[str, ...] = Field(description="Statements that it does not show")
    age_years: float | None = Field(description="Age (years)")
    sex: Literal["female", "male"] | None = Field(description="Sex")
    heart_rate: float | None = Field(description="Ventricular rate (/min)")
    pr_ms: float | None = Field(description="PR interval (ms)")
    qrs_ms: float | None = Field(description="QRS duration (ms)")
    qt_ms: float | None = Field(description="QT interval (ms)")
    qtc_ms: float | None = Field(description="Corrected QT interval (ms)")
    axis_deg: float | None = Field(description="QRS axis in the frontal plane (degrees)")
    bounds: dict[str, tuple[float | None, float | None]] = Field(
        description="Lowest and highest value of quantities of which a range was said"
    )


class Told(_Part):
    """What the networks were told, with what goes without saying."""

    statements: tuple[str, ...] = Field(description="Statements, SCP-ECG codes of PTB-XL")
    values: dict[str, float] = Field(
        description="Numbers by name: age (years), female (1 or 0), heart_rate (/min), pr, qrs, qt"
        " (ms), axis (degrees)"
    )
    heart_rates: tuple[float, float] = Field(description="Lowest and highest heart rate (/min)")


class Compared(_Part):
    """One thing that was asked for, beside what was measured or read in the recording."""

    name: str = Field(description="Field of the parse, code of a statement, or quality")
    text: str = Field(description="The same in words")
    requested: str = Field(description="What was asked")
    measured: str = Field(description="What is there")
    met: bool = Field(description="Whether that is as asked")


class Comparison(_Part):
    """The recording held against the request."""

    passed: bool = Field(description="Whether all is as asked")
    items: tuple[Compared, ...] = Field(description="What was asked, one by one")
    unasked: tuple[str, ...] = Field(
        description="Abnormal statements that are made of it and that nobody asked for"
    )

    @property
    def unmet(self) -> tuple[Compared, ...]:
        """Return what is not as asked."""
        return tuple(row for row in self.items if not row.met)


class Synthetic(_Part):
    """A recording that was generated from a text; no patient was recorded.

    The same prompt, seed, number, candidates, duration and rate give the same recording with the
    same model and version.
    """

    generator: Literal["ecgcli generate"] = Field(description="The program that wrote it")
    schema_version: Literal["1.0"] = Field(description="Version of this document's structure")
    synthetic: Literal[True] = Field(description="No patient was recorded")
    mark: str = Field(description="What stands on every page: whether it is as asked")
    record: str = Field(description="Name of the record")
    prompt: str = Field(description="What was asked, as it was written; options are not in it")
    parse: Parse = Field(description="What that was read as, options with it")
    sentence: str = Field(description="The same as a sentence")
    seed: int = Field(description="That of the run")
    number: int = Field(description="Which recording of this request and seed, from 0")
    candidate: int = Field(description="Which of the drawings it is, from 0")
    tried: int = Field(description="How many drawings there were")
    candidates: int = Field(description="How many there could have been")
    best_effort: bool = Field(description="Whether it was to be written even if not as asked")
    duration_s: float = Field(description="Length (s)")
    rate_hz: float = Field(description="Samples per second")
    model: str = Field(description="SHA-256 of the generator's file, the first 16 digits")
    software_version: str = Field(description="Version of ecgcli")
    condition: Told = Field(description="What the networks were told")
    check: Comparison = Field(description="Requested and measured, side by side")


def document(
    request: Request,
    sample: Sample,
    *,
    candidates: int,
    best_effort: bool,
    model: str,
    software: str,
) -> Synthetic:
    """Return the document of a recording that was generated.

    Args:
        request: What was asked.
        sample: The recording.
        candidates: How many drawings there could have been.
        best_effort: Whether it is written even if it is not as asked.
        model: Name of the generator's file.
        software: Version of ecgcli.
    """
    record, told = sample.record, sample.condition
    return Synthetic(
        generator=GENERATOR,
        schema_version=SCHEMA_VERSION,
        synthetic=True,
        mark=SYNTHETIC if sample.check.passed else NOT_AS_ASKED,
        record=record.name,
        prompt=clean(request.text),
        parse=parse(request),
        sentence=sentence(request),
        seed=sample.seed,
        number=sample.number,
        candidate=sample.candidate,
        tried=sample.tried,
        candidates=candidates,
        best_effort=best_effort,
        duration_s=record.duration_s,
        rate_hz=record.rate,
        model=model,
        software_version=software,
        condition=Told(
            statements=told.statements,
            values={name: round(value, DIGITS) for name, value in told.values.items()},
            heart_rates=told.rates,
        ),
        check=Comparison(
            passed=sample.check.passed,
            items=tuple(_row(item) for item in sample.check.items),
            unasked=tuple(code for code, _ in sample.check.unasked),
        ),
    )


def parse(request: Request) -> Parse:
    """Return what a prompt was read as."""
    return Parse(**{name: value for name, value in request.as_dict().items() if name != "text"})


def render(document: Synthetic) -> bytes:
    """Return a document as UTF-8 JSON, indented, with a newline at its end."""
    return document.model_dump_json(indent=2).encode() + b"\n"


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a document, with descriptions."""
    schema = Synthetic.model_json_schema(mode="serialization")
    return {"$schema": DIALECT, **schema, "title": "ecgcli generate"}


def label(name: str) -> str:
    """Return what people call a field of the parse, a statement or the quality."""
    if name in quantities():
        return quantities()[name].name
    return names().get(name, name)


def _row(item: Item) -> Compared:
    return Compared(
        name=item.name,
        text=label(item.name),
        requested=item.asked,
        measured=clean(item.found),
        met=item.met,
    )
