"""How wide and how tall things come out: column widths, and the page a heading will fall on."""

from __future__ import annotations

from portal.cli.demo.papers.blocks import Block, Numbered
from portal.cli.demo.papers.personas import Persona


def column_widths(block: Block, total: float) -> list[float]:
    """Centimetres for each column: by the length of what stands in it, none starved."""
    columns = max(len(row) for row in block.rows)
    weights = []
    for column in range(columns):
        lengths = [len(row[column]) for row in block.rows if column < len(row)]
        weights.append(max(5.0, min(28.0, 0.5 * max(lengths) + 0.5 * sum(lengths) / len(lengths))))
    whole = sum(weights)
    return [total * weight / whole for weight in weights]


def centred_columns(block: Block) -> list[bool]:
    """Which columns hold only short words or figures, and stand in the middle."""
    columns = max(len(row) for row in block.rows)
    return [all(len(row[column]) <= 12 for row in block.rows[1:] if column < len(row)) for column in range(columns)]


class Pages:
    """On which page a heading falls, estimated from sizes: Word corrects it when the contents are refreshed."""

    def __init__(self, persona: Persona) -> None:
        self.persona = persona
        top, right, bottom, left = persona.margins
        self.height = (29.7 - top - bottom) / 2.54 * 72
        self.width = (21 - left - right) / 2.54 * 72
        self.line = persona.line if persona.exact_line else persona.size * persona.line * 1.17

    def _points(self, block: Block) -> float:
        if block.kind == "heading":
            return self.persona.heading_sizes[block.level - 1] * 1.6 + (24 if block.level == 1 else 12)
        if block.kind == "table":
            widths = column_widths(block, self.width)
            size = self.persona.table_size
            tall = 0.0
            for row in block.rows:
                cells = zip(row, widths, strict=False)
                lines = max(-(-len(cell) * size // max(width - 11, size)) for cell, width in cells)
                tall += max(1.0, lines) * size * 1.32 + 4
            return tall + 24
        if block.kind == "figure":
            return 230.0
        if block.kind == "page":
            return self.height
        return -(-(len(block.text) + 2) * self.persona.size // self.width) * self.line + self.persona.after

    def of(self, parts: list[Numbered]) -> list[tuple[Numbered, int]]:
        """Each part with its page, the first page after the contents being 1."""
        page, used, result = 1, 0.0, []
        for place, part in enumerate(parts):
            points = self._points(part.block)
            opens = part.block.kind == "heading" and part.block.level == 1 and self.persona.chapter_page and place
            falls = part.block.kind == "figure" and used + points > self.height
            if opens or falls:
                page, used = page + 1, 0.0
            result.append((part, page))
            used += points
            while used > self.height:
                page, used = page + 1, used - self.height
        return result

    def last(self, parts: list[Numbered]) -> int:
        """How many pages the whole document has, cover and contents included, roughly."""
        return self.of(parts)[-1][1] + 2 if parts else 1
