"""What generated recordings teach the statement network: alone, and beside real ones.

It knows two experiments, both judged on the real recordings of PTB-XL's fold 9. Trained on
generated, tested on real, beside the same network trained on the recordings that the samples were
asked to be like. And rare statements: all real training recordings, and the same with generated
ones of some statements added. It needs PyTorch.

One training of each is one draw of chance: what differs by less than the 95 % intervals differs by
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ecgcli.errors import UsageError
from ecgcli.generation import synthetic_rows
from ecgcli.generation.evaluate_prompts import scp_codes
from ecgcli.generation.evaluate_samples import Way, generator
from ecgcli.generation.synthetic_rows import Source
from ecgcli.processes import processes
from ecgcli.signals.auroc import auroc, interval
from ecgcli.training import ptbxl_rows, statements
from ecgcli.training.generator import rows
from ecgcli.training.ptbxl_table import table
from ecgcli.training.vocabulary import Vocabulary, vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ecgcli.training.ptbxl_rows import Recordings

SEED_OF_INTERVALS = 1
RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Plan:
    """How the experiments are done.

    Attributes:
        folder: PTB-XL in the official layout.
        work: Folder of the generator's training; arrays, samples and checkpoints are kept there.
        way: How samples are made.
        recipe: How the statement network is trained.
        jobs: Worker processes.
    """

    folder: Path
    work: Path
    way: Way = field(default_factory=Way)
    recipe: statements.Recipe = field(default_factory=statements.Recipe)
    jobs: int = 1


@dataclass(frozen=True, slots=True)
class Material:
    """What both experiments begin with: real recordings, and requests made from the training."""

    words: Vocabulary
    learned: Recordings
    judged: Recordings
    asked: list[Source]


def on_generated(plan: Plan, count: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Train on generated recordings alone, and on as many real ones; test both on real ones.

    Args:
        plan: How.
        count: Samples.
        say: Takes lines about the progress.
    """
    material = _material(plan, say)
    chosen = synthetic_rows.spread(material.asked, count, plan.way.seed)
    made = _generated(plan, material, chosen, say)
    # The very recordings whose labels were asked for, each as often: the labels are the same.
    at = {number: row for row, number in enumerate(material.learned.numbers_of.tolist())}
    like = np.array([at[chosen[-1 - number].row.number] for number in made.numbers_of.tolist()])
    real = _rows(material.learned, like.astype(np.int64))
    return {
        "samples": len(chosen),
        "usable": len(made.numbers_of),
        "generated": _judged(plan, material, made, f"generated-{count}", say),
        "real": _judged(plan, material, real, f"real-like-{count}", say),
    }


def augmented(
    plan: Plan, codes: Sequence[str], each: int, say: Callable[[str], None]
) -> dict[str, Any]:
    """Train with and without generated recordings of some statements.

    Args:
        plan: How.
        codes: SCP-ECG codes of the statements.
        each: Samples of each.
        say: Takes lines about the progress.

    Raises:
        UsageError: No request can be made for one of the statements.
    """
    material = _material(plan, say)
    chosen: list[Source] = []
    for code in codes:
        some = [one for one in material.asked if code in scp_codes(one.request)]
        if not some:
            raise UsageError(f"--augment {code}: the generator cannot be asked for it")
        chosen += synthetic_rows.spread(some, each, plan.way.seed)
    made = _generated(plan, material, chosen, say)
    more = synthetic_rows.both(material.learned, made)
    name = f"augmented-{'-'.join(sorted(codes))}-{each}".replace("/", "_")
    with_made = _judged(plan, material, more, name, say)
    without = _judged(plan, material, material.learned, "real", say)
    return {
        "samples": len(chosen),
        "usable": len(made.numbers_of),
        "codes": list(codes),
        "without": without,
        "with": with_made,
    }


def _material(plan: Plan, say: Callable[[str], None]) -> Material:
    words = vocabulary(plan.folder)
    kept = plan.work / "rows"
    measured = rows.load(plan.folder, 100, statements.TRAINING, words, kept, plan.jobs, say).rows
    folds = range(statements.TRAINING.start, statements.CHOOSING.stop)
    real = ptbxl_rows.load(plan.folder, 100, folds, words, kept, plan.jobs, say)
    weights = generator(plan.way.file).weights
    asked = synthetic_rows.sources(table(plan.folder, 100), measured, weights)
    return Material(words, real.of(statements.TRAINING), real.of(statements.CHOOSING), asked)


def _generated(
    plan: Plan, material: Material, chosen: Sequence[Source], say: Callable[[str], None]
) -> Recordings:
    with processes(plan.jobs) as pool:
        kept = plan.work / "generated"
        return synthetic_rows.recordings(pool, chosen, material.words, plan.way, kept, say)


def _judged(
    plan: Plan, material: Material, learned: Recordings, name: str, say: Callable[[str], None]
) -> dict[str, Any] | None:
    """Train on some recordings and return the areas on those of fold 9; `None` without any.

    No recording's version at 500 Hz is learned from, so that all trainings have the same.
    """
    if not len(learned.numbers_of):
        return None
    say(f"training on {len(learned.numbers_of)} recordings: {name}")
    sharp = _rows(learned, np.zeros(0, np.int64))
    seeds = f"{plan.recipe.seed}-{plan.way.seed}"
    digest = generator(plan.way.file).weights.digest[:12] if name != "real" else "real"
    folder = plan.work / "evaluation" / f"{name}-{digest}-{seeds}-{plan.recipe.epochs}"
    network = statements.train(
        plan.recipe, statements.rows_of(learned, sharp, plan.recipe), folder, say
    )
    scores = statements.predict(network, material.judged)
    return _areas(scores.astype(np.float64), material)


def _areas(scores: NDArray[np.float64], material: Material) -> dict[str, Any]:
    labels = material.judged.labels
    present: NDArray[np.bool_] = ~np.isnan(labels)
    found = {}
    for at in material.words.groups["all"]:
        if 0 < present[:, at].sum() < len(present):
            low, high = interval(scores[:, at], present[:, at], SEED_OF_INTERVALS, RESAMPLES)
            found[material.words.names[at]] = {
                "count": int(present[:, at].sum()),
                "auroc": auroc(scores[:, at], present[:, at]),
                "auroc_95": [low, high],
            }
    macro = {
        group: _mean([auroc(scores[:, at], present[:, at]) for at in columns])
        for group, columns in material.words.groups.items()
    }
    return {"macro_auroc": macro, "statements": found}


def _mean(values: Sequence[float]) -> float | None:
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else None


def _rows(some: Recordings, at: NDArray[np.int64]) -> Recordings:
    return ptbxl_rows.Recordings(
        some.numbers_of[at], some.fold[at], some.signal[at], some.numbers[at], some.labels[at]
    )


def lines(result: dict[str, Any]) -> list[str]:
    """Return the comparison for people."""
    pair = ("without", "with") if "codes" in result else ("real", "generated")
    said = [f"{result['samples']} samples, {result['usable']} of them usable", ""]
    if any(result[name] is None for name in pair):
        return [*said, "nothing to train on"]
    said.append(f"{'macro-AUROC on fold 9':24}" + "".join(f"{name:>12}" for name in pair))
    for group in result[pair[0]]["macro_auroc"]:
        areas = [result[name]["macro_auroc"][group] for name in pair]
        said.append(
            f"{group:24}" + "".join(f"{'-' if a is None else f'{a:.4f}':>12}" for a in areas)
        )
    said += ["", f"{'statement':10}{'count':>7}" + "".join(f"{name:>24}" for name in pair)]
    rows_of = [result[name]["statements"] for name in pair]
    for code, first in rows_of[0].items():
        if code in result.get("codes", [code]):
            cells = []
            for one in rows_of:
                low, high = one[code]["auroc_95"]
                cells.append(f"{one[code]['auroc']:.4f} ({low:.3f}-{high:.3f})".rjust(24))
            said.append(f"{code:10}{first['count']:7d}{''.join(cells)}")
    return said
