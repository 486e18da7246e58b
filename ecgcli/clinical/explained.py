"""The statements of the network with what drives them.

It knows which statements are explained: those that the network asserts and that stand for something
wrong with the ECG. That the rhythm is sinus, or the ECG normal, is no place in it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ecgcli.clinical.hybrid import MEASUREMENT, Decides, sources
from ecgcli.clinical.statement import Interpretation, Urgency
from ecgcli.engines.explain import explain

if TYPE_CHECKING:
    from ecgcli.engines.opinion import Opinion


def explained(said: Interpretation, opinion: Opinion) -> Interpretation:
    """Return the interpretation with the explanations of its patterns."""
    codes = [
        statement.code
        for statement in said.statements
        if statement.urgency is not Urgency.NORMAL
        and statement.code in sources()
        and sources()[statement.code].decides is not Decides.MEASUREMENT
        and any(e.measurement == MEASUREMENT for e in statement.evidence)
    ]
    found = explain(opinion, codes)
    statements = tuple(
        replace(statement, explanation=found[statement.code])
        if statement.code in found
        else statement
        for statement in said.statements
    )
    return replace(said, statements=statements)
