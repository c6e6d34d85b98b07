"""The small markup the prose is written in, and what it means: headings, paragraphs, items, tables, figures.

# to ####      a heading, its number added by the persona
- text         an item, numbered by the persona
| a | b |      a table row; the first row of a run is the header; `!table 标题` before it gives a caption
!figure kind 标题 … !end   a drawing from the lines between (see drawings.py)
!right, !center, !page     a line set right, a title, a new page
[[mark]]       the text of the tender document's paragraph so marked, word for word
!copy mark op … the rigged pair only: another bid's passage after the named edits (see copying.py)
text {#mark}   names a paragraph so that it can be quoted or copied
{{name}}       a value
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["heading", "paragraph", "item", "table", "figure", "right", "center", "page"]
Copier = Callable[[str, list[str]], str]

MARK = re.compile(r"\s*\{#([\w-]+)\}$")
VALUE = re.compile(r"\{\{(\w+)\}\}")
QUOTE = re.compile(r"\[\[([\w-]+)\]\]")
CLAUSE = re.compile(r"^★?\d+\.\d+(?:\.\d+)?\s")


@dataclass(frozen=True)
class Block:
    """One piece of a document; `level` for headings, `rows` for tables and drawings, `mark` when it can be quoted."""

    kind: Kind
    text: str = ""
    level: int = 0
    rows: tuple[tuple[str, ...], ...] = ()
    mark: str = ""
    drawing: str = ""


def parse(
    source: str, values: Mapping[str, str], quotes: Mapping[str, str] | None = None, copier: Copier | None = None
) -> list[Block]:
    """The blocks of `source`; raises KeyError for an unknown value, quotation or drawing that was not closed."""
    blocks: list[Block] = []
    lines = iter(source.splitlines())
    caption = ""
    rows: list[tuple[str, ...]] = []

    def put_table() -> None:
        nonlocal caption
        if rows:
            blocks.append(Block("table", caption, rows=tuple(rows)))
            rows.clear()
            caption = ""

    for raw in lines:
        line = VALUE.sub(lambda m: values[m[1]], raw.strip())
        if line.startswith("|"):
            rows.append(_cells(line))
            continue
        put_table()
        if not line:
            continue
        if quotes is not None:
            line = QUOTE.sub(lambda m: quotes[m[1]], line)
        mark = ""
        if found := MARK.search(line):
            mark, line = found[1], line[: found.start()]
        if line.startswith("!table "):
            caption = line[7:].strip()
        elif line.startswith("!figure "):
            _, drawing, title = line.split(" ", 2)
            blocks.append(Block("figure", title, rows=_figure(lines), drawing=drawing))
        elif line.startswith("!copy "):
            _, copied, *operators = line.split()
            if copier is None:
                raise KeyError(copied)
            blocks.append(Block("paragraph", copier(copied, operators), mark=copied))
        elif line.startswith(("!right ", "!center ")):
            kind, text = line[1:].split(" ", 1)
            blocks.append(Block("right" if kind == "right" else "center", text.strip()))
        elif line == "!page":
            blocks.append(Block("page"))
        elif line.startswith("#"):
            hashes, text = line.split(" ", 1)
            blocks.append(Block("heading", text.strip(), level=len(hashes), mark=mark))
        elif line.startswith("- "):
            blocks.append(Block("item", line[2:].strip(), mark=mark))
        else:
            blocks.append(Block("paragraph", line, mark=mark))
    put_table()
    return blocks


def _cells(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in line.strip("|").split("|"))


def _figure(lines: Iterator[str]) -> tuple[tuple[str, ...], ...]:
    rows: list[tuple[str, ...]] = []
    for raw in lines:
        if raw.strip() == "!end":
            return tuple(rows)
        rows.append(tuple(part.strip() for part in raw.split("|")))
    raise KeyError("!end")


def marked(blocks: list[Block]) -> dict[str, str]:
    """The texts of the marked blocks, by mark, without the ★ and clause number they may begin with."""
    return {block.mark: CLAUSE.sub("", block.text) for block in blocks if block.mark}


DIGITS = "零一二三四五六七八九"


def chinese_number(number: int) -> str:
    """1…99 in Chinese as headings count: 一, 十, 十一, 二十三."""
    tens, ones = divmod(number, 10)
    if not tens:
        return DIGITS[ones]
    return ("" if tens == 1 else DIGITS[tens]) + "十" + (DIGITS[ones] if ones else "")


def number_heading(style: str, counts: list[int]) -> str:
    """The number before a heading at depth len(counts), in the persona's scheme; ends with its own space if any."""
    depth, last = len(counts), counts[-1]
    word = chinese_number(last)
    dotted = ".".join(str(count) for count in counts)
    inner = ".".join(str(count) for count in counts[1:])
    if style == "chapter":
        return (f"第{word}章  ", f"第{word}节  ", f"{word}、", f"{last}．")[depth - 1]
    if style == "chinese":
        return (f"{word}、", f"（{word}）", f"{last}. ", f"（{last}）")[depth - 1]
    if style == "part":
        return (f"第{word}部分  ", f"{word}、", f"{last}、", f"（{last}）")[depth - 1]
    if style == "tender":
        return (f"第{word}章  ", f"{last}. ", f"{inner} ", f"（{last}）")[depth - 1]
    if style == "numbered-chapter" and depth == 1:
        return f"第{last}章 "
    return dotted + (" " if style == "decimal" else "  ")


def number_item(style: str, count: int) -> str:
    """The number before an item in the persona's scheme."""
    if style == "circled" and count <= 20:
        return chr(0x2460 + count - 1)
    if style == "bracket":
        return f"{count}）"
    if style == "letter":
        return f"{chr(96 + count)}) "
    if style == "diamond":
        return "◆ "
    if style == "square":
        return "■ "
    return f"（{count}）"


@dataclass(frozen=True)
class Numbered:
    """A block with the number its persona gives it: `label` before headings and items, "图 3-2" for captions."""

    block: Block
    label: str


def numbered(blocks: list[Block], headings: str, items: str, captions: str) -> list[Numbered]:
    """Blocks with their numbers; captions "chapter" counts 图3-2 within chapters, "running" counts 图5 throughout."""
    counts = [0, 0, 0, 0]
    item = 0
    caption = {"table": 0, "figure": 0}
    result = []
    for block in blocks:
        label = ""
        if block.kind == "heading":
            counts[block.level - 1] += 1
            for deeper in range(block.level, 4):
                counts[deeper] = 0
            if block.level == 1 and captions == "chapter":
                caption = {"table": 0, "figure": 0}
            label = number_heading(headings, counts[: block.level])
        if block.kind == "item":
            item += 1
            label = number_item(items, item)
        else:
            item = 0
        if block.kind in caption and block.text:
            caption[block.kind] += 1
            word = "表" if block.kind == "table" else "图"
            number = f"{counts[0]}-{caption[block.kind]}" if captions == "chapter" else f"{caption[block.kind]}"
            label = f"{word} {number}  "
        result.append(Numbered(block, label))
    return result
