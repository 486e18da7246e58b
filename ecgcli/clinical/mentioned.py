"""What a free text says of statements (`mentions`), held against the recording.

It knows what becomes of statements that are meant together and of those that are denied; how one
is weighed it does not know (`weighing`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from ecgcli.clinical import hybrid, relations, weighing
from ecgcli.clinical.checked import CheckedMention, Verdict
from ecgcli.clinical.criteria import critical_codes
from ecgcli.clinical.mentions import Mention
from ecgcli.clinical.weighing import Basis, Weighed

MOST = 3
"""Texts that are told for or against what means several statements."""
NOT_RULED_OUT = "not ruled out: {}"


def apart_from(mentions: Iterable[Mention], stated: Collection[str]) -> list[Mention]:
    """Return what a text says that its answer's findings do not say already.

    Args:
        mentions: What the text says.
        stated: Statements of the findings.
    """
    said = frozenset(stated)
    return [
        each
        for each in mentions
        if each.denied or not (said.issuperset(each.codes) or said & each.alike)
    ]


def checked(mention: Mention, of: Basis, stated: Collection[str]) -> CheckedMention:
    """Return what is mentioned with what a recording says to it.

    Args:
        mention: What is said.
        of: The recording.
        stated: Statements of the same answer's findings.
    """
    weighed = {code: weighing.weigh(code, of) for code in mention.codes}
    if mention.denied:
        whole = _denied(weighed, [code for code in mention.codes if code in stated])
    else:
        whole = _beside(mention.codes, stated, _together(list(weighed.values())))
    critical = sorted(critical_codes() & set(mention.codes))
    if mention.denied:
        review = any(of.is_critical(code) for code in critical)
    else:
        review = bool(critical) and whole.verdict is not Verdict.SUPPORTED
    text = weighing.line(_quoted(mention), whole)
    return CheckedMention(
        words=mention.words,
        codes=mention.codes,
        denied=mention.denied,
        verdict=whole.verdict,
        text=f"{text}. {weighing.REVIEW}" if review else text,
        critical=bool(critical),
        needs_review=review,
    )


def not_checkable(mention: Mention, why: str) -> CheckedMention:
    """Return what is mentioned of a recording that cannot be asked."""
    critical = bool(critical_codes() & set(mention.codes))
    review = critical and not mention.denied
    return CheckedMention(
        words=mention.words,
        codes=mention.codes,
        denied=mention.denied,
        verdict=Verdict.NOT_CHECKABLE,
        text=weighing.line(_quoted(mention), Weighed(Verdict.NOT_CHECKABLE, reasons=(why,))),
        critical=critical,
        needs_review=review,
    )


def _quoted(mention: Mention) -> str:
    return f"\N{LEFT DOUBLE QUOTATION MARK}{mention.words}\N{RIGHT DOUBLE QUOTATION MARK}"


def _together(all_of_them: Sequence[Weighed]) -> Weighed:
    """Return the verdict on statements that are meant together: as good as its worst one."""
    verdicts = {each.verdict for each in all_of_them}
    worst = (Verdict.CONTRADICTED, Verdict.NOT_CHECKABLE, Verdict.SUPPORTED)
    return Weighed(
        next(each for each in worst if each in verdicts),
        _few(text for each in all_of_them for text in each.speaks_for),
        _few(text for each in all_of_them for text in each.speaks_against),
        _few(text for each in all_of_them for text in each.reasons),
    )


def _beside(codes: Iterable[str], stated: Collection[str], whole: Weighed) -> Weighed:
    """Return the verdict on statements beside those of the findings, which may exclude them.

    What the recording supports stands; then the finding is the one that is contradicted.
    """
    against = [
        f"The answer also says {_name(other)}: {weighing.in_sentence(why)}"
        for code in codes
        for other in sorted(stated)
        if (why := relations.exclusive(code, other)) is not None
    ]
    if not against or whole.verdict is Verdict.SUPPORTED:
        return whole
    return replace(
        whole,
        verdict=Verdict.CONTRADICTED,
        speaks_against=_few((*whole.speaks_against, *against)),
    )


def _denied(weighed: dict[str, Weighed], stated: Sequence[str]) -> Weighed:
    """Return the verdict on a denial: what stands contradicts it, only what is ruled out bears it.

    Args:
        weighed: The statements that are denied.
        stated: Those of them that the answer itself makes.
    """
    standing = [code for code, each in weighed.items() if each.verdict is Verdict.SUPPORTED]
    against = [f"Found: {_name(code)}" for code in standing]
    against += [text for code in standing for text in weighed[code].speaks_for]
    against += [f"The answer also says {_name(code)}" for code in stated]
    if against:
        return Weighed(Verdict.CONTRADICTED, speaks_against=_few(against))
    pro = _few(text for each in weighed.values() for text in each.speaks_against)
    unsure = [_name(c) for c, each in weighed.items() if each.verdict is Verdict.NOT_CHECKABLE]
    if unsure:
        reason = NOT_RULED_OUT.format(", ".join(_few(unsure)))
        return Weighed(Verdict.NOT_CHECKABLE, pro, reasons=(reason,))
    return Weighed(Verdict.SUPPORTED, pro)


def _few(texts: Iterable[str]) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(texts))
    if len(found) <= MOST + 1:
        return found
    return (*found[:MOST], f"and {len(found) - MOST} more")


def _name(code: str) -> str:
    return weighing.in_sentence(hybrid.wording(code))
