"""What is read out of a document, and its form between the limited process and whoever asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

KINDS = ("docx", "xlsx", "pdf", "json", "txt", "xml")


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: file, page from 1 when the format knows pages, paragraph (or row) from 1."""

    file: str
    page: int | None
    paragraph: int | None


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph, or one table row with its cells joined by tabs."""

    text: str
    number: int
    page: int | None = None
    row: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """An embedded image: digest of its stored stream; perceptual hash (256 bits) when it could be decoded."""

    sha256: str
    width: int
    height: int
    perceptual: int | None
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a sheet: its number from 1, and the filled cells as (column from 1, text)."""

    number: int
    cells: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of a workbook: its name and the rows that hold anything."""

    name: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Marks:
    """What the authoring program left in the file. Empty strings and None mean the file does not say."""

    creator: str = ""
    last_modified_by: str = ""
    company: str = ""
    application: str = ""
    template: str = ""
    producer: str = ""
    created_at: datetime | None = None
    modified_at: datetime | None = None
    rsid_root: str = ""
    rsids: frozenset[str] = frozenset()
    properties: tuple[tuple[str, str], ...] = ()
    pdf_identifiers: tuple[str, ...] = ()
    layout: str = ""
    """How pages are set: size, margins, grid, usual typefaces and size, as the file tells them (docx)."""

    def custom(self, name: str) -> str:
        """Give a custom property (KSO's `ICV` among them), or an empty string."""
        return dict(self.properties).get(name, "")


@dataclass(frozen=True, slots=True)
class Document:
    """A document as read: what it is called, digest of the file, text, sheets, pictures and marks."""

    file: str
    kind: str
    sha256: str
    paragraphs: tuple[Paragraph, ...] = ()
    sheets: tuple[Sheet, ...] = ()
    pictures: tuple[Picture, ...] = ()
    marks: Marks = field(default_factory=Marks)
    data: dict[str, Any] | None = None
    scanned: tuple[int, ...] = ()
    """Pages that show an image and hold (nearly) no text."""

    def place(self, number: int | None) -> Place:
        """Give the place of a paragraph number, or of the file as a whole."""
        page = next((p.page for p in self.paragraphs if p.number == number), None) if number is not None else None
        return Place(self.file, page, number)


def encode(document: Document) -> dict[str, Any]:
    """Give the JSON form that `decode` reads back; digest and name are the parent's business."""
    marks = document.marks
    return {
        "kind": document.kind,
        "paragraphs": [[p.text, p.number, p.page, p.row] for p in document.paragraphs],
        "sheets": [[s.name, [[line.number, line.cells] for line in s.lines]] for s in document.sheets],
        "pictures": [[p.sha256, p.width, p.height, p.perceptual, p.page] for p in document.pictures],
        "marks": {
            "creator": marks.creator,
            "last_modified_by": marks.last_modified_by,
            "company": marks.company,
            "application": marks.application,
            "template": marks.template,
            "producer": marks.producer,
            "created_at": marks.created_at.isoformat() if marks.created_at else None,
            "modified_at": marks.modified_at.isoformat() if marks.modified_at else None,
            "rsid_root": marks.rsid_root,
            "rsids": sorted(marks.rsids),
            "properties": [list(pair) for pair in marks.properties],
            "pdf_identifiers": list(marks.pdf_identifiers),
            "layout": marks.layout,
        },
        "data": document.data,
        "scanned": list(document.scanned),
    }


def decode(answer: dict[str, Any], name: str, sha256: str) -> Document:
    """Build the Document from the child's answer, trusting no type in it; raises ValueError and its kin."""
    marks = answer["marks"]
    data = answer["data"]
    if answer["kind"] not in KINDS or not (data is None or isinstance(data, dict)):
        raise ValueError("kind")
    return Document(
        file=name,
        kind=answer["kind"],
        sha256=sha256,
        paragraphs=tuple(
            Paragraph(_text(t), _count(n), _maybe_count(page), bool(row)) for t, n, page, row in answer["paragraphs"]
        ),
        sheets=tuple(
            Sheet(
                _text(sheet),
                tuple(Line(_count(n), tuple((_count(c), _text(t)) for c, t in cells)) for n, cells in lines),
            )
            for sheet, lines in answer["sheets"]
        ),
        pictures=tuple(
            Picture(_text(s), _count(w), _count(h), _maybe_count(x), _maybe_count(page))
            for s, w, h, x, page in answer["pictures"]
        ),
        marks=Marks(
            creator=_text(marks["creator"]),
            last_modified_by=_text(marks["last_modified_by"]),
            company=_text(marks["company"]),
            application=_text(marks["application"]),
            template=_text(marks["template"]),
            producer=_text(marks["producer"]),
            created_at=_instant(marks["created_at"]),
            modified_at=_instant(marks["modified_at"]),
            rsid_root=_text(marks["rsid_root"]),
            rsids=frozenset(_text(r) for r in marks["rsids"]),
            properties=tuple((_text(k), _text(v)) for k, v in marks["properties"]),
            pdf_identifiers=tuple(_text(i) for i in marks["pdf_identifiers"]),
            layout=_text(marks["layout"]),
        ),
        data=data,
        scanned=tuple(_count(page) for page in answer.get("scanned", [])),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("text")
    return value


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError("count")
    return value


def _maybe_count(value: Any) -> int | None:
    return None if value is None else _count(value)


def _instant(value: Any) -> datetime | None:
    if value is None:
        return None
    instant = datetime.fromisoformat(_text(value))
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
