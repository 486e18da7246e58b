"""The report as one HTML file that needs nothing else: no script, no font, no picture, no net.

It knows the page's structure; what is said stands in `document` and `view`, the drawing in
`svg_sheet`, the looks in report.css.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from typing import TYPE_CHECKING

from ecgcli.reports import answer_view, beat_sheet, view
from ecgcli.reports.quantities import number, shown
from ecgcli.reports.sheet import Sheet, lay_out
from ecgcli.reports.svg_sheet import draw, draw_beats
from ecgcli.reports.templates import environment, fill, text
from ecgcli.signals.results import LeadMeasurements

if TYPE_CHECKING:
    from ecgcli.reports.document import Report
    from ecgcli.signals.results import Analysis

_Table = tuple[str, list[str], list[tuple[str, list[str], str]]]
# The tables of leads: title, and columns of heading, field and unit.
LEAD_TABLES = (
    (
        "Amplitudes, mV",
        (
            ("P+", "p_positive_mv", "mV"),
            ("P−", "p_negative_mv", "mV"),
            ("Q", "q_mv", "mV"),
            ("R", "r_mv", "mV"),
            ("S", "s_mv", "mV"),
            ("R′", "r2_mv", "mV"),
            ("S′", "s2_mv", "mV"),
            ("QRS p-p", "qrs_peak_to_peak_mv", "mV"),
            ("ST J", "st_j_mv", "mV"),
            ("J+40", "st_40_mv", "mV"),
            ("J+60", "st_60_mv", "mV"),
            ("J+80", "st_80_mv", "mV"),
            ("T+", "t_positive_mv", "mV"),
            ("T−", "t_negative_mv", "mV"),
        ),
    ),
    (
        "Durations, ms, areas and slopes",
        (
            ("P+", "p_positive_ms", "ms"),
            ("P−", "p_negative_ms", "ms"),
            ("Q", "q_ms", "ms"),
            ("R", "r_ms", "ms"),
            ("S", "s_ms", "ms"),
            ("R′", "r2_ms", "ms"),
            ("S′", "s2_ms", "ms"),
            ("Intrinsicoid", "intrinsicoid_ms", "ms"),
            ("P term. mV ms", "p_terminal_mv_ms", "mV ms"),
            ("QRS mV ms", "qrs_area_mv_ms", "mV ms"),
            ("ST mV/s", "st_slope_mv_s", "mV/s"),
            ("Confidence", "confidence", "share"),
        ),
    ),
)


def render(report: Report, analysis: Analysis, sheet: Sheet | None = None) -> bytes:
    """Return the report as UTF-8 HTML; the same bytes for the same report.

    Args:
        report: The report.
        analysis: What it was made from; its conditioned signal and median beat are drawn.
        sheet: The analysis laid out, where that has been done already.
    """
    sheet = sheet or lay_out(analysis)
    beats = beat_sheet.grid(analysis)
    page = fill(
        "report.html",
        report=report,
        person=view.person(report),
        acquired=view.acquired(report),
        sheet=sheet,
        drawing=draw(sheet),
        caption=view.caption(report, sheet),
        beats=draw_beats(beats) if beats else None,
        beats_caption=view.beats_caption(report, analysis, beats) if beats else "",
        groups=view.groups(),
        lead_tables=_lead_tables(report),
        view=view,
        answers=answer_view,
        shown=shown,
        software=view.software(report),
        style_hash=" ".join(style_hash(name) for name in _styles(report)),
    )
    return page.encode("utf-8", "replace")


def _styles(report: Report) -> tuple[str, ...]:
    return ("report.css", "mark.css") if report.mark else ("report.css",)


@cache
def style_hash(name: str) -> str:
    """Return the hash by which the page's own style or script is allowed, and no other."""
    environment()
    digest = hashlib.sha256(text(name).encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _lead_tables(report: Report) -> list[_Table]:
    """Return the tables of leads: title, headings, and each lead's name, cells, reason for none."""
    if report.measurements is None:
        return []
    leads = report.measurements.leads
    return [
        (
            title,
            [heading for heading, *_ in columns],
            [
                (lead.lead, [] if lead.reason else _cells(lead, columns), lead.reason or "")
                for lead in leads
            ],
        )
        for title, columns in LEAD_TABLES
    ]


def _cells(lead: LeadMeasurements, columns: tuple[tuple[str, str, str], ...]) -> list[str]:
    cells = []
    for _, field, unit in columns:
        value = getattr(lead, field)
        if value is None:
            cells.append("–")
        else:
            cells.append(view.confidence(value) if unit == "share" else number(value, unit))
    return cells
