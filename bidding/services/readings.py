"""Reading tender documents once, apart and outside any transaction; what was read is kept by the file's hash."""

from __future__ import annotations

from collections.abc import Iterable

from bidding import queries
from bidding.models import DocumentReading
from core.act import SYSTEM, Act, Platform
from core.documents import Document, extract
from core.errors import Invalid


def read_documents(platform: Platform, documents: Iterable[tuple[str, str]]) -> None:
    """Read each (name, SHA-256) that was not read yet; afterwards its text or the refusal is known.

    Takes as long as the limited process is allowed to (`core.documents`), and holds no transaction meanwhile.
    """
    for name, sha256 in documents:
        with platform.reading() as session:
            if queries.reading(session, sha256) is not None:
                continue
        try:
            read: Document | Invalid = extract(platform.store.path(sha256), name=name)
        except Invalid as refusal:
            read = refusal
        with platform.act(SYSTEM) as act:
            keep_reading(act, sha256, read)


def keep_reading(act: Act, sha256: str, read: Document | Invalid) -> DocumentReading:
    """Keep what was read of a document, or why it was refused; the first reading stays."""
    held = queries.reading(act.session, sha256)
    if held is not None:
        return held
    document = read if isinstance(read, Document) else None
    held = DocumentReading(
        sha256=sha256,
        kind=document.kind if document else "",
        refused=None if document else str(getattr(read, "code", "document.unreadable")),
        paragraphs=[[p.text, p.number, p.page, p.row] for p in document.paragraphs] if document else [],
        read_at=act.now,
    )
    act.session.add(held)
    act.session.flush()
    return held
