"""A notice's content, which is data, as blocks a page or a document shows: pairs and tables with labels."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext as _  # type: ignore[import-untyped]

from core.clock import BEIJING, from_iso
from core.money import grouped
from portal.words.labels import label, place, title, value_word

HASH = re.compile(r"[0-9a-f]{40,}")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
LONG = frozenset(
    {
        "leaf_salt",
        "submission_digest",
        "secret",
        "salt",
        "nonce",
        "sealed_sha256",
        "leaf_index",
        "faults",
        "schedule",
        "slot",
    }
)
"""Columns of interest to programs only: a page's table leaves them out, the JSON has them all."""
FORMAT = "type"
"""The name and version of a document's form, which only programs need."""


@dataclass(frozen=True)
class Block:
    """One part of a notice: a title, pairs of label and value, or a table with the same columns in every row."""

    title: str
    pairs: list[tuple[str, Any]] = field(default_factory=list)
    columns: list[dict[str, str]] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Shown:
    """A value ready to print; `mono` for hashes and codes, `number` for what must not wrap."""

    text: str
    mono: bool = False
    number: bool = False


def blocks(content: dict[str, Any]) -> list[Block]:
    """The content as blocks, plain values first, in the order their labels are listed, empty ones left out."""
    plain: list[tuple[str, Any]] = []
    others: list[Block] = []
    for key in sorted(content, key=place):
        value = content[key]
        if key == FORMAT or value in (None, "", [], {}):
            continue
        if isinstance(value, dict):
            others += _nested(key, value)
        elif isinstance(value, list) and all(isinstance(item, dict) for item in value):
            others.append(_table(key, value))
        else:
            plain.append((label(key), shown(key, value)))
    return ([Block("", plain)] if plain else []) + others


def _nested(key: str, value: dict[str, Any]) -> list[Block]:
    inner = blocks(value)
    return [Block(block.title or title(key), block.pairs, block.columns, block.rows) for block in inner]


def _table(key: str, items: list[dict[str, Any]]) -> Block:
    listed = {name for item in items for name in item if name not in LONG and name != FORMAT}
    names = sorted(listed, key=place)
    names = [name for name in names if any(item.get(name) not in (None, "", [], {}) for item in items)]
    columns = [{"key": name, "label": label(name, key), "kind": _kind(name)} for name in names]
    rows = [{name: _cell(name, item.get(name)) for name in names} for item in items]
    return Block(label(key), columns=columns, rows=rows)


def _kind(name: str) -> str:
    if name.endswith("_fen"):
        return "money"
    return "num" if name in ("number", "rank", "total", "technical", "qualification", "price") else "prose"


def _cell(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name.endswith("_fen"):
        return value
    return shown(name, value).text


def shown(key: str, value: Any) -> Shown:
    """One value as people read it: fen as yuan, instants in Beijing time, yes and no, lists joined."""
    if isinstance(value, bool):
        return Shown(_("是") if value else _("否"))
    if key.endswith("_fen") and isinstance(value, int):
        return Shown(f"¥{grouped(value)}", number=True)
    if isinstance(value, str) and (key.endswith("_at") or INSTANT.fullmatch(value)):
        return Shown(f"{from_iso(value).astimezone(BEIJING):%Y-%m-%d %H:%M:%S}", number=True)
    if key == "share" and isinstance(value, int):
        return Shown(f"{value / 100:g}%", number=True)
    if isinstance(value, list):
        return Shown((_("；") if any(isinstance(item, dict) for item in value) else _("、")).join(
            shown(key, item).text for item in value
        ))  # fmt: skip
    if isinstance(value, dict):
        told = [(name, item) for name, item in sorted(value.items(), key=lambda pair: place(pair[0])) if item != ""]
        return Shown(_("、").join(f"{label(name)} {shown(name, item).text}" for name, item in told))
    text = value_word(key, str(value))
    return Shown(text, mono=bool(HASH.fullmatch(text)) or key in ("platform_key", "identifier", "tenderee_identifier"))
