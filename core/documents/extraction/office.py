"""Reads Office Open XML: tells docx from xlsx, refuses what can act, takes the marks all such files carry."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, BinaryIO

from core.documents.document import Document, Marks, Picture
from core.documents.extraction.parts import Parts
from core.documents.extraction.pictures import picture
from core.documents.extraction.sheets import read_sheets
from core.documents.extraction.words import read_words
from core.errors import Invalid

MAX_PICTURES = 400
ACTIVE = ("vbaproject.bin", "vbadata.xml", "macrosheets/", "/activex/")
EMBEDDED = ("/embeddings/", "oleobject")
CORE = "{http://schemas.openxmlformats.org/package/2006/metadata/core-properties}"
DC = "{http://purl.org/dc/elements/1.1/}"
TERMS = "{http://purl.org/dc/terms/}"


def read_office(source: BinaryIO) -> Document:
    """Read a docx or xlsx. Raises Invalid with the codes of `core.documents.extract`."""
    parts = Parts(source)
    _refuse_active(parts)
    if "word/document.xml" in parts.names:
        document = read_words(parts)
    elif "xl/workbook.xml" in parts.names:
        document = read_sheets(parts)
    else:
        raise Invalid("document.kind", reason="zip")
    return replace(document, pictures=_pictures(parts), marks=_marks(parts, document.marks))


def _refuse_active(parts: Parts) -> None:
    lower = {name.lower() for name in parts.names}
    if any(mark in name for name in lower for mark in ACTIVE):
        raise Invalid("document.macro")
    if "[Content_Types].xml" not in parts.names:
        raise Invalid("document.kind", reason="zip")
    types = parts.read("[Content_Types].xml").lower()
    if b"macroenabled" in types or b"vbaproject" in types:
        raise Invalid("document.macro")
    if any(mark in name for name in lower for mark in EMBEDDED):
        raise Invalid("document.embedded")


def _pictures(parts: Parts) -> tuple[Picture, ...]:
    names = sorted(n for n in parts.names if n.startswith(("word/media/", "xl/media/")) and not n.endswith("/"))
    return tuple(picture(parts.read(name)) for name in names[:MAX_PICTURES])


def _marks(parts: Parts, marks: Marks) -> Marks:
    if "docProps/core.xml" in parts.names:
        core = parts.xml("docProps/core.xml")
        marks = replace(
            marks,
            creator=_of(core, DC + "creator"),
            last_modified_by=_of(core, CORE + "lastModifiedBy"),
            created_at=_instant(_of(core, TERMS + "created")),
            modified_at=_instant(_of(core, TERMS + "modified")),
        )
    if "docProps/app.xml" in parts.names:
        values = {str(e.tag).rpartition("}")[2]: (e.text or "").strip() for e in parts.xml("docProps/app.xml")}
        marks = replace(
            marks,
            application=" ".join(v for v in (values.get("Application", ""), values.get("AppVersion", "")) if v),
            company=values.get("Company", ""),
            template=values.get("Template", ""),
        )
    if "docProps/custom.xml" in parts.names:
        pairs = [
            (str(e.get("name")), "".join(e.itertext()).strip())
            for e in parts.xml("docProps/custom.xml")
            if isinstance(e.tag, str) and e.get("name")
        ]
        marks = replace(marks, properties=tuple(sorted(pairs)))
    return marks


def _of(root: Any, tag: str) -> str:
    found = root.find(tag)
    return "" if found is None or found.text is None else str(found.text).strip()


def _instant(text: str) -> datetime | None:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
