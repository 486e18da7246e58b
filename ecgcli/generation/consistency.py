"""What contradicts itself in a request: statements, values, and both against each other.

It knows the table `orders.csv` and asks `definitions` and the clinical room
for the rest; it does not know how a request was read. Every refusal names both sides and says why.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from ecgcli.generation import shipped
from ecgcli.generation.definitions import Implied, excluded, implied, missing, ranges
from ecgcli.generation.draft import shown
from ecgcli.generation.quantities import quantities
from ecgcli.generation.refusal import Kind, RequestError
from ecgcli.generation.request import Bound, Request
from ecgcli.generation.vocabulary import names

QTC_TOLERANCE_MS = 15.0
"""By so much a QTc that was said may be off QT and rate: rounding, and a formula not tried here."""
_RR = "rr_ms"


@dataclass(frozen=True, slots=True)
class Order:
    """One row of `orders.csv`: a quantity that cannot be longer than another."""

    smaller: str
    larger: str
    why: str


def check(request: Request) -> None:
    """Refuse a request that contradicts itself.

    Raises:
        RequestError: Naming the two things and why they exclude each other.
    """
    _both(request)
    _statements(request)
    _without_value(request)
    _values(request)
    _ranges(request)
    _absent(request)
    _orders(request)
    _qtc(request)


def _both(request: Request) -> None:
    for code in request.present:
        if code in request.absent:
            raise _contradiction(f"{names()[code]} is asked for as present and absent")


def _statements(request: Request) -> None:
    from ecgcli.clinical.relations import conflicts  # late: it brings NumPy along

    for one, other, why in conflicts(request.present):
        raise _contradiction(f"{names()[one]} and {names()[other]} exclude each other: {why}")


def _without_value(request: Request) -> None:
    """Refuse a quantity that the rhythm does not have: PR in atrial fibrillation."""
    said = {*request.values(), *(bound.quantity for bound in request.bounds)}
    said |= {each.definition.quantity for each in implied(request) if each.definition.whole}
    for quantity, (code, why) in missing(request).items():
        if quantity in said:
            of = quantities()[quantity]
            raise _contradiction(f"{names()[code]} has no {of.name}: {why}")


def _values(request: Request) -> None:
    for each in implied(request):
        value = request.values().get(each.definition.quantity)
        if value is not None and not each.bound.holds(value):
            raise _contradiction(_against(each, quantities()[each.definition.quantity].show(value)))


def _ranges(request: Request) -> None:
    """Refuse ranges that have nothing in common: a statement's, the text's, another statement's."""
    told = {bound.quantity: (bound, shown(bound)) for bound in request.bounds}
    for each in implied(request):
        known = told.get(each.definition.quantity)
        if known is not None and known[0].narrowed(each.bound).empty:
            raise _contradiction(_against(each, known[1]))
        if known is None:
            what = f"{shown(each.bound)}, which {names()[each.definition.code]} means"
            told[each.definition.quantity] = (each.bound, what)


def _absent(request: Request) -> None:
    """Refuse a value or a range that is what an absent statement says."""
    for each in excluded(request):
        of = quantities()[each.definition.quantity]
        value = request.values().get(of.field)
        inside = value is not None and _strictly(each.bound, value)
        said = of.show(value) if inside and value is not None else ""
        for bound in (*request.bounds, *(other.bound for other in implied(request))):
            if bound.quantity == of.field and _covers(each.bound, bound):
                said = shown(bound)
        if said:
            raise _contradiction(
                f"without {names()[each.definition.code]}, {of.name} cannot be {said}: that is"
                f" {shown(each.bound)} ({each.definition.source})"
            )


def _orders(request: Request) -> None:
    values = request.values()
    slowest = values.get("heart_rate") or getattr(ranges(request).get("heart_rate"), "low", None)
    if slowest:
        values[_RR] = 60_000 / slowest
    for order in _table():
        smaller, larger = values.get(order.smaller), values.get(order.larger)
        if smaller is not None and larger is not None and smaller >= larger:
            of = quantities()[order.smaller]
            other = quantities().get(order.larger)
            name = "the time between two beats" if other is None else other.name
            raise _contradiction(
                f"{of.name} {of.show(smaller)} does not fit {name}, {round(larger)} ms: {order.why}"
            )


def _qtc(request: Request) -> None:
    """Refuse a QTc, said or implied, that no formula gives from QT and rate."""
    values = request.values()
    if not {"qt_ms", "heart_rate"} <= values.keys():
        return
    found = corrected(values["qt_ms"], values["heart_rate"])
    low, high = min(found), max(found)
    computed = f"QT {values['qt_ms']:g} ms at {values['heart_rate']:g}/min gives"
    span = f"{computed} a QTc of {low:.0f} to {high:.0f} ms"
    said = values.get("qtc_ms")
    if said is not None and not low - QTC_TOLERANCE_MS <= said <= high + QTC_TOLERANCE_MS:
        raise _contradiction(f"{span}, by whichever formula, and not {said:g} ms")
    for each in implied(request):
        if each.definition.quantity == "qtc_ms" and not any(map(each.bound.holds, found)):
            raise _contradiction(_against(each, f"{low:.0f} to {high:.0f} ms ({span})"))


def corrected(qt_ms: float, heart_rate: float) -> tuple[float, ...]:
    """Return QTc in ms by Bazett, Fridericia, Framingham and Hodges.

    Args:
        qt_ms: QT interval in ms.
        heart_rate: In beats per minute.
    """
    rr = 60 / heart_rate
    hodges = qt_ms + 1.75 * (heart_rate - 60)
    return qt_ms / rr**0.5, qt_ms / rr ** (1 / 3), qt_ms + 154 * (1 - rr), hodges


def _strictly(bound: Bound, value: float) -> bool:
    """Return whether a value lies within a range and is not its very limit."""
    return bound.holds(value) and value not in (bound.low, bound.high)


def _covers(outer: Bound, inner: Bound) -> bool:
    """Return whether all of a range lies within another, with more than a limit in common."""
    if (outer.low, outer.high) == (None, None):
        return False
    whole = outer.narrowed(inner)
    return whole == inner and not (inner.low == outer.high or inner.high == outer.low)


def _against(each: Implied, said: str) -> str:
    row = each.definition
    name = quantities()[row.quantity].name
    statement = names()[row.code]
    return f"{statement} means {name} {shown(each.bound)} and not {said} ({row.source})"


def _contradiction(reason: str) -> RequestError:
    return RequestError(Kind.CONTRADICTION, reason, "leave one of them out")


@cache
def _table() -> tuple[Order, ...]:
    rows = shipped.read("orders.csv", ("smaller", "larger", "why", "source"))
    known = (*quantities(), _RR)
    return tuple(
        Order(row.choice("smaller", known), row.choice("larger", known), row.required("why"))
        for row in rows
    )
