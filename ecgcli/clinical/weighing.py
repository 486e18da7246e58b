"""A statement weighed: what the measurements and the statement model of one recording say to it.

It knows how the two are asked and, from the table of sources (`hybrid`), whose word counts; it does
not know who made the statement. What neither rules out nor bears out is not decided.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from ecgcli.clinical import hybrid
from ecgcli.clinical.catalogue import catalogue
from ecgcli.clinical.checked import Verdict
from ecgcli.clinical.condition import Condition, Outcome, global_names
from ecgcli.clinical.criteria import Criterion, Finding, criteria, judge
from ecgcli.clinical.hybrid import Decides
from ecgcli.clinical.interpret import interpret
from ecgcli.clinical.limits import Limits, limits_for
from ecgcli.clinical.relations import OVERALL, PATHOLOGICAL, follows_from, kin, relations
from ecgcli.clinical.statement import Evidence, Interpretation, Urgency
from ecgcli.clinical.values import WAVES, Values, amount
from ecgcli.engines.opinion import Opinion
from ecgcli.signals.results import Analysis, Measurements

NEAR = "the criteria are not met, but what was measured is too near to the limits to rule it out"
NOT_MET = "the criteria are not met, which does not rule it out"
NO_CRITERION = "no criterion tells it"
NOT_FOR_THEM = "no criterion tells it at this age"
NOT_ASKED = "the statement model was not asked"
NOT_ITS = "the statement model does not know it"
NOT_LEARNED = "the statement model has not learned it: it has seen too few examples"
NO_RHYTHM = "no sinus rhythm was told"
REVIEW = "It can be a critical value: a physician has to look"
NO_EXCHANGE = "nothing speaks for it, which does not rule it out"


MANY = 3
"""From so many leads on their like values are said once."""


class Word(Enum):
    """What one source says to a statement."""

    FOR = auto()
    AGAINST = auto()
    UNSURE = auto()  # it was asked and is between
    SILENT = auto()  # it cannot be asked


@dataclass(frozen=True, slots=True)
class View:
    """What one source says, and why, a sentence each."""

    word: Word
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Weighed:
    """A statement with what speaks for it, against it, and why it is not decided.

    `ruled_out` says whether measurements rule it out, and not the statement model alone.
    """

    verdict: Verdict
    speaks_for: tuple[str, ...] = ()
    speaks_against: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    ruled_out: bool = False


@dataclass(frozen=True, slots=True)
class Numbers:
    """The measurements of a recording that is usable, as they are and as conditions name them."""

    measurements: Measurements
    values: Values
    limits: Limits


@dataclass(frozen=True, slots=True)
class Basis:
    """All that is known of one recording, asked for once.

    Attributes:
        numbers: Its measurements with the patient's limits.
        standing: What the criteria find, by statement.
        undecided: What they could not assess.
        opinion: The statement model's, `None` where it was not asked.
        said: The program's own interpretation.
    """

    numbers: Numbers
    standing: Mapping[str, Finding]
    undecided: Mapping[str, Finding]
    opinion: Opinion | None
    said: Interpretation

    def made(self) -> frozenset[str]:
        """Return the statements of the program's own interpretation."""
        return frozenset(statement.code for statement in self.said.statements)

    def is_critical(self, code: str) -> bool:
        """Return whether the criteria find a critical value of this statement."""
        holding = self.standing[code].holding if code in self.standing else ()
        return any(row.critical for row, _ in holding)


def numbers_of(analysis: Analysis) -> Numbers | None:
    """Return the measurements of a recording, `None` where it is not usable."""
    if analysis.measurements is None:
        return None
    patient = analysis.record.patient
    values = Values(analysis.measurements, analysis.quality)
    return Numbers(analysis.measurements, values, limits_for(patient.age_years, patient.sex))


def basis(analysis: Analysis, opinion: Opinion | None) -> Basis | None:
    """Return what is known of a recording, `None` where it is not usable."""
    numbers = numbers_of(analysis)
    if numbers is None:
        return None
    standing, undecided = judge(criteria(), numbers.values, numbers.limits)
    return Basis(
        numbers=numbers,
        standing={finding.statement: finding for finding in standing},
        undecided={finding.statement: finding for finding in undecided},
        opinion=opinion,
        said=interpret(analysis, opinion),
    )


def weigh(code: str, of: Basis) -> Weighed:
    """Return what a recording says to a statement."""
    entry = catalogue().get(code)
    if entry is None:
        return Weighed(Verdict.NOT_CHECKABLE, reasons=(f"{code} is not in the catalogue",))
    if code in OVERALL:
        return _overall(code, of)
    if entry.category == "technical":
        return _technical(code, of)
    decides = hybrid.decides(code)
    measured, network = measured_view(code, of), network_view(code, of.opinion)
    pro = tuple(t for view in (measured, network) if view.word is Word.FOR for t in view.texts)
    con = tuple(t for view in (measured, network) if view.word is Word.AGAINST for t in view.texts)
    verdict = _verdict(decides, measured.word, network.word)
    if of.is_critical(code):  # whoever decides: a critical value that was measured stands
        verdict = Verdict.SUPPORTED
    implied = follows_from(code) & of.made()
    if verdict is not Verdict.SUPPORTED and implied:
        follows = tuple(f"Follows from: {hybrid.wording(each)}" for each in sorted(implied))
        return Weighed(Verdict.SUPPORTED, follows + pro, con)
    ruled_out = measured.word is Word.AGAINST
    return Weighed(verdict, pro, con, _reasons(decides, measured, network), ruled_out)


def _reasons(decides: Decides, measured: View, network: View) -> tuple[str, ...]:
    """Return why those who decide do not: what the other one lacks is no reason."""
    if decides is Decides.MEASUREMENT:
        views = [measured]
    elif decides is Decides.NETWORK and network.word is not Word.SILENT:
        views = [network]
    else:
        views = [measured, network]
    return tuple(
        text for view in views if view.word in (Word.UNSURE, Word.SILENT) for text in view.texts
    )


def _verdict(decides: Decides, measured: Word, network: Word) -> Verdict:
    """Return the verdict of two sources, of which one decides, or both, or either.

    A pattern that one sees and the other rules out is not decided: they contradict each other. One
    source alone is heard where the other cannot be asked.
    """
    if network is Word.SILENT or decides is Decides.MEASUREMENT:
        return _BY_ONE.get(measured, Verdict.NOT_CHECKABLE)
    words = {measured, network}
    match decides:
        case Decides.NETWORK:
            supported = network is Word.FOR and measured is not Word.AGAINST
            contradicted = Word.AGAINST in words and Word.FOR not in words
        case Decides.BOTH:
            supported = words == {Word.FOR}
            contradicted = measured is Word.AGAINST or (
                network is Word.AGAINST and measured is not Word.FOR
            )
        case Decides.EITHER:
            supported = measured is Word.FOR or (
                network is Word.FOR and measured is not Word.AGAINST
            )
            contradicted = Word.AGAINST in words and Word.FOR not in words
    if supported:
        return Verdict.SUPPORTED
    return Verdict.CONTRADICTED if contradicted else Verdict.NOT_CHECKABLE


_BY_ONE = {Word.FOR: Verdict.SUPPORTED, Word.AGAINST: Verdict.CONTRADICTED}


def measured_view(code: str, of: Basis) -> View:
    """Return what the criteria and the measurements say to a statement."""
    finding = of.standing.get(code)
    if finding is not None:
        evidence = (e.text for _, outcome in finding.holding for e in outcome.evidence)
        return View(Word.FOR, tuple(dict.fromkeys(evidence)))
    relation = relations().get(code)
    excluded_by = relation.excluded_by if relation else None
    if excluded_by is not None:
        outcome = excluded_by.evaluate(of.numbers.values, of.numbers.limits)
        if outcome.truth:
            return View(Word.AGAINST, _ruled_out(outcome))
    meant = [row for row in criteria() if row.statement == code and row.is_for(of.numbers.limits)]
    if code in of.undecided:
        return View(Word.SILENT, (_undecided(code, of),))
    masked = _masked(meant, of.standing)
    if masked:
        names = ", ".join(in_sentence(hybrid.wording(each)) for each in masked)
        return View(Word.SILENT, (f"not judged beside: {names}",))
    none = NOT_FOR_THEM if any(row.statement == code for row in criteria()) else NO_CRITERION
    if excluded_by is None:
        return View(Word.UNSURE, (NOT_MET,)) if meant else View(Word.SILENT, (none,))
    if outcome.truth is None:
        return View(Word.SILENT, tuple(dict.fromkeys(outcome.reasons)))
    return View(Word.UNSURE, (NEAR + _shown(excluded_by, of) if meant else none,))


def _shown(condition: Condition, of: Basis) -> str:
    """Return what was measured of the whole ECG and is held against a limit, in brackets."""
    readings = (of.numbers.values.reading(name) for name in sorted(global_names(condition)))
    listed = ", ".join(reading.show() for reading in readings if reading.value is not None)
    return f" ({listed})" if listed else ""


def _ruled_out(outcome: Outcome) -> tuple[str, ...]:
    """Return evidence against a statement: "QRS duration 92 ms (rules it out: below 105 ms)".

    What was measured alike in many leads is said once, from the lowest to the highest value.
    """
    alike: dict[tuple[str, str, float | None], list[Evidence]] = {}
    for each in outcome.evidence:
        one_lead = len(each.leads) == 1 and each.measurement in WAVES
        alike.setdefault((each.measurement, each.operator, each.limit), [])
        alike[each.measurement, each.operator, each.limit] += [each] if one_lead else []
    texts = []
    for each in outcome.evidence:
        many = alike[each.measurement, each.operator, each.limit]
        texts.append(_of_leads(many) if each in many and len(many) >= MANY else each.text)
    plain = (text.replace(" (limit exactly 0)", "") for text in dict.fromkeys(texts))
    return tuple(text.replace(" (limit ", " (rules it out: ", 1) for text in plain)


def _of_leads(alike: Sequence[Evidence]) -> str:
    """Return the same measurement of several leads in one line."""
    first = alike[0]
    values = [each.value or 0.0 for each in alike]
    leads = ", ".join(lead for each in alike for lead in each.leads)
    limit = first.text[first.text.index(" (limit ") :]
    label = WAVES[first.measurement][0]
    low, high = (amount(value, first.unit) for value in (min(values), max(values)))
    span = low if low == high else f"{low} to {high}"
    return f"{label} {span} in {leads}{limit}"


def _undecided(code: str, of: Basis) -> str:
    """Return why the criteria could not assess a statement, leads gathered where it is known."""
    told = {each.code: each.reason for each in of.said.not_assessed}
    return told.get(code) or "; ".join(of.undecided[code].reasons)


def _masked(meant: Collection[Criterion], standing: Mapping[str, Finding]) -> list[str]:
    """Return the statements beside which a row of the criteria was not judged."""
    found = {each for row in meant for each in row.suppressed_by & standing.keys()}
    return sorted(found, key=lambda each: catalogue()[each].order)


def network_view(code: str, opinion: Opinion | None) -> View:
    """Return what the statement model says to a statement."""
    if opinion is None:
        return View(Word.SILENT, (NOT_ASKED,))
    judgement = opinion.statements.get(code)
    if judgement is None:
        return View(Word.SILENT, (NOT_ITS,))
    if judgement.threshold is None:
        return View(Word.SILENT, (NOT_LEARNED,))
    if judgement.asserted:
        return View(Word.FOR, (hybrid.evidence(judgement).text,))
    chance = hybrid.percent(judgement.probability)
    if not judgement.doubted:
        limit = hybrid.percent(judgement.threshold)
        return View(Word.UNSURE, (f"Statement model: {chance} (asserted from {limit})",))
    for each in sorted(kin(code) & opinion.statements.keys()):
        if opinion.statements[each].asserted:
            text = f"Statement model: {chance}, but it sees: {in_sentence(hybrid.wording(each))}"
            return View(Word.UNSURE, (text,))
    return View(Word.AGAINST, (f"The statement model finds it improbable ({chance})",))


def _overall(code: str, of: Basis) -> Weighed:
    """Return what a recording says to "normal" and "otherwise normal"."""
    made = of.made()
    if code in made or (code == "ONORM" and "NORM" in made):
        texts = tuple(e.text for s in of.said.statements if s.code in OVERALL for e in s.evidence)
        return Weighed(Verdict.SUPPORTED, texts)
    found = of.said.statements
    abnormal = tuple(f"Found: {s.text}" for s in found if s.urgency in PATHOLOGICAL)
    network = network_view("NORM", of.opinion)
    if network.word is Word.FOR and abnormal and not any(s.critical for s in found):
        # The statement model calls it normal and makes, or does not doubt, what is abnormal.
        return Weighed(Verdict.NOT_CHECKABLE, network.texts, abnormal)
    if abnormal or network.word is Word.AGAINST:
        texts = network.texts if network.word is Word.AGAINST else ()
        return Weighed(Verdict.CONTRADICTED, speaks_against=abnormal + texts)
    reasons = [f"Borderline: {s.text}" for s in found if s.urgency is Urgency.BORDERLINE]
    if of.said.not_assessed:
        reasons.append("not everything that would be abnormal could be assessed")
    if network.word is not Word.FOR:
        reasons += network.texts
    return Weighed(Verdict.NOT_CHECKABLE, reasons=tuple(reasons) or (NO_RHYTHM,))


def _technical(code: str, of: Basis) -> Weighed:
    """Return what a recording says to a suspicion of exchanged electrodes."""
    for statement in of.said.statements:
        if statement.code == code:
            return Weighed(Verdict.SUPPORTED, tuple(each.text for each in statement.evidence))
    return Weighed(Verdict.NOT_CHECKABLE, reasons=(NO_EXCHANGE,))


def line(name: str, weighed: Weighed) -> str:
    """Return a verdict on a statement in a line."""
    pro, con = "; ".join(weighed.speaks_for), "; ".join(weighed.speaks_against)
    match weighed.verdict:
        case Verdict.SUPPORTED:
            text = f"Says {name}. For it: {pro}"
        case Verdict.CONTRADICTED:
            text = f"Says {name}. Against it: {con}"
        case Verdict.NOT_CHECKABLE:
            why = "; ".join(weighed.reasons)
            if pro and con:
                why = "the measurements and the statement model contradict each other"
            text = f"Says {name}; not checkable: {why}"
            text += f". For it: {pro}" if pro else ""
    if con and weighed.verdict is not Verdict.CONTRADICTED:
        text += f". Against it: {con}"
    elif pro and weighed.verdict is Verdict.CONTRADICTED:
        text += f". For it: {pro}"
    return text


def in_sentence(text: str) -> str:
    """Return a text as it reads after other words: "T wave" and "ST" keep their capitals."""
    return text if not text[1:2].islower() else text[0].lower() + text[1:]
