"""What is kept of a recording, real or generated, to compare one kind with the other.

It knows how a recording becomes numbers and small arrays; it does not know which kind it is of, or
what is computed from them. Both kinds go the same way: analysed as a recording from a hospital is,
and all that is compared directly is compared at 100 Hz, at which most of the real ones are there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ecgcli.errors import RecordError
from ecgcli.generation.check import MEASURED_AS
from ecgcli.generation.evaluate_prompts import ASKED
from ecgcli.models import statements
from ecgcli.models.generator.layout import FINE_RATE, INDEPENDENT, RATE
from ecgcli.records.leads import LEADS, derive_limb_leads
from ecgcli.records.read import read_path
from ecgcli.signals.analyse import analyse
from ecgcli.signals.reading import inputs
from ecgcli.training.generator.rows import BEATS, KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from ecgcli.generation.sample import Sample
    from ecgcli.records.record import Record
    from ecgcli.signals.results import Analysis
    from ecgcli.training.ptbxl_table import Row

    Floats = NDArray[np.float32]

SAMPLES = 1000
"""Samples that are compared: 10 s at 100 Hz."""
WAVES = ("r_mv", "s_mv", "t_mv", "p_mv", "st_60_mv")
"""Amplitudes that are compared, as `LeadMeasurements` calls them."""
TOLD = ("I", "II")
"""Limb leads that the other four follow from."""
SEGMENT_S = 2.0
"""Length of Welch's segments: spectra in steps of 0.5 Hz."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What is kept of one recording.

    Attributes:
        grade: Technical quality, a word of `Grade`.
        values: Measurements by the request's fields (/min, ms, degrees); none where there is none.
        rmssd: Root mean square of the differences of successive RR intervals (ms), NaN for none.
        amplitudes: (12, `WAVES`) in mV, NaN where there is no such wave.
        logits: (outputs,) of the statement network.
        features: (768,) what its head is given of the signal (`StatementModel.pooled`).
        signal: (12, 1000) float16, the network's input in mV at 100 Hz.
        numbers: Its other input.
        leads: (8, 1000) int16 in uV at 100 Hz, `INDEPENDENT`, neither filtered nor cleaned.
        beats: (`BEATS`,) time of each QRS complex (s), NaN behind the last.
        kinds: (`BEATS`,) place of its class in `KINDS`, -1 behind the last.
        spectrum: (8, frequencies) power density in mV²/Hz at 100 Hz, see `frequencies`.
        fine_spectrum: The same at 500 Hz, `None` of a recording at a lower rate.
        law_mv: Largest deviation (mV) from the laws of Einthoven and Goldberger.
    """

    grade: str
    values: dict[str, float]
    rmssd: float
    amplitudes: Floats
    logits: Floats
    features: Floats
    signal: NDArray[np.float16]
    numbers: Floats
    leads: NDArray[np.int16]
    beats: Floats
    kinds: NDArray[np.int8]
    spectrum: Floats
    fine_spectrum: Floats | None
    law_mv: float


def of_row(row: Row) -> Observed | None:
    """Return what is kept of a row of PTB-XL's table, `None` where it cannot be read."""
    try:
        # PTB-XL keeps age and sex in its table, not in the recordings.
        analysis = analyse(replace(read_path(row.path), patient=row.patient))
    except RecordError:
        return None
    return of_analysis(analysis)


def of_sample(sample: Sample) -> Observed | None:
    """Return what is kept of a generated recording, `None` of one that cannot be analysed."""
    return None if sample.seen is None else of_analysis(sample.seen.analysis)


def of_analysis(analysis: Analysis) -> Observed | None:
    """Return what is kept of a recording, `None` where it lacks a lead that is compared."""
    record = analysis.record
    rows = [record.lead(name) for name in INDEPENDENT]
    if any(row is None for row in rows):
        return None
    leads = np.nan_to_num(np.stack([row for row in rows if row is not None]))
    coarse = coarse_leads(leads, record.rate)
    network = statements.shipped()
    # Read whatever its quality: a bad one shall not stand outside of the comparison.
    signal, numbers = inputs(analysis)
    tape: dict[str, Floats] = {}
    logits = network.logits(signal, numbers, tape)
    beats, kinds = _beats(analysis)
    return Observed(
        grade=analysis.quality.grade.value,
        values=_values(analysis),
        rmssd=_rmssd(analysis),
        amplitudes=_amplitudes(analysis),
        logits=logits,
        features=network.pooled(tape),
        signal=signal.astype(np.float16),
        numbers=numbers,
        leads=np.clip(np.round(coarse * 1000.0), -32767, 32767).astype(np.int16),
        beats=beats,
        kinds=kinds,
        spectrum=spectrum(coarse, RATE),
        fine_spectrum=spectrum(leads, FINE_RATE) if record.rate == FINE_RATE else None,
        law_mv=law_error(record),
    )


def coarse_leads(leads: Floats, rate: float) -> Floats:
    """Return (leads, 1000) at 100 Hz of leads at 100 or 500 Hz; short ones end in zeros."""
    from scipy.signal import resample_poly

    if rate != RATE:
        leads = resample_poly(leads, 1, round(rate / RATE), axis=1, padtype="line")
    out = np.zeros((len(leads), SAMPLES), np.float32)
    width = min(SAMPLES, leads.shape[1])
    out[:, :width] = leads[:, :width]
    return out


def spectrum(leads: Floats, rate: float) -> Floats:
    """Return (leads, frequencies) power density in mV²/Hz.

    Segments of 2 s that overlap by half, each without its mean, under a Hann window (Welch, IEEE
    Trans Audio Electroacoust 15:70, 1967).
    """
    from scipy.signal import welch

    _, power = welch(leads, rate, nperseg=round(SEGMENT_S * rate), axis=1)
    return np.asarray(power, np.float32)


def frequencies(rate: float) -> NDArray[np.float64]:
    """Return the frequencies (Hz) of a `spectrum` at a sampling rate."""
    return np.asarray(np.fft.rfftfreq(round(SEGMENT_S * rate), 1.0 / rate), np.float64)


def fine_spectrum_of(row: Row) -> Floats | None:
    """Return the spectrum of a recording at 500 Hz, `None` where it cannot be read."""
    try:
        record = read_path(row.path)
    except RecordError:
        return None
    rows = [record.lead(name) for name in INDEPENDENT]
    if record.rate != FINE_RATE or any(lead is None for lead in rows):
        return None
    return spectrum(np.nan_to_num(np.stack([lead for lead in rows if lead is not None])), FINE_RATE)


def law_error(record: Record) -> float:
    """Return the largest deviation (mV) of limb leads from what Einthoven and Goldberger say."""
    rows = dict(zip(record.leads, record.signal.astype(np.float64), strict=True))
    given: dict[str, NDArray[np.number]] = {name: rows[name] for name in rows if name in TOLD}
    away = [
        float(np.nanmax(np.abs(derived - rows[name])))
        for name, derived in derive_limb_leads(given).items()
        if name in rows
    ]
    return max(away, default=0.0)


def _values(analysis: Analysis) -> dict[str, float]:
    if analysis.measurements is None:
        return {}
    found = {field: getattr(analysis.measurements, MEASURED_AS[field]).value for field in ASKED}
    return {field: float(value) for field, value in found.items() if value is not None}


def _rmssd(analysis: Analysis) -> float:
    value = None if analysis.measurements is None else analysis.measurements.rr_rmssd.value
    return float("nan") if value is None else float(value)


def _amplitudes(analysis: Analysis) -> Floats:
    table = np.full((len(LEADS), len(WAVES)), np.nan, np.float32)
    if analysis.measurements is not None:
        for lead in analysis.measurements.leads:
            row = [getattr(lead, wave) for wave in WAVES]
            table[LEADS.index(lead.lead)] = [np.nan if value is None else value for value in row]
    return table


def _beats(analysis: Analysis) -> tuple[Floats, NDArray[np.int8]]:
    """Return times and classes of the beats as `training.generator.rows` keeps them."""
    times, kinds = np.full(BEATS, np.nan, np.float32), np.full(BEATS, -1, np.int8)
    if analysis.measurements is not None:
        found = analysis.measurements.beats[:BEATS]
        times[: len(found)] = [analysis.conditioned.start_s + beat.time_s for beat in found]
        kinds[: len(found)] = [KINDS.index(beat.kind) for beat in found]
    return times, kinds


def there(observed: Iterable[Observed | None]) -> list[Observed]:
    """Return those that could be read."""
    return [one for one in observed if one is not None]
