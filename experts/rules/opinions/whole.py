"""Whether a bid is complete and its letter says one price: facts beside the opinions, with page and quotation."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from core.errors import Invalid
from core.money import parse, upper
from experts.rules.opinions.opinion import SHORT_PAGE
from experts.rules.opinions.passages import Leaf, passages_of

FIGURE = re.compile(r"[¥￥] ?([0-9][0-9,]*(?:\.[0-9]{1,2})?)")
PRICE = re.compile("(?:投标|总)[^。；\\n]{0,6}(?:报价|总价)")
WORDS = re.compile("[零壹贰叁肆伍陆柒捌玖拾佰仟万亿]{2,}[元圆](?:整|[零壹贰叁肆伍陆柒捌玖角分]+整?)?")

Json = Mapping[str, Any]


def completeness(slots: Sequence[Json], held: Sequence[str], leaves: Sequence[Leaf]) -> list[dict[str, Any]]:
    """Required files that are missing, by the tenderee's list, and how many pages of each file have no text."""
    found = [
        {"code": "slot_missing", "slot": slot["name"]}
        for slot in slots
        if slot["required"] and slot["slot"] not in held
    ]
    for file in sorted({leaf.file for leaf in leaves}):
        pages = [leaf for leaf in leaves if leaf.file == file]
        unread = sum(leaf.text is None or len(leaf.text.strip()) < SHORT_PAGE for leaf in pages)
        if unread:
            found.append({"code": "pages_unread", "file": file, "unread": unread, "pages": len(pages)})
    return found


def price_said(leaves: Sequence[Leaf], price_fen: int | None) -> list[dict[str, Any]]:
    """Where the letter states a total in figures or in words that is not the price of the opening (R-430, R-431)."""
    if price_fen is None:
        return []
    found = []
    for one in passages_of(leaves):
        if not PRICE.search(one.text):
            continue
        for text in FIGURE.findall(one.text):
            try:
                stated = parse(text.replace(",", ""))
            except Invalid:
                continue
            if stated != price_fen:
                found.append(_differs("price_figures", one, text, price_fen))
        for text in WORDS.findall(one.text):
            if text.removesuffix("整").replace("圆", "元") != upper(price_fen).removesuffix("整").replace("圆", "元"):
                found.append(_differs("price_words", one, text, price_fen))
    return found


def _differs(code: str, one: Any, text: str, price_fen: int) -> dict[str, Any]:
    return {
        "code": code, "file": one.file, "page": one.page, "found": text, "expected_fen": price_fen,
        "quotation": one.text,
    }  # fmt: skip
