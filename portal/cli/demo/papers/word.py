"""Blocks to a Word document that looks and carries traces as if its persona had typed it."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import docx
from docx.document import Document as WordDocument
from docx.enum.section import WD_SECTION
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK, WD_LINE_SPACING, WD_TAB_ALIGNMENT, WD_TAB_LEADER
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from docx.table import _Cell
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from portal.cli.demo.papers import ooxml
from portal.cli.demo.papers.blocks import Block, Numbered, numbered
from portal.cli.demo.papers.drawings import figures
from portal.cli.demo.papers.measure import Pages, centred_columns, column_widths
from portal.cli.demo.papers.noise import Noise
from portal.cli.demo.papers.personas import Persona, Traces

KEPT_STYLES = {"Normal", "Caption", "Header", "Footer", "Table Grid", *(f"Heading {level}" for level in range(1, 5))}
LEFTOVERS = (
    "docProps/thumbnail.jpeg",
    "word/stylesWithEffects.xml",
    "customXml/_rels/item1.xml.rels",
    "customXml/item1.xml",
    "customXml/itemProps1.xml",
)


@dataclass(frozen=True)
class Cover:
    """The first page: title in big letters, what it is, and rows of label and value."""

    title: str
    subtitle: str
    rows: tuple[tuple[str, str], ...]
    foot: str


def write_docx(path: Path, blocks: list[Block], persona: Persona, traces: Traces, cover: Cover | None = None) -> None:
    """Write `path`: the same bytes for the same arguments; every paragraph readable by python-docx."""
    document = docx.Document()
    _styles(document, persona)
    noise = Noise("rsid", traces.rsids[:1], traces.creator, path.name)
    section = document.sections[0]
    _page(section, persona)
    parts = numbered(blocks, persona.headings, persona.items, persona.captions)
    pages = Pages(persona)
    if cover:
        _cover(document, cover, persona)
        if persona.contents_depth:
            _contents(document, parts, persona, pages)
        section = document.add_section(WD_SECTION.NEW_PAGE)
        section.header.is_linked_to_previous = section.footer.is_linked_to_previous = False
        _restart_pages(section)
    _margins_text(section, persona)
    images = iter(figures(blocks, persona))
    first = True
    for part in parts:
        _put(document, part, persona, images, first)
        first = False
    body = document.element.body
    for paragraph in body.iter(qn("w:p")):
        if traces.rsids:
            paragraph.set(qn("w:rsidR"), noise.pick(traces.rsids))
            paragraph.set(qn("w:rsidRDefault"), noise.pick(traces.rsids))
    out = io.BytesIO()
    document.save(out)
    data = out.getvalue()
    characters = sum(len(block.text) + sum(len(c) for row in block.rows for c in row) for block in blocks)
    replace = {
        "docProps/core.xml": ooxml.core_properties(traces),
        "docProps/app.xml": ooxml.application_properties(traces, pages.last(parts), characters),
        "word/settings.xml": ooxml.word_settings(traces),
        **ooxml.with_custom(data, traces),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(ooxml.repack(data, replace, LEFTOVERS))


def _fonts(properties_of: object, east: str, latin: str) -> None:
    properties = properties_of.get_or_add_rPr()  # type: ignore[attr-defined]
    fonts = properties.find(qn("w:rFonts"))
    if fonts is None:
        fonts = OxmlElement("w:rFonts")
        properties.insert(0, fonts)
    for name in list(fonts.attrib):
        del fonts.attrib[name]
    for slot, font in (("ascii", latin), ("hAnsi", latin), ("eastAsia", east), ("cs", latin)):
        fonts.set(qn(f"w:{slot}"), font)


def _styles(document: WordDocument, persona: Persona) -> None:
    styles = document.styles
    for style in list(styles):
        default = style.type == WD_STYLE_TYPE.LIST or style.element.get(qn("w:default"))
        if style.name not in KEPT_STYLES and not default:
            style.delete()
    normal = styles["Normal"]
    _fonts(normal.element, persona.body_font, persona.latin_font)
    normal.font.size = Pt(persona.size)
    _spacing(normal.paragraph_format, persona)
    for level in range(1, 5):
        style = styles[f"Heading {level}"]
        _fonts(style.element, persona.heading_font, persona.latin_font)
        style.font.size = Pt(persona.heading_sizes[level - 1])
        style.font.bold = persona.bold_headings
        style.font.italic = False
        style.font.color.rgb = RGBColor.from_string(persona.heading_colour)
        layout = style.paragraph_format
        layout.space_before = Pt(12 if level == 1 else 6)
        layout.space_after = Pt(12 if level == 1 else 6)
        layout.keep_with_next = True
        layout.line_spacing = 1.3
        if level == 1 and persona.centred_chapters:
            layout.alignment = WD_ALIGN_PARAGRAPH.CENTER
    caption = styles["Caption"]
    _fonts(caption.element, persona.heading_font, persona.latin_font)
    caption.font.size = Pt(persona.table_size)
    caption.font.bold = False
    caption.font.color.rgb = RGBColor(0, 0, 0)
    caption.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    caption.paragraph_format.space_after = Pt(4)
    for level in range(1, persona.contents_depth + 1):
        entry = styles.add_style(f"toc {level}", WD_STYLE_TYPE.PARAGRAPH)
        entry.base_style = normal
        entry.font.size = Pt(12 if level == 1 else 11)
        entry.font.bold = level == 1 and persona.bold_headings
        entry.paragraph_format.left_indent = Cm(0.74 * (level - 1))
        entry.paragraph_format.line_spacing = 1.2
        entry.paragraph_format.space_after = Pt(0)
        width = 21 - persona.margins[1] - persona.margins[3]
        entry.paragraph_format.tab_stops.add_tab_stop(Cm(width), WD_TAB_ALIGNMENT.RIGHT, WD_TAB_LEADER.DOTS)


def _spacing(layout: object, persona: Persona) -> None:
    layout.space_after = Pt(persona.after)  # type: ignore[attr-defined]
    layout.space_before = Pt(0)  # type: ignore[attr-defined]
    if persona.exact_line:
        layout.line_spacing_rule = WD_LINE_SPACING.EXACTLY  # type: ignore[attr-defined]
        layout.line_spacing = Pt(persona.line)  # type: ignore[attr-defined]
    else:
        layout.line_spacing = persona.line  # type: ignore[attr-defined]


def _page(section: object, persona: Persona) -> None:
    top, right, bottom, left = persona.margins
    section.page_width, section.page_height = Cm(21), Cm(29.7)  # type: ignore[attr-defined]
    section.top_margin, section.bottom_margin = Cm(top), Cm(bottom)  # type: ignore[attr-defined]
    section.left_margin, section.right_margin = Cm(left), Cm(right)  # type: ignore[attr-defined]


def _restart_pages(section: object) -> None:
    count = OxmlElement("w:pgNumType")
    count.set(qn("w:start"), "1")
    section._sectPr.append(count)  # type: ignore[attr-defined]


def _field(paragraph: Paragraph, code: str, shown: str) -> None:
    for kind, text in (("begin", ""), ("", code), ("separate", ""), ("text", shown), ("end", "")):
        run = paragraph.add_run()
        if kind == "text":
            run.text = text
        elif kind:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
            run._r.append(mark)
        else:
            instruction = OxmlElement("w:instrText")
            instruction.set(qn("xml:space"), "preserve")
            instruction.text = f" {text} "
            run._r.append(instruction)


def _margins_text(section: object, persona: Persona) -> None:
    if persona.header:
        head = section.header.paragraphs[0]  # type: ignore[attr-defined]
        head.text = persona.header
        head.alignment = WD_ALIGN_PARAGRAPH.CENTER if persona.centred_chapters else WD_ALIGN_PARAGRAPH.RIGHT
        _run_size(head, 9)
        _edge(head, "bottom")
    foot = section.footer.paragraphs[0]  # type: ignore[attr-defined]
    foot.alignment = WD_ALIGN_PARAGRAPH.CENTER
    if persona.footer == "of":
        foot.add_run("第 ")
        _field(foot, "PAGE", "1")
        foot.add_run(" 页")
    elif persona.footer == "dash":
        foot.add_run("— ")
        _field(foot, "PAGE", "1")
        foot.add_run(" —")
    else:
        _field(foot, "PAGE", "1")
    _run_size(foot, 9)


def _run_size(paragraph: Paragraph, size: float) -> None:
    paragraph.paragraph_format.line_spacing = 1.0
    paragraph.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
    for run in paragraph.runs:
        run.font.size = Pt(size)


def _edge(paragraph: Paragraph, side: str, colour: str = "000000", width: int = 6) -> None:
    borders = OxmlElement("w:pBdr")
    line = OxmlElement(f"w:{side}")
    for name, value in (("val", "single"), ("sz", str(width)), ("space", "1"), ("color", colour)):
        line.set(qn(f"w:{name}"), value)
    borders.append(line)
    paragraph._p.get_or_add_pPr().append(borders)


def _line(document: WordDocument, text: str, size: float, persona: Persona, *, bold: bool = False) -> Paragraph:
    paragraph = document.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.paragraph_format.line_spacing = 1.25
    paragraph.paragraph_format.line_spacing_rule = WD_LINE_SPACING.MULTIPLE
    run = paragraph.add_run(text)
    run.font.size = Pt(size)
    run.font.bold = bold
    _fonts(run._r, persona.heading_font, persona.latin_font)
    return paragraph


def _blank(document: WordDocument, count: int) -> None:
    for _ in range(count):
        document.add_paragraph()


def _cover(document: WordDocument, cover: Cover, persona: Persona) -> None:
    if persona.cover == "band":
        _blank(document, 2)
        head = _line(document, cover.title, 20, persona, bold=True)
        _edge(head, "bottom", persona.palette[0], 18)
        _blank(document, 3)
        _line(document, cover.subtitle, 32, persona, bold=True).runs[0].font.color.rgb = RGBColor.from_string(
            persona.palette[0]
        )
        _blank(document, 6)
    elif persona.cover == "boxed":
        _blank(document, 3)
        _line(document, cover.title, 22, persona, bold=True)
        _blank(document, 2)
        for character in cover.subtitle:
            _line(document, character, 26, persona, bold=True)
        _blank(document, 2)
    else:
        _blank(document, 3 if persona.cover == "formal" else 5)
        _line(document, cover.title, 22, persona, bold=True)
        _blank(document, 2 if persona.cover == "formal" else 1)
        _line(document, cover.subtitle, 36 if persona.cover == "formal" else 26, persona, bold=True)
        _blank(document, 7 if persona.cover == "formal" else 8)
    for label, value in cover.rows:
        paragraph = document.add_paragraph()
        paragraph.paragraph_format.left_indent = Cm(2.2)
        paragraph.paragraph_format.space_after = Pt(6)
        run = paragraph.add_run(f"{label}：")
        run.font.size = Pt(14)
        value_run = paragraph.add_run(value)
        value_run.font.size = Pt(14)
        value_run.font.underline = persona.cover in ("formal", "boxed")
    _blank(document, 1)
    _line(document, cover.foot, 14, persona)


def _contents(document: WordDocument, parts: list[Numbered], persona: Persona, pages: Pages) -> None:
    head = document.add_paragraph()
    head.paragraph_format.page_break_before = True
    head.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = head.add_run("目  录")
    run.font.size = Pt(16)
    run.font.bold = True
    _fonts(run._r, persona.heading_font, persona.latin_font)
    for part, page in pages.of(parts):
        block = part.block
        if block.kind == "heading" and block.level <= persona.contents_depth:
            entry = document.add_paragraph(style=f"toc {block.level}")
            entry.add_run(f"{part.label}{block.text}\t{page}")


def _put(document: WordDocument, part: Numbered, persona: Persona, images: object, first: bool) -> None:
    block = part.block
    if block.kind == "heading":
        paragraph = document.add_paragraph(style=f"Heading {block.level}")
        paragraph.add_run(part.label + block.text)
        if block.level == 1 and persona.chapter_page and not first:
            paragraph.paragraph_format.page_break_before = True
    elif block.kind in ("paragraph", "item"):
        paragraph = document.add_paragraph()
        paragraph.paragraph_format.first_line_indent = Pt(persona.size * 2)
        paragraph.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
        _runs(paragraph, part.label + block.text)
    elif block.kind in ("right", "center"):
        paragraph = document.add_paragraph()
        run = paragraph.add_run(block.text)
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        if block.kind == "center":
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
            run.font.size = Pt(persona.heading_sizes[0])
            run.font.bold = True
    elif block.kind == "page":
        document.add_paragraph().add_run().add_break(WD_BREAK.PAGE)
    elif block.kind == "table":
        if block.text:
            caption = document.add_paragraph(part.label + block.text, style="Caption")
            caption.paragraph_format.keep_with_next = True
        _table(document, block, persona)
    elif block.kind == "figure":
        paragraph = document.add_paragraph()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
        width = min(15.2, 21 - persona.margins[1] - persona.margins[3])
        paragraph.add_run().add_picture(io.BytesIO(next(images)), width=Cm(width))  # type: ignore[call-overload]
        document.add_paragraph(part.label + block.text, style="Caption")


def _runs(paragraph: Paragraph, text: str) -> list[Run]:
    return [paragraph.add_run(piece) for piece in [text]] if "**" not in text else _bold_runs(paragraph, text)


def _bold_runs(paragraph: Paragraph, text: str) -> list[Run]:
    runs = []
    for place, piece in enumerate(text.split("**")):
        if piece:
            run = paragraph.add_run(piece)
            run.font.bold = bool(place % 2) or None
            runs.append(run)
    return runs


def _table(document: WordDocument, block: Block, persona: Persona) -> None:
    columns = max(len(row) for row in block.rows)
    table = document.add_table(rows=0, cols=columns)
    table.style = "Table Grid"
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    widths = column_widths(block, 21 - persona.margins[1] - persona.margins[3])
    centred = centred_columns(block)
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Cm(width)
    for place, row in enumerate(block.rows):
        cells = table.add_row().cells
        for column in range(columns):
            text = row[column] if column < len(row) else ""
            _cell(cells[column], text, place == 0, centred[column], persona)
            cells[column].width = Cm(widths[column])
    header = table.rows[0]._tr.get_or_add_trPr()
    repeat = OxmlElement("w:tblHeader")
    header.append(repeat)
    if persona.table_lines != "grid":
        _table_lines(table, persona)
    gap = document.add_paragraph()
    gap.paragraph_format.line_spacing_rule = WD_LINE_SPACING.EXACTLY
    gap.paragraph_format.line_spacing = Pt(8)


def _cell(cell: _Cell, text: str, head: bool, centred: bool, persona: Persona) -> None:
    paragraph = cell.paragraphs[0]
    paragraph.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
    paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(1.5)
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER if head or centred else WD_ALIGN_PARAGRAPH.LEFT
    for run in _runs(paragraph, text):
        run.font.size = Pt(persona.table_size)
        if head:
            run.font.bold = True
    if head and persona.table_shade:
        shade = OxmlElement("w:shd")
        for name, value in (("val", "clear"), ("color", "auto"), ("fill", persona.table_shade)):
            shade.set(qn(f"w:{name}"), value)
        cell._tc.get_or_add_tcPr().append(shade)


def _table_lines(table: object, persona: Persona) -> None:
    borders = OxmlElement("w:tblBorders")
    wide = "12" if persona.table_lines == "three" else "4"
    colour = "000000" if persona.table_lines == "three" else "BFBFBF"
    for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
        line = OxmlElement(f"w:{side}")
        hidden = persona.table_lines == "three" and side in ("left", "right", "insideV")
        line.set(qn("w:val"), "nil" if hidden else "single")
        line.set(qn("w:sz"), "4" if side.startswith("inside") else wide)
        line.set(qn("w:color"), colour)
        borders.append(line)
    table._tbl.tblPr.append(borders)  # type: ignore[attr-defined]
