"""Money as integer fen: reading what people type, writing it for tables and prose, and the capital form 大写."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

from core.errors import Invalid

LIMIT_FEN = 10**14
"""Amounts stay below one trillion yuan (万亿元): the capital form needs no compound unit above 亿."""

_ASCII = str.maketrans("０１２３４５６７８９．，￥", "0123456789.,¥")
_SHAPE = re.compile(r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.([0-9]+))?")
_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("仟", "佰", "拾", "")
_GROUPS = ("亿", "万", "")


def parse(text: str, *, field: str | None = None) -> int:
    """Read an amount in yuan and return fen.

    Full-width digits, a leading ¥ and thousands separators in their right places are read; anything else is refused
    with Invalid: money.empty, money.malformed, money.too_precise (more than two decimals), money.too_large. Zero is an
    amount; whether it is allowed is the caller's rule.
    """
    typed = text.strip().translate(_ASCII)
    if not typed:
        raise Invalid("money.empty", field=field)
    shape = _SHAPE.fullmatch(typed.removeprefix("¥").lstrip())
    if shape is None:
        raise Invalid("money.malformed", field=field, text=text)
    if len(shape[1] or "") > 2:
        raise Invalid("money.too_precise", field=field, text=text)
    whole, _, part = shape[0].replace(",", "").partition(".")
    if len(whole.lstrip("0")) > 12:
        raise Invalid("money.too_large", field=field, text=text)
    return int(whole) * 100 + int(part.ljust(2, "0"))


def grouped(fen: int) -> str:
    """Return the table form `160,215,880.00` (yuan); differences may be negative."""
    yuan, part = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{yuan:,}.{part:02}"


def plain(fen: int) -> str:
    """Return `160215880.00` (yuan): the form for CSV, JSON and the value of an input."""
    return grouped(fen).replace(",", "")


def prose(fen: int) -> str:
    """Return the form for running Chinese text, rounded: `1.602 亿元`, `186.5 万元`, below 1 万元 exact."""
    if abs(fen) >= 10**10:
        return f"{_rounded(fen, 10**10, 3)} 亿元"
    if abs(fen) >= 10**6:
        scaled = _rounded(fen, 10**6, 2)
        return f"{scaled} 万元" if abs(Decimal(scaled)) < 10_000 else f"{_rounded(fen, 10**10, 3)} 亿元"
    return f"{grouped(fen)} 元"


def prose_english(fen: int) -> str:
    """Return the form for running English text, rounded: `CNY 160.216 million`, below one million exact."""
    if abs(fen) >= 10**11:
        return f"CNY {_rounded(fen, 10**11, 3)} billion"
    if abs(fen) >= 10**8:
        return f"CNY {_rounded(fen, 10**8, 3)} million"
    return f"CNY {grouped(fen)}"


def upper(fen: int) -> str:
    """Return 人民币大写, for example `壹亿陆仟零贰拾壹万伍仟捌佰捌拾元整`.

    After 正确填写票据和结算凭证的基本规定 (中国人民银行 支付结算办法, annex 1): 整 only after 元, one 零 for any run
    of zeros inside, and 零 between 元 and 角 where the yuan digit is 0. ValueError below 0 or from one trillion yuan.
    """
    if not 0 <= fen < LIMIT_FEN:
        raise ValueError("the capital form needs an amount from 0 to below one trillion yuan")
    yuan, part = divmod(fen, 100)
    jiao, last = divmod(part, 10)
    written = _integer(yuan) + "元" if yuan else ""
    if not part:
        return (written or "零元") + "整"
    if jiao:
        written += "零" if yuan and yuan % 10 == 0 else ""
        written += _DIGITS[jiao] + "角"
    elif yuan:
        written += "零"
    return written + (_DIGITS[last] + "分" if last else "")


def _integer(yuan: int) -> str:
    written = ""
    for unit, scale in zip(_GROUPS, (10**8, 10**4, 1), strict=True):
        group = yuan // scale % 10**4
        if not group:
            continue
        # A skipped group or a missing thousands digit reads as one 零; zeros at a group's end are silent.
        gap = written and (group < 1000 or not written.endswith(_GROUPS[_GROUPS.index(unit) - 1]))
        written += ("零" if gap else "") + _group(group) + unit
    return written


def _group(group: int) -> str:
    written, pending = "", False
    for place, digit in zip(_PLACES, f"{group:04}", strict=True):
        if digit == "0":
            pending = bool(written)
        else:
            written += ("零" if pending else "") + _DIGITS[int(digit)] + place
            pending = False
    return written


def _rounded(fen: int, unit_fen: int, places: int) -> str:
    exact = (Decimal(fen) / unit_fen).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return f"{exact:f}".rstrip("0").rstrip(".") if places else f"{exact:f}"
