"""Figures of an evaluation: generated beside real, and the pairs that are most alike.

It knows what is drawn and in which colour; lines and axes are `chart`'s, numbers those of the
modules that compute them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ecgcli.generation import evaluate_numbers, evaluate_signals, neighbours
from ecgcli.generation.chart import Band, Line, Panel, chart
from ecgcli.generation.evaluate_prompts import ASKED
from ecgcli.generation.observed import WAVES, frequencies, there
from ecgcli.generation.quantities import quantities
from ecgcli.models.generator.layout import FINE_RATE, INDEPENDENT, RATE
from ecgcli.records.leads import LEADS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ecgcli.generation.evaluate import Evaluation
    from ecgcli.generation.evaluate_copies import Copies
    from ecgcli.generation.neighbours import Nearest
    from ecgcli.generation.observed import Observed

    Floats = NDArray[np.floating]

REAL, GENERATED, OTHER = "#555555", "#c0392b", "#2471a3"
LEGEND = (("real", REAL), ("generated (SYNTHETIC)", GENERATED))
WITH_OTHER = (*LEGEND, ("other real recordings", OTHER))
DRAWN = ("I", "II", "V2", "V5")
"""Leads of which a closest pair is drawn."""
CLOSEST = 5
HEADINGS = {"r_mv": "R", "s_mv": "S", "t_mv": "T", "p_mv": "P", "st_60_mv": "ST, 60 ms after J"}


def draw(evaluation: Evaluation, folder: Path) -> list[Path]:
    """Write all figures as SVG and return their files.

    Raises:
        OSError: One cannot be written.
    """
    real = evaluation.prompts.real
    best = there([one.best for one in evaluation.samples])
    figures = {
        "numbers.svg": _numbers(evaluation),
        "spectra.svg": _spectra(
            [one.spectrum for one in real],
            [one.spectrum for one in best],
            RATE,
            evaluate_signals.BAND,
        ),
        "spectra-500-hz.svg": _spectra(
            evaluation.fine_real,
            [one.fine_spectrum for one in best if one.fine_spectrum is not None],
            FINE_RATE,
            (0.5, evaluate_signals.FINE_BAND[1]),
        ),
        "amplitudes.svg": _amplitudes(real, best),
        "variability.svg": _variability(real, best, evaluation.prompts.other),
    }
    if evaluation.copies is not None:
        figures["distances.svg"] = _distances(evaluation.copies)
        figures["closest-signals.svg"] = _signals(evaluation.copies)
        figures["closest-beats.svg"] = _beats(evaluation.copies)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in figures.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in figures]


def _numbers(evaluation: Evaluation) -> str:
    panels = []
    for field in ASKED:
        of = quantities()[field]
        lines = []
        for made, colour in (("first", OTHER), ("best", GENERATED)):
            away = evaluate_numbers.errors(
                evaluation.prompts.requests,
                [getattr(one, made) for one in evaluation.samples],
                field,
            )
            known = np.abs(np.array([each for each in away if each is not None], np.float64))
            lines.append(_cumulative(known, colour))
        unit = of.unit or "years"
        panels.append(Panel(of.name, f"absolute error ({unit})", "share", lines))
    legend = (("first drawing", OTHER), ("after rejection", GENERATED))
    return chart("How far measured numbers lie from those asked for", panels, legend, columns=5)


def _cumulative(values: Floats, colour: str) -> Line:
    """Return the share of values up to each."""
    ordered = np.sort(values)
    share = np.arange(1, len(ordered) + 1) / max(len(ordered), 1)
    return Line(ordered, share, colour, 1.6)


def _spectra(
    real: Sequence[Floats], other: Sequence[Floats], rate: float, band: tuple[float, float]
) -> str:
    at = frequencies(rate)
    inside = (at >= band[0]) & (at <= band[1])
    panels = []
    for row, lead in enumerate(INDEPENDENT):
        lines: list[Line] = []
        bands: list[Band] = []
        for spectra, colour in ((real, REAL), (other, GENERATED)):
            if not spectra:
                continue
            levels = evaluate_signals.decibels(spectra)[:, row, inside]
            low, middle, high = np.percentile(levels, (10, 50, 90), axis=0)
            bands.append(Band(at[inside], low, high, colour))
            lines.append(Line(at[inside], middle, colour, 1.6))
        panels.append(Panel(lead, "frequency (Hz)", "dB above 1 mV²/Hz", lines, bands))
    title = f"Spectra at {rate:g} Hz: median, and from the 10th to the 90th percentile"
    return chart(title, panels, LEGEND)


def _amplitudes(real: Sequence[Observed], other: Sequence[Observed]) -> str:
    panels = []
    for column, wave in enumerate(WAVES):
        lines = []
        for row in range(len(LEADS)):
            for observed, colour, aside in ((real, REAL, -0.16), (other, GENERATED, 0.16)):
                values = evaluate_signals.amplitude(observed, row, column)
                if len(values):
                    lines += _box(values, row + aside, colour)
        names = [(float(row), lead) for row, lead in enumerate(LEADS)]
        panels.append(Panel(HEADINGS[wave], "lead", "mV", lines, names=names))
    title = "Amplitudes: 5th to 95th percentile, quartiles, median"
    return chart(title, panels, LEGEND, columns=2, size=(560, 230))


def _box(values: Floats, x: float, colour: str) -> list[Line]:
    low, first, middle, third, high = np.percentile(values, (5, 25, 50, 75, 95))
    here = np.array([x, x])
    across = np.array([x - 0.12, x + 0.12])
    return [
        Line(here, np.array([low, high]), colour, 1.0),
        Line(here, np.array([first, third]), colour, 5.0),
        Line(across, np.array([middle, middle]), "#ffffff", 1.6),
    ]


def _variability(
    real: Sequence[Observed], best: Sequence[Observed], other: Sequence[Observed]
) -> str:
    sets = ((real, REAL), (other, OTHER), (best, GENERATED))
    lines = [
        # A logarithm: from the clock of a pacemaker to fibrillation it spans three decades.
        _cumulative(np.log10(np.maximum(evaluate_signals.rmssd(each), 1.0)), colour)
        for each, colour in sets
    ]
    names = [(float(power), f"{10**power}") for power in range(4)]
    panel = Panel("RMSSD", "RMSSD (ms)", "share of recordings", lines, names=names)
    return chart("Heart rate variability", [panel], WITH_OTHER, columns=1, size=(520, 320))


def _distances(copies: Copies) -> str:
    panels = []
    for title, own, real in (
        ("whole signal: 1 - correlation", copies.generated_signal, copies.real_signal),
        ("median beat: relative difference", copies.generated_beat, copies.real_beat),
    ):
        lines = [
            _cumulative(found.distance[np.isfinite(found.distance)], colour)
            for found, colour in ((real, REAL), (own, GENERATED))
        ]
        panels.append(Panel(title, "distance", "share of recordings", lines))
    title = "Distance to the nearest training recording"
    return chart(title, panels, LEGEND, columns=2, size=(440, 300))


def _signals(copies: Copies) -> str:
    found, panels = copies.generated_signal, []
    for row in neighbours.closest_rows(found, CLOSEST):
        own = copies.generated.leads[row] / 1000.0
        other = copies.training.leads[found.place[row]] / 1000.0
        times = np.arange(own.shape[1]) / RATE
        later = times - found.shift[row] / RATE
        shared = (later >= times[0]) & (later <= times[-1])
        for lead in DRAWN:
            at = INDEPENDENT.index(lead)
            lines = [
                Line(later[shared], _level(other[at])[shared], REAL, 0.9),
                Line(times, _level(own[at]), GENERATED, 0.9),
            ]
            panels.append(Panel(_pair(copies, found, row, lead), "s", "mV", lines))
    legend = (("training recording", REAL), ("generated (SYNTHETIC)", GENERATED))
    title = "The closest pairs by their whole signal"
    return chart(title, panels, legend, columns=len(DRAWN), size=(430, 190))


def _beats(copies: Copies) -> str:
    found, panels = copies.generated_beat, []
    for row in neighbours.closest_rows(found, CLOSEST):
        own, other = copies.generated.beats[row], copies.training.beats[found.place[row]]
        times = np.arange(own.shape[1]) / RATE - neighbours.BEFORE_S
        for at, lead in enumerate(INDEPENDENT):
            lines = [
                Line(times - found.shift[row] / RATE, other[at], REAL),
                Line(times, own[at], GENERATED),
            ]
            panels.append(Panel(_pair(copies, found, row, lead), "s", "mV", lines))
    legend = (("training recording", REAL), ("generated (SYNTHETIC)", GENERATED))
    title = "The closest pairs by their median beat"
    return chart(title, panels, legend, columns=len(INDEPENDENT), size=(240, 180))


def _pair(copies: Copies, found: Nearest, row: int, lead: str) -> str:
    number = copies.training.ids[found.place[row]]
    return f"{lead}: sample {row}, record {number}, {found.distance[row]:.3f}"


def _level(signal: Floats) -> Floats:
    result: Floats = signal - np.median(signal)
    return result
