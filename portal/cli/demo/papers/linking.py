"""Clause links of a bid: where each criterion is answered in its files, by chapter, and by page where pages stand."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import pypdfium2

from portal.cli.demo.papers.blocks import Block

Link = dict[str, object]

TECHNICAL = (
    ("T1", "部署|布置|施工组织"),
    ("T2", "构筑物|混凝土结构|结构施工"),
    ("T3", "接驳|并网|带水接入"),
    ("T4", "质量"),
    ("T5", "进度|计划与资源"),
)
QUALIFICATION = (
    ("Q6", "业绩|工程经历|同类工程|以往工程|项目经验"),
    ("Q7", "机构|班子|人员|团队"),
    ("R2", "资质|资格|简介|概况|简况|关于"),
)
LETTER = "R1"
"""Criteria and clauses by the codes the platform gives them in their order, and words of the chapters that answer."""


def clause_links(technical: Path, text: Sequence[Block], qualification: Path, facts: Sequence[Block]) -> list[Link]:
    """Links without their slots: to pages of a PDF, to chapters of a Word file, whose pages programs disagree on."""
    pages = _pages(technical, text) if technical.suffix == ".pdf" else {}
    links = [
        _link(code, "technical", technical, chapter, pages.get(chapter))
        for code, words in TECHNICAL
        if (chapter := _chapter(text, words))
    ]
    links += [
        _link(code, "qualification", qualification, chapter, None)
        for code, words in QUALIFICATION
        if (chapter := _chapter(facts, words))
    ]
    return links


def letter_link(letter: Path) -> Link:
    """The link to the letter of bid, which is one page."""
    return _link(LETTER, "price", letter, "投标函", (1, 1))


def _link(code: str, envelope: str, file: Path, chapter: str, pages: tuple[int, int] | None) -> Link:
    first, last = pages or (None, None)
    return {"clause": code, "envelope": envelope, "file": file.name, "from": first, "to": last, "place": chapter}


def _chapters(blocks: Sequence[Block]) -> list[str]:
    return [block.text for block in blocks if block.kind == "heading" and block.level == 1]


def _chapter(blocks: Sequence[Block], words: str) -> str:
    headings = [block.text for block in blocks if block.kind == "heading"]
    return next((title for title in [*_chapters(blocks), *headings] if re.search(words, title)), "")


def _pages(path: Path, blocks: Sequence[Block]) -> dict[str, tuple[int, int]]:
    """Chapter → first and last page, as headings stand in the PDF; the table of contents does not count.

    A chapter whose heading is nowhere on a line of its own raises ValueError: a link must not guess.
    """
    document = pypdfium2.PdfDocument(path)
    lines = [
        [_folded(line) for line in page.get_textpage().get_text_range().splitlines() if line.strip()]
        for page in document
    ]
    count = len(document)
    document.close()
    chapters = _chapters(blocks)
    begins: list[int] = []
    for chapter in chapters:
        title, after = _folded(chapter), begins[-1] if begins else 1
        found = [
            number
            for number, page in enumerate(lines, 1)
            if number >= after and any(line.endswith(title) and len(line) <= len(title) + 6 for line in page)
        ]
        if not found:
            raise ValueError(f"{path.name}: {chapter}")
        begins.append(found[0])
    ends = [max(begin, (following if following == begin else following - 1))
            for begin, following in zip(begins, [*begins[1:], count + 1], strict=True)]  # fmt: skip
    return dict(zip(chapters, zip(begins, ends, strict=True), strict=True))


def _folded(text: str) -> str:
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", text))
