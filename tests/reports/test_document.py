"""The report as data: its schema, its rounding, and what a bad recording gets."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from ecgcli.records.record import Patient
from ecgcli.reports import document, json_report, schema
from ecgcli.reports.text import clean
from ecgcli.signals.results import Grade, Measured
from tests import synthetic
from tests.reports import builder

SCHEMA = schema.json_schema()


def built(**changes: Any) -> document.Report:
    return document.build(
        builder.analysis(**changes), builder.interpretation(builder.CRITICAL), builder.PROVENANCE
    )


def parsed(report: document.Report) -> dict[str, object]:
    value: dict[str, object] = json.loads(json_report.render(report))
    Draft202012Validator(SCHEMA).validate(value)
    return value


def test_the_schema_is_a_schema_and_describes_its_fields() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    for name, definition in SCHEMA["$defs"].items():
        assert definition.get("description"), name
    for name, field in SCHEMA["properties"].items():
        assert field.get("description"), name
    for name, field in SCHEMA["$defs"]["Measurements"]["properties"].items():
        if "Measured" in str(field):
            assert field.get("description"), name
    assert SCHEMA["$defs"]["Statement"]["properties"]["scp"]["description"].startswith("SCP-ECG")


def test_a_report_fits_its_schema_and_a_wrong_one_does_not() -> None:
    value = parsed(built())
    for broken in ({"schema_version": "2"}, {"urgency": "soon"}, {"more": 1}):
        assert list(Draft202012Validator(SCHEMA).iter_errors({**value, **broken})), broken


def test_numbers_are_rounded_to_what_a_device_resolves() -> None:
    m = built().measurements
    assert m is not None
    assert m.pr_interval.value == 162
    assert m.ventricular_rate == Measured(70.0, "/min", 0.99)
    assert m.rr_variation.value == 2.3
    assert m.sokolow_lyon.value == 2.1
    assert m.leads[0].r_mv == 1.012
    assert built().quality.score == 0.88


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_becomes_a_missing_value_with_a_reason(value: float) -> None:
    m = builder.measurements(qrs_duration=Measured(value, "ms", 0.5))
    report = built(measurements=m)
    assert report.measurements is not None
    assert report.measurements.qrs_duration.value is None
    assert report.measurements.qrs_duration.reason
    assert b"NaN" not in json_report.render(report)
    assert b"Infinity" not in json_report.render(report)


def test_a_record_that_is_not_usable_gets_no_numbers_and_no_statements() -> None:
    analysis = builder.analysis(grade=Grade.NOT_USABLE, bad=("I", "II"))
    # Even if somebody hands an interpretation in.
    report = document.build(analysis, builder.interpretation(), builder.PROVENANCE)
    value = parsed(report)
    assert value["measurements"] is None
    assert value["statements"] is None
    assert value["urgency"] is None
    assert "I is noisy" in report.conclusion


def test_the_same_input_gives_the_same_bytes() -> None:
    assert json_report.render(built()) == json_report.render(built())
    assert json_report.render(built()).endswith(b"}\n")


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_of_a_file_can_be_reported(name: str, said: str) -> None:
    record = replace(
        synthetic.normal(),
        name=name,
        patient=Patient(id=said, name=name),
        notes=(said,),
        source_statements=(name,),
    )
    report = document.build(builder.analysis(record), None, builder.PROVENANCE)
    parsed(report)


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_cleaned_text_is_one_line_of_visible_characters(text: str) -> None:
    cleaned = clean(text)
    assert "\n" not in cleaned
    assert "\u202e" not in cleaned
    assert not any(ord(char) < 32 or 0xD800 <= ord(char) <= 0xDFFF for char in cleaned)
    assert clean(cleaned) == cleaned
    cleaned.encode("utf-8")


def test_half_a_surrogate_pair_of_a_file_name_is_shown_as_lost() -> None:
    assert clean("caf\udce9 1") == "caf� 1"
    assert clean("x" * 5000)[-1] == "…"
    assert clean("Ångström, Åsa") == "Ångström, Åsa"
