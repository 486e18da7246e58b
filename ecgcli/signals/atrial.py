"""How fast the atria beat.

It knows P waves and RR intervals; it does not know rhythms.
"""

from __future__ import annotations

from ecgcli.signals import confidence
from ecgcli.signals.confidence import Basis, none
from ecgcli.signals.intervals import Rhythm
from ecgcli.signals.pwave import Atrial
from ecgcli.signals.results import Measured, PWave

EVERY = 0.9  # share of the beats that a P wave must precede: the others may be ectopic


def rate(atrial: Atrial, rhythm: Rhythm, basis: Basis) -> Measured:
    """Return the atrial rate where P waves and QRS complexes go one to one."""
    if atrial.state is not PWave.PRESENT:
        return none("/min", f"no P wave: {atrial.reason}")
    if atrial.share is None or atrial.share < EVERY:
        return none("/min", "P waves do not precede every beat")
    if not len(rhythm.usual()):
        return none("/min", "fewer than two beats")
    sure = confidence.sure(basis.beats, basis.leads, min(atrial.consistency + 0.2, 1.0))
    return Measured(60000.0 / float(rhythm.usual().mean()), "/min", confidence=sure)
