"""From PTB-XL to the file of the statement network that ships: train, calibrate, write.

It knows the order of the work and what stands in the file's card; the steps themselves are in
`statements` (the recipe), `ptbxl_rows` (the data) and `calibration`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ecgcli.models.statements import FILE, save
from ecgcli.signals.reading import NUMBERS
from ecgcli.training import calibration, statements
from ecgcli.training.ptbxl_rows import Recordings, load
from ecgcli.training.statement_net import StatementNet, folded
from ecgcli.training.vocabulary import Vocabulary, vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST = 0.15
"""No statement is made below this probability: it would be wrong six times out of seven."""
FEWEST = 30
"""Training examples below which a statement counts as not learned and is never asserted."""


def make(
    recipe: statements.Recipe,
    data: Path,
    out: Path,
    teachers: Sequence[Path],
    jobs: int,
    say: Callable[[str], None],
    start: Path | None = None,
) -> Path:
    """Train on folds 1 to 8, choose thresholds on fold 9 and write the model.

    Args:
        recipe: What to do.
        data: Folder of PTB-XL in the official layout.
        out: Folder for the model, the arrays, the checkpoint and the curve; an interrupted call
            goes on from what it finds there.
        teachers: Folders of networks trained before, which are asked about every batch.
        jobs: Processes that measure recordings.
        say: Takes lines about the progress.
        start: Folder of a network trained before, to go on from.

    Returns:
        The model's file, or, of a network that can only teach, the folder of its checkpoint.
    """
    words = vocabulary(data)
    coarse = load(data, 100, range(1, 10), words, out / "rows", jobs, say)
    sharp = load(data, 500, range(1, 10), words, out / "rows", jobs, say)
    learned = coarse.of(statements.TRAINING)
    asked = [statements.trained(folder, learned) for folder in teachers]
    rows = statements.rows_of(learned, sharp.of(statements.TRAINING), recipe)
    held = coarse.of(statements.CHOOSING)
    check = statements.progress(words, held, out / "curve.jsonl", say)
    first = statements.trained(start, learned) if start is not None else None
    folder = out / f"seed-{recipe.seed}"
    model = statements.train(recipe, rows, folder, say, check, first, asked)
    if recipe.fine:  # `models.statements` does not run it
        return folder
    file = out / FILE
    write(model, words, learned, held, file)
    return file


def write(
    model: StatementNet, words: Vocabulary, trained: Recordings, held: Recordings, file: Path
) -> None:
    """Calibrate a network on recordings that it has not seen and write its file."""
    logits = statements.predict(model, held)
    present: NDArray[np.bool_] = ~np.isnan(held.labels)
    fitted = calibration.fit(logits, present)
    limits = np.maximum(calibration.thresholds(fitted(logits)), LEAST)
    examples = (~np.isnan(trained.labels)).sum(axis=0)
    card: dict[str, Any] = {
        "outputs": list(words.names),
        "numbers": list(NUMBERS),
        "slope": [round(float(value), 5) for value in fitted.slope],
        "offset": [round(float(value), 5) for value in fitted.offset],
        "thresholds": [
            round(float(limit), 4) if count >= FEWEST else None
            for limit, count in zip(limits, examples, strict=True)
        ],
        "examples": [int(count) for count in examples],
    }
    save(folded(model), card, file)
