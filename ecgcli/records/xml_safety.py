"""XML from outside, looked at before any library builds a tree of it.

A DOCTYPE is tolerated (real MUSE files carry one) and never fetched. Entity declarations are
refused: no ECG format needs them, and they are how small files become huge ones. Depth and size
are bounded. It knows no ECG format, only elements.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING
from xml.parsers import expat

from ecgcli.errors import Category, RecordError
from ecgcli.records.libraries import COPY_AGAIN

if TYPE_CHECKING:
    from xml.parsers.expat import XMLParserType

MAX_XML_BYTES = 64_000_000
MAX_DEPTH = 100

_UNSAFE_REMEDY = "look where the file comes from; no recorder writes this"


def check_xml(data: bytes) -> None:
    """Refuse XML that is unsafe.

    Raises:
        RecordError: UNSAFE for entity declarations, absurd depth or size, DAMAGED where it is
            not well formed.
    """
    if len(data) > MAX_XML_BYTES:
        raise RecordError(
            Category.UNSAFE,
            f"the XML file is larger than {MAX_XML_BYTES / 1e6:.0f} MB",
            "export one recording of some seconds per file",
        )
    depth = 0

    def start(_name: str, _attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise _unsafe(f"the XML is nested more than {MAX_DEPTH} deep")

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1

    parser = _parser()
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError):
        # Text that does not match its declared encoding is common in real files and the reading
        # library recovers it: what matters here is that declarations were seen up to that place.
        if _declares_entities(data):
            raise _unsafe("the XML declares entities") from None
        if _encoding_trouble(parser):
            return
        raise RecordError(
            Category.DAMAGED, "the XML is not well formed, most likely cut off", COPY_AGAIN
        ) from None


def root_name(head: bytes) -> str | None:
    """Return the name of the root element from the first bytes, without a namespace prefix.

    Where entities are declared before it, the name that the DOCTYPE announces.
    """
    found: list[str] = []

    def start(name: str, _attributes: dict[str, str]) -> None:
        found.append(name)

    def announce(name: str, *_identifiers: object) -> None:
        found.append(name)

    parser = _parser()
    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = announce
    # Damage, or a declaration to be refused when it is read, does not matter here.
    with contextlib.suppress(expat.ExpatError, ValueError, LookupError, RecordError):
        parser.Parse(head, False)
    return found[0].rpartition(":")[2] if found else None


def _parser() -> XMLParserType:
    parser = expat.ParserCreate()
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)

    def refuse(*_declaration: object) -> None:
        raise _unsafe("the XML declares entities")

    parser.EntityDeclHandler = refuse
    return parser


def _declares_entities(data: bytes) -> bool:
    """Look for a declaration in any encoding of one, two or four bytes per character."""
    return b"<!ENTITY" in data.replace(b"\0", b"").upper()


def _encoding_trouble(parser: XMLParserType) -> bool:
    return expat.ErrorString(parser.ErrorCode) in (
        expat.errors.XML_ERROR_INVALID_TOKEN,
        expat.errors.XML_ERROR_UNKNOWN_ENCODING,
        expat.errors.XML_ERROR_INCORRECT_ENCODING,
        expat.errors.XML_ERROR_PARTIAL_CHAR,
    )


def _unsafe(reason: str) -> RecordError:
    return RecordError(Category.UNSAFE, reason, _UNSAFE_REMEDY)
