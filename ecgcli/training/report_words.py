"""What physicians wrote of recordings, as something to learn from beside the labels.

It knows words and the phrases of two and three of them; it does not know what they mean, nor
German from English. A report says more than the labels drawn from it (which leads, how much, since
when), and a network that can tell its words has had to see what they speak of. The words serve
training only: nothing of them is in the file that ships.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LONGEST = 3
"""Words of a phrase."""
WORD = re.compile(r"[a-z0-9]+")


def phrases(report: str) -> set[str]:
    """Return every phrase of one to `LONGEST` words of a report."""
    words = WORD.findall(report.lower())
    return {
        " ".join(words[at : at + length])
        for length in range(1, LONGEST + 1)
        for at in range(len(words) - length + 1)
    }


def written(
    reports: Mapping[int, str], numbers: Sequence[int], least: int, most: int
) -> NDArray[np.float32]:
    """Return which phrases stand in the reports of recordings.

    Args:
        reports: Texts by the recording's number; an empty one is none.
        numbers: The recordings wanted.
        least: Recordings that a phrase must stand in to be taken.
        most: Phrases taken, the more frequent first; of those that always stand together one.

    Returns:
        (recordings, phrases) 1 or 0; NaN where there is no report.
    """
    found = [phrases(reports.get(number, "")) for number in numbers]
    counts = Counter(phrase for one in found for phrase in one)
    frequent = sorted(
        (phrase for phrase, count in counts.items() if count >= least),
        key=lambda phrase: (-counts[phrase], len(phrase), phrase),
    )
    columns: dict[bytes, NDArray[np.float32]] = {}
    for phrase in frequent:
        if len(columns) == most:
            break
        column = np.array([phrase in one for one in found], dtype=np.float32)
        columns.setdefault(column.tobytes(), column)
    if not columns:
        return np.empty((len(numbers), 0), dtype=np.float32)
    result = np.stack(list(columns.values()), axis=1)
    result[[not one for one in found]] = np.nan
    return result
