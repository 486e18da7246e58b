"""How fast the atria beat.

It knows P waves, the waves between the beats and RR intervals; it does not know rhythms. Rates from
350 /min are those of fibrillation, from 200 to 350 /min those of flutter, but fibrillation often
shows one between 300 and 350 /min: the rate alone does not tell them apart.
"""

from __future__ import annotations

from ecgcli.signals import confidence
from ecgcli.signals.confidence import Basis, none
from ecgcli.signals.intervals import Rhythm
from ecgcli.signals.results import Measured, PWave

EVERY = 0.9  # share of the beats that a P wave must precede: the others may be ectopic


def rate(basis: Basis, rhythm: Rhythm, between: Measured) -> Measured:
    """Return the atrial rate: that of the P waves if they go one to one, else that of f waves.

    Args:
        basis: What is measured on.
        rhythm: The RR intervals.
        between: Frequency (Hz) of what goes on between the beats, if one stands out.
    """
    atrial = basis.marks.atrial
    if atrial.state is not PWave.PRESENT:
        if between.value is None:
            return none("/min", f"no P wave: {atrial.reason}; {between.reason}")
        return Measured(60.0 * between.value, "/min", confidence=between.confidence)
    if between.value is not None:
        speed = round(60.0 * between.value)
        return none("/min", f"P waves, but also waves of {speed} /min between the beats")
    if atrial.share is None or atrial.share < EVERY:
        return none("/min", "P waves do not precede every beat")
    if not len(rhythm.usual()):
        return none("/min", "fewer than two beats")
    sure = confidence.sure(basis.beats, basis.leads, min(atrial.consistency + 0.2, 1.0))
    return Measured(60000.0 / float(rhythm.usual().mean()), "/min", confidence=sure)
