"""Reads and writes a bill as XML in our own documented schema (docs/spec/boq.xsd)."""

from __future__ import annotations

import xml.etree.ElementTree as tree
from decimal import Decimal

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from bidding.rules.boq.bill import MAX_BYTES, MAX_LINES, PARTS, PRICED, PRICINGS, Bill, Line, spelled
from bidding.rules.boq.spelling import clean, folded, typed_number
from bidding.rules.boq.stated import Notes, StatedBill, StatedLine, refused
from core import money

NAMESPACE = "urn:sunbid:boq:1"
_N = f"{{{NAMESPACE}}}"
_ATTRIBUTES = ("code", "unit", "quantity", "pricing", "price", "rate", "base", "amount")
MAX_TAGS = 8 * MAX_LINES


def write_xml(bill: Bill) -> bytes:
    """The bill as XML: money in yuan, the same bytes for the same bill."""
    root = tree.Element(
        "boq",
        {
            "xmlns": NAMESPACE,
            "kind": bill.kind,
            "section": bill.section,
            "title": bill.title,
            "unpriced": bill.unpriced,
            **({"tender": bill.tender_sha256} if bill.tender_sha256 else {}),
        },
    )
    for part in PARTS:
        lines = [line for line in bill.lines if line.part == part]
        if lines:
            _write_part(tree.SubElement(root, "part", name=part), lines, bill)
    if bill.kind == PRICED and bill.total_fen is not None:
        tree.SubElement(root, "total").text = money.plain(bill.total_fen)
    tree.indent(root, " ")
    body: bytes = tree.tostring(root, encoding="utf-8")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + body + b"\n"


def _write_part(parent: tree.Element, lines: list[Line], bill: Bill) -> None:
    chapter: tree.Element | None = None
    for line in lines:
        if chapter is None or chapter.get("name") != line.chapter:
            chapter = tree.SubElement(parent, "chapter", name=line.chapter)
        amount = bill.amounts.get(line.number)
        values = {
            "number": str(line.number),
            "code": line.code,
            "unit": line.unit,
            "quantity": spelled(line.quantity),
            "pricing": line.pricing,
            "base": " ".join(line.base),
            "price": "" if line.price_fen is None else money.plain(line.price_fen),
            "rate": "" if line.rate is None else spelled(line.rate),
            "amount": "" if amount is None else money.plain(amount),
        }
        item = tree.SubElement(chapter, "line", {name: value for name, value in values.items() if value})
        tree.SubElement(item, "name").text = line.name
        if line.feature:
            tree.SubElement(item, "feature").text = line.feature


def read_xml(data: bytes) -> StatedBill:
    """The bill of an XML file as stated; findings instead of exceptions, whatever the bytes are.

    No DOCTYPE, no entities, nothing fetched; at most 16 MiB and MAX_TAGS elements.
    """
    if len(data) > MAX_BYTES or data.count(b"<") > 2 * MAX_TAGS:
        return refused("boq.too_big", expected=f"{MAX_BYTES >> 20} MB", found=f"{len(data) / (1 << 20):.1f} MB")
    try:
        root = fromstring(data, forbid_dtd=True)
    except DefusedXmlException:
        return refused("boq.xml_doctype")
    except (tree.ParseError, ValueError, LookupError) as error:
        return refused("boq.xml_broken", found=error)
    if root.tag != f"{_N}boq":
        return refused("boq.xml_broken", expected=f"{NAMESPACE} boq", found=root.tag)
    notes = Notes()
    lines: list[StatedLine] = []
    for part in root.findall(f"{_N}part"):
        if part.get("name") not in PARTS:
            notes.add("boq.word_unknown", expected="、".join(PARTS), found=part.get("name"))
        for chapter in part.findall(f"{_N}chapter"):
            for item in chapter.findall(f"{_N}line"):
                lines.append(_line(item, part.get("name", ""), chapter.get("name", ""), len(lines) + 1, notes))
    if len(lines) > MAX_LINES:
        return refused("boq.too_many_rows", expected=MAX_LINES, found=len(lines))
    if not lines:
        notes.add("boq.no_lines")
    total = root.find(f"{_N}total")
    return StatedBill(
        lines=tuple(lines),
        total=_number(notes, None, "", "total", total.text or "") if total is not None else None,
        section=clean(root.get("section", "")),
        title=clean(root.get("title", "")),
        unpriced=root.get("unpriced", ""),
        tender_sha256=root.get("tender", ""),
        notes=tuple(notes.found),
    )


def _line(item: tree.Element, part: str, chapter: str, place: int, notes: Notes) -> StatedLine:
    values = {name: item.get(name, "") for name in _ATTRIBUTES}
    name = clean(item.findtext(f"{_N}name", ""))
    title = f"{values['code']} {name}".strip()
    if values["pricing"] and values["pricing"] not in PRICINGS:
        notes.add("boq.word_unknown", row=place, item=title, expected="、".join(PRICINGS), found=values["pricing"])
    numbers = {
        field: _number(notes, place, title, field, values[field]) for field in ("quantity", "price", "rate", "amount")
    }
    base = tuple(values["base"].split())
    if not set(base) <= set(PARTS):
        notes.add("boq.word_unknown", row=place, item=title, expected="、".join(PARTS), found=values["base"])
    return StatedLine(
        sheet="",
        row=place,
        code=folded(values["code"]),
        name=name,
        feature=clean(item.findtext(f"{_N}feature", "")),
        unit=clean(values["unit"]),
        quantity=numbers["quantity"],
        price=numbers["price"],
        amount=numbers["amount"],
        rate=numbers["rate"],
        part=part,
        chapter=clean(chapter),
        pricing=values["pricing"] if values["pricing"] in PRICINGS else "",
        base=tuple(part for part in PARTS if part in base),
    )


def _number(notes: Notes, row: int | None, item: str, field: str, text: str) -> Decimal | None:
    if not text.strip():
        return None
    value = typed_number(text)
    if value is None:
        notes.add("boq.not_number", row=row, item=item, expected=field, found=text)
    return value
