"""Samples: candidates are drawn and checked, until one shows what was asked for.

It knows how often to try and how a drawing becomes a `Record`; it writes nothing. A sample depends
on what is asked, its seed and its number alone: not on the words, nor on what else is drawn.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ecgcli.errors import RecordError
from ecgcli.generation import aim, injury
from ecgcli.generation.check import Check, Seen, check, look
from ecgcli.generation.condition import Condition, condition
from ecgcli.generation.order import CANDIDATES
from ecgcli.models.generator.flow import GUIDANCE, STEPS
from ecgcli.models.generator.layout import FINE_RATE, INDEPENDENT
from ecgcli.records.leads import LEADS, derive_limb_leads
from ecgcli.records.record import SYNTHETIC, Patient, Record
from ecgcli.signals.analyse import analyse
from ecgcli.signals.resample import resample

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ecgcli.generation.request import Request
    from ecgcli.models.generator.draw import Drawn, Generator

NOTE = f"{SYNTHETIC}: made by ecgcli from a text; no patient was recorded"
FORMAT = "synthetic"
LITTLE = 0.5
"""Findings that nobody asked for and that are less sure than this together are left."""
CHOICE = 3
"""Drawings that pass, of which the one with the fewest such findings is taken."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A recording that was generated.

    Attributes:
        record: Twelve leads.
        seen: As the rest of the program sees it, `None` if it cannot be analysed.
        check: What was asked for beside what is there.
        condition: What the networks were told.
        seed: Of the run.
        number: Which sample of the run, from 0.
        candidate: Which drawing it is, from 0.
        tried: How many there were.
    """

    record: Record
    seen: Seen | None
    check: Check
    condition: Condition
    seed: int
    number: int
    candidate: int
    tried: int


def sample(
    request: Request,
    generator: Generator,
    *,
    seed: int,
    number: int = 0,
    duration_s: float = 10.0,
    rate: float = FINE_RATE,
    candidates: int = CANDIDATES,
    name: str | None = None,
) -> Sample:
    """Return a drawing that shows what is asked for and little else, or the one nearest to it.

    What is checked is what is returned: at its sampling rate, in whole uV.

    Args:
        request: What is asked for.
        generator: The networks.
        seed: Decides, with the number, everything.
        number: Which sample of this request.
        duration_s: Length of the recording.
        rate: Samples per second of the recording (Hz).
        candidates: How many drawings to try at most.
        name: What the recording is called.

    Raises:
        RequestError: The generator has not learned something of the request.
    """
    return nearest(
        attempts(
            request,
            generator,
            seed=seed,
            number=number,
            duration_s=duration_s,
            candidates=candidates,
            rate=rate,
            name=name,
        )
    )


def attempts(
    request: Request,
    generator: Generator,
    *,
    seed: int,
    number: int = 0,
    duration_s: float = 10.0,
    candidates: int = CANDIDATES,
    rate: float = FINE_RATE,
    name: str | None = None,
    steps: int = STEPS,
    guidance: float = GUIDANCE,
) -> Iterator[Sample]:
    """Yield drawings until one shows all that is asked for and little else, or several show more.

    One that misses numbers alone is drawn again with those aimed at anew (`aim`).

    Args:
        request: What is asked for.
        generator: The networks.
        seed: Decides, with the number, everything.
        number: Which sample of the run.
        duration_s: Length of the recording.
        candidates: How many drawings to try at most.
        rate: Samples per second (Hz) of the recordings.
        name: Of the recordings.
        steps: How many times the flow is asked for each.
        guidance: By how much what is asked is stressed.

    Raises:
        RequestError: The generator has not learned something of the request.
    """
    name = name or f"ecg-{number + 1:04d}"
    # The request is part of it, so that two of them do not show the same chance twice.
    whole = (int.from_bytes(request.digest()[:8], "big"), seed, number)
    weights = generator.weights
    told: Condition | None = None
    wanted: Mapping[str, float] = {}
    drawing = passed = 0
    for candidate in range(candidates):
        if told is None:
            drawing = candidate
            told = condition(request, weights, np.random.default_rng((*whole, drawing, 0)))
            wanted = told.values
        drawn = generator.draw(
            told.asked, told.rates, duration_s, (*whole, drawing, 1), steps, guidance
        )
        record = recorded(drawn, request, name, rate)
        if injury.SHOWN in request.present:
            size = np.random.default_rng((*whole, drawing, 2))
            record = _injured(record, drawn, request, size)
        seen = look(record)
        made = check(request, seen)
        yield Sample(record, seen, made, told, seed, number, candidate, candidate + 1)
        passed += made.passed
        if made.passed and (made.more < LITTLE or passed == CHOICE):
            return
        again = candidate - drawing < aim.MOST and aim.misses_numbers_alone(made)
        told = aim.aimed(wanted, told, seen) if seen and again else None


def _injured(record: Record, drawn: Drawn, request: Request, chance: np.random.Generator) -> Record:
    """Return the recording with the ST elevation that the networks have not learned."""
    try:
        beat = analyse(record).median_beat
    except RecordError:
        return record
    if beat is None:
        return record
    raised = injury.injured(drawn, beat, request.present, chance)
    again = recorded(raised, request, record.name, record.rate)
    return replace(again, notes=(*again.notes, injury.NOTE))


def nearest(tried: Iterable[Sample]) -> Sample:
    """Return the drawing that passes, or the nearest to it, with how many there were."""
    best: Sample | None = None
    count = 0
    for one in tried:
        count += 1
        if best is None or _rank(one) < _rank(best):
            best = one
    if best is None:
        raise ValueError("at least one candidate has to be tried")
    return replace(best, tried=count)


def _rank(one: Sample) -> tuple[bool, float, float]:
    """Order drawings: what passes comes first, with little else before near to what was asked."""
    made = one.check
    if not made.passed:
        return True, made.miss, made.more
    return False, made.more if made.more >= LITTLE else 0.0, made.miss


def recorded(drawn: Drawn, request: Request, name: str, rate: float = FINE_RATE) -> Record:
    """Return a drawing as a recording of twelve leads, in whole uV as files hold it.

    I and II are even, so that Goldberger's halves are whole too and the laws hold exactly.
    """
    rounded = np.round(resample(drawn.leads.astype(np.float64), FINE_RATE, rate), 3)
    rounded[:2] = 2.0 * np.round(rounded[:2] / 2.0, 3)
    rows = dict(zip(INDEPENDENT, rounded, strict=True))
    rows |= derive_limb_leads({name: rows[name] for name in ("I", "II")})
    signal = np.stack([rows[name] for name in LEADS]).astype(np.float32)
    return Record(
        name=name,
        signal=signal,
        rate=rate,
        leads=LEADS,
        format=FORMAT,
        content_hash=hashlib.sha256(signal.tobytes()).hexdigest(),
        source_duration_s=signal.shape[1] / rate,
        patient=Patient(age_years=request.age_years, sex=request.sex),
        device="ecgcli generator",
        notes=(NOTE,),
        synthetic=True,
    )
