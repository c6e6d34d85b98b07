"""How a bill spells its texts and numbers, and the words by which parts and ways of pricing are known."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal

WORDS_OF_PARTS = {
    "works": ("分部分项工程", "分部分项", "分部分项工程项目清单"),
    "measures": ("措施项目", "措施项目清单", "措施费"),
    "others": ("其他项目", "其他项目清单"),
    "charges": ("规费", "规费项目清单"),
    "tax": ("税金", "增值税", "税金项目清单"),
}
"""How a bill names its parts in headings and in the column 清单类别; the first word is the one we write."""
WORDS_OF_PRICINGS = {
    "unit": ("单价", "综合单价"),
    "fixed": ("给定价", "暂估", "暂列", "不可竞争"),
    "rate": ("费率",),
    "fixed_rate": ("给定费率",),
}
WORDS_OF_UNPRICED = {"refused": ("不得漏报",), "included": ("视为已含在其他单价中",)}
TOTALS = ("合计", "总计", "总价", "投标总价", "投标报价", "清单合计", "工程造价")
SUBTOTALS = ("小计", "本页小计", "分部小计", "章合计")
NO_CHAPTER = "—"
_NUMBER = re.compile(r"-?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?", re.ASCII)
_UNSEEN = ("Cf", "Cs", "Cn", "Co")
_SHORT = 40
_DIGITS = 27  # Decimal computes with 28


def folded(text: str) -> str:
    """A text as two writers of the same thing agree on it: NFKC (m³ is m3), no white space."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def clean(text: str) -> str:
    """Text as a bill keeps it: NFC, line feeds and blanks only, nothing invisible, blank at neither end."""
    plain = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return "".join(char for char in plain if char == "\n" or not _is_unseen(char)).strip()


def _is_unseen(char: str) -> bool:
    return ord(char) < 0x20 or 0x7F <= ord(char) <= 0x9F or unicodedata.category(char) in _UNSEEN


def cut(value: object, most: int = 200) -> str:
    """Text for a report: one line, at most `most` characters."""
    text = " ".join(str(value).split())
    return text if len(text) <= most else text[: most - 1] + "…"


def typed_number(text: str) -> Decimal | None:
    """The number a person typed as text: full-width digits, ￥ and thousands separators are read; None for none."""
    plain = unicodedata.normalize("NFKC", text[:_SHORT]).replace("−", "-").strip()
    plain = plain.removeprefix("¥").removesuffix("元").removesuffix("%").strip()
    if len(text) > _SHORT or _NUMBER.fullmatch(plain) is None:
        return None
    digits = plain.replace(",", "")
    return Decimal(digits) if len(digits) <= _DIGITS else None


def worded(words: Mapping[str, tuple[str, ...]], text: str) -> str:
    """The key whose words contain the text; empty for none."""
    plain = folded(text)
    return next((key for key, known in words.items() if plain in known), "")


def is_heading(text: str) -> bool:
    """Whether a chapter may be called so: a sheet must not read it as a part, a total, or no chapter."""
    bare = re.split(r"[(（]", folded(text).rstrip(":"))[0]
    return not worded(WORDS_OF_PARTS, text) and text != NO_CHAPTER and bare not in (*TOTALS, *SUBTOTALS)


def parts_of(text: str) -> tuple[str, ...] | None:
    """The parts a 计费基数 names (`分部分项工程+措施项目`), in their order; None when one of them is not known."""
    named = [piece for piece in re.split(r"[+、,;]", folded(text)) if piece]
    found = [worded(WORDS_OF_PARTS, piece) for piece in named]
    return None if "" in found else tuple(part for part in WORDS_OF_PARTS if part in found)
