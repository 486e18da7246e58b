"""The phrases of the vocabulary as lexicons, in which a text's are looked up.

It knows the vocabulary; it does not know what follows from a phrase.
"""

from __future__ import annotations

from functools import cache

from ecgcli.clinical.phrases import Lexicon
from ecgcli.clinical.tables import TableError
from ecgcli.clinical.tokens import key
from ecgcli.generation import quantities, vocabulary
from ecgcli.generation.quantities import Unit
from ecgcli.generation.vocabulary import Meaning


@cache
def lexicon() -> Lexicon[Meaning]:
    """Return the lexicon of all that a text may say, units apart.

    Raises:
        TableError: One phrase means two things.
    """
    found: dict[tuple[str, ...], vocabulary.Item] = {}
    for item in vocabulary.items():
        known = found.setdefault(key(item.written), item)
        ours = item.origin == "the catalogue"  # whose texts are read as the tables say
        if known.meaning != item.meaning and not ours:
            raise TableError(f"{item.written!r} stands in {known.origin} and in {item.origin}")
    return Lexicon({each: item.meaning for each, item in found.items()})


@cache
def units() -> Lexicon[Unit]:
    """Return the lexicon of units, which are looked for only after a number."""
    return Lexicon({key(word): unit for word, unit in quantities.units().items()})


@cache
def sexes() -> Lexicon[Meaning]:
    """Return the lexicon of words that say the patient's sex."""
    kinds = (vocabulary.Word("male"), vocabulary.Word("female"))
    found = (item for item in vocabulary.items() if item.meaning in kinds)
    return Lexicon({key(item.written): item.meaning for item in found})


COMPARISONS = {
    "low": ("at least", "above", "over", "more than", "greater than", "exceeding", ">", "from"),
    "high": ("at most", "below", "under", "less than", "lower than", "up to", "<"),
}
"""Words before a number that make it one end of a range; the end belongs to it."""


@cache
def comparisons() -> Lexicon[str]:
    """Return the lexicon of comparisons: "low" or "high", the end that the number is."""
    return Lexicon({key(word): end for end, words in COMPARISONS.items() for word in words})
