"""An extract of a registry of enterprises as CSV: one line per holder, a company on one line at least."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import Any

from core.errors import Invalid

COLUMNS = ("identifier", "name", "responsible", "responsible_id", "holder", "holder_id", "share")
MOST_LINES = 200_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One company of the extract: identifier, name, and the content of its record."""

    identifier: str
    name: str
    content: dict[str, Any]


def read_registry(raw: bytes) -> list[Entry]:
    """Read an extract, UTF-8 or GB 18030. Nothing of it is taken when a line is wrong.

    Invalid: registry.unreadable; registry.columns with those missing; registry.line with the line and the column.
    """
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise Invalid("registry.unreadable", field="file")
    rows = csv.DictReader(io.StringIO(text))
    missing = [column for column in COLUMNS if column not in (rows.fieldnames or [])]
    if missing:
        raise Invalid("registry.columns", field="file", missing="、".join(missing))
    found: dict[str, Entry] = {}
    for row in rows:
        line = rows.line_num
        if line > MOST_LINES:
            raise Invalid("registry.line", field="file", line=line, column="identifier")
        value = {column: (row.get(column) or "").strip()[:200] for column in COLUMNS}
        for column in ("identifier", "name"):
            if not value[column]:
                raise Invalid("registry.line", field="file", line=line, column=column)
        responsible = {"identifier": value["responsible_id"], "name": value["responsible"]}
        content: dict[str, Any] = {"identifier": value["identifier"], "responsible": responsible, "holders": []}
        entry = found.setdefault(value["identifier"], Entry(value["identifier"], value["name"], content))
        if entry.content["responsible"] != responsible:
            raise Invalid("registry.line", field="file", line=line, column="responsible_id")
        if value["holder_id"]:
            holder = {"identifier": value["holder_id"], "name": value["holder"], "share": _share(value["share"], line)}
            entry.content["holders"].append(holder)
    return list(found.values())


def _share(text: str, line: int) -> float:
    try:
        share = float(text.removesuffix("%"))
    except ValueError:
        share = -1.0
    if not 0 <= share <= 100:
        raise Invalid("registry.line", field="file", line=line, column="share")
    return share
