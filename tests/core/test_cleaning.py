"""Copies of documents without properties: nothing of author, firm, notes or attachments, the pages as they were."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import docx
import pypdfium2
import pytest

from core.documents.cleaning import clean_document
from core.errors import Invalid
from core.render.pdf import render_pdf

AUTHOR = "Zhang-Weiming"


def test_a_pdf_keeps_its_pages_and_loses_who_made_it(tmp_path: Path) -> None:
    """Properties and XMP are gone, the text stands. Seen red: with the old document saved as it was."""
    html = f"<html><head><title>T</title><meta name='author' content='{AUTHOR}'></head><body><h1>施工方案</h1></body>"
    original, cleaned = tmp_path / "a.pdf", tmp_path / "b.pdf"
    original.write_bytes(render_pdf(html))
    assert pypdfium2.PdfDocument(original.read_bytes()).get_metadata_value("Author") == AUTHOR
    clean_document(original, "技术标.pdf", cleaned)
    held = pypdfium2.PdfDocument(cleaned.read_bytes())
    assert not any(held.get_metadata_value(key) for key in ("Author", "Title", "Subject", "Keywords", "Creator"))
    assert b"/Metadata" not in cleaned.read_bytes() and AUTHOR.encode() not in cleaned.read_bytes()
    assert "施工方案" in held[0].get_textpage().get_text_bounded()


def test_a_word_document_loses_its_people_and_keeps_its_text(tmp_path: Path) -> None:
    """No author in core properties or at a comment. Seen red: without the pass over the parts."""
    document: Any = docx.Document()
    paragraph = document.add_paragraph("基坑支护方案")
    document.core_properties.author = document.core_properties.last_modified_by = AUTHOR
    document.add_comment(paragraph.runs[0], text="请核对", author=AUTHOR, initials="ZW")
    original, cleaned = tmp_path / "a.docx", tmp_path / "b.docx"
    document.save(str(original))
    clean_document(original, "技术标.docx", cleaned)
    with zipfile.ZipFile(io.BytesIO(cleaned.read_bytes())) as parts:
        told = b"".join(parts.read(name) for name in parts.namelist())
    assert AUTHOR.encode() not in told and b"ZW" not in told
    assert [one.text for one in docx.Document(str(cleaned)).paragraphs] == ["基坑支护方案"]


def test_what_cannot_be_cleaned_is_refused(tmp_path: Path) -> None:
    """Another ending, and bytes that are no document."""
    broken = tmp_path / "x.pdf"
    broken.write_bytes(b"%PDF-1.7 nothing")
    with pytest.raises(Invalid, match=r"document\.unreadable"):
        clean_document(broken, "x.pdf", tmp_path / "out")
    with pytest.raises(Invalid, match=r"document\.kind"):
        clean_document(broken, "x.odt", tmp_path / "other")
