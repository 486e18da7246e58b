"""The report as PDF: one page, A4 or Letter, the ECG at true scale on millimetre paper.

It knows what stands where on the page and how much of it fits; the ECG's geometry is `sheet`'s.
WeasyPrint sets the text; paper and traces are written into the page as PDF operators, which is
some twenty times faster than SVG and exact to a hundredth of a millimetre.
"""

from __future__ import annotations

import os
import zlib
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from ecgcli.clinical.statement import Statement
from ecgcli.reports import view
from ecgcli.reports.fit import Item, item, shortened
from ecgcli.reports.pdf_sheet import operators
from ecgcli.reports.sheet import BASELINES, LABEL_ABOVE, MM, Sheet, lay_out
from ecgcli.reports.templates import fill, font, text

if TYPE_CHECKING:
    from ecgcli.reports.document import Report
    from ecgcli.signals.results import Analysis

Paper = Literal["a4", "letter"]
# The content is 260 mm x 196 mm on both, so that there is one layout to get right.
CONTENT = (260.0, 198.0)
PAPERS: dict[Paper, tuple[float, float]] = {"a4": (297.0, 210.0), "letter": (279.4, 215.9)}
SHEET_TOP = 62.0  # mm below the top of the content, as in report.pdf.css

# Room for text (mm), as in report.pdf.css.
STATEMENTS_HEIGHT = 48.6
STATEMENTS_WIDTH = 130.0
ABOUT_HEIGHT = 48.6
ABOUT_WIDTH = 58.0
REMARK_WIDTH = 50.0

STRIP_LABEL = BASELINES[2]  # labels further down belong to the rhythm strip
# Where the baseline of 9 pt text stands in a line 30 mm high (the font's ascent and descent are
# 0.927 and 0.244 of its size).
LABEL_BASELINE = 15 + (0.927 - 0.244) / 2 * 9 * 25.4 / 72


def render(report: Report, analysis: Analysis, paper: Paper = "a4") -> bytes:
    """Return the report as PDF/A-3u; the same bytes for the same report.

    Args:
        report: The report.
        analysis: What it was made from; its conditioned signal is drawn.
        paper: "a4" or "letter", both landscape: 10 s at 25 mm/s are 250 mm.
    """
    from weasyprint import HTML

    sheet = lay_out(analysis)
    page = fill("report.pdf.html", **_values(report, sheet))
    stylesheet, fonts = _style(os.getpid(), paper)
    left, top = margins(paper)

    def draw(document: Any, pdf: Any) -> None:
        del document
        _put_below_text(pdf, operators(sheet, left, top + SHEET_TOP, PAPERS[paper][1]))

    pdf: bytes = HTML(string=page, url_fetcher=refuse).write_pdf(
        finisher=draw,
        stylesheets=[stylesheet],
        font_config=fonts,
        pdf_variant="pdf/a-3u",
        pdf_identifier=True,
    )
    return pdf


def margins(paper: Paper) -> tuple[float, float]:
    """Return the left and the top margin in mm."""
    width, height = PAPERS[paper]
    return (width - CONTENT[0]) / 2, (height - CONTENT[1]) / 2


def refuse(url: str, *args: Any, **options: Any) -> NoReturn:
    """Fetch nothing, whatever a report's text asks for."""
    raise PermissionError("a report has no outside resources")


@cache
def _style(process: int, paper: Paper) -> tuple[Any, Any]:
    """Return the parsed stylesheet and the fonts, made once in a process.

    The process is part of the key: WeasyPrint keeps the fonts in a temporary folder that goes
    with the process which made it.
    """
    from weasyprint import CSS
    from weasyprint.text.fonts import FontConfiguration

    fonts = FontConfiguration()
    width, height = PAPERS[paper]
    left, top = margins(paper)
    page = f"@page {{ size: {width}mm {height}mm; margin: {top}mm {left}mm }}\n"
    stylesheet = CSS(
        string=page + text("report.pdf.css"), font_config=fonts, url_fetcher=_fetch_font
    )
    return stylesheet, fonts


def _fetch_font(url: str, *args: Any, **options: Any) -> Any:
    """Fetch one of our own fonts, which the stylesheet names "font:NAME", and nothing else."""
    from weasyprint.urls import URLFetcherResponse

    scheme, _, name = url.partition(":")
    if scheme != "font" or "/" in name:
        refuse(url)
    return URLFetcherResponse(url, font(name).read_bytes(), {"Content-Type": "font/ttf"})


def _put_below_text(pdf: Any, content: bytes) -> None:
    import pydyf

    # Compressed here rather than by pydyf: its level 9 takes three times as long for 2 %.
    packed = zlib.compress(content, 6)
    stream = pydyf.Stream([packed], {"Filter": "/FlateDecode"}, compress=False)
    pdf.add_object(stream)
    for part in pdf.objects:
        if isinstance(part, dict) and part.get("Type") == "/Page":
            part["Contents"] = pydyf.Array([stream.reference, part["Contents"]])
            return


def _values(report: Report, sheet: Sheet) -> dict[str, Any]:
    critical, items, left_over = _statements(report)
    return {
        "report": report,
        "title": f"12-lead ECG, {view.person(report).name}",
        "person": view.person(report),
        "acquired": view.acquired(report),
        "origin": view.origin(report),
        "numbers": view.numbers(report),
        "critical": critical,
        "heading": "OTHER STATEMENTS" if critical else "STATEMENTS",
        "items": items,
        "left_over": left_over,
        "about": _about(report),
        "columns": _columns(sheet),
        "beats": [label for label in sheet.labels if label.kind == "beat"],
        "caption": view.caption(report, sheet),
        "confirmed": "Reviewed by ____________________   Date ____________",
        "software": view.software(report),
        "fingerprint": f"Recording SHA-256 {report.record.content_hash}",
    }


def _columns(sheet: Sheet) -> list[dict[str, Any]]:
    """Return the names of the leads, with a remark where there is one, column by column.

    A column is one piece of text with lines as far apart as the rows, because each box that
    WeasyPrint places costs half a millisecond. The strip is a column of its own.
    """
    remarks = {
        (label.column, label.y): label.text for label in sheet.labels if label.kind == "remark"
    }
    columns: dict[tuple[int, int], list[tuple[str, str]]] = {}
    for label in sheet.labels:
        if label.kind == "lead":
            strip = label.y > STRIP_LABEL
            remark = shortened(remarks.get((label.column, label.y), ""), REMARK_WIDTH, 6.5)
            columns.setdefault((label.x, label.y if strip else 0), []).append((label.text, remark))
    first = BASELINES[0] - LABEL_ABOVE
    return [
        {"x": x / MM, "top": round(SHEET_TOP + (y or first) / MM - LABEL_BASELINE, 3), "labels": labels}
        for (x, y), labels in columns.items()
    ]


def _statements(report: Report) -> tuple[list[Item], list[Item], int]:
    """Return the critical statements, the others and how many found no room."""
    if report.statements is None:
        return [], [_line(report.conclusion, "", most=4)], 0
    critical = [s for s in report.statements if s.critical]
    others = [s for s in report.statements if not s.critical]
    room = STATEMENTS_HEIGHT - 4.2  # the heading
    banner: list[Item] = []
    if critical:
        room -= 7.4  # the banner's own heading and padding
        banner, room = _fill(critical, room - 3.6, width=STATEMENTS_WIDTH - 4, line=4.1, most=2)
        room += 3.6
    left = len(critical) - len(banner)
    items, _ = _fill(others, room - 3.6 if len(others) > 1 else room)
    left += len(others) - len(items)
    return banner, items, left


def _fill(
    statements: list[Statement],
    room: float,
    *,
    width: float = STATEMENTS_WIDTH,
    line: float = 3.6,
    most: int = 2,
) -> tuple[list[Item], float]:
    items = []
    for statement in statements:
        made = _line(statement.text, view.evidence(statement), width=width, line=line, most=most)
        if made.height + 0.5 > room:
            break
        room -= made.height + 0.5
        items.append(made)
    return items, room


def _line(
    text: str,
    detail: str,
    *,
    width: float = STATEMENTS_WIDTH,
    line: float = 3.6,
    most: int = 2,
) -> Item:
    points = (8.0, 7.2) if line < 4 else (9.0, 7.5)
    return item(text, detail, room=width, points=points, line=line, most=most)


def _about(report: Report) -> list[dict[str, Any]]:
    """Return the right column: quality, what was not assessed, limits and notes."""
    sections = []
    room = ABOUT_HEIGHT
    for title, entries in view.about(report):
        room -= 4.2
        items = []
        for number, (text_, detail) in enumerate(entries):
            made = item(
                text_, detail, room=ABOUT_WIDTH, points=(7.2, 7.2), line=3.2, most=3
            )
            last = number == len(entries) - 1
            if made.height + 0.3 > room - (0 if last else 3.5):
                if room > 3.5:
                    items.append(Item("", f"and {len(entries) - number} more", 1, 3.2))
                room = 0.0
                break
            room -= made.height + 0.3
            items.append(made)
        if items:
            sections.append({"title": title, "entries": items})
        if room < 8:
            break
    return sections
