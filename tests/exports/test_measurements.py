"""Measurements as JSON: whatever the types hold is written, described, and fits its description."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from ecgcli.exports import measurements
from ecgcli.records.find import Source, find
from ecgcli.records.leads import LEADS
from ecgcli.records.read import read
from ecgcli.signals.analyse import analyse
from ecgcli.signals.results import (
    Analysis,
    Beat,
    BeatClass,
    Fiducials,
    Grade,
    LeadMeasurements,
    LeadQuality,
    Measured,
    Measurements,
    Quality,
)
from tests import synthetic
from tests.reports import builder

SCHEMA = measurements.json_schema()
VALIDATOR = Draft202012Validator(SCHEMA)
EXAMPLES = Path(__file__).parents[2] / "examples" / "records"
POINTS = {f.name for f in fields(Fiducials)}

# Any number that floating point has, also those that JSON has not.
NUMBERS = st.floats(allow_nan=True, allow_infinity=True)
MEASURED = st.one_of(
    st.builds(
        Measured,
        value=NUMBERS,
        unit=st.sampled_from(["ms", "mV"]),
        confidence=st.none() | st.floats(0, 1),
        reason=st.none(),
    ),
    st.builds(Measured, value=st.none(), unit=st.just("ms"), reason=st.text(min_size=1)),
)
st.register_type_strategy(Measured, MEASURED.filter(lambda m: m.reason is None or m.reason.strip()))
ALL = st.builds(
    Measurements,
    leads=st.tuples(*(st.builds(LeadMeasurements, lead=st.just(lead)) for lead in LEADS)),
)


def parsed(analysis: Analysis, record: str = "ward/1") -> dict[str, Any]:
    """Write, read again and hold against the schema."""
    line = measurements.dumps(measurements.document(analysis, record=record))
    assert "\n" not in line
    value: dict[str, Any] = json.loads(line, parse_constant=_refuse)
    VALIDATOR.validate(value)
    return value


def _refuse(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


def test_the_schema_is_one_and_describes_what_it_holds() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    for name, definition in SCHEMA["$defs"].items():
        assert definition.get("description"), name
    of_all = SCHEMA["$defs"]["Measurements"]["properties"]
    assert set(of_all) == {f.name for f in fields(Measurements)}
    assert of_all["pr_interval"]["description"] == "PR interval"


def test_a_measured_record_is_written_whole() -> None:
    value = parsed(analyse(synthetic.normal(60)))
    assert (value["sampling_rate"], value["samples"]) == (500, 5000)
    assert value["window"] == {"start": 0, "end": 5000}
    assert value["quality"]["grade"] == "usable"
    assert value["measurements"]["ventricular_rate"]["value"] == pytest.approx(60, abs=0.5)
    assert tuple(value["measurements"]["leads"]) == LEADS
    assert tuple(value["quality"]["leads"]) == LEADS
    assert set(value["measurements"]) == {f.name for f in fields(Measurements)}
    assert tuple(value["fiducials"]) == (*LEADS, "global")
    beats = value["measurements"]["beats"]
    assert {beat["class"] for beat in beats} == {"normal"}
    for points in value["fiducials"].values():
        assert set(points) == POINTS
        assert {len(at) for at in points.values()} == {len(beats)}


def test_a_wrong_object_does_not_fit_the_schema() -> None:
    value = parsed(analyse(synthetic.normal(60)))
    lead = {**value["fiducials"]["II"], "r_peak": [0.5]}
    wrongs: tuple[dict[str, Any], ...] = (
        {"more": 1},
        {"quality": None},
        {"samples": -1},
        {"fiducials": {}},
        {"fiducials": {**value["fiducials"], "II": lead}},
        {"error": {"code": "damaged", "message": "cut", "remedy": "copy"}},
    )
    for wrong in wrongs:
        assert not VALIDATOR.is_valid({**value, **wrong}), wrong


@pytest.mark.parametrize("rate", [250.0, 500.0, 1000.0])
def test_indices_count_at_the_records_own_rate(rate: float) -> None:
    value = parsed(analyse(synthetic.normal(60, rate=rate)))
    truth = synthetic.beat_times(60, 10.0)
    for points in (value["fiducials"]["global"], value["fiducials"]["II"]):
        found = [at / rate for at in points["r_peak"] if at is not None]
        inside = [t for t in truth if min(abs(t - f) for f in found) < 0.012]
        assert len(inside) >= len(truth) - 1
        assert len(found) <= len(truth)
    assert value["sampling_rate"] == rate
    assert value["samples"] == 10 * rate


def test_the_rate_does_not_change_the_times() -> None:
    values = {rate: parsed(analyse(synthetic.normal(66, rate=rate))) for rate in (250, 500, 1000)}
    for lead in ("II", "V2", "global"):
        for point in sorted(POINTS):
            times = {
                rate: [None if at is None else at / rate for at in value["fiducials"][lead][point]]
                for rate, value in values.items()
            }
            for rate in (250, 1000):
                for one, other in zip(times[500], times[rate], strict=True):
                    assert (one is None) == (other is None), (lead, point)
                    # 4 ms: a sample at 250 Hz and the rounding to one.
                    assert one is None or one == pytest.approx(other, abs=0.0081), (lead, point)


def test_indices_and_times_count_from_the_start_of_the_file() -> None:
    """A long recording is measured in a window, and a calibration pulse may be cut off before."""
    analysis = analyse(synthetic.normal(60))
    assert analysis.fiducials is not None
    record = replace(analysis.record, start_s=2.0, source_duration_s=60.0)
    conditioned = replace(analysis.conditioned, start_s=12.0)
    before = parsed(analysis)
    value = parsed(replace(analysis, record=record, conditioned=conditioned))
    assert value["samples"] == 30_000
    assert value["window"] == {"start": 6000, "end": 11_000}
    first, moved = (v["measurements"]["beats"][0]["time_s"] for v in (before, value))
    assert moved == pytest.approx(first + 12)
    at, later = (v["fiducials"]["global"]["r_peak"] for v in (before, value))
    assert later == [index + 1000 for index in at]  # fiducials count from Record.signal already


def test_a_record_that_is_not_usable_has_reasons_and_no_numbers() -> None:
    noise = np.random.default_rng(1).normal(0, 1, (12, 5000)).astype(np.float32)
    analysis = analyse(synthetic.record(noise))
    assert analysis.quality.grade is Grade.NOT_USABLE
    value = parsed(analysis)
    assert value["measurements"] is None
    assert value["quality"]["reasons"]
    assert all(points[name] == [] for points in value["fiducials"].values() for name in POINTS)


def test_a_lead_without_fiducials_has_a_null_for_every_beat() -> None:
    analysis = analyse(synthetic.normal(60))
    assert analysis.fiducials is not None
    only = {"global": analysis.fiducials["global"]}
    value = parsed(replace(analysis, fiducials=only))
    beats = len(only["global"].r_peak)
    assert value["fiducials"]["V3"] == {name: [None] * beats for name in POINTS}


@settings(max_examples=60, deadline=None)
@given(ALL, st.text())
def test_whatever_the_types_hold_fits_the_schema(measured: Measurements, name: str) -> None:
    analysis = replace(_analysis(), measurements=measured)
    value = parsed(analysis, name)
    for field in fields(Measurements):
        was, one = getattr(measured, field.name), value["measurements"][field.name]
        if not isinstance(was, Measured):
            continue
        if was.value is None or not math.isfinite(was.value):
            assert one["value"] is None
            assert one["reason"]
        else:
            assert one["value"] == pytest.approx(was.value, abs=1e-4)


@settings(max_examples=60, deadline=None)
@given(
    st.builds(
        Quality,
        grade=st.sampled_from(Grade),
        score=st.floats(0, 1),
        leads=st.tuples(*(st.builds(LeadQuality, lead=st.just(lead)) for lead in LEADS)),
    )
)
def test_any_quality_fits_the_schema(quality: Quality) -> None:
    value = parsed(replace(_analysis(), quality=quality))
    assert value["quality"]["grade"] == quality.grade.value


_KEPT: list[Analysis] = []


def _analysis() -> Analysis:
    if not _KEPT:
        _KEPT.append(analyse(synthetic.normal(60)))
    return _KEPT[0]


@dataclass(frozen=True)
class Part:
    """Something that somebody adds to the results one day."""

    lead: str
    share: float
    at: tuple[int, float] = (1, math.nan)
    kinds: frozenset[BeatClass] = frozenset({BeatClass.PACED, BeatClass.NORMAL})
    by_name: dict[str, Measured | None] | None = None


@dataclass(frozen=True)
class Grown:
    """Results with a part of every kind."""

    leads: tuple[Part, ...]
    parts: tuple[Part, ...] = ()
    beats: tuple[Beat, ...] = (Beat(1.0, BeatClass.PACED),)


def test_new_fields_are_written_and_described_without_another_line() -> None:
    part = Part("V1", math.inf, by_name={"a": Measured(2.00004, "mV"), "b": None})
    grown = Grown((part,), (part, part))
    value = measurements.plain(grown)
    assert value["leads"]["V1"]["share"] is None
    assert "lead" not in value["leads"]["V1"]
    assert [one["lead"] for one in value["parts"]] == ["V1", "V1"]
    assert value["parts"][0]["at"] == [1, None]
    assert value["parts"][0]["kinds"] == ["normal", "paced"]
    assert value["parts"][0]["by_name"]["a"] == {"value": 2.0, "unit": "mV", "confidence": None}
    assert value["beats"] == [{"time_s": 1.0, "class": "paced"}]
    definitions: dict[str, Any] = {}
    schema = {**measurements._schema(Grown, definitions), "$defs": definitions}
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(value)
    value["parts"][0]["at"] = [1]
    assert not Draft202012Validator(schema).is_valid(value)


def test_numbers_of_numpy_are_numbers_and_arrays_are_refused() -> None:
    values = (np.float32(0.1), np.int64(7), np.float64("nan"), True, None, -0.00001)
    assert measurements.plain(values) == [0.1, 7, None, True, None, 0.0]
    assert str(measurements.plain(-0.00001)) == "0.0"
    with pytest.raises(TypeError, match="no place in JSON"):
        measurements.plain(np.zeros(3))
    with pytest.raises(ValueError, match="JSON compliant"):
        measurements.dumps({"value": math.nan})


def test_a_failed_record_fits_the_schema() -> None:
    value = measurements.failed("caf\udce9\n", "unknown", "damaged", "it is cut", "copy it")
    VALIDATOR.validate(value)
    measurements.dumps(value).encode()
    assert not VALIDATOR.is_valid({**value, "error": {"code": "", "message": "", "remedy": ""}})


def test_nothing_of_the_patient_is_written() -> None:
    record = replace(
        synthetic.normal(60),
        patient=replace(synthetic.ADULT, id="4711-0815", name="Mustermann^Erika"),
        device="ward 7",
        source_statements=("Mustermann has AF",),
        notes=("4711-0815",),
    )
    line = measurements.dumps(measurements.document(analyse(record), record="x"))
    assert not [word for word in ("4711", "Mustermann", "male", "ward") if word in line]


@pytest.mark.parametrize(
    "source",
    [
        found
        for found in find([EXAMPLES])
        if isinstance(found, Source) and "broken" not in found.path.name
    ],
    ids=lambda source: source.path.name,
)
def test_every_example_fits_the_schema(source: Source) -> None:
    value = parsed(analyse(read(source)), str(source.output))
    assert value["format"] == source.format


def test_the_builders_of_reports_fit_the_schema_too() -> None:
    parsed(builder.analysis())
