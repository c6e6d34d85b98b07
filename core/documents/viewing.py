"""Pages of strangers' documents for people to look at: drawn in the limited process, kept on a shelf, marked each time.

A PDF is drawn; a Word document too where LibreOffice is installed; of other documents the text is shown in parts.
Whoever asks must be allowed to read the document: nothing here knows whose it is.
"""

from __future__ import annotations

import json
import secrets
import struct
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from core.documents.apart import extract, run_apart
from core.documents.converting import convert_document, converter
from core.documents.shelf import Shelf
from core.errors import Conflict, Invalid

VERSION = "1"
"""Part of every name on the shelf: raised when pages are drawn differently."""
WIDTHS = {"page": 1240, "large": 2200}
THUMB_WIDTH = 132
THUMBS_AT_ONCE = 12
ROWS_A_PART = 40
WALL_SECONDS = 25.0
WAIT_SECONDS = 20.0
MOST_AT_ONCE = 2
"""Documents this process has drawn at the same time; the others wait, then are told to try again."""
ANSWER_BYTES = 64 * 1024 * 1024
_turns = threading.BoundedSemaphore(MOST_AT_ONCE)


@dataclass(frozen=True)
class Leaves:
    """What a document is made of: `drawn` pages, or parts of plain text; the text of each, None where it is unread.

    `converted`: the pages were set by LibreOffice, so that they may break elsewhere than in the author's program.
    """

    drawn: bool
    texts: tuple[str | None, ...]
    converted: bool = False

    @property
    def count(self) -> int:
        """How many pages, or parts, there are."""
        return len(self.texts)

    def text(self, number: int) -> str:
        """The text of a page, from 1; empty where there is none."""
        return self.texts[number - 1] or ""


def leaves(shelf: Shelf, path: Path, sha256: str, name: str) -> Leaves:
    """Count and read the pages of a document; Invalid as `extract` raises it where it cannot be read."""
    key = (VERSION, "texts", sha256, converter() is not None)
    kept = shelf.get(*key)
    if kept is None:
        with _turn():
            read = _read(shelf, path, sha256, name)
        kept = json.dumps({"drawn": read.drawn, "texts": read.texts, "converted": read.converted}).encode()
        shelf.put(kept, *key)
    held = json.loads(kept)
    return Leaves(held["drawn"], tuple(held["texts"]), held["converted"])


def page_picture(
    shelf: Shelf, path: Path, sha256: str, name: str, number: int, *, size: str = "page", marks: Sequence[str] = ()
) -> bytes:
    """Page `number` of a document that is drawn, as JPEG with `marks` across it.

    Raises Invalid: `document.page` for a page there is not, else as `extract` does; Conflict("document.busy") where
    too many wait.
    """
    _check_page(shelf, path, sha256, name, number)
    kept = shelf.get(VERSION, size, sha256, number)
    if kept is not None:
        with tempfile.TemporaryFile() as source:
            source.write(kept)
            source.seek(0)
            with _turn():
                return _ask({"do": "mark", "marks": list(marks)}, source)[1][0]
    asked = {"do": "page", "page": number, "width": WIDTHS[size], "marks": list(marks)}
    with _turn(), _drawable(shelf, path, sha256) as source:
        plain, marked = _ask(asked, source)[1]
    shelf.put(plain, VERSION, size, sha256, number)
    return marked


def thumbnail(shelf: Shelf, path: Path, sha256: str, name: str, number: int) -> bytes:
    """Page `number` as a small JPEG in which no word can be read; its neighbours are drawn along with it."""
    _check_page(shelf, path, sha256, name, number)
    first = (number - 1) // THUMBS_AT_ONCE * THUMBS_AT_ONCE + 1
    kept = shelf.get(VERSION, "thumb", sha256, number)
    if kept is None:
        with _turn():
            kept = shelf.get(VERSION, "thumb", sha256, number)
            if kept is None:
                asked = {"do": "thumbs", "first": first, "last": first + THUMBS_AT_ONCE - 1, "width": THUMB_WIDTH}
                with _drawable(shelf, path, sha256) as source:
                    drawn = _ask(asked, source)[1]
                for place, one in enumerate(drawn, first):
                    shelf.put(one, VERSION, "thumb", sha256, place)
                if not 0 <= number - first < len(drawn):
                    raise Invalid("document.page", field="page")
                kept = drawn[number - first]
    return kept


def found_in(read: Leaves, wanted: str, *, most: int = 50) -> list[tuple[int, str]]:
    """The pages on which the words stand, with what stands around them; spaces and line ends do not count."""
    needle = "".join(wanted.split()).lower()
    found = []
    for number, text in enumerate(read.texts, 1):
        flat = "".join((text or "").split())
        at = flat.lower().find(needle) if needle else -1
        if at >= 0:
            found.append((number, flat[max(0, at - 24) : at + len(needle) + 36]))
        if len(found) == most:
            break
    return found


def _check_page(shelf: Shelf, path: Path, sha256: str, name: str, number: int) -> None:
    """Only what was read without a refusal and has pages is ever drawn: no macro reaches LibreOffice."""
    read = leaves(shelf, path, sha256, name)
    if not read.drawn or not 1 <= number <= read.count:
        raise Invalid("document.page", field="page")


def _read(shelf: Shelf, path: Path, sha256: str, name: str) -> Leaves:
    if _is_pdf(path):
        with path.open("rb") as source:
            return Leaves(True, _texts(source, name))
    document = extract(path, name=name)
    if document.kind == "docx" and converter() is not None:
        with suppress(Invalid), _drawable(shelf, path, sha256) as source:
            return Leaves(True, _texts(source, name), converted=True)
    lines = [paragraph.text.replace("\t", "　|　") for paragraph in document.paragraphs]
    for sheet in document.sheets:
        lines.append(f"【{sheet.name}】")
        lines += ["　|　".join(text for _, text in line.cells) for line in sheet.lines]
    if document.data is not None:
        lines += json.dumps(document.data, ensure_ascii=False, indent=1).splitlines()
    parts = ["\n".join(lines[at : at + ROWS_A_PART]) for at in range(0, len(lines), ROWS_A_PART)]
    return Leaves(False, tuple(parts or [""]))


def _is_pdf(path: Path) -> bool:
    with path.open("rb") as source:
        return b"%PDF-" in source.read(1024)


def _texts(source: IO[bytes], name: str) -> tuple[str | None, ...]:
    texts = _ask({"do": "texts"}, source)[0].get("texts")
    if not isinstance(texts, list) or not all(one is None or isinstance(one, str) for one in texts):
        raise Invalid("document.unreadable", field=name)
    return tuple(texts)


@contextmanager
def _drawable(shelf: Shelf, path: Path, sha256: str) -> Iterator[IO[bytes]]:
    """The document as an open PDF: itself, or what LibreOffice makes of it, once."""
    if _is_pdf(path):
        with path.open("rb") as source:
            yield source
        return
    kept = shelf.path(VERSION, "pdf", sha256)
    if kept is None:
        temp = shelf.root / f".{secrets.token_hex(16)}"
        try:
            convert_document(path, "document", temp)
            shelf.put(temp.read_bytes(), VERSION, "pdf", sha256)
            with temp.open("rb") as source:
                yield source
        finally:
            temp.unlink(missing_ok=True)
        return
    with kept.open("rb") as source:
        yield source


@contextmanager
def _turn() -> Iterator[None]:
    if not _turns.acquire(timeout=WAIT_SECONDS):
        raise Conflict("document.busy")
    try:
        yield
    finally:
        _turns.release()


def _ask(asked: dict[str, Any], source: IO[bytes]) -> tuple[dict[str, Any], list[bytes]]:
    """The limited process's head and pictures; its answer is taken apart without trusting any number in it."""
    with tempfile.TemporaryFile() as answer:
        argument = json.dumps(asked, ensure_ascii=False)
        run_apart("core.documents.drawing", argument, source, answer, label="page", wall_seconds=WALL_SECONDS)
        answer.seek(0)
        data = answer.read(ANSWER_BYTES + 1)
    try:
        (length,) = struct.unpack(">I", data[:4])
        head = json.loads(data[4 : 4 + length])
        blobs, at = [], 4 + length
        for size in head["sizes"]:
            blobs.append(data[at : at + int(size)])
            at += int(size)
        refused = head.get("refused")
    except (struct.error, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Invalid("document.unreadable", field="page") from error
    if refused is not None:
        code = refused if isinstance(refused, str) and refused.startswith("document.") else "document.unreadable"
        raise Invalid(code, field="page")
    if any(not blob.startswith((b"\xff\xd8\xff", b"\x89PNG")) for blob in blobs):
        raise Invalid("document.unreadable", field="page")
    return head, blobs
