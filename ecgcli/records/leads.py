"""Names of ECG leads, from whatever a file calls them to the twelve standard names.

It knows spellings (any case, MDC codes, vendor prefixes) and the laws of Einthoven and Goldberger;
it does not know files or formats.
"""

LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
LIMB_LEADS = LEADS[:6]
CHEST_LEADS = LEADS[6:]
