"""What the PDF and the HTML report say in the same words.

It knows how facts of a report are put into lines; it does not know where they stand.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ecgcli.clinical.hybrid import MEASUREMENT
from ecgcli.reports import answer_view
from ecgcli.reports.quantities import QUANTITIES, Quantity, number, shown, unit_sign
from ecgcli.reports.text import clean
from ecgcli.signals.results import Fault, Grade, Measurements, PWave

if TYPE_CHECKING:
    from ecgcli.clinical.statement import Contradiction, Evidence, Statement
    from ecgcli.reports.beat_sheet import BeatSheet
    from ecgcli.reports.document import Report
    from ecgcli.reports.sheet import Sheet
    from ecgcli.reports.synthetic import Synthetic
    from ecgcli.signals.results import Analysis, Measured

SUSPICION = "TECHNICAL SUSPICION"
REQUESTED = "REQUESTED / MEASURED"
DISPUTED = "NOT STATED, SOURCES DISAGREE"
OWN_RATE = 5  # /min by which the atrial rate differs from the ventricular one to be told with it
LONGEST_ID = 64  # DICOM's longest
QUANTITY = {quantity.field: quantity for quantity in QUANTITIES}


# The order in which they are read: rhythm first, then along the beat.
GROUPS = (
    (
        "Rate and rhythm",
        ("ventricular_rate", "atrial_rate", "p_wave_share", "rr_mean", "shortest_rr", "longest_rr",
         "rr_sd", "rr_variation", "rr_rmssd"),
    ),
    (
        "Intervals",
        ("pr_interval", "p_duration", "qrs_duration", "qt_interval", "jt_interval",
         "qtc_fridericia", "qtc_bazett", "qtc_framingham", "qtc_hodges"),
    ),
    (
        "Waves between the beats",
        ("f_wave_v1", "f_wave_ii", "f_wave_frequency", "f_wave_concentration"),
    ),
    ("Axes", ("p_axis", "qrs_axis", "t_axis")),
    (
        "Voltages and R progression",
        ("sokolow_lyon", "cornell", "cornell_product", "peguero", "r_progression", "r_transition"),
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    """The patient as the head of a report tells it."""

    name: str
    facts: tuple[str, ...]


def person(report: Report) -> Person:
    """Return the patient's name, or what else there is to call the record by, and the facts."""
    patient = report.patient
    facts = [age(patient.age_years), patient.sex or "sex not given"]
    if report.mark and not (patient.name or patient.id):
        return Person(f"Record {report.record.name}", (*facts, "no patient"))
    if patient.name:
        facts.insert(0, f"ID {clean(patient.id, LONGEST_ID)}" if patient.id else "ID not given")
        return Person(patient.name, tuple(facts))
    facts.append("name not given")
    if patient.id:
        return Person(f"Patient {clean(patient.id, LONGEST_ID)}", tuple(facts))
    return Person(f"Record {report.record.name}", (*facts, "ID not given"))


def age(years: float | None) -> str:
    """Write an age as a clinic does: days in the first month, months in the first two years."""
    if years is None:
        return "age not given"
    if years < 1 / 12:
        return f"{round(years * 365.25)} days"
    if years < 2:
        months = int(years * 12 + 1e-6)
        return f"{months} month{'s' if months != 1 else ''}"
    return f"{int(years + 1e-6)} years"


def acquired(report: Report) -> str:
    """Return when it was recorded."""
    at = report.record.acquired
    if at is None and report.mark:
        return "Generated, not recorded"
    return at.isoformat(" ", "seconds") if at else "Time of recording not given"


def origin(report: Report) -> str:
    """Return what was recorded with what."""
    record = report.record
    parts = [f"Record {record.name}", record.device or "", record.format]
    parts.append(f"{record.rate_hz:g} Hz")
    return " · ".join(part for part in parts if part)


def numbers(report: Report) -> list[tuple[str, str]]:
    """Return the rows of the short table of measurements, for a page that has little room."""
    m = report.measurements
    if m is None:
        return []
    rows = [("Ventricular rate", shown(m.ventricular_rate))]
    if differing(m):
        rows = [("Rate ventricular / atrial", _joined(m, "ventricular_rate", "atrial_rate"))]
    rows += [
        (QUANTITY[field].name, shown(QUANTITY[field].of(m)))
        for field in ("pr_interval", "p_duration", "qrs_duration")
    ]
    rows.append(("QT / QTc (Fridericia)", _joined(m, "qt_interval", "qtc_fridericia")))
    rows.append(("QTc (Bazett)", shown(m.qtc_bazett)))
    rows.append(("Axes P / QRS / T", _joined(m, "p_axis", "qrs_axis", "t_axis")))
    rows.append(("RR mean / longest", _joined(m, "rr_mean", "longest_rr")))
    rows.append(("RR variation", shown(m.rr_variation)))
    rows.append(("P waves", m.p_wave.value))
    rows.append(("Sokolow-Lyon / Cornell", _joined(m, "sokolow_lyon", "cornell")))
    return rows


def groups() -> list[tuple[str, list[Quantity]]]:
    """Return all global measurements in groups, for a page that has room for them."""
    told = {field for _, fields in GROUPS for field in fields}
    others = [quantity for quantity in QUANTITIES if quantity.field not in told]
    made = [(title, [QUANTITY[field] for field in fields]) for title, fields in GROUPS]
    return [*made, ("Other", others)] if others else made


def pacing(m: Measurements) -> str:
    """Return what is known of a pacemaker, nothing where nobody looked."""
    found = m.pacing
    if found is None:
        return ""
    if found.present is None:
        return f"cannot tell: {found.reason}" if found.reason else "cannot tell"
    if not found.present:
        return "no stimuli found"
    chamber = f", {found.chamber.value}" if found.chamber else ", chamber not told"
    rate = f", {shown(found.rate)}" if found.rate.value is not None else ""
    return f"{found.spikes} stimul{'i' if found.spikes != 1 else 'us'}{chamber}{rate}"


def differing(m: Measurements) -> bool:
    """Return whether the atria beat at a rate of their own."""
    atrial, ventricular = m.atrial_rate.value, m.ventricular_rate.value
    return atrial is not None and ventricular is not None and abs(atrial - ventricular) > OWN_RATE


def _joined(m: Measurements, *fields: str) -> str:
    """Write measurements of one unit in a row: 388 / 408 ms."""
    measured = [QUANTITY[field].of(m) for field in fields]
    values = ["–" if x.value is None else number(x.value, x.unit) for x in measured]
    unit = unit_sign(measured[0].unit)
    if unit == "°":
        values = [value if value == "–" else value + "°" for value in values]
        unit = ""
    return " / ".join(values) + (unit if any(x.value is not None for x in measured) else "")


def evidence(statement: Statement) -> str:
    """Return what a statement rests on, in a line that tells each measurement once.

    A value between two limits is two pieces of evidence; where room is short the first will do.
    """
    first: dict[tuple[str, float | None, tuple[str, ...]], Evidence] = {}
    for e in map(_short, statement.evidence):
        key = (e.text, None, ()) if e.value is None else (e.measurement, e.value, e.leads)
        first.setdefault(key, e)
    lines = _together(tuple(first.values()))
    if statement.explanation and statement.explanation.leads:
        lines.append(f"driven by {', '.join(statement.explanation.leads)}")
    if statement.caution:
        lines.append(f"caution: {statement.caution}")
    return "; ".join(lines)


def _short(e: Evidence) -> Evidence:
    """Return the statement model's evidence without its threshold."""
    return replace(e, text=e.text.partition(" (")[0]) if e.measurement == MEASUREMENT else e


def evidence_lines(statement: Statement) -> list[str]:
    """Return what a statement rests on, one line for each measurement and limit."""
    return [*_together(statement.evidence), *_caution(statement)]


def _caution(statement: Statement) -> list[str]:
    lines = [f"Caution: {statement.caution}"] if statement.caution else []
    driven = drivers(statement)
    return [*lines, driven] if driven else lines


def drivers(statement: Statement) -> str:
    """Return what in the recording drives a statement of the statement model, in a line."""
    found = statement.explanation
    if found is None:
        return ""
    parts = []
    if found.leads and found.without_leads is not None:
        without = confidence(found.without_leads)
        parts.append(f"{', '.join(found.leads)} (without {without})")
    if found.start_s is not None and found.end_s is not None and found.without_span is not None:
        without = confidence(found.without_span)
        parts.append(f"{found.start_s:.1f}–{found.end_s:.1f} s (without {without})")
    return f"Driven by {'; '.join(parts)}" if parts else ""


def _together(told: tuple[Evidence, ...]) -> list[str]:
    """Write the same measurement in several leads as one: "ST at J in I −0.07, II −0.13 mV"."""
    lines: dict[tuple[object, ...], list[str]] = {}
    for number_, e in enumerate(told):
        text = e.text.rstrip(".")
        lead = e.leads[0] if len(e.leads) == 1 else ""
        before, found, after = text.partition(f" in {lead} ")
        if not lead or not found:
            lines[(number_,)] = [text]
            continue
        value, space, rest = after.partition(" ")
        lines.setdefault((e.measurement, e.limit, before, space + rest), []).append(
            f"{lead} {value}"
        )
    return [
        f"{key[2]} in {', '.join(parts)}{key[3]}" if len(key) > 1 else parts[0]
        for key, parts in lines.items()
    ]


def confidence(value: float) -> str:
    """Write a confidence as a percentage."""
    return f"{100 * value:.0f} %"


def about(report: Report) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return sections of a side column: title, then (bold, text) entries."""
    quality = report.quality
    told = _quality(report) if report.statements is not None else ""  # else the banner says it
    sections = [("QUALITY", [(quality.grade.value.capitalize(), told)])]
    if report.suspicions:
        suspected = [(f"{s.text.rstrip('.')}.", s.effect) for s in report.suspicions]
        sections.insert(0, (SUSPICION, suspected))
    if report.generated is not None:
        sections.insert(0, (REQUESTED, requested(report.generated)))
    if report.answer is not None:
        sections.append((answer_view.TITLE, answer_view.lines(report.answer)))
    if report.not_assessed:
        sections.append(("NOT ASSESSED", [(n.text, f"– {n.reason}") for n in report.not_assessed]))
    rejected = [c for c in report.contradictions or () if not c.stated]
    if rejected:
        sections.append((DISPUTED, [(c.text, disputed(c)) for c in rejected]))
    notes = [("", report.limits)] if report.limits else []
    notes += [("", note) for note in report.record.notes]
    if notes:
        sections.append(("LIMITS AND NOTES", notes))
    return sections


def requested(made: Synthetic) -> list[tuple[str, str]]:
    """Return what a synthetic recording was asked for and what it shows, the unmet first."""
    rows = sorted(made.check.items, key=lambda row: row.met)
    lines = [(f"“{made.prompt}”" if made.prompt else made.sentence, "")]
    for row in rows:
        missed = "" if row.met else "NOT AS ASKED: "
        lines.append((_upper(row.text), f"{missed}{row.requested} / {row.measured}"))
    return lines


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def disputed(contradiction: Contradiction) -> str:
    """Return both sides of a contradiction, in a line."""
    against = "; ".join(contradiction.speaks_against)
    return f"– {'; '.join(contradiction.speaks_for)}; but: {against[0].lower()}{against[1:]}"


def _quality(report: Report) -> str:
    quality = report.quality
    bad = [lead for lead in quality.leads if not lead.usable]
    reasons = " ".join(reason.rstrip(".") + "." for reason in quality.reasons)
    if quality.grade is Grade.USABLE and not bad:
        return f"(score {quality.score:.2f}). {reasons}".strip()
    if reasons:
        return f"– {reasons}"
    return "– " + ", ".join(f"{lead.lead} {faults(lead.faults)}" for lead in bad)


def faults(found: tuple[Fault, ...]) -> str:
    """Name the faults of a lead."""
    return ", ".join(fault.value for fault in found)


def caption(report: Report, sheet: Sheet) -> str:
    """Return the line under the sheet: scale, filter, window, what is not as usual."""
    record = report.record
    parts = ["25 mm/s", sheet.gains, f"Filter {report.provenance.filter}"]
    if record.source_duration_s > record.window_s + 0.1:
        end = record.window_start_s + record.window_s
        parts.append(f"seconds {record.window_start_s:g}–{end:g} of {record.source_duration_s:g} s")
    if record.derived:
        parts.append(f"derived: {', '.join(record.derived)}")
    if any(s.explanation and s.explanation.start_s is not None for s in report.statements or ()):
        parts.append("brackets: what drives the statement model")
    if sheet.clipped:
        parts.append(f"cut off: {', '.join(sheet.clipped)}")
    return " · ".join(parts)


def beat(report: Report, analysis: Analysis, beats: BeatSheet | None) -> str:
    """Return what is to be said under the overlaid median beats: how many, and what they lack."""
    if beats is None:
        return f"None: {_no_beat(report)}."
    count = len(beats.leads)
    parts = [f"{count} leads overlaid" if count != 1 else f"Lead {beats.leads[0]}"]
    parts += missing_marks(report, analysis)
    if beats.cut:
        parts.append(f"Cut off: {', '.join(beats.cut)}")
    if len(parts) == 1:
        parts[0] += "; lines: onsets and ends measured"
    return ". ".join(parts) + "."


def beats_caption(report: Report, analysis: Analysis, beats: BeatSheet) -> str:
    """Return the line under the median beats of the single leads."""
    parts = [
        f"Median of the dominant beats, lead by lead, {beats.scale}, drawn from the level before"
        " the QRS complex",
        "The lines are the onsets and ends of all leads together: P, QRS (J point), T end",
        *missing_marks(report, analysis),
    ]
    if beats.cut:
        parts.append(f"Cut off: {', '.join(beats.cut)}")
    return ". ".join(parts) + "."


def missing_marks(report: Report, analysis: Analysis) -> list[str]:
    """Return why the median beat has no P wave or no T end marked, in a sentence each."""
    median, m = analysis.median_beat, report.measurements
    if median is None or m is None:
        return []
    lines = []
    if median.p_onset is None or median.p_end is None:
        lines.append(_not_marked("P wave", m.p_duration, absent=m.p_wave is PWave.ABSENT))
    if median.t_end is None:
        lines.append(_not_marked("T end", m.qt_interval))
    return lines


def _not_marked(what: str, measured: Measured, absent: bool = False) -> str:
    reason = (measured.reason or "not found").removeprefix(f"no {what}: ").rstrip(".")
    return f"No {what}: {reason}" if absent else f"{what} not marked: {reason}"


def _no_beat(report: Report) -> str:
    m = report.measurements
    if m is None:
        return f"the recording is {report.quality.grade.value}"
    return m.qrs_duration.reason or "no median beat"


def software(report: Report) -> str:
    """Return what made the report, in a line."""
    p = report.provenance
    parts = [f"ecgcli {p.software_version}", f"engine {p.engine} {p.engine_version}"]
    if p.model:
        parts.append(f"model {p.model} {p.model_version or ''}".strip())
    if p.language_model:
        parts.append(f"language model {p.language_model}")
    return " · ".join([*parts, f"settings {p.settings_hash[:12]}"])
