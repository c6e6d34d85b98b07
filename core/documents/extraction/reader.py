"""Choose the reader by what the bytes are, not by what the name says."""

from __future__ import annotations

import io
import json
from typing import Any, BinaryIO

from core.documents.document import Document, Paragraph
from core.errors import Invalid

TEXT_BYTES = 20 * 1024 * 1024
JSON_BYTES = 8 * 1024 * 1024
"""A record of the platform has kilobytes; parsed numbers take thirty times their bytes."""


def read(source: BinaryIO, suffix: str) -> Document:
    """Read one document; `suffix` only settles what the first bytes leave open (json, xml or txt). Raises Invalid."""
    head = source.read(1024)
    source.seek(0)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        from core.documents.extraction.office import read_office

        return read_office(source)
    if b"%PDF-" in head:
        from core.documents.extraction.portable import read_pdf

        return read_pdf(source)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise Invalid("document.kind", reason="ole")
    if suffix in ("docx", "xlsx", "docm", "xlsm", "pdf"):
        raise Invalid("document.unreadable", reason="signature")
    if suffix == "json":
        return _read_json(source)
    if suffix == "xml":
        from core.documents.extraction.markup import read_xml

        return read_xml(source)
    if suffix in ("txt", "md", "csv"):
        return _read_text(source)
    raise Invalid("document.kind", reason=suffix)


def _bytes(source: BinaryIO, most: int = TEXT_BYTES) -> bytes:
    data = source.read(most + 1)
    if len(data) > most:
        raise Invalid("document.size")
    return data


def _read_json(source: BinaryIO) -> Document:
    try:
        value = json.load(io.BytesIO(_bytes(source, JSON_BYTES)))
    except (ValueError, RecursionError) as error:
        raise Invalid("document.unreadable", reason="json") from error
    data: dict[str, Any] = value if isinstance(value, dict) else {"value": value}
    return Document("", "json", "", data=data)


def _read_text(source: BinaryIO) -> Document:
    data = _bytes(source)
    if b"\x00" in data and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Invalid("document.unreadable", reason="binary")
    for encoding in ("utf-16",) if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "gb18030"):
        try:
            lines = data.decode(encoding).splitlines()
            break
        except UnicodeDecodeError:
            continue
    else:
        raise Invalid("document.unreadable", reason="encoding")
    paragraphs = tuple(Paragraph(line.strip(), n) for n, line in enumerate(lines, 1) if line.strip())
    return Document("", "txt", "", paragraphs=paragraphs)
