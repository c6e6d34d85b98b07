"""Blocks to a PDF in the same persona: HTML laid out by WeasyPrint."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

import pydyf  # type: ignore[import-untyped]
import weasyprint

from portal.cli.demo.papers.blocks import Block, Numbered, numbered
from portal.cli.demo.papers.dates import SHANGHAI
from portal.cli.demo.papers.drawings import figures
from portal.cli.demo.papers.measure import centred_columns, column_widths
from portal.cli.demo.papers.personas import Persona, Traces
from portal.cli.demo.papers.word import Cover

SERIF = "'Noto Serif CJK SC','Source Han Serif SC','WenQuanYi Micro Hei',serif"
SANS = "'Noto Sans CJK SC','Source Han Sans SC','WenQuanYi Micro Hei',sans-serif"


def write_pdf(path: Path, blocks: list[Block], persona: Persona, traces: Traces, cover: Cover | None = None) -> None:
    """Write `path`: the same bytes for the same arguments on a machine with the same fonts and WeasyPrint."""
    parts = numbered(blocks, persona.headings, persona.items, persona.captions)
    images = iter(figures(blocks, persona))
    body = "".join(_html(part, number, images) for number, part in enumerate(parts))
    front = _cover(cover, persona) + (_contents(parts, persona) if persona.contents_depth else "") if cover else ""
    html = (
        f'<html lang="zh-CN"><head><title>{escape(traces.title)}</title><style>{_css(persona)}</style></head>'
        f"<body>{front}<main>{body}</main></body></html>"
    )
    identifier = hashlib.md5(html.encode() + traces.creator.encode(), usedforsecurity=False).digest()

    def sign(_document: object, pdf: Any) -> None:
        pdf.info["Author"] = pydyf.String(traces.creator)
        pdf.info["Creator"] = pydyf.String(traces.application)
        pdf.info["Producer"] = pydyf.String(traces.producer or traces.application)
        pdf.info["CreationDate"] = pydyf.String(_stamp(traces.created))
        pdf.info["ModDate"] = pydyf.String(_stamp(traces.modified))

    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(weasyprint.HTML(string=html).write_pdf(pdf_identifier=identifier, finisher=sign))


def _stamp(instant: datetime) -> str:
    return instant.astimezone(SHANGHAI).strftime("D:%Y%m%d%H%M%S+08'00'")


def _family(font: str) -> str:
    return SERIF if font in ("宋体", "仿宋", "仿宋_GB2312", "楷体", "楷体_GB2312") else SANS


def _css(persona: Persona) -> str:
    top, right, bottom, left = persona.margins
    line = f"{persona.line}pt" if persona.exact_line else str(round(persona.line * 1.12, 2))
    foot = {
        "of": '"第 " counter(page) " 页 共 " counter(pages) " 页"',
        "dash": '"— " counter(page) " —"',
        "plain": "counter(page)",
    }[persona.footer]
    header = persona.header.replace('"', "")
    place = "center" if persona.centred_chapters else "right"
    heading = _family(persona.heading_font)
    levels = "".join(
        f"h{level}{{font-size:{size}pt;margin:{12 if level == 1 else 8}pt 0 {10 if level == 1 else 6}pt}}"
        for level, size in enumerate(persona.heading_sizes, start=1)
    )
    border = {
        "grid": "td,th{border:0.6pt solid #000}",
        "three": "table{border-top:1.5pt solid #000;border-bottom:1.5pt solid #000}th{border-bottom:0.75pt solid #000}",
        "light": "td,th{border:0.6pt solid #bbb}",
    }[persona.table_lines]
    cover_gap = 4 if persona.cover == "band" else 3
    rule = f"border-bottom:2.2pt solid #{persona.palette[0]}" if persona.cover == "band" else ""
    colour = f"color:#{persona.palette[0]}" if persona.cover == "band" else ""
    return f"""
@page{{size:A4;margin:{top}cm {right}cm {bottom}cm {left}cm;@bottom-center{{content:{foot};font:9pt {SERIF}}}
@top-{place}{{content:"{header}";font:9pt {SERIF};border-bottom:0.5pt solid #000;width:100%;padding-bottom:2pt;
margin-bottom:10pt;vertical-align:bottom}}}}
@page cover{{@bottom-center{{content:none}}@top-{place}{{content:none;border:none}}}}
body{{font-family:{_family(persona.body_font)};font-size:{persona.size}pt;line-height:{line};margin:0}}
p{{margin:0 0 {persona.after}pt;text-indent:2em;orphans:2;widows:2}}
h1,h2,h3,h4{{font-family:{heading};font-weight:{700 if persona.bold_headings else 400};
color:#{persona.heading_colour};line-height:1.4;break-after:avoid}}{levels}
h1{{text-align:{"center" if persona.centred_chapters else "left"}}}
{"h1{break-before:page}" if persona.chapter_page else ""}main>h1:first-child{{break-before:auto}}
table{{border-collapse:collapse;width:100%;font-size:{persona.table_size}pt;line-height:1.35;margin:2pt 0 8pt}}
td,th{{padding:2pt 4pt;vertical-align:middle}}td.c,th{{text-align:center}}tr{{break-inside:avoid}}
{border}th{{background:{"#" + persona.table_shade if persona.table_shade else "none"};font-weight:700}}
.caption{{text-indent:0;text-align:center;font-family:{heading};font-size:{persona.table_size}pt;break-after:avoid}}
.under{{break-after:auto;break-before:avoid;margin-bottom:8pt}}
img{{display:block;width:100%;max-width:15.2cm;margin:4pt auto 0}}
.r{{text-align:right;text-indent:0}}
.m{{text-align:center;text-indent:0;font:700 {persona.heading_sizes[0]}pt {heading};margin:6pt 0 12pt}}
.cover{{page:cover;break-after:page;text-align:center;font-family:{heading}}}.cover p{{text-indent:0}}
.cover .t{{font-size:22pt;font-weight:700;margin-top:{cover_gap}cm;line-height:1.4;{rule}}}
.cover .s{{font-size:34pt;font-weight:700;margin:2.2cm 0 5cm;line-height:1.35;{colour}}}
.cover .row{{font:14pt {_family(persona.body_font)};text-align:left;margin:0 0 8pt 2.2cm}}
.cover .f{{font-size:14pt;margin-top:1.6cm}}
.contents{{break-after:page}}.contents p{{text-indent:0;line-height:1.6}}
.contents .h{{text-align:center;font:700 16pt {heading};margin-bottom:10pt}}
.contents a{{color:#000;text-decoration:none}}
.contents a::after{{content:leader(dotted) target-counter(attr(href),page)}}
.contents .l2{{padding-left:2em}}.contents .l1{{font-weight:700}}
"""


def _cover(cover: Cover, persona: Persona) -> str:
    rows = "".join(f'<p class="row">{escape(label)}：{escape(value)}</p>' for label, value in cover.rows)
    return (
        f'<div class="cover"><p class="t">{escape(cover.title)}</p><p class="s">{escape(cover.subtitle)}</p>{rows}'
        f'<p class="f">{escape(cover.foot)}</p></div>'
    )


def _contents(parts: list[Numbered], persona: Persona) -> str:
    lines = [
        f'<p class="l{part.block.level}"><a href="#b{number}">{escape(part.label + part.block.text)}</a></p>'
        for number, part in enumerate(parts)
        if part.block.kind == "heading" and part.block.level <= persona.contents_depth
    ]
    return f'<div class="contents"><p class="h">目&#12288;录</p>{"".join(lines)}</div>'


def _inline(text: str) -> str:
    return re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", escape(text, quote=False))


def _html(part: Numbered, number: int, images: Any) -> str:
    block = part.block
    text = _inline(part.label + block.text)
    if block.kind == "heading":
        return f'<h{block.level} id="b{number}">{text}</h{block.level}>'
    if block.kind in ("right", "center"):
        return f'<p class="{"r" if block.kind == "right" else "m"}">{text}</p>'
    if block.kind == "page":
        return '<div style="break-after:page"></div>'
    if block.kind == "table":
        return (f'<p class="caption">{text}</p>' if block.text else "") + _table(block)
    if block.kind == "figure":
        picture = base64.b64encode(next(images)).decode()
        return f'<img src="data:image/png;base64,{picture}" alt=""><p class="caption under">{text}</p>'
    return f"<p>{text}</p>"


def _table(block: Block) -> str:
    widths = column_widths(block, 100)
    columns = "".join(f'<col style="width:{width:.2f}%">' for width in widths)
    centred = centred_columns(block)
    rows = []
    for place, row in enumerate(block.rows):
        tag = "td" if place else "th"
        cells = "".join(
            f"<{tag}{' class=c' if place and middle else ''}>{_inline(cell)}</{tag}>"
            for cell, middle in zip(row, centred, strict=False)
        )
        rows.append(f"<tr>{cells}</tr>")
    return f"<table><colgroup>{columns}</colgroup><thead>{rows[0]}</thead><tbody>{''.join(rows[1:])}</tbody></table>"
