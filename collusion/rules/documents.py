"""What is read out of a bid document, and the door to the limited process that reads it."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from io import BufferedReader
from pathlib import Path
from typing import Any

from core.errors import Invalid

KINDS = ("docx", "xlsx", "pdf", "json", "txt")
MAX_FILE_BYTES = 200 * 1024 * 1024
ANSWER_BYTES = 64 * 1024 * 1024
WALL_SECONDS = 60.0


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
class BillItem:
    """One line of a priced bill of quantities; prices in fen, None where the cell is empty."""

    row: int
    code: str
    name: str
    feature: str
    unit: str
    quantity: Decimal
    unit_price: int | None
    amount: int | None


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

    def custom(self, name: str) -> str:
        """Give a custom property (KSO's `ICV` among them), or an empty string."""
        return dict(self.properties).get(name, "")


@dataclass(frozen=True, slots=True)
class Document:
    """A document as read: its name inside the bid, digest of the file, text, bill, pictures and marks."""

    file: str
    kind: str
    sha256: str
    paragraphs: tuple[Paragraph, ...] = ()
    items: tuple[BillItem, ...] = ()
    pictures: tuple[Picture, ...] = ()
    marks: Marks = field(default_factory=Marks)
    data: dict[str, Any] | None = None

    def place(self, number: int | None) -> Place:
        """Give the place of a paragraph number, or of the file as a whole."""
        page = next((p.page for p in self.paragraphs if p.number == number), None) if number is not None else None
        return Place(self.file, page, number)


def extract(path: Path, *, name: str | None = None, wall_seconds: float = WALL_SECONDS) -> Document:
    """Read one document in a child process with limits on memory, CPU, file size and time, and without network.

    The child gets the open file as its standard input and no path. `name` is what the document is called in the
    result. Raises Invalid with `field` = that name and code `document.missing`, `.link`, `.size`, `.kind`, `.bomb`,
    `.macro`, `.active`, `.embedded`, `.doctype`, `.encrypted`, `.names`, `.pixels`, `.memory`, `.timeout` or
    `.unreadable`; nothing else escapes (PROOF T12, R23).
    """
    label = name if name is not None else path.name
    with _opened(path, label) as source:
        digest = hashlib.file_digest(source, "sha256").hexdigest()
        source.seek(0)
        answer = _read_apart(source, label, path.suffix.lower().lstrip("."), wall_seconds)
    refused = answer.get("refused")
    if refused is not None:
        facts = answer.get("facts")
        code = refused if isinstance(refused, str) and refused.startswith("document.") else "document.unreadable"
        known = facts if isinstance(facts, dict) else {}
        raise Invalid(code, field=label, **{str(k): str(v) for k, v in known.items()})
    try:
        return decode(answer, label, digest)
    except (KeyError, TypeError, ValueError, AttributeError, InvalidOperation) as error:
        raise Invalid("document.unreadable", field=label, reason="answer") from error


def _opened(path: Path, label: str) -> BufferedReader:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        code = "document.link" if path.is_symlink() else "document.missing"
        raise Invalid(code, field=label) from error
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_FILE_BYTES:
        os.close(descriptor)
        regular = stat.S_ISREG(status.st_mode)
        raise Invalid("document.size" if regular else "document.link", field=label)
    return os.fdopen(descriptor, "rb")


def _read_apart(source: BufferedReader, label: str, suffix: str, wall_seconds: float) -> dict[str, Any]:
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-s", "-P", "-m", "collusion.rules.extraction", suffix or "none"]
    # The answer goes to an unlinked file, not a pipe: the child's own file-size limit then bounds it.
    with tempfile.TemporaryFile() as answer:
        try:
            done = subprocess.run(
                command,
                stdin=source,
                stdout=answer,
                stderr=subprocess.DEVNULL,
                timeout=wall_seconds,
                check=False,
                close_fds=True,
                cwd="/",
                env={
                    "PYTHONPATH": str(root),
                    "LC_ALL": "C.UTF-8",
                    "PYTHONDONTWRITEBYTECODE": "1",
                    "MALLOC_ARENA_MAX": "1",
                },
            )
        except subprocess.TimeoutExpired as error:
            raise Invalid("document.timeout", field=label) from error
        if done.returncode != 0:
            # -24 SIGXCPU, -9 the hard CPU limit; -25 SIGXFSZ: the answer outgrew its limit.
            code = {-24: "document.timeout", -9: "document.timeout", -25: "document.bomb"}.get(done.returncode)
            raise Invalid(code or "document.unreadable", field=label, reason=f"exit {done.returncode}")
        answer.seek(0)
        try:
            decoded = json.loads(answer.read(ANSWER_BYTES + 1))
        except (ValueError, RecursionError) as error:
            raise Invalid("document.unreadable", field=label, reason="answer") from error
    if not isinstance(decoded, dict):
        raise Invalid("document.unreadable", field=label, reason="answer")
    return decoded


def encode(document: Document) -> dict[str, Any]:
    """Give the JSON form that `decode` reads back; digest and name are the parent's business."""
    marks = document.marks
    return {
        "kind": document.kind,
        "paragraphs": [[p.text, p.number, p.page, p.row] for p in document.paragraphs],
        "items": [
            [i.row, i.code, i.name, i.feature, i.unit, str(i.quantity), i.unit_price, i.amount] for i in document.items
        ],
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
        },
        "data": document.data,
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
        items=tuple(
            BillItem(
                _count(r), _text(c), _text(n), _text(f), _text(u), Decimal(_text(q)), _maybe_count(p), _maybe_count(a)
            )
            for r, c, n, f, u, q, p, a in answer["items"]
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
        ),
        data=data,
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
