"""Citations of Chinese law in English: names by the table `portal/laws.json`, articles by their numbers."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

TABLE = Path(__file__).resolve().parents[1] / "laws.json"
DIGITS = {name: value for value, name in enumerate("零一二三四五六七八九")}
NUMBER = "[零一二三四五六七八九十百]+"
PLACE = re.compile(f"第[（(]?({NUMBER})[）)]?(条|款|项)")
SPAN = re.compile(f"第({NUMBER})条至第({NUMBER})条")
ORDER = re.compile(r"(?:(\d{4})年)?第?(\d+)号令")
ISSUED = re.compile(r"〔(\d{4})〕(\d+)号")
PARTS = {"条": "art. ", "款": "para. ", "项": "item "}
SIGNS = {
    "；": "; ",
    "、": ", ",
    "，": ", ",
    "：": ": ",
    "（": " (",
    "）": ")",
    "《": "",
    "》": "",
    "。": ".",
    "“": "“",
    "”": "”",
}


def number_of(text: str) -> int:
    """A Chinese numeral below a thousand: 二十四 → 24, 一百零三 → 103."""
    total, digit = 0, 0
    for sign in text:
        if sign in "十百":
            total += (digit or 1) * (10 if sign == "十" else 100)
            digit = 0
        else:
            digit = DIGITS[sign]
    return total + digit


def in_english(citation: str) -> str:
    """The citation in English; whatever the table does not know stays as it is written."""
    text = citation
    for chinese, english in _table():
        text = text.replace(chinese, f" {english}" if english[:1].isalnum() else english)
    text = SPAN.sub(lambda found: f" arts {number_of(found[1])} to {number_of(found[2])}", text)
    text = PLACE.sub(lambda found: f" {PARTS[found[2]]}{number_of(found[1])}", text)
    text = ORDER.sub(lambda found: f"Order No. {found[2]}" + (f" of {found[1]}" if found[1] else ""), text)
    text = ISSUED.sub(r" [\1] No. \2", text)
    for chinese, sign in SIGNS.items():
        text = text.replace(chinese, sign)
    text = re.sub(r"\s+", " ", text).strip()
    text = re.sub(r"\s+([,;:.)])", r"\1", text).replace("( ", "(")
    text = re.sub(r"(?<=[A-Za-z0-9)\]])\s+(?=(?:art\. |arts |para\. |item )\d)", ", ", text)
    return text.replace(" and, art", " and art").replace("from, art", "from art").replace("with, art", "with art")


@cache
def _table() -> list[tuple[str, str]]:
    """What is replaced as a whole, the longest first: notes, then names of laws and who issued a document."""
    held = json.loads(TABLE.read_text(encoding="utf-8"))
    names = sorted(held["notes"].items(), key=lambda pair: -len(pair[0]))
    laws = sorted(held["laws"].items(), key=lambda pair: -len(pair[0]))
    issuers = [(f"{name}〔", f"{english}〔") for name, english in held["issuers"].items()]
    return [*names, *laws, *issuers]


def names() -> list[str]:
    """The names of laws the table knows, the longest first."""
    return sorted(json.loads(TABLE.read_text(encoding="utf-8"))["laws"], key=len, reverse=True)
