"""How each author writes: page, fonts, numbering, tables, and the traces their programs leave in a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal


@dataclass(frozen=True)
class Persona:
    """A house style: sizes in points, margins (top, right, bottom, left) in centimetres, colours as hex digits."""

    headings: Literal["chapter", "decimal", "chinese", "part", "numbered-chapter", "tender"]
    items: Literal["bracket", "full", "circled", "letter", "diamond", "square"] = "full"
    captions: Literal["chapter", "running"] = "chapter"
    body_font: str = "宋体"
    heading_font: str = "黑体"
    latin_font: str = "Times New Roman"
    size: float = 12.0
    heading_sizes: tuple[float, float, float, float] = (16, 14, 12, 12)
    heading_colour: str = "000000"
    centred_chapters: bool = True
    bold_headings: bool = True
    line: float = 1.5
    exact_line: bool = False
    after: float = 0.0
    margins: tuple[float, float, float, float] = (2.54, 3.18, 2.54, 3.18)
    table_size: float = 10.5
    table_lines: Literal["grid", "three", "light"] = "grid"
    table_shade: str = ""
    header: str = ""
    footer: Literal["of", "dash", "plain"] = "of"
    cover: Literal["formal", "band", "boxed", "plain"] = "formal"
    contents_depth: int = 2
    chapter_page: bool = True
    palette: tuple[str, str, str] = ("1f4e79", "9dc3e6", "deebf7")


@dataclass(frozen=True)
class Traces:
    """What a program writes into a file about its author; instants are aware UTC."""

    creator: str
    last_modified_by: str
    created: datetime
    modified: datetime
    revision: int = 1
    minutes: int = 30
    company: str = ""
    application: str = "Microsoft Office Word"
    version: str = "16.0000"
    template: str = "Normal.dotm"
    title: str = ""
    rsids: tuple[str, ...] = ()
    custom: tuple[tuple[str, str], ...] = field(default=())
    compatibility: int = 15
    producer: str = ""


WPS_MARK = "F1E327BC-269C-435d-A152-05C5408002CA"


def wps(build: str) -> str:
    """The Application string WPS Writer of this build leaves; the identifier is the same in every copy of WPS."""
    return f"WPS Office_{build}_{WPS_MARK}"
