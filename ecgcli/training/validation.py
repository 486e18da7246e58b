"""What the delineator's recipe is worth: 5-fold cross-validation over the LUDB records.

It knows folds and comes out with numbers; it does not know how a network is trained.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ecgcli.signals.delineation import LeadWaves
from ecgcli.signals.delineation_table import Method
from ecgcli.signals.evaluate_delineation import compare, intervals, total
from ecgcli.signals.shares import mark
from ecgcli.training import ludb
from ecgcli.training.batches import RATE, Recipe
from ecgcli.training.delineator import extra_in, runtime, train


def cross_validation(recipe: Recipe, data: Path, work: Path, say: Callable[[str], None]) -> Method:
    """Train what is missing of the five networks; every record is marked by the one new to it.

    Args:
        recipe: What to do.
        data: Folder that holds `ludb` and, where they are to be used, `cinc2011` and `ptbxl`.
        work: Where the networks of the folds are kept.
        say: Takes lines about the progress.
    """
    examples = ludb.load(data)
    extra = extra_in(data)
    found: dict[str, list[LeadWaves]] = {}
    for fold in range(ludb.FOLDS):
        seen = [e for i, e in enumerate(examples) if ludb.fold_of(i) != fold]
        unseen = [e for i, e in enumerate(examples) if ludb.fold_of(i) == fold]
        say(f"fold {fold + 1} of {ludb.FOLDS}")
        network = runtime(train(recipe, seen, extra, work / f"fold-{fold}", say))
        found |= {e.name: mark(network, e.signal) for e in unseen}
    scores = total([compare(found[e.name], e.waves, RATE) for e in examples])
    pairs = [(intervals(found[e.name], RATE), intervals(e.waves, RATE)) for e in examples]
    name = f"ecgcli, {ludb.FOLDS}-fold"
    return Method(name, scores, pairs)
