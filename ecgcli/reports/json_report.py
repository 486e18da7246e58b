"""The report as JSON: the same bytes for the same report.

It knows the encoding; what stands in a report is `document`'s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ecgcli.reports.document import Report


def render(report: Report) -> bytes:
    """Return the report as UTF-8 JSON, indented, with a newline at its end."""
    return report.model_dump_json(indent=2).encode() + b"\n"
