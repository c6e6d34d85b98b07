"""The figures of the bids: bar charts, flow charts, organisation trees and a dewatering section, as PNG."""

from __future__ import annotations

import io
from collections.abc import Callable
from html import escape

import pypdfium2
import weasyprint

from portal.cli.demo.papers.blocks import Block
from portal.cli.demo.papers.personas import Persona

Rows = tuple[tuple[str, ...], ...]
FONT = "'Noto Sans CJK SC','Source Han Sans SC','WenQuanYi Micro Hei',sans-serif"
WIDTH = 660


def figures(blocks: list[Block], persona: Persona) -> list[bytes]:
    """One PNG for each figure block, in order; the same bytes for the same blocks and palette."""
    wanted = [block for block in blocks if block.kind == "figure"]
    if not wanted:
        return []
    pages = []
    rules = []
    for number, block in enumerate(wanted):
        palette = ("1f3864", "8faadc", "dae3f3") if block.drawing == "section" else persona.palette
        height, svg = DRAWINGS[block.drawing](block.rows, palette)
        rules.append(f"@page f{number}{{size:{WIDTH}px {height}px;margin:0}}")
        pages.append(f'<div style="page:f{number}">{svg}</div>')
    html = f"<style>{''.join(rules)}body{{margin:0}}svg{{display:block}}</style>" + "".join(pages)
    document = pypdfium2.PdfDocument(weasyprint.HTML(string=html).write_pdf(pdf_identifier=b"figures"))
    images = []
    for page in document:
        picture = page.render(scale=2).to_pil().convert("P", palette=1, colors=64)
        out = io.BytesIO()
        picture.save(out, "PNG", optimize=True)
        images.append(out.getvalue())
    return images


def _text(x: float, y: float, words: str, size: float = 12, anchor: str = "middle", fill: str = "222") -> str:
    return (
        f'<text x="{x}" y="{y}" font-family="{FONT}" font-size="{size}" text-anchor="{anchor}" fill="#{fill}">'
        f"{escape(words)}</text>"
    )


def _sheet(height: int, parts: list[str]) -> tuple[int, str]:
    return height, (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}">'
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>{"".join(parts)}</svg>'
    )


def _bars(rows: Rows, palette: tuple[str, str, str]) -> tuple[int, str]:
    """name | first day | last day [| critical]: a bar chart over days."""
    dark, middle, light = palette
    left, top, step = 178, 34, 24
    total = max(int(row[2]) for row in rows)
    scale = (WIDTH - left - 16) / total
    height = top + step * len(rows) + 14
    parts = [f'<rect x="{left}" y="8" width="{WIDTH - left - 16}" height="20" fill="#{light}"/>']
    for day in range(0, total + 1, 60):
        x = left + day * scale
        parts.append(f'<line x1="{x:.1f}" y1="8" x2="{x:.1f}" y2="{height - 10}" stroke="#ccc" stroke-width="0.6"/>')
        parts.append(_text(x + 3, 22, str(day), 10, "start", dark))
    for number, row in enumerate(rows):
        y = top + number * step
        fill = dark if len(row) > 3 else middle
        first, last = int(row[1]), int(row[2])
        parts.append(_text(left - 8, y + 16, row[0], 13.5, "end"))
        parts.append(
            f'<rect x="{left + first * scale:.1f}" y="{y + 4}" width="{(last - first) * scale:.1f}" height="14" '
            f'fill="#{fill}"/>'
        )
        parts.append(f'<line x1="0" y1="{y + 22}" x2="{WIDTH - 16}" y2="{y + 22}" stroke="#eee" stroke-width="0.6"/>')
    return _sheet(height, parts)


def _flow(rows: Rows, palette: tuple[str, str, str]) -> tuple[int, str]:
    """One row of boxes per line, read left to right, top to bottom."""
    dark, _, light = palette
    parts = []
    height = 20 + len(rows) * 74
    for line, row in enumerate(rows):
        y = 20 + line * 74
        gap = 30
        width = (WIDTH - 40 - gap * (len(row) - 1)) / len(row)
        for place, words in enumerate(row):
            x = 20 + place * (width + gap)
            parts.append(
                f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="42" rx="4" fill="#{light}" stroke="#{dark}"/>'
            )
            size = min(15.0, (width - 8) / max(len(words), 1))
            parts.append(_text(x + width / 2, y + 26, words, size))
            if place + 1 < len(row):
                parts.append(_arrow(x + width, y + 21, x + width + gap, y + 21, dark))
        if line + 1 < len(rows):
            parts.append(_arrow(WIDTH / 2, y + 42, WIDTH / 2, y + 74, dark))
    return _sheet(height, parts)


def _arrow(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    if y1 == y2:
        tip = f"{x2},{y2} {x2 - 8},{y2 - 4} {x2 - 8},{y2 + 4}"
    else:
        tip = f"{x2},{y2} {x2 - 4},{y2 - 8} {x2 + 4},{y2 - 8}"
    return (
        f'<line x1="{x1:.1f}" y1="{y1}" x2="{x2:.1f}" y2="{y2}" stroke="#{colour}" stroke-width="1.4"/>'
        f'<polygon points="{tip}" fill="#{colour}"/>'
    )


def _tree(rows: Rows, palette: tuple[str, str, str]) -> tuple[int, str]:
    """Each line is one rank of an organisation, top first."""
    dark, middle, light = palette
    parts = []
    for rank, row in enumerate(rows):
        y = 16 + rank * 78
        gap = 14
        width = min(150.0, (WIDTH - 20 - gap * (len(row) - 1)) / len(row))
        start = (WIDTH - width * len(row) - gap * (len(row) - 1)) / 2
        for place, words in enumerate(row):
            x = start + place * (width + gap)
            fill = middle if rank == 0 else light
            parts.append(f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="40" fill="#{fill}" stroke="#{dark}"/>')
            size = min(14.5, (width - 8) / max(len(words), 1))
            parts.append(_text(x + width / 2, y + 25, words, size))
            centre = x + width / 2
            if rank:
                parts.append(
                    f'<line x1="{centre:.1f}" y1="{y - 19}" x2="{centre:.1f}" y2="{y}" stroke="#{dark}"/>'
                    f'<line x1="{WIDTH / 2}" y1="{y - 19}" x2="{centre:.1f}" y2="{y - 19}" stroke="#{dark}"/>'
                )
        if rank + 1 < len(rows):
            parts.append(f'<line x1="{WIDTH / 2}" y1="{y + 40}" x2="{WIDTH / 2}" y2="{y + 59}" stroke="#{dark}"/>')
    return _sheet(16 + len(rows) * 78 - 24, parts)


def _plan(rows: Rows, palette: tuple[str, str, str]) -> tuple[int, str]:
    """name | x | y | width | height [| road]: a site plan on a 100 × 60 grid, north up."""
    dark, middle, light = palette
    unit, top = (WIDTH - 40) / 100, 20
    parts = [
        f'<rect x="20" y="{top}" width="{100 * unit:.1f}" height="{60 * unit:.1f}" fill="#fff" stroke="#{dark}" '
        'stroke-width="2"/>'
    ]
    for row in rows:
        x, y, width, height = (float(value) * unit for value in row[1:5])
        fill = {"road": "e8e8e8", "new": middle}.get(row[5] if len(row) > 5 else "", light)
        parts.append(
            f'<rect x="{20 + x:.1f}" y="{top + y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="#{fill}" '
            f'stroke="#{dark}" stroke-width="0.8"/>'
        )
        parts.append(_text(20 + x + width / 2, top + y + height / 2 + 4, row[0], min(13.5, (width - 4) / len(row[0]))))
    north = f"{WIDTH - 36},{top + 12} {WIDTH - 42},{top + 32} {WIDTH - 36},{top + 27} {WIDTH - 30},{top + 32}"
    parts.append(f'<polygon points="{north}" fill="#{dark}"/>' + _text(WIDTH - 36, top + 46, "北", 11))
    return _sheet(int(60 * unit) + 40, parts)


def _section(rows: Rows, palette: tuple[str, str, str]) -> tuple[int, str]:
    """A dewatered pit in section: wells, observation well, water table; the lines give its labels, left to right."""
    dark, _, light = palette
    labels = [label for row in rows for label in row]
    parts = [
        '<polygon points="0,70 110,70 210,230 450,230 550,70 660,70 660,330 0,330" fill="#efe6d5" stroke="#8a7a5c"/>',
        '<polyline points="0,118 95,124 150,262 330,285 510,262 565,124 660,118" fill="none" stroke="#2f6fb5" '
        'stroke-width="2" stroke-dasharray="7,4"/>',
        '<line x1="210" y1="230" x2="450" y2="230" stroke="#555" stroke-width="5"/>',
    ]
    for x, label in zip((80, 250, 410, 580), labels[:4], strict=False):
        bottom = 300 if x in (80, 580) else 312
        start = 62 if x in (80, 580) else 222
        parts.append(
            f'<rect x="{x - 5}" y="{start}" width="10" height="{bottom - start}" fill="#{light}" stroke="#{dark}"/>'
            + "".join(
                f'<line x1="{x - 5}" y1="{y}" x2="{x + 5}" y2="{y}" stroke="#{dark}" stroke-width="0.7"/>'
                for y in range(bottom - 40, bottom, 5)
            )
        )
        parts.append(_text(x, start - 8, label, 14))
    for x, y, label in zip((330, 330, 38), (216, 306, 108), labels[4:], strict=False):
        parts.append(_text(x, y, label, 14, "middle", dark))
    return _sheet(340, parts)


DRAWINGS: dict[str, Callable[[Rows, tuple[str, str, str]], tuple[int, str]]] = {
    "bars": _bars,
    "flow": _flow,
    "tree": _tree,
    "plan": _plan,
    "section": _section,
}
