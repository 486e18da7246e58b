"""Where a record's outputs go: a name below the output directory that no other record has.

Names are made from the names in one folder alone, so they depend neither on the order in which
files are found nor on what stands in other folders. They are unique on file systems that ignore
case or the form of accents, too.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable

OUTPUT_SUFFIXES = (".json", ".html", ".pdf")
MAX_NAME_BYTES = 200
# What the run itself writes at the top of the output directory.
RUN_OUTPUTS = ("index.html", "run.json", "findings.csv")
_RUN_NAMES = {"index", "run", "findings"}


def record_name(file_name: str) -> str:
    """Return the name of a record: without `.hea` for WFDB, else the file's whole name."""
    return file_name[:-4] if file_name.casefold().endswith(".hea") else file_name


def output_names(files: Iterable[str], folders: Collection[str], top: bool) -> dict[str, str]:
    """Return the output name of every file (without extension) and every folder of a folder.

    Args:
        files: Names of all files in the folder, ECGs or not.
        folders: Names of the folders in it.
        top: Whether its outputs go to the top of the output directory.

    Returns:
        Output names by name. A WFDB record is called as its header without `.hea` unless that
        name is taken; every other file by its full name. A name that is too long, cannot be
        written, or would collide gets 8 hexadecimal digits of its hash.
    """
    files = list(files)
    full = Counter(_key(name) for name in [*files, *folders])
    reserved = _RUN_NAMES if top else set()
    wanted: dict[str, str] = {}
    for name in files:
        plain = record_name(name)
        taken = plain != name and (full[_key(plain)] > 0 or _key(plain) in reserved)
        wanted[name] = name if taken else plain
    wanted |= {name: name for name in folders}
    count = Counter(_key(name) for name in wanted.values())
    folder_keys = {_key(name) for name in folders}
    result = {}
    for name, output in wanted.items():
        if name in folders:
            clash = top and _key(output) in RUN_OUTPUTS
        else:
            clash = _key(output) in reserved or any(
                _key(output + suffix) in folder_keys for suffix in OUTPUT_SUFFIXES
            )
        clash = clash or count[_key(output)] > 1
        result[name] = _writable(output, name, marked=clash)
    return result


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", name.casefold())


def _writable(output: str, name: str, marked: bool) -> str:
    """Return the output name as it can be written anywhere, with a mark where it was changed."""
    clean = "".join(
        "_" if unicodedata.category(letter) in ("Cc", "Cs") else letter for letter in output
    )
    data = clean.encode("utf-8")
    if clean == output and len(data) <= MAX_NAME_BYTES and not marked:
        return output
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:8]
    kept = data[: MAX_NAME_BYTES - 9].decode("utf-8", "ignore")
    return f"{kept}~{digest}"
