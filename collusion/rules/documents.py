"""A bid's or tender's document as the watchman sees it: what `core.documents` reads, and the bill items in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from collusion.rules.bill import BillItem, bill_items
from core import documents
from core.documents import Marks, Paragraph, Picture, Place, recognition
from core.documents.apart import WALL_SECONDS
from core.errors import Invalid

__all__ = ["BillItem", "Document", "Marks", "Paragraph", "Picture", "Place", "extract"]


@dataclass(frozen=True, slots=True)
class Document(documents.Document):
    """A document as read, with the items of its priced bill; prices in fen."""

    items: tuple[BillItem, ...] = ()
    recognised: int = 0
    """Scanned pages whose words were read."""


def extract(path: Path, *, name: str | None = None, wall_seconds: float = WALL_SECONDS) -> Document:
    """Read one document apart, as `core.documents.extract` does and with its refusals, and find its bill items."""
    read = documents.extract(path, name=name, wall_seconds=wall_seconds)
    try:
        seen = recognition.recognised(path, read)
    except Invalid:
        seen = ()
    return Document(
        read.file,
        read.kind,
        read.sha256,
        paragraphs=read.paragraphs + seen,
        pictures=read.pictures,
        marks=read.marks,
        data=read.data,
        scanned=read.scanned,
        items=bill_items(read.sheets),
        recognised=len({paragraph.page for paragraph in seen}),
    )
