"""The measurements of one record as plain JSON values, and the JSON Schema of them.

It knows how the types of `signals.results` are written down, by their fields and not by name: a
field that is added there is written and described here without another line. It does not know how
anything is measured, and nothing of the patient stands in what it writes.

Every sample index and every time counts from the first sample of the recording's file.
"""

from __future__ import annotations

import json
import math
import numbers
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from ecgcli.records.leads import LEADS
from ecgcli.reports.quantities import QUANTITIES
from ecgcli.reports.text import clean
from ecgcli.signals.results import ANALYSIS_RATE, Analysis, Beat, Fiducials, Measured, Measurements

SCHEMA_VERSION = "1.0"
GENERATOR = "ecgcli measure"
"""By this `find` passes over what a run wrote, and a run knows what it may write over."""

GLOBAL = "global"
DIGITS = 4  # of mV, ms, degrees: finer than any recorder, and no noise of floating point
NOT_FINITE = "the measurement gave no finite number"

_ANALYSIS = ("record", "conditioned", "quality", "measurements", "median_beat", "fiducials")
_KEYS: dict[tuple[type, str], str] = {
    (Beat, "kind"): "class"
}  # what a field is called in JSON, where not by its own name


def document(analysis: Analysis, *, record: str) -> dict[str, Any]:
    """Return all that was measured in a recording, as values that JSON knows.

    Args:
        analysis: What the signals room found.
        record: Name of the record, for whoever reads the result.

    Returns:
        An object after `json_schema()`. A recording that cannot be measured has no measurements
        (`None`) and no beats (empty lists of fiducials); `quality` says why.
    """
    source, conditioned = analysis.record, analysis.conditioned
    samples = round(source.source_duration_s * source.rate)
    start = round(conditioned.start_s * source.rate)
    length = round(conditioned.signal.shape[1] / ANALYSIS_RATE * source.rate)
    more = {f.name: getattr(analysis, f.name) for f in fields(analysis) if f.name not in _ANALYSIS}
    return {
        "record": clean(record),
        "generator": GENERATOR,
        "schema_version": SCHEMA_VERSION,
        "format": source.format,
        "content_hash": source.content_hash,
        "sampling_rate": plain(source.rate),
        "samples": samples,
        "window": {"start": start, "end": min(start + length, samples)},
        "quality": plain(analysis.quality),
        **{name: plain(value) for name, value in more.items()},
        "measurements": plain(_from_the_start(analysis.measurements, conditioned.start_s)),
        "fiducials": _fiducials(analysis.fiducials or {}, round(source.start_s * source.rate)),
    }


def failed(record: str, file_format: str, code: str, message: str, remedy: str) -> dict[str, Any]:
    """Return the object of a recording that could not be read or measured at all.

    Args:
        record: Name of the record.
        file_format: Short name of its format.
        code: Category of the failure (`errors.Category`).
        message: What is wrong with it.
        remedy: What its owner can do.
    """
    return {
        "record": clean(record),
        "generator": GENERATOR,
        "schema_version": SCHEMA_VERSION,
        "format": file_format,
        "error": {"code": code, "message": message, "remedy": remedy},
    }


def dumps(document: Mapping[str, Any]) -> str:
    """Return an object as one line of JSON, without the line's end.

    Raises:
        ValueError: It holds a number that is none (which `plain` never leaves in).
    """
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def plain(value: object) -> Any:
    """Return a result as JSON values: dataclasses by their fields, numbers rounded.

    Numbers that are not finite become `None`; a `Measured` then says why it has no value. The
    tuple called `leads` of things that belong to one lead each becomes an object by lead.

    Raises:
        TypeError: There is something in it that has no place in JSON (an array, say).
    """
    if isinstance(value, Measured):
        return _measured(value)
    if is_dataclass(value) and not isinstance(value, type):
        cls = type(value)
        return {
            _KEYS.get((cls, f.name), f.name): _field(f.name, getattr(value, f.name))
            for f in fields(value)
        }
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str):
        return clean(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return round(float(value), DIGITS) + 0.0 if math.isfinite(value) else None  # never "-0.0"
    if isinstance(value, tuple | list | frozenset | set):
        return [
            plain(one) for one in (sorted(value) if isinstance(value, set | frozenset) else value)
        ]
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(one) for key, one in value.items()}
    raise TypeError(f"{type(value).__name__} has no place in JSON")


def _field(name: str, value: Any) -> Any:
    if name == "leads" and value and all(hasattr(one, "lead") for one in value):
        rows = {one.lead: plain(one) for one in value}
        return {lead: {k: v for k, v in row.items() if k != "lead"} for lead, row in rows.items()}
    return {} if name == "leads" and not value else plain(value)


def _measured(measured: Measured) -> dict[str, Any]:
    value = plain(measured.value)
    if value is None:
        reason = measured.reason or NOT_FINITE
        return {"value": None, "unit": measured.unit, "reason": clean(reason)}
    confidence = plain(measured.confidence)
    return {"value": value, "unit": measured.unit, "confidence": confidence}


def _from_the_start(measurements: Measurements | None, start_s: float) -> Measurements | None:
    """Return measurements whose beats are timed from the start of the recording."""
    if measurements is None:
        return None
    beats = tuple(replace(beat, time_s=beat.time_s + start_s) for beat in measurements.beats)
    return replace(measurements, beats=beats)


def _fiducials(
    found: Mapping[str, Fiducials], start: int
) -> dict[str, dict[str, list[int | None]]]:
    """Return the fiducials of all leads and of all together, one entry per beat in every list."""
    names = [f.name for f in fields(Fiducials)]
    beats = max((len(getattr(f, name)) for f in found.values() for name in names), default=0)

    def listed(points: tuple[int | None, ...]) -> list[int | None]:
        known = [None if at is None else int(at) + start for at in points]
        return known + [None] * (beats - len(known))

    nothing = Fiducials()
    return {
        lead: {name: listed(getattr(found.get(lead, nothing), name)) for name in names}
        for lead in (*LEADS, GLOBAL)
    }


# -- the schema, from the same fields


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of what `document` and `failed` return."""
    definitions: dict[str, Any] = {}
    hints = get_type_hints(Analysis, localns={"Record": object})
    names = [f.name for f in fields(Analysis) if f.name == "quality" or f.name not in _ANALYSIS]
    found = {name: _schema(hints[name], definitions) for name in names}
    count = {"type": "integer", "minimum": 0}
    points = {"type": "array", "items": {"anyOf": [count, {"type": "null"}]}}
    definitions["Fiducials"] = _closed(
        {f.name: points for f in fields(Fiducials)},
        "Sample indices, one entry per beat in every list; null where there is no such wave.",
    )
    head = {
        "record": {"type": "string", "description": "Path below PATH, of WFDB without .hea"},
        "generator": {"const": GENERATOR},
        "schema_version": {"const": SCHEMA_VERSION},
        "format": {"type": "string", "description": 'File format, "wfdb" or "hl7-aecg" say'},
    }
    text = {"type": "string", "minLength": 1}
    measured = {
        **head,
        "content_hash": {"type": "string", "description": "SHA-256 over the bytes of its files"},
        "sampling_rate": {"type": "number", "description": "The recording's own, in Hz"},
        "samples": {**count, "description": "Samples per lead of the whole recording"},
        "window": _closed(
            {"start": count, "end": count},
            "The samples that were measured: the best ten seconds; the end is not among them.",
        ),
        **found,
        "measurements": {
            "anyOf": [_schema(Measurements, definitions), {"type": "null"}],
            "description": "Null where the recording is not usable",
        },
        "fiducials": _closed({lead: _ref("Fiducials") for lead in (*LEADS, GLOBAL)}, "By lead."),
    }
    error = _closed({"code": text, "message": text, "remedy": text}, "Why nothing was measured.")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "ecgcli measure",
        "description": "Measurements of one recording; every index counts samples from its start.",
        "oneOf": [
            _closed(measured, "A recording that was read."),
            _closed({**head, "error": error}, "A recording that could not be read."),
        ],
        "$defs": definitions,
    }


def _closed(properties: dict[str, Any], description: str) -> dict[str, Any]:
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{name}"}


_WORDS = {quantity.field: quantity.name for quantity in QUANTITIES}
_PLAIN = {bool: "boolean", int: "integer", str: "string", NoneType: "null"}


def _schema(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a type as `plain` writes it; dataclasses go to `definitions`."""
    if hint is Measured:
        definitions["Measured"] = _MEASURED
        return _ref("Measured")
    if hint in _PLAIN:
        return {"type": _PLAIN[hint]}
    if hint is float:
        return {"type": ["number", "null"]}
    if isinstance(hint, type) and issubclass(hint, Enum):
        return {"enum": [member.value for member in hint]}
    if is_dataclass(hint):
        return _of_dataclass(hint, definitions)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return {"anyOf": [_schema(each, definitions) for each in arguments]}
    if origin is tuple and Ellipsis not in arguments:
        items = [_schema(each, definitions) for each in arguments]
        return {"type": "array", "prefixItems": items, "items": False, "minItems": len(items)}
    if origin in (tuple, list, set, frozenset):
        return {"type": "array", "items": _schema(arguments[0], definitions)}
    if origin is not None and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": _schema(arguments[1], definitions)}
    raise TypeError(f"{hint} has no place in JSON")


def _of_dataclass(cls: Any, definitions: dict[str, Any], without: str = "") -> dict[str, Any]:
    title = f"{cls.__name__}ByLead" if without else cls.__name__
    if title in definitions:
        return _ref(title)
    hints = get_type_hints(cls)
    properties = {}
    definitions[title] = {}  # its place, in the order in which they are met
    for each in fields(cls):
        if each.name == without:
            continue
        hint = hints[each.name]
        key = _KEYS.get((cls, each.name), each.name)
        properties[key] = (
            _by_lead(hint, definitions) if each.name == "leads" else _schema(hint, definitions)
        )
        if hint is Measured and each.name in _WORDS:
            properties[key]["description"] = _WORDS[each.name]
    words = " ".join((cls.__doc__ or "").partition("\n\nAttributes:")[0].split())
    definitions[title] = _closed(properties, words)
    return _ref(title)


def _by_lead(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a tuple of things of one lead each, which `plain` writes by lead."""
    one = get_args(hint)[0]
    if not is_dataclass(one) or "lead" not in {f.name for f in fields(one)}:
        return _schema(hint, definitions)
    return {
        "type": "object",
        "propertyNames": {"enum": list(LEADS)},
        "additionalProperties": _of_dataclass(one, definitions, without="lead"),
    }


_MEASURED: dict[str, Any] = {
    "description": "A number with its unit and how sure it is (0 to 1), or none and the reason.",
    "oneOf": [
        _closed(
            {
                "value": {"type": "number"},
                "unit": {"type": "string"},
                "confidence": {"type": ["number", "null"], "minimum": 0, "maximum": 1},
            },
            "A number.",
        ),
        _closed(
            {
                "value": {"type": "null"},
                "unit": {"type": "string"},
                "reason": {"type": "string", "minLength": 1},
            },
            "No number.",
        ),
    ],
}
