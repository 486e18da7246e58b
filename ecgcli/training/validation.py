"""What the delineator's recipe is worth: 5-fold cross-validation over the LUDB records.

It knows folds and comes out with numbers; it does not know how a network is trained.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ecgcli.models.delineator import Delineator
from ecgcli.records.read import read_path
from ecgcli.signals import evaluate_intervals
from ecgcli.signals.condition import condition
from ecgcli.signals.delineation import LeadWaves
from ecgcli.signals.delineation_table import Method
from ecgcli.signals.evaluate_delineation import compare, intervals, total
from ecgcli.signals.ludb import headers as find_headers
from ecgcli.signals.measure import measure_conditioned
from ecgcli.signals.quality import assess
from ecgcli.signals.results import Analysis
from ecgcli.signals.shares import mark
from ecgcli.training import ludb
from ecgcli.training.batches import RATE, Recipe
from ecgcli.training.delineator import extra_in, runtime, train


def cross_validation(
    recipe: Recipe, data: Path, work: Path, say: Callable[[str], None]
) -> tuple[Method, Method]:
    """Train what is missing of the five networks; every record is marked by the one new to it.

    Args:
        recipe: What to do.
        data: Folder that holds `ludb` and, where they are to be used, `cinc2011` and `ptbxl`.
        work: Where the networks of the folds are kept.
        say: Takes lines about the progress.

    Returns:
        What the networks mark by themselves, and what the whole engine makes of it: the intervals
        of the first are medians over leads and beats, those of the second what it measures.
    """
    examples = ludb.load(data)
    headers = {header.stem: header for header in find_headers(data)}
    extra = extra_in(data)
    found: dict[str, list[LeadWaves]] = {}
    engine = evaluate_intervals.Comparison()
    for fold in range(ludb.FOLDS):
        seen = [e for i, e in enumerate(examples) if ludb.fold_of(i) != fold]
        unseen = [e for i, e in enumerate(examples) if ludb.fold_of(i) == fold]
        say(f"fold {fold + 1} of {ludb.FOLDS}")
        network = runtime(train(recipe, seen, extra, work / f"fold-{fold}", say))
        for e in unseen:
            found[e.name] = mark(network, e.signal)
            analysis = _analysed(headers[e.name], network)
            evaluate_intervals.compare(engine, e.name, analysis, e.waves)
    scores = total([compare(found[e.name], e.waves, RATE) for e in examples])
    pairs = [(intervals(found[e.name], RATE), intervals(e.waves, RATE)) for e in examples]
    return (
        Method(f"ecgcli's networks, {ludb.FOLDS}-fold", scores, pairs),
        Method(f"ecgcli, {ludb.FOLDS}-fold", engine.marks, list(engine.intervals.values())),
    )


def _analysed(header: Path, network: Delineator) -> Analysis:
    """Return what the engine would say of a record with another network than the one that ships.

    LUDB's recordings have the rate and length of the analysis, so its samples are the record's.
    """
    record = read_path(header)
    conditioned = condition(record)
    quality = assess(conditioned)
    result = measure_conditioned(conditioned, quality, network)
    return Analysis(
        record, conditioned, quality, result.measurements, result.median_beat, result.fiducials
    )
