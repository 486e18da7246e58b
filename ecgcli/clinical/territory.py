"""Names of groups of leads: which wall of the heart they look at.

It knows the leads of the twelve-lead ECG and the names that cardiologists give to their groups; it
does not know why a group is named.
"""

from __future__ import annotations

from collections.abc import Iterable

from ecgcli.records.leads import LEADS

_INFERIOR = {"II", "III", "aVF"}
_LATERAL = {"I", "aVL", "V5", "V6"}
_SEPTAL = {"V1", "V2"}
_ANTERIOR = {"V3", "V4"}


def territory(leads: Iterable[str]) -> str:
    """Return what a group of leads is called: "inferior leads (II, III, aVF)"."""
    found = {lead for lead in leads if lead in LEADS}
    listed = ", ".join(lead for lead in LEADS if lead in found)
    name = _name(found)
    return f"{name} leads ({listed})" if name else f"leads {listed}"


def _name(found: set[str]) -> str:
    inferior, lateral = bool(found & _INFERIOR), bool(found & _LATERAL)
    septal, anterior = bool(found & _SEPTAL), bool(found & _ANTERIOR)
    if inferior:
        if septal or anterior:
            return ""
        return "inferolateral" if lateral else "inferior"
    if septal and anterior:
        return "extensive anterior" if lateral else "anteroseptal"
    if anterior:
        return "anterolateral" if lateral else "anterior"
    if septal:
        return "" if lateral else "septal"
    return "lateral" if lateral else ""
