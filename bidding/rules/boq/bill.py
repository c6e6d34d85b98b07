"""A bill of quantities as data, `sunbid-boq/v1`: its lines, its arithmetic in whole fen, its canonical JSON."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from bidding.rules.boq.spelling import clean, is_heading
from core.errors import Invalid
from core.money import LIMIT_FEN
from core.seal import canonical, read_canonical

TYPE = "sunbid-boq/v1"
TENDER, PRICED = "tender", "priced"
PARTS = ("works", "measures", "others", "charges", "tax")
"""分部分项, 措施, 其他, 规费, 税金, in the order in which a rate may build on what stands before it."""
CODED = ("works", "measures")
"""Parts whose items carry the twelve digits of GB/T 50500."""
UNIT, FIXED, RATE, FIXED_RATE = "unit", "fixed", "rate", "fixed_rate"
PRICINGS = (UNIT, FIXED, RATE, FIXED_RATE)
"""Who sets what: a unit price by the bidder, a unit price by the tenderee (暂估, 暂列, 不可竞争), a rate by either."""
UNPRICED = ("refused", "included")
"""Whether an item may stay without a price, which then counts as contained in other prices."""

MAX_LINES = 10_000
MAX_BYTES = 16 * 1024 * 1024
MICRO = 10**6
PLACES = 6
_SECTION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,79}", re.ASCII)
_CODE = re.compile(r"[0-9]{12}", re.ASCII)
_OTHER_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,19}", re.ASCII)
_NUMBER = re.compile(r"(0|[1-9][0-9]{0,11})(\.[0-9]{0,5}[1-9])?", re.ASCII)
_KEYS = ("type", "kind", "section", "title", "unpriced", "tender_sha256", "lines", "total_fen")
_LINE = (
    "number", "part", "chapter", "code", "name", "feature", "unit", "quantity", "pricing", "base", "price_fen", "rate",
    "amount_fen",
)  # fmt: skip
_TEXTS = {"chapter": 100, "name": 200, "feature": 4000, "unit": 20}


@dataclass(frozen=True, slots=True)
class Line:
    """One item of a bill; `base` are the parts a rate is taken of; None where a price or rate is still to be given."""

    number: int
    part: str
    chapter: str
    code: str
    name: str
    feature: str
    unit: str
    quantity: Decimal
    pricing: str
    base: tuple[str, ...] = ()
    price_fen: int | None = None
    rate: Decimal | None = None

    @property
    def is_rate(self) -> bool:
        """Whether the amount is a percentage of other parts."""
        return self.pricing in (RATE, FIXED_RATE)

    @property
    def is_given(self) -> bool:
        """Whether the tenderee set the price or the rate."""
        return self.pricing in (FIXED, FIXED_RATE)


@dataclass(frozen=True)
class Bill:
    """A bill: the tenderee's (`tender`), or a bidder's (`priced`) that answers the one of `tender_sha256`."""

    kind: str
    section: str
    title: str
    unpriced: str
    lines: tuple[Line, ...]
    tender_sha256: str | None = None

    @cached_property
    def amounts(self) -> dict[int, int]:
        """Line number → amount in fen; lines that cannot be computed yet are left out."""
        amounts: dict[int, int] = {}
        sums = dict.fromkeys(PARTS, 0)
        whole = dict.fromkeys(PARTS, True)
        for line in self.lines:
            amount = _amount(line, sums, whole)
            if amount is None:
                whole[line.part] = False
                continue
            amounts[line.number] = amount
            sums[line.part] += amount
        return amounts

    @cached_property
    def total_fen(self) -> int | None:
        """The sum of all amounts in fen; None while any line lacks its price."""
        return sum(self.amounts.values()) if len(self.amounts) == len(self.lines) else None

    @cached_property
    def subtotals(self) -> dict[str, int]:
        """Part → sum of its known amounts in fen, parts without lines left out."""
        sums: dict[str, int] = {}
        for line in self.lines:
            sums[line.part] = sums.get(line.part, 0) + self.amounts.get(line.number, 0)
        return sums

    @cached_property
    def by_code(self) -> dict[str, Line]:
        """Code → line; codes are unique in a bill."""
        return {line.code: line for line in self.lines}

    def as_json(self) -> dict[str, Any]:
        """The JSON value of docs/spec/boq.md."""
        return {
            "type": TYPE,
            "kind": self.kind,
            "section": self.section,
            "title": self.title,
            "unpriced": self.unpriced,
            "tender_sha256": self.tender_sha256,
            "lines": [
                {
                    "number": line.number,
                    "part": line.part,
                    "chapter": line.chapter,
                    "code": line.code,
                    "name": line.name,
                    "feature": line.feature,
                    "unit": line.unit,
                    "quantity": spelled(line.quantity),
                    "pricing": line.pricing,
                    "base": list(line.base),
                    "price_fen": line.price_fen,
                    "rate": None if line.rate is None else spelled(line.rate),
                    "amount_fen": self.amounts.get(line.number),
                }
                for line in self.lines
            ],
            "total_fen": self.total_fen,
        }

    def canonical(self) -> bytes:
        """The RFC 8785 bytes that are stored, hashed and sealed."""
        return canonical(self.as_json())

    @cached_property
    def sha256(self) -> str:
        """The bill's name: the hash of its canonical bytes."""
        return hashlib.sha256(self.canonical()).hexdigest()


def times(quantity: Decimal, price_fen: int) -> int:
    """Quantity × unit price in fen, rounded half up to the fen (away from zero below it); exact, no context of Decimal.

    `quantity` has at most six decimals.
    """
    return _halves_up(int(quantity.scaleb(PLACES)) * price_fen, MICRO)


def share(base_fen: int, rate: Decimal) -> int:
    """`rate` per cent of an amount in fen, rounded half up; `rate` has at most six decimals."""
    return _halves_up(base_fen * int(rate.scaleb(PLACES)), MICRO * 100)


def _halves_up(numerator: int, denominator: int) -> int:
    whole = (2 * abs(numerator) + denominator) // (2 * denominator)
    return whole if numerator >= 0 else -whole


def _amount(line: Line, sums: Mapping[str, int], whole: Mapping[str, bool]) -> int | None:
    if line.is_rate:
        if line.rate is None or not all(whole[part] for part in line.base):
            return None
        return share(sum(sums[part] for part in line.base), line.rate)
    return None if line.price_fen is None else times(line.quantity, line.price_fen)


def spelled(value: Decimal) -> str:
    """A number's one spelling: no sign, no exponent, no zeros that say nothing (`33650`, `0.5`)."""
    text = format(value, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text or "0"


def number(text: Any) -> Decimal | None:
    """The number of that one spelling, at most twelve digits before and six after the point; None for anything else."""
    return Decimal(text) if isinstance(text, str) and _NUMBER.fullmatch(text) else None


def read_bill(data: bytes) -> Bill:
    """The bill of these canonical bytes; Invalid("boq.malformed") naming the place, for whatever is not exactly one."""
    try:
        value = read_canonical(data, MAX_BYTES)
    except Invalid:
        _fail("json")
    return check_bill(value)


def check_bill(value: Any) -> Bill:
    """The bill of a JSON value; Invalid("boq.malformed") unless all of it is as docs/spec/boq.md says."""
    _need(isinstance(value, dict) and set(value) == set(_KEYS) and value["type"] == TYPE, "type")
    _need(value["kind"] in (TENDER, PRICED), "kind")
    _need(isinstance(value["section"], str) and _SECTION.fullmatch(value["section"]) is not None, "section")
    _need(_is_text(value["title"], 200), "title")
    _need(value["unpriced"] in UNPRICED, "unpriced")
    priced = value["kind"] == PRICED
    answers = value["tender_sha256"]
    _need(re.fullmatch("[0-9a-f]{64}", answers) is not None if priced and isinstance(answers, str)
          else answers is None and not priced, "tender_sha256")  # fmt: skip
    _need(isinstance(value["lines"], list) and 0 < len(value["lines"]) <= MAX_LINES, "lines")
    lines = tuple(_line(item, place, priced=priced) for place, item in enumerate(value["lines"], 1))
    check_lines(lines)
    bill = Bill(value["kind"], value["section"], value["title"], value["unpriced"], lines, answers)
    for line, item in zip(lines, value["lines"], strict=True):
        _need(item["amount_fen"] == bill.amounts.get(line.number), f"lines.{line.number}.amount_fen")
    total = bill.total_fen
    _need(value["total_fen"] == total and sum(bill.amounts.values()) < LIMIT_FEN, "total_fen")
    _need(not priced or total is not None, "total_fen")
    return bill


def check_lines(lines: tuple[Line, ...]) -> None:
    """Refuse (boq.malformed) lines that are no bill together: numbers not 1, 2 …, a code twice, parts out of order."""
    seen: set[str] = set()
    last = 0
    for place, line in enumerate(lines, 1):
        where = f"lines.{place}"
        _need(line.number == place, f"{where}.number")
        _need(PARTS.index(line.part) >= last, f"{where}.part")
        last = PARTS.index(line.part)
        _need(line.code not in seen, f"{where}.code")
        seen.add(line.code)


def _line(item: Any, place: int, *, priced: bool) -> Line:
    where = f"lines.{place}"
    _need(isinstance(item, dict) and set(item) == set(_LINE), where)
    _need(type(item["number"]) is int, f"{where}.number")
    _need(item["part"] in PARTS, f"{where}.part")
    _need(item["pricing"] in PRICINGS, f"{where}.pricing")
    for name, most in _TEXTS.items():
        _need(_is_text(item[name], most, empty=name in ("chapter", "feature")), f"{where}.{name}")
    _need(item["chapter"] == "" or is_heading(item["chapter"]), f"{where}.chapter")
    _need(is_code(item["part"], item["code"]), f"{where}.code")
    quantity = number(item["quantity"])
    _need(quantity is not None and quantity > 0, f"{where}.quantity")
    base, rate, price = item["base"], item["rate"], item["price_fen"]
    _need(isinstance(base, list), f"{where}.base")
    line = Line(
        item["number"], item["part"], item["chapter"], item["code"], item["name"], item["feature"], item["unit"],
        quantity or Decimal(1), item["pricing"], tuple(base), price, None if rate is None else number(rate),
    )  # fmt: skip
    _need(is_base(line), f"{where}.base")
    known = priced or line.is_given
    if line.is_rate:
        _need(price is None, f"{where}.price_fen")
        _need(is_rate(line.rate) if known else rate is None, f"{where}.rate")
        _need(line.quantity == 1, f"{where}.quantity")
    else:
        _need(rate is None, f"{where}.rate")
        _need(type(price) is int and 0 <= price < LIMIT_FEN if known else price is None, f"{where}.price_fen")
    return line


def is_code(part: str, code: Any) -> bool:
    """Whether `code` may name an item of that part: twelve digits, or outside works and measures any short code."""
    shape = _CODE if part in CODED else _OTHER_CODE
    return isinstance(code, str) and shape.fullmatch(code) is not None


def is_base(line: Line) -> bool:
    """Whether a rate stands on parts before its own, each once and in order, and anything else on none."""
    if not line.is_rate:
        return line.base == ()
    before = PARTS[: PARTS.index(line.part)]
    return line.base != () and line.base == tuple(part for part in before if part in line.base)


def is_rate(rate: Decimal | None) -> bool:
    """Whether a percentage may be one: 0 to 100."""
    return rate is not None and 0 <= rate <= 100


def _is_text(value: Any, most: int, *, empty: bool = False) -> bool:
    """Text as `clean` leaves it, of at most `most` characters; nothing that two programs could show differently."""
    return isinstance(value, str) and (bool(value) or empty) and len(value) <= most and value == clean(value)


def _need(holds: bool, place: str) -> None:
    if not holds:
        _fail(place)


def _fail(place: str) -> Any:
    raise Invalid("boq.malformed", field="boq", place=place)
