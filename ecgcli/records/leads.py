"""Names of ECG leads, from whatever a file calls them to the twelve standard names.

It knows spellings (any case, MDC codes, vendor prefixes) and the laws of Einthoven and Goldberger;
it does not know files or formats.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
LIMB_LEADS = LEADS[:6]
CHEST_LEADS = LEADS[6:]

# Each limb lead as a combination (a, b) of leads I and II: Einthoven (III = II - I) and Goldberger.
# No two of the six are parallel, so any two of them give the other four.
_OF_I_AND_II = {
    "I": (1.0, 0.0),
    "II": (0.0, 1.0),
    "III": (-1.0, 1.0),
    "aVR": (-0.5, -0.5),
    "aVL": (1.0, -0.5),
    "aVF": (-0.5, 1.0),
}

_SPELLINGS = {name.casefold(): name for name in LEADS} | {
    # "derivation 1" of French, Spanish and Portuguese machines. A bare number ("ECG 1") is a
    # channel and not a lead, "MLII" is a modified lead, "-aVR" is inverted: none of them is here.
    "di": "I",
    "dii": "II",
    "diii": "III",
    "d1": "I",
    "d2": "II",
    "d3": "III",
}
_PREFIX = re.compile(r"(?:mdc[ _])?(?:(?:ecg|ekg)[ _.:-]+|lead[ _.:-]*)*")
_SUFFIX = re.compile(r" ?\((?:einthoven|goldberger|wilson)\)$")


def standard_name(text: str) -> str | None:
    """Return the standard name of a lead, or `None` where the text surely names no standard lead.

    Takes any case ("avr", "AVR"), prefixes ("Lead I", "ECG V1"), IEEE 11073 codes
    ("MDC_ECG_LEAD_V1"), DICOM code meanings ("Lead I (Einthoven)") and Roman numeral characters.
    What is doubtful (channel numbers, modified or inverted leads, Frank leads) is `None`.
    """
    plain = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    plain = _SUFFIX.sub("", plain)
    rest = _PREFIX.sub("", plain, count=1) if _PREFIX.match(plain) else plain
    rest = rest.strip(" _.:")
    return _SPELLINGS.get(rest.replace("v ", "v"))


def derive_limb_leads(
    rows: Mapping[str, NDArray[np.number]],
) -> dict[str, NDArray[np.float64]]:
    """Compute the limb leads that are missing from any two that are there.

    Args:
        rows: Samples (mV) by standard lead name. Of three or more limb leads the first two in
            standard order are used. NaN stays NaN.

    Returns:
        The missing limb leads, empty where fewer than two limb leads are given.
    """
    given = [name for name in LIMB_LEADS if name in rows]
    if len(given) < 2:
        return {}
    first, second = given[:2]
    (a, b), (c, d) = _OF_I_AND_II[first], _OF_I_AND_II[second]
    determinant = a * d - b * c
    x, y = rows[first].astype("float64"), rows[second].astype("float64")
    one, two = (d * x - b * y) / determinant, (a * y - c * x) / determinant
    return {name: p * one + q * two for name, (p, q) in _OF_I_AND_II.items() if name not in rows}
