"""Reads a PDF through PDFium: text by page, identifiers, author, images; refuses what can act."""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, BinaryIO

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from core.documents.document import Document, Marks, Paragraph, Picture
from core.documents.extraction.pictures import MAX_PIXELS, perceptual, picture
from core.errors import Invalid

MAX_BYTES = 200 * 1024 * 1024
MAX_PAGES = 3_000
MAX_PICTURES = 400
LEAST_LETTERS = 20
"""A page with an image and fewer letters is a scan: a page number or a stamp on it is no text."""
PASSWORD_ERROR = 4
ENDS = "。；！？：;!?:"
DATE = re.compile(r"D:(\d{4})(\d{2})(\d{2})(\d{2})?(\d{2})?(\d{2})?(?:([+\-Z])(?:(\d{2})'?(\d{2})?)?)?")
ACTIVE = re.compile(rb"/(?:JavaScript|JS|Launch|RichMedia|XFA)(?![A-Za-z0-9])")
"""Names of things that act; #-escaped ones still reach PDFium's own counts."""
STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)
DICTIONARY_REACH = 400
MAX_OBJECTS_BYTES = 32 * 1024 * 1024
MAX_STREAM_BYTES = 64 * 1024 * 1024
"""A page's contents inflate to a few megabytes; images are bound by their pixels instead."""
STEP = 64 * 1024


def read_pdf(source: BinaryIO) -> Document:
    """Read text with page numbers, marks and images of a PDF. Raises Invalid."""
    data = source.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise Invalid("document.size")
    _refuse_active(data)
    try:
        pdf = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        locked = raw.FPDF_GetLastError() == PASSWORD_ERROR or "assword" in str(error)
        raise Invalid("document.encrypted" if locked else "document.unreadable", reason="pdf") from error
    if raw.FPDFDoc_GetJavaScriptActionCount(pdf) > 0:
        raise Invalid("document.active")
    if raw.FPDFDoc_GetAttachmentCount(pdf) > 0:
        raise Invalid("document.embedded")
    if len(pdf) > MAX_PAGES:
        raise Invalid("document.bomb", reason="pages")
    pages: list[list[str]] = []
    pictures: list[Picture] = []
    scanned: list[int] = []
    for number in range(len(pdf)):
        page = pdf[number]
        text = page.get_textpage()
        pages.append([line.strip() for line in text.get_text_range(errors="replace").splitlines()])
        text.close()
        bare = sum(len(line) for line in pages[-1]) < LEAST_LETTERS
        for item in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3):
            if bare and scanned[-1:] != [number + 1]:
                scanned.append(number + 1)
            if len(pictures) < MAX_PICTURES:
                pictures.append(_picture(item, number + 1))
        page.close()
    return Document(
        "",
        "pdf",
        "",
        paragraphs=_paragraphs(pages),
        pictures=tuple(pictures),
        marks=_marks(pdf),
        scanned=tuple(scanned),
    )


def _refuse_active(data: bytes) -> None:
    """Refuse names that act, in plain objects and inside compressed object streams; page contents are not searched.

    Compressed contents hold any three bytes sooner or later: searching them refused an honest file.
    """
    plain: list[bytes] = []
    end = 0
    budget = MAX_OBJECTS_BYTES
    for match in STREAM.finditer(data):
        head = data[max(end, match.start() - DICTIONARY_REACH) : match.start()]
        plain.append(data[end : match.start()])
        end = match.end()
        if b"/FlateDecode" in head and b"/Image" not in head:
            _refuse_flood(match.group(1), head.count(b"/FlateDecode"))
        if b"/ObjStm" in head and b"/FlateDecode" in head:
            inflater = zlib.decompressobj()
            with contextlib.suppress(zlib.error):
                objects = inflater.decompress(match.group(1), budget)
                budget -= len(objects)
                plain.append(objects)
            if budget <= 0:
                raise Invalid("document.bomb", reason="objects")
    plain.append(data[end:])
    if any(ACTIVE.search(part) for part in plain):
        raise Invalid("document.active")


def _refuse_flood(data: bytes, layers: int) -> None:
    """Refuse a stream that inflates beyond MAX_STREAM_BYTES through its layers; PDFium has no such limit."""
    if len(data) * 1000 ** min(layers, 4) < MAX_STREAM_BYTES:
        return
    pieces: Iterable[bytes] = (data[at : at + STEP] for at in range(0, len(data), STEP))
    for _ in range(min(layers, 4)):
        pieces = _inflated(pieces)
    with contextlib.suppress(zlib.error):
        for _ in pieces:
            pass


def _inflated(pieces: Iterable[bytes]) -> Iterator[bytes]:
    inflater = zlib.decompressobj()
    total = 0
    for piece in pieces:
        rest = piece
        while rest and not inflater.eof:
            out = inflater.decompress(rest, STEP)
            total += len(out)
            if total > MAX_STREAM_BYTES:
                raise Invalid("document.bomb", reason="stream")
            yield out
            rest = inflater.unconsumed_tail


def _picture(item: Any, page: int) -> Picture:
    width, height = item.get_px_size()
    if width * height > MAX_PIXELS:
        raise Invalid("document.pixels", width=width, height=height)
    stream = bytes(item.get_data(decode_simple=False))
    kept = picture(stream, page)
    if kept.width:
        return kept
    digest = hashlib.sha256(stream).hexdigest()
    try:
        shown = item.get_bitmap(render=False).to_pil()
    except (pdfium.PdfiumError, ValueError, RuntimeError, KeyError):
        return Picture(digest, width, height, None, page)
    return Picture(digest, width, height, perceptual(shown), page)


def _paragraphs(pages: list[list[str]]) -> tuple[Paragraph, ...]:
    running = _running_lines(pages)
    found: list[tuple[str, int]] = []
    for number, lines in enumerate(pages, 1):
        kept = [line for line in lines if line and _folded(line) not in running]
        width = max((len(line) for line in kept), default=0)
        current = ""
        for line in kept:
            # A Latin word break at a line end needs its space back; Chinese lines join without one.
            joint = " " if current and current[-1].isascii() and current[-1].isalnum() and line[0].isascii() else ""
            current += joint + line
            if line[-1] in ENDS or len(line) < 0.7 * width:
                found.append((current, number))
                current = ""
        if current:
            found.append((current, number))
    return tuple(Paragraph(text, n, page) for n, (text, page) in enumerate(found, 1))


def _folded(line: str) -> str:
    return re.sub(r"\d+", "0", line)


def _running_lines(pages: list[list[str]]) -> set[str]:
    """Headers, footers and page numbers: the same first or last line, digits aside, on half the pages."""
    if len(pages) < 3:
        return set()
    counts: Counter[str] = Counter()
    for lines in pages:
        kept = [line for line in lines if line]
        counts.update({_folded(line) for line in kept[:2] + kept[-2:]})
    return {line for line, count in counts.items() if count * 2 >= len(pages) and len(line) < 60}


def _marks(pdf: Any) -> Marks:
    about = pdf.get_metadata_dict()
    identifiers = []
    for kind in (raw.FILEIDTYPE_PERMANENT, raw.FILEIDTYPE_CHANGING):
        size = raw.FPDF_GetFileIdentifier(pdf, kind, None, 0)
        if size > 1:
            buffer = ctypes.create_string_buffer(size)
            raw.FPDF_GetFileIdentifier(pdf, kind, buffer, size)
            identifiers.append(buffer.raw[: size - 1].hex())
    return Marks(
        creator=about.get("Author", "").strip(),
        application=about.get("Creator", "").strip(),
        producer=about.get("Producer", "").strip(),
        created_at=_instant(about.get("CreationDate", "")),
        modified_at=_instant(about.get("ModDate", "")),
        pdf_identifiers=tuple(identifiers),
    )


def _instant(text: str) -> datetime | None:
    match = DATE.match(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(g) if g else 0 for g in match.groups()[:6])
    sign, hours, minutes = match.groups()[6:]
    shift = timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=timezone(shift) if sign else UTC)
    except ValueError:
        return None
