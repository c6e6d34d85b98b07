"""Reads the text of a docx in order: paragraphs, table rows, page breaks as last laid out, rsids."""

from __future__ import annotations

import re
from typing import Any

from core.documents.document import Document, Marks, Paragraph
from core.documents.extraction.parts import Parts

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
RSID = re.compile(r"[0-9A-F]{8}")


def read_words(parts: Parts) -> Document:
    """Read body text, tables and revision identifiers. Page numbers only where the file kept its last layout."""
    body = parts.xml("word/document.xml").find(W + "body")
    taker = _Taker()
    if body is not None:
        taker.block(body)
    known = taker.breaks > 0
    paragraphs = tuple(
        Paragraph(text, number, page if known else None, row) for number, (text, page, row) in enumerate(taker.lines, 1)
    )
    root, rsids = _revisions(parts)
    marks = Marks(rsid_root=root, rsids=rsids, layout=_layout(parts, body))
    return Document("", "docx", "", paragraphs=paragraphs, marks=marks)


class _Taker:
    def __init__(self) -> None:
        self.lines: list[tuple[str, int, bool]] = []
        self.breaks = 0

    def block(self, parent: Any) -> None:
        for element in parent:
            if element.tag == W + "p":
                page = self.breaks + 1
                text = self._inline(element).strip()
                if text:
                    self.lines.append((text, page, False))
            elif element.tag == W + "tbl":
                self._table(element)
            elif element.tag in (W + "sdt", W + "sdtContent", W + "customXml", W + "ins"):
                self.block(element)

    def _table(self, table: Any) -> None:
        for row in table.iter(W + "tr"):
            page = self.breaks + 1
            cells = []
            for cell in row.iterfind(W + "tc"):
                cells.append("\n".join(t for t in (self._inline(p).strip() for p in cell.iter(W + "p")) if t))
            text = "\t".join(cells).strip()
            if text:
                self.lines.append((text, page, True))

    def _inline(self, paragraph: Any) -> str:
        pieces: list[str] = []
        stack = [paragraph]
        while stack:
            element = stack.pop()
            tag = element.tag
            if tag == W + "t":
                pieces.append(element.text or "")
            elif tag == W + "tab":
                pieces.append(" ")
            elif tag == W + "lastRenderedPageBreak":
                self.breaks += 1
            elif tag in (W + "br", W + "cr"):
                # A page break is followed by a rendered one in files that keep their layout: it is not counted twice.
                pieces.append("\n")
            elif tag in (FALLBACK, W + "pPr", W + "rPr", W + "instrText", W + "delText"):
                continue
            else:
                stack.extend(reversed(element))
        return "".join(pieces)


def _revisions(parts: Parts) -> tuple[str, frozenset[str]]:
    if "word/settings.xml" not in parts.names:
        return "", frozenset()
    settings = parts.xml("word/settings.xml")
    root = settings.find(f"{W}rsids/{W}rsidRoot")
    values = {str(e.get(W + "val") or "").upper() for e in settings.iterfind(f"{W}rsids/{W}rsid")}
    start = str(root.get(W + "val") or "").upper() if root is not None else ""
    return start if RSID.fullmatch(start) else "", frozenset(v for v in values if RSID.fullmatch(v))


def _layout(parts: Parts, body: Any) -> str:
    """The last section's page, margins and grid, the usual typefaces and size; empty where no page is set."""
    section = body.find(W + "sectPr") if body is not None else None
    if section is None:
        return ""
    told = [
        _told(section.find(W + "pgSz"), "w", "h"),
        _told(section.find(W + "pgMar"), "top", "right", "bottom", "left", "header", "footer", "gutter"),
        _told(section.find(W + "docGrid"), "linePitch", "charSpace"),
    ]
    if "word/styles.xml" in parts.names:
        styles = parts.xml("word/styles.xml")
        usual = next(
            (
                s
                for s in styles.iterfind(W + "style")
                if s.get(W + "type") == "paragraph" and s.get(W + "default") == "1"
            ),
            None,
        )
        letters = usual.find(W + "rPr") if usual is not None else None
        told.append(_told(styles.find(f"{W}docDefaults/{W}rPrDefault/{W}rPr/{W}rFonts"), "ascii", "eastAsia"))
        told.append(_told(letters.find(W + "rFonts") if letters is not None else None, "ascii", "eastAsia"))
        told.append(_told(letters.find(W + "sz") if letters is not None else None, "val"))
    return " · ".join(one for one in told if one)[:200]


def _told(element: Any, *names: str) -> str:
    return "/".join(str(element.get(W + name) or "")[:40] for name in names).strip("/") if element is not None else ""
