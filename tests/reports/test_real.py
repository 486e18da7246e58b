"""Reports of real recordings, through the other rooms."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pypdf
import pytest
from jsonschema import Draft202012Validator

from ecgcli.clinical.interpret import interpret
from ecgcli.records.read import read_path
from ecgcli.reports import document, html_report, json_report, pdf_report, schema
from ecgcli.signals.analyse import analyse
from ecgcli.signals.results import Grade
from tests.reports import builder


@pytest.mark.real
@pytest.mark.parametrize(
    "pattern",
    ["ludb/data/1*.hea", "ptbxl/records500/**/*.hea", "paediatric/*.hea", "cinc2011/*.hea"],
)
def test_real_recordings_get_their_three_reports(ecg_data: Path, pattern: str) -> None:
    found = sorted(ecg_data.glob(pattern))
    validator = Draft202012Validator(schema.json_schema())
    for path in found[:: max(1, len(found) // 4)][:4]:
        analysis = analyse(read_path(path))
        usable = analysis.quality.grade is not Grade.NOT_USABLE
        said = interpret(analysis) if usable else None
        report = document.build(analysis, said, builder.PROVENANCE)
        validator.validate(json.loads(json_report.render(report)))
        page = html_report.render(report, analysis)
        assert len(page) < 150_000
        pdf = pdf_report.render(report, analysis)
        assert len(pdf) < 150_000
        assert len(pypdf.PdfReader(io.BytesIO(pdf)).pages) == 1
        for statement in report.critical:
            assert page.index(statement.text.encode()) < page.index(b"<svg")
