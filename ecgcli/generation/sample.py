"""Samples: candidates are drawn and checked, until one shows what was asked for.

It knows how often to try and how a drawing becomes a `Record`; it writes nothing. A sample depends
on the request, its seed and its number alone.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ecgcli.generation.check import Check, Seen, check, look
from ecgcli.generation.condition import Condition, condition
from ecgcli.models.generator.flow import GUIDANCE, STEPS
from ecgcli.models.generator.layout import FINE_RATE, INDEPENDENT
from ecgcli.records.leads import LEADS, derive_limb_leads
from ecgcli.records.record import Patient, Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ecgcli.generation.request import Request
    from ecgcli.models.generator.draw import Drawn, Generator

CANDIDATES = 8
"""Drawings that are tried for a sample, one after the other, until one passes."""
NOTE = "SYNTHETIC: made by ecgcli from a text; no patient was recorded"
FORMAT = "synthetic"


@dataclass(frozen=True, slots=True)
class Sample:
    """A recording that was generated.

    Attributes:
        record: Twelve leads at 500 Hz.
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
    candidates: int = CANDIDATES,
) -> Sample:
    """Return the first of some drawings that shows all that is asked for, or the one nearest to it.

    Args:
        request: What is asked for.
        generator: The networks.
        seed: Decides, with the number, everything.
        number: Which sample of the run.
        duration_s: Length of the recording.
        candidates: How many drawings to try at most.

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
    steps: int = STEPS,
    guidance: float = GUIDANCE,
) -> Iterator[Sample]:
    """Yield drawings until one shows all that is asked for; see `sample`.

    Args:
        request: What is asked for.
        generator: The networks.
        seed: Decides, with the number, everything.
        number: Which sample of the run.
        duration_s: Length of the recording.
        candidates: How many drawings to try at most.
        steps: How many times the flow is asked for each.
        guidance: By how much what is asked is stressed.

    Raises:
        RequestError: The generator has not learned something of the request.
    """
    for candidate in range(candidates):
        told = condition(request, generator.weights, _chance(seed, number, candidate, 0))
        drawn = generator.draw(
            told.asked, told.rates, duration_s, (seed, number, candidate, 1), steps, guidance
        )
        record = recorded(drawn, request, f"ecg-{number + 1:04d}")
        seen = look(record)
        made = check(request, seen)
        yield Sample(record, seen, made, told, seed, number, candidate, candidate + 1)
        if made.passed:
            return


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


def _rank(one: Sample) -> tuple[bool, float]:
    """Order drawings: what passes comes first, however near another may be in sum."""
    return not one.check.passed, one.check.miss


def recorded(drawn: Drawn, request: Request, name: str) -> Record:
    """Return a drawing as a recording of twelve leads, in whole uV as files hold it.

    I and II are even, so that Goldberger's halves are whole too and the laws hold exactly.
    """
    rounded = np.round(drawn.leads.astype(np.float64), 3)
    rounded[:2] = 2.0 * np.round(rounded[:2] / 2.0, 3)
    rows = dict(zip(INDEPENDENT, rounded, strict=True))
    rows |= derive_limb_leads({name: rows[name] for name in ("I", "II")})
    signal = np.stack([rows[name] for name in LEADS]).astype(np.float32)
    return Record(
        name=name,
        signal=signal,
        rate=FINE_RATE,
        leads=LEADS,
        format=FORMAT,
        content_hash=hashlib.sha256(signal.tobytes()).hexdigest(),
        source_duration_s=signal.shape[1] / FINE_RATE,
        patient=Patient(age_years=request.age_years, sex=request.sex),
        device="ecgcli generator",
        notes=(NOTE,),
    )


def _chance(*seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)
