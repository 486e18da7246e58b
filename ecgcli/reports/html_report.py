"""The report as one HTML file that needs nothing else: no script, no font, no picture, no net.

It knows the page's structure; what is said stands in `document` and `view`, the drawing in
`svg_sheet`, the looks in report.css.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from typing import TYPE_CHECKING

from ecgcli.reports import view
from ecgcli.reports.quantities import QUANTITIES, number, shown
from ecgcli.reports.sheet import lay_out
from ecgcli.reports.svg_sheet import draw
from ecgcli.reports.templates import environment, fill, text
from ecgcli.signals.results import LeadMeasurements

if TYPE_CHECKING:
    from ecgcli.reports.document import Report
    from ecgcli.signals.results import Analysis

# Columns of the table of leads: heading, field, digits.
LEAD_COLUMNS = (
    ("P", "p_mv", "mV"),
    ("Q", "q_mv", "mV"),
    ("Q", "q_ms", "ms"),
    ("R", "r_mv", "mV"),
    ("R", "r_ms", "ms"),
    ("S", "s_mv", "mV"),
    ("S", "s_ms", "ms"),
    ("R′", "r2_mv", "mV"),
    ("S′", "s2_mv", "mV"),
    ("ST J", "st_j_mv", "mV"),
    ("ST J+60", "st_60_mv", "mV"),
    ("T", "t_mv", "mV"),
    ("QRS p-p", "qrs_peak_to_peak_mv", "mV"),
    ("Intrinsicoid", "intrinsicoid_ms", "ms"),
)


def render(report: Report, analysis: Analysis) -> bytes:
    """Return the report as UTF-8 HTML; the same bytes for the same report.

    Args:
        report: The report.
        analysis: What it was made from; its conditioned signal is drawn.
    """
    sheet = lay_out(analysis)
    page = fill(
        "report.html",
        report=report,
        person=view.person(report),
        acquired=view.acquired(report),
        sheet=sheet,
        drawing=draw(sheet),
        caption=view.caption(report, sheet),
        quantities=QUANTITIES,
        lead_columns=LEAD_COLUMNS,
        lead_rows=_lead_rows(report),
        view=view,
        shown=shown,
        software=view.software(report),
        style_hash=style_hash("report.css"),
    )
    return page.encode("utf-8", "replace")


@cache
def style_hash(name: str) -> str:
    """Return the hash by which the page's own style or script is allowed, and no other."""
    environment()
    digest = hashlib.sha256(text(name).encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _lead_rows(report: Report) -> list[tuple[str, list[str], str]]:
    """Return each lead's name, its cells, and the reason why it has none."""
    if report.measurements is None:
        return []
    return [
        (lead.lead, [] if lead.reason else _cells(lead), lead.reason or "")
        for lead in report.measurements.leads
    ]


def _cells(lead: LeadMeasurements) -> list[str]:
    cells = []
    for _, field, unit in LEAD_COLUMNS:
        value = getattr(lead, field)
        cells.append("–" if value is None else number(value, unit))
    return cells
