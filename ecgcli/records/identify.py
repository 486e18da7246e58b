"""What kind of file it is, by its content and never by its extension.

The one exception is WFDB, whose library looks for headers under the name `<record>.hea`: a header's
content under another name cannot be read, and is said to be so.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from ecgcli.records import wfdb_header
from ecgcli.records.table_file import NPY_MAGIC, header_of, looks_like_table, names_a_lead
from ecgcli.records.xml_safety import root_name

HEAD_BYTES = 4096
_XML_HEAD_BYTES = 262_144  # comments and DOCTYPEs can push the root element far back
_PDF_TAIL_BYTES = 65_536

_XML_ROOTS = {
    "annotatedecg": "hl7-aecg",
    "restingecg": "ge-muse",
    "restingecgdata": "philips-sierra",
}
_OUR_HTML = re.compile(
    rb"""<meta(?=[^>]{0,300}name=["']?generator)(?=[^>]{0,300}content=["']?ecgcli)""", re.I
)
_OUR_JSON = re.compile(rb'"generator"\s*:\s*"ecgcli')
_OUR_PDF = re.compile(
    rb"/(?:Producer|Creator)\s*\([^)]{0,200}ecgcli|<(?:pdf:Producer|xmp:CreatorTool)>[^<]{0,200}ecgcli"
)
_PDF_STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)


class Kind(Enum):
    """How a file is dealt with."""

    ECG = "an ECG"
    TABLE = "a table of numbers: an ECG if a sidecar or options say what it means"
    REPORT = "a report of an earlier run"
    OTHER = "no ECG"


@dataclass(frozen=True, slots=True)
class Identity:
    """A file's kind; `format` of an ECG or a table; `reason` why it is no ECG.

    `names_leads` says whether a table has a header line that names standard leads.
    """

    kind: Kind
    format: str = ""
    reason: str = ""
    names_leads: bool = False


REPORT = Identity(Kind.REPORT)


def identify(path: Path, companion: bool = False) -> Identity:
    """Identify a file.

    Args:
        path: The file.
        companion: Whether a WFDB header names it. Then it is another ECG only if it has the
            unmistakable mark of one: SCP-ECG and MFER are told by their structure, which the
            samples of a signal file may imitate.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        if not head:
            return _other("the file is empty")
        plain = head.removeprefix(b"\xef\xbb\xbf").lstrip()
        if plain.startswith(b"<") or head.startswith((b"\xff\xfe<\0", b"\xfe\xff\0<")):
            return _markup(path, head, head + file.read(_XML_HEAD_BYTES - len(head)))
        if head.startswith(b"%PDF-"):
            return _pdf(path, head)
    if plain.startswith((b"{", b"[")):
        return _json(path, head)
    if head.startswith(NPY_MAGIC):
        return Identity(Kind.TABLE, "npy")
    return (
        _marked(path, head) or (None if companion else _structured(path, head)) or _text(path, head)
    )


def _other(reason: str) -> Identity:
    return Identity(Kind.OTHER, reason=reason)


def _markup(path: Path, head: bytes, more: bytes) -> Identity:
    if _OUR_HTML.search(more):
        return REPORT
    root = root_name(more)
    if root is None:
        return _other("markup that is no XML with a root element")
    known = _XML_ROOTS.get(root.casefold())
    if known:
        return Identity(Kind.ECG, known)
    if root == "ECG" and _library_says("mortara", path, head):
        return Identity(Kind.ECG, "mortara")
    return _other("XML or HTML of a kind that is no known ECG format")


def _pdf(path: Path, head: bytes) -> Identity:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _PDF_TAIL_BYTES))
        tail = file.read()
    # What the document says of itself mostly stands in a compressed stream, near the end.
    parts = [head, tail, *(_inflated(match[1]) for match in _PDF_STREAM.finditer(tail))]
    if any(_OUR_PDF.search(part) for part in parts):
        return REPORT
    return _other("a PDF document")


def _inflated(data: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(data, _PDF_TAIL_BYTES)
    except zlib.error:
        return b""


def _json(path: Path, head: bytes) -> Identity:
    if _OUR_JSON.search(head) and b'"schema_version"' in head:
        return REPORT
    if _library_says("kardia", path, head):
        return Identity(Kind.ECG, "kardia")
    return _other("JSON of a kind that is no known ECG format")


def _marked(path: Path, head: bytes) -> Identity | None:
    if head[128:132] == b"DICM":
        # The class of the object stands in the file's meta information: any ECG waveform.
        if b"1.2.840.10008.5.1.4.1.1.9.1." in head:
            return Identity(Kind.ECG, "dicom")
        return _other("a DICOM object that is no ECG")
    if head.startswith(b"ISHNE1.0"):
        return Identity(Kind.ECG, "ishne")
    if head.startswith(b"MATLAB 5.0 MAT-file"):
        return _other("a MATLAB file without a WFDB header")
    if head.startswith((b"0       ", b"\xffBIOSEMI")) and _library_says("edf", path, head):
        return Identity(Kind.ECG, "edf")
    return None


def _structured(path: Path, head: bytes) -> Identity | None:
    if _library_says("scp-ecg", path, head):
        return Identity(Kind.ECG, "scp-ecg")
    # MFER's preamble is optional. Text never is MFER, but may look like a chain of its tags.
    if b"\0" in head and _library_says("mfer", path, head):
        return Identity(Kind.ECG, "mfer")
    return None


def _text(path: Path, head: bytes) -> Identity:
    if b"\0" in head:
        return _other("binary data of a kind that is no known ECG format")
    text = head.decode("utf-8-sig", errors="replace")
    if wfdb_header.looks_like_header(text):
        if path.suffix.casefold() == ".hea":
            return Identity(Kind.ECG, "wfdb")
        if _is_header(text):
            return _other("a WFDB header that is not called <record>.hea")
    if looks_like_table(text):
        header = header_of(text)
        named = header is not None and names_a_lead(header)
        return Identity(Kind.TABLE, "csv", names_leads=named)
    return _other("text that is no known ECG format")


def _is_header(text: str) -> bool:
    try:
        return bool(wfdb_header.parse(text).files())
    except ValueError:
        return False


def _library_says(format: str, path: Path, head: bytes) -> bool:
    from ecgcli.records.vendor_file import parser

    try:
        return bool(parser(format).can_parse(path, head))
    except Exception:  # sniffing code of a library on arbitrary bytes: no means no
        return False
