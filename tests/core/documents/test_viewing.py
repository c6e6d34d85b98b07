"""Pages drawn apart: bounds, marks, the shelf's limit, and what is shown where LibreOffice is missing."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from core.documents import viewing
from core.documents.shelf import Shelf
from core.errors import Invalid
from tests.core.documents.zoo import docx, pdf

SHA = "0" * 64


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "pages")


def written(tmp_path: Path, data: bytes, name: str = "a.pdf") -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


def test_the_shelf_stays_within_its_limit_and_lets_the_unused_go(tmp_path: Path) -> None:
    """Seen red: without touching what is read, the page in use went first."""
    shelf = Shelf(tmp_path / "pages", most_bytes=250)
    assert oct((tmp_path / "pages").stat().st_mode & 0o777) == "0o700"
    for number in range(4):
        shelf.put(bytes(100), "page", number)
        os.utime(shelf._path(("page", number)), (1_000 + number, 1_000 + number))
    assert shelf.get("page", 0) == bytes(100)
    shelf.prune()
    assert shelf.get("page", 0) is not None and shelf.get("page", 3) is not None
    assert shelf.get("page", 1) is None and shelf.get("page", 2) is None


def test_marks_are_in_the_pixels_and_not_on_the_shelf(shelf: Shelf, tmp_path: Path) -> None:
    """What is kept is the bare page; each reader's picture is marked anew."""
    path = written(tmp_path, pdf())
    first = viewing.page_picture(shelf, path, SHA, "a.pdf", 1, marks=["评委 1"])
    second = viewing.page_picture(shelf, path, SHA, "a.pdf", 1, marks=["评委 2"])
    kept = shelf.get(viewing.VERSION, "page", SHA, 1)
    assert kept is not None
    bare = Image.open(io.BytesIO(kept))
    assert bare.getextrema() == ((255, 255),) * 3
    for marked in (first, second):
        assert ImageChops.difference(Image.open(io.BytesIO(marked)), bare).getbbox() is not None
    assert first != second


def test_a_word_document_is_text_where_libreoffice_is_missing(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viewing, "converter", lambda: None)
    path = written(tmp_path, docx(), "a.docx")
    read = viewing.leaves(shelf, path, SHA, "a.docx")
    assert not read.drawn and "基坑降水采用管井" in read.text(1)
    with pytest.raises(Invalid, match=r"document\.page"):
        viewing.page_picture(shelf, path, SHA, "a.docx", 1)


def test_words_are_found_across_line_ends(shelf: Shelf) -> None:
    read = viewing.Leaves(True, ("基坑降\n水采用管井", None, "Well No. 3"))
    assert viewing.found_in(read, "降水 采用") == [(1, "基坑降水采用管井")]
    assert [page for page, _ in viewing.found_in(read, "well no")] == [3]
    assert viewing.found_in(read, "没有") == [] and viewing.found_in(read, " ") == []
