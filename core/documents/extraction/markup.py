"""Reads an XML file: a priced bill of quantities as a sheet with the marks its program left, other XML as its text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from core.documents.document import Document, Line, Paragraph, Sheet
from core.documents.extraction.parts import MAX_ENTRY_BYTES, parse_xml
from core.errors import Invalid

BILL = "工程量清单"
MAX_ITEMS = 200_000
TITLES: dict[str, tuple[str, ...]] = {
    "项目编码": ("项目编码", "清单编码", "编码", "xmbm", "qdbm", "bm", "itemcode", "code"),
    "项目名称": ("项目名称", "清单名称", "名称", "xmmc", "mc", "itemname", "name"),
    "项目特征": ("项目特征", "特征", "xmtz", "tz", "feature", "description"),
    "计量单位": ("计量单位", "单位", "dw", "unit"),
    "工程量": ("工程量", "数量", "sl", "gcl", "quantity"),
    "综合单价": ("综合单价", "zhdj", "dj", "unitprice", "price"),
    "合价": ("综合合价", "合价", "zhhj", "hj", "amount", "total"),
}
"""How exchange formats of the provinces and programs call the columns; compared in lower case, without signs."""
NEEDED = ("项目编码", "项目名称", "工程量", "综合单价")
MARKS: dict[str, re.Pattern[str]] = {
    "locks": re.compile(r"加密锁|锁号|jms|dogid|dongle|lock(?:no|id|number|serial)?$"),
    "adapters": re.compile(r"mac|网卡"),
    "disks": re.compile(r"硬盘|harddisk|hdd|disk|ypxlh"),
}
BLANK = re.compile(r"[0\-\s:]*")


def read_xml(source: BinaryIO) -> Document:
    """Read a bill's items and marks, or the text. Raises Invalid as every reader of XML does."""
    data = source.read(MAX_ENTRY_BYTES + 1)
    if len(data) > MAX_ENTRY_BYTES:
        raise Invalid("document.size")
    root = parse_xml(data)
    marks: dict[str, list[str]] = {kind: [] for kind in MARKS}
    items: list[dict[str, str]] = []
    for element in root.iter():
        fields = _fields(element)
        for name, value in fields.items():
            for kind, pattern in MARKS.items():
                if pattern.search(name) and not BLANK.fullmatch(value) and value not in marks[kind]:
                    marks[kind].append(value[:200])
        item = {}
        for title, names in TITLES.items():
            if found := next((fields[name] for name in names if name in fields), ""):
                item[title] = found
        if all(title in item for title in NEEDED):
            items.append(item)
        if len(items) > MAX_ITEMS:
            raise Invalid("document.bomb", reason="items")
    held: dict[str, Any] | None = {"type": "sunbid-marks/v1", **marks} if any(marks.values()) else None
    if items:
        return Document("", "xml", "", sheets=(_sheet(items),), data=held)
    texts = (text for text in _texts(root) if text)
    return Document("", "xml", "", paragraphs=tuple(Paragraph(text, n) for n, text in enumerate(texts, 1)), data=held)


def _fields(element: Any) -> dict[str, str]:
    """What an element says of itself: its attributes, and its children that hold nothing but text."""
    if not isinstance(element.tag, str):
        return {}
    found = {_plain(name): str(value).strip() for name, value in element.attrib.items()}
    for child in element:
        if isinstance(child.tag, str) and len(child) == 0 and child.text and child.text.strip():
            found.setdefault(_plain(child.tag), child.text.strip())
    return {name: value for name, value in found.items() if value}


def _plain(name: str) -> str:
    return re.sub(r"[^\w]|_", "", name.rpartition("}")[2]).lower()


def _sheet(items: list[dict[str, str]]) -> Sheet:
    head = Line(1, tuple(enumerate(TITLES, 1)))
    rows = (
        Line(number, tuple((place, item[title]) for place, title in enumerate(TITLES, 1) if title in item))
        for number, item in enumerate(items, 2)
    )
    return Sheet(BILL, (head, *rows))


def _texts(root: Any) -> Iterator[str]:
    for element in root.iter():
        if isinstance(element.tag, str):
            yield (element.text or "").strip()
        yield (element.tail or "").strip()
