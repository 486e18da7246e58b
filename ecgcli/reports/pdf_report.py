"""The report as PDF: one page, A4 or Letter, the ECG at true scale on millimetre paper.

It knows what stands where on the page and how much of it fits; the ECG's geometry is `sheet`'s.
WeasyPrint sets the text; paper and traces are written into the page as PDF operators, which is
some twenty times faster than SVG and exact to a hundredth of a millimetre.
"""

from __future__ import annotations

import gc
import logging
import os
import zlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from multiprocessing.util import Finalize
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from ecgcli.reports import beat_sheet, view
from ecgcli.reports.beat_sheet import BeatSheet
from ecgcli.reports.fit import Item, Type, item, shortened, width, wrapped
from ecgcli.reports.pdf_sheet import beat_operators, operators
from ecgcli.reports.sheet import BASELINES, BEAT_LABEL, LABEL_ABOVE, MM, Sheet, lay_out
from ecgcli.reports.templates import fill, font, text

if TYPE_CHECKING:
    from ecgcli.reports.document import Report
    from ecgcli.signals.results import Analysis

Paper = Literal["a4", "letter"]
# The content is 260 mm x 198 mm on both, so that there is one layout to get right.
CONTENT = (260.0, 198.0)
PAPERS: dict[Paper, tuple[float, float]] = {"a4": (297.0, 210.0), "letter": (279.4, 215.9)}
SHEET_TOP = 62.0  # mm below the top of the content, as in report.pdf.css

# Room for text (mm), as in report.pdf.css.
STATEMENTS_HEIGHT = 48.6
STATEMENTS_WIDTH = 94.0
ABOUT_HEIGHT = 48.6
ABOUT_WIDTH = 55.0
BEAT_AT = (156.0, 16.5)  # left and upper edge of the median beat's frame
BEAT_WIDTH = beat_sheet.FRAME[0] / MM
MARK_POINTS = 6.2
MARK_GAP = 0.5  # between a mark's line and its name
REMARK_WIDTH = 50.0
HEAD_WIDTH = 166.0
MARKED_WIDTH = 102.0  # the same beside a mark
WHEN_WIDTH = 88.0
HEADING = 4.2
BANNER = 7.4  # its heading, padding and margin
MORE = 6.9  # "And N more", two lines
GAP = 0.8  # below a paragraph


BANNER_WIDTH = STATEMENTS_WIDTH - 4  # its padding
# With what the banner should leave (mm) for other statements.
BANNER_TYPES = (
    (Type("b1", BANNER_WIDTH, 10.5, 8.5, 4.4, 2, stacked=True, detail_line=3.5), 8.0),
    (Type("b2", BANNER_WIDTH, 9.0, 7.5, 3.8, 2), 0.0),
    (Type("b2", BANNER_WIDTH, 9.0, 7.5, 3.8, 1), 0.0),
)
# The largest in which all statements have room is taken; the last leaves some out.
TYPES = (
    Type("s1", STATEMENTS_WIDTH, 10.5, 8.5, 4.4, 2, stacked=True, detail_line=3.5),
    Type("s1", STATEMENTS_WIDTH, 10.5, 8.5, 4.4, 1, stacked=True, detail_line=3.5),
    Type("s2", STATEMENTS_WIDTH, 9.0, 7.5, 3.7, 1, stacked=True, detail_line=3.1),
    Type("s3", STATEMENTS_WIDTH, 8.0, 7.2, 3.6, 2),
    Type("s3", STATEMENTS_WIDTH, 8.0, 7.2, 3.6, 1),
)
MORE_TYPE = Type("more", STATEMENTS_WIDTH, 7.2, 7.2, 3.2, 2)
ABOUT_TYPE = Type("", ABOUT_WIDTH, 7.2, 7.2, 3.2, 3)


STRIP_LABEL = BASELINES[2]  # labels further down belong to the rhythm strip
# Where the baseline of 9 pt text stands in a line 30 mm high (the font's ascent and descent are
# 0.927 and 0.244 of its size).
LABEL_BASELINE = 15 + (0.927 - 0.244) / 2 * 9 * 25.4 / 72


def render(
    report: Report, analysis: Analysis, paper: Paper = "a4", sheet: Sheet | None = None
) -> bytes:
    """Return the report as PDF/A-3u; the same bytes for the same report.

    Args:
        report: The report.
        analysis: What it was made from; its conditioned signal is drawn.
        paper: "a4" or "letter", both landscape: 10 s at 25 mm/s are 250 mm.
        sheet: The analysis laid out, where that has been done already.
    """
    from weasyprint import HTML

    _silence()
    sheet = sheet or lay_out(analysis)
    beats = beat_sheet.overlay(analysis)
    page = fill("report.pdf.html", **_values(report, sheet, beats, analysis))
    style = _style(paper)
    left, top = margins(paper)
    height = PAPERS[paper][1]
    drawn = [operators(sheet, left, top + SHEET_TOP, height)]
    if beats:
        drawn.append(beat_operators(beats, left + BEAT_AT[0], top + BEAT_AT[1], height))

    def draw(document: Any, pdf: Any) -> None:
        del document
        _put_below_text(pdf, drawn)

    pdf: bytes = HTML(string=page, url_fetcher=refuse).write_pdf(
        finisher=draw,
        stylesheets=[style.sheet],
        font_config=style.fonts,
        color_profiles=style.profiles,
        output_intent="--srgb",
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


@dataclass(slots=True)
class _Profile:
    """A colour profile as WeasyPrint wants it.

    Its own class reads the file through a library that does not write the same bytes twice.
    """

    name: str
    content: bytes
    components: tuple[str, ...] = ("r", "g", "b")
    pdf_reference: Any = None


@dataclass(frozen=True, slots=True)
class _Style:
    sheet: Any
    fonts: Any
    profiles: dict[str, _Profile]


@cache
def _silence() -> None:
    # WeasyPrint quotes what it sets ("no glyph for ..."), and no log may hold a patient's name.
    for name in ("weasyprint", "weasyprint.progress", "fontTools"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


_styles: dict[tuple[int, Paper], _Style] = {}


def _style(paper: Paper) -> _Style:
    """Return the parsed stylesheet, the fonts and the sRGB profile, made once in a process.

    The process is part of the key: WeasyPrint keeps the fonts in a temporary folder, which a
    process that was forked must neither rely on nor remove.
    """
    key = (os.getpid(), paper)
    if key not in _styles:
        # Frees the fonts, and with them their folder, while Python can still do so; in workers
        # too, where atexit is not run.
        Finalize(None, _forget, args=(key,), exitpriority=10)
        _styles[key] = _new_style(paper)
    return _styles[key]


def _forget(key: tuple[int, Paper]) -> None:
    _styles.pop(key, None)
    gc.collect()  # documents that lie about in cycles hold the fonts too


def _new_style(paper: Paper) -> _Style:
    from weasyprint import CSS
    from weasyprint.text.fonts import FontConfiguration

    fonts = FontConfiguration()
    srgb = files("weasyprint.pdf").joinpath("sRGB2014.icc").read_bytes()
    profiles = {"--srgb": _Profile("sRGB IEC61966-2.1", srgb)}
    width, height = PAPERS[paper]
    left, top = margins(paper)
    page = f"@page {{ size: {width}mm {height}mm; margin: {top}mm {left}mm }}\n"
    sheet = CSS(string=page + text("report.pdf.css"), font_config=fonts, url_fetcher=_fetch_font)
    return _Style(sheet, fonts, profiles)


def _fetch_font(url: str, *args: Any, **options: Any) -> Any:
    """Fetch one of our own fonts, which the stylesheet names "font:NAME", and nothing else."""
    from weasyprint.urls import URLFetcherResponse

    scheme, _, name = url.partition(":")
    if scheme != "font" or "/" in name:
        refuse(url)
    return URLFetcherResponse(url, font(name).read_bytes())


def _put_below_text(pdf: Any, contents: list[bytes]) -> None:
    import pydyf

    references = []
    for content in contents:
        # Compressed here rather than by pydyf, at a level that saves a fifth of the page's whole
        # time for 4 % of its size.
        packed = zlib.compress(content, 4)
        stream = pydyf.Stream([packed], {"Filter": "/FlateDecode"}, compress=False)
        pdf.add_object(stream)
        references.append(stream.reference)
    for part in pdf.objects:
        if isinstance(part, dict) and part.get("Type") == "/Page":
            part["Contents"] = pydyf.Array([*references, part["Contents"]])
            return


def _values(
    report: Report, sheet: Sheet, beats: BeatSheet | None, analysis: Analysis
) -> dict[str, Any]:
    person = view.person(report)
    head = MARKED_WIDTH if report.mark else HEAD_WIDTH
    mark, _, more = (report.mark or "").partition(" – ")
    title = f"12-lead ECG, {shortened(person.name, HEAD_WIDTH, 14)}"
    return {
        "report": report,
        "title": f"{report.mark} – {title}" if report.mark else title,
        "mark": mark,
        "unreal": " · ".join([*([more] if more else []), "no patient was recorded"]),
        "name": shortened(person.name, head, 14, bold=True),
        "facts": shortened(" · ".join(person.facts), head, 9),
        "acquired": view.acquired(report),
        "origin": shortened(view.origin(report), WHEN_WIDTH, 8),
        "numbers": view.numbers(report),
        **_statements(report),
        "conclusion": wrapped(report.conclusion, STATEMENTS_WIDTH * 0.98, 8, 9),
        "about": _about(report),
        "beat_scale": beats.scale if beats else "",
        "marks": _marks(beats),
        "beat": wrapped(view.beat(report, analysis, beats), BEAT_WIDTH * 0.98, 2, MARK_POINTS),
        "columns": _columns(sheet),
        "beats": [
            (label.x / MM, (label.y - BEAT_LABEL) / MM, label.text)
            for label in sheet.labels
            if label.kind == "beat"
        ],
        "caption": shortened(view.caption(report, sheet), CONTENT[0], 7),
        "confirmed": "Reviewed by ____________________   Date ____________",
        "software": shortened(view.software(report), CONTENT[0] / 2, 6.5),
        "fingerprint": f"Recording SHA-256 {report.record.content_hash}",
    }


def _marks(beats: BeatSheet | None) -> list[list[tuple[float, str, str]]]:
    """Return the names above and those below the marks: (mm to leave free before, kind, name)."""
    lines: list[list[tuple[float, str, str]]] = [[], []]
    ends = [0.0, 0.0]
    for mark in beats.marks if beats else ():
        wide = width(mark.name, MARK_POINTS, bold=True)
        at = mark.x / MM + (-MARK_GAP - wide if mark.before else MARK_GAP)
        free = max(at - ends[mark.row], 0.0)
        lines[mark.row].append((round(free, 3), mark.kind, mark.name))
        ends[mark.row] += free + wide
    return lines if beats else []


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
        {
            "x": x / MM,
            "top": round(SHEET_TOP + (y or first) / MM - LABEL_BASELINE, 3),
            "labels": labels,
        }
        for (x, y), labels in columns.items()
    ]


def _statements(report: Report) -> dict[str, Any]:
    """Return the banner, the heading, the statements below it and a line about those left out."""
    if report.statements is None:
        heading = f"NOT INTERPRETED – THE RECORDING IS {report.quality.grade.value.upper()}"
        reasons = [(reason, "") for reason in report.quality.reasons]
        entries, _ = _fill(reasons, STATEMENTS_HEIGHT - BANNER - MORE, BANNER_TYPES[0][0])
        return {
            "banner": {"kind": "grey", "size": "b1", "heading": heading, "entries": entries},
            "heading": "",
            "items": [],
            "size": "",
            "more": _more([reason for reason, _ in reasons[len(entries) :]]),
        }

    critical = [(s.text, view.evidence(s)) for s in report.statements if s.critical]
    others = [(s.text, view.evidence(s)) for s in report.statements if not s.critical]
    room = STATEMENTS_HEIGHT - (HEADING if others else 0)
    banner: dict[str, Any] | None = None
    heading = "STATEMENTS"
    left: list[str] = []
    if critical:
        for size, enough in BANNER_TYPES:
            entries, rest = _fill(critical, room - BANNER - (MORE if others else 0), size)
            if len(entries) == len(critical) and rest >= enough:
                break
        left = [text_ for text_, _ in critical[len(entries) :]]
        room = rest + (MORE if others else 0)
        plural = "S" if len(critical) > 1 else ""
        heading = f"CRITICAL VALUE{plural} – NEEDS IMMEDIATE REVIEW"
        banner = {"kind": "", "size": size.name, "heading": heading, "entries": entries}
        heading = "OTHER STATEMENTS" if others else ""
    elif report.urgency:
        heading += f" – {report.urgency.value.upper()} ECG"
    for size in TYPES:
        items, _ = _fill(others, room if not left else room - MORE, size)
        if len(items) == len(others):
            break
    else:
        items, _ = _fill(others, room - MORE, TYPES[-1])
    left += [text_ for text_, _ in others[len(items) :]]
    return {
        "banner": banner,
        "heading": heading,
        "items": items,
        "size": size.name,
        "more": _more(left),
    }


def _more(left: list[str]) -> Item | None:
    """Return a paragraph that names what found no room, as far as two lines go."""
    if not left:
        return None
    text_ = f"And {len(left)} more, see the HTML report:"
    return item(text_, "; ".join(left), MORE_TYPE)


def _fill(statements: list[tuple[str, str]], room: float, size: Type) -> tuple[list[Item], float]:
    """Return the paragraphs that fit into `room` mm, and the room left."""
    items: list[Item] = []
    for text_, detail in statements:
        made = item(text_, detail, size)
        if made.height + GAP > room:
            break
        room -= made.height + GAP
        items.append(made)
    return items, room


def _about(report: Report) -> list[dict[str, Any]]:
    """Return the right column: quality, what was not assessed, limits and notes."""
    sections = []
    room = ABOUT_HEIGHT
    for title, entries in view.about(report):
        room -= 4.2
        items = []
        for number, (text_, detail) in enumerate(entries):
            made = item(text_, detail, ABOUT_TYPE)
            last = number == len(entries) - 1
            if made.height + 0.3 > room - (0 if last else 3.5):
                if room > 3.5:
                    more = f"and {len(entries) - number} more, see the HTML report"
                    items.append(Item("", more, 3.2))
                room = 0.0
                break
            room -= made.height + 0.3
            items.append(made)
        if items:
            suspicion = title == view.SUSPICION
            sections.append({"title": title, "entries": items, "suspicion": suspicion})
        if room < 8:
            break
    return sections
