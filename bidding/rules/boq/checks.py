"""Checks of bills: a tenderee's before it is published, a bidder's against it; pure, the same in every program."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from bidding.rules.boq.bill import (
    FIXED,
    FIXED_RATE,
    MAX_LINES,
    PARTS,
    PLACES,
    PRICED,
    RATE,
    TENDER,
    UNIT,
    UNPRICED,
    Bill,
    Line,
    check_bill,
    is_base,
    is_code,
    is_rate,
    spelled,
)
from bidding.rules.boq.spelling import clean, folded, is_heading
from bidding.rules.boq.stated import ERROR, WARNING, BillFinding, Notes, StatedBill, StatedLine
from core import money
from core.errors import Invalid
from core.money import LIMIT_FEN

SUBSTANCE = "GB/T 50500"
"""The bill's own standard: code, name, features, unit and quantity are the tenderee's and not to be changed."""
ARITHMETIC = {"T": "R-430", "G": "R-431"}
OVER_MAXIMUM = {"T": "R-400", "G": "R-410"}
HEADINGS = {"name": "项目名称", "unit": "计量单位"}
FEN = Decimal(100)
POWERS = tuple(Decimal(10) ** power for power in (-3, -2, -1, 1, 2, 3))


def tender_bill(stated: StatedBill, *, section: str, title: str = "") -> tuple[Bill | None, list[BillFinding]]:
    """The tenderee's bill a file states, and every finding; no bill while any is an error.

    Unit prices and amounts that stand in it where the bidder is to price are left out: they are the tenderee's own.
    """
    notes = Notes(stated.sheet, found=list(stated.notes))
    lines: list[Line] = []
    seen: dict[str, int | None] = {}
    if len(stated.lines) > MAX_LINES:
        notes.add("boq.too_many_rows", expected=MAX_LINES, found=len(stated.lines))
    for place, item in enumerate(stated.lines[:MAX_LINES], 1):
        if item.code in seen:
            notes.add("boq.twice", row=item.row, item=item.title, expected=seen[item.code])
        seen[item.code] = item.row
        lines.append(_tender_line(item, place, notes))
    for line, item in zip(lines[1:], stated.lines[1:], strict=False):
        if PARTS.index(line.part) < PARTS.index(lines[line.number - 2].part):
            notes.add("boq.part_order", row=item.row, item=item.title, found=line.part)
    if notes.are_grave or not lines:
        return None, notes.found
    unpriced = stated.unpriced if stated.unpriced in UNPRICED else UNPRICED[0]
    bill = Bill(TENDER, section, title or stated.title or section, unpriced, tuple(lines))
    try:
        check_bill(bill.as_json())
    except Invalid as refusal:
        # Whatever of the format was not told above in a better sentence: texts too long, amounts beyond all measure.
        notes.add("boq.malformed", found=refusal.facts.get("place", ""))
        return None, notes.found
    return bill, notes.found


def _tender_line(item: StatedLine, place: int, notes: Notes) -> Line:
    part = item.part if item.part in PARTS else PARTS[0]
    pricing = item.pricing or UNIT
    where = {"row": item.row, "item": item.title}
    is_share = pricing in (RATE, FIXED_RATE)
    quantity = Decimal(1) if is_share and item.quantity is None else item.quantity
    price = rate = None
    if not is_code(part, item.code):
        notes.add("boq.code_malformed", expected="12", found=item.code, **where)  # type: ignore[arg-type]
    for name in ("name", "unit"):
        if not getattr(item, name):
            notes.add("boq.text_missing", expected=HEADINGS[name], **where)  # type: ignore[arg-type]
    if item.chapter and not is_heading(item.chapter):
        notes.add("boq.chapter_word", found=item.chapter, **where)  # type: ignore[arg-type]
    if quantity is None or quantity <= 0 or _is_fine(quantity, PLACES) or quantity >= 10**12:
        notes.add("boq.quantity", found="" if quantity is None else spelled(quantity), **where)  # type: ignore[arg-type]
        quantity = Decimal(1)
    if pricing == FIXED:
        price = _fen(item.price)
        if price is None or price < 0:
            notes.add("boq.price_missing", found=_shown(item.price), **where)  # type: ignore[arg-type]
    if pricing == FIXED_RATE:
        rate = item.rate
        if rate is None or not is_rate(rate) or _is_fine(rate, PLACES):
            notes.add("boq.rate_range", found=_shown(rate), **where)  # type: ignore[arg-type]
            rate = None
    line = Line(
        place, part, clean(item.chapter), item.code, clean(item.name), clean(item.feature), clean(item.unit), quantity,
        pricing, item.base if is_share else (), price, rate,
    )  # fmt: skip
    if is_share and not is_base(line):
        notes.add("boq.base", found="+".join(item.base), **where)  # type: ignore[arg-type]
    return line


def check_priced(
    tender: Bill,
    stated: StatedBill,
    *,
    control_price_fen: int | None = None,
    schedule_fen: int | None = None,
    regime: str = "T",
) -> tuple[Bill | None, list[BillFinding]]:
    """A bidder's bill as far as it can be computed, and every finding against the tenderee's.

    An item left out, added or changed, a price missing, negative, zero where that is not allowed, finer than a fen or
    other than given; amounts and total that do not add up (unit prices count, R-430 and R-431(4)); a total above the
    control price (R-400(5)) or other than in the opening schedule (R-431(1)). All are errors but those a person may
    reasonably leave. The bill is None while any line cannot be computed; an error elsewhere does not hide it.
    """
    check = _Check(tender, stated, ARITHMETIC[regime])
    bill = check.priced()
    if bill is not None and bill.total_fen is not None:
        check.totals(bill.total_fen, control_price_fen, schedule_fen, regime)
    return bill, check.notes.found


class _Check:
    """One bidder's bill while it is checked."""

    def __init__(self, tender: Bill, stated: StatedBill, rule: str) -> None:
        self._tender = tender
        self._stated = stated
        self._rule = rule
        self.notes = Notes(stated.sheet, found=list(stated.notes))

    def priced(self) -> Bill | None:
        """Match every line, note what differs, and compute."""
        if not self._stated.is_readable:
            return None
        self._belongs()
        found = self._matched()
        missing = [line for line in self._tender.lines if line.code not in found]
        for line in missing:
            self.notes.add("boq.missing", rule=SUBSTANCE, item=f"{line.code} {line.name}")
        lines = [self._line(line, found[line.code]) for line in self._tender.lines if line.code in found]
        if missing or None in lines:
            return None
        bill = Bill(
            PRICED, self._tender.section, self._tender.title, self._tender.unpriced,
            tuple(line for line in lines if line is not None), self._tender.sha256,
        )  # fmt: skip
        for line in bill.lines:
            self._amount(line, found[line.code], bill.amounts[line.number])
        if bill.total_fen is None or not 0 <= bill.total_fen < LIMIT_FEN:
            self.notes.add("boq.total_range", found=bill.total_fen)
            return None
        return bill

    def _belongs(self) -> None:
        stated = self._stated
        if stated.section and stated.section != self._tender.section:
            self.notes.add("boq.other_section", expected=self._tender.section, found=stated.section)
        elif stated.tender_sha256 and stated.tender_sha256 != self._tender.sha256:
            self.notes.add(
                "boq.other_version", level=WARNING, expected=self._tender.sha256[:12], found=stated.tender_sha256[:12]
            )

    def _matched(self) -> dict[str, StatedLine]:
        found: dict[str, StatedLine] = {}
        for item in self._stated.lines:
            if item.code in found:
                self.notes.add(
                    "boq.twice", rule=SUBSTANCE, row=item.row, item=item.title, expected=found[item.code].row
                )
            elif item.code not in self._tender.by_code:
                self.notes.add("boq.added", rule=SUBSTANCE, row=item.row, item=item.title)
            else:
                found[item.code] = item
        return found

    def _line(self, line: Line, item: StatedLine) -> Line | None:
        self._unchanged(line, item)
        value = self._rate(line, item) if line.is_rate else self._price(line, item)
        if value is None:
            return None
        price, rate = (None, value) if line.is_rate else (int(value), None)
        return Line(
            line.number, line.part, line.chapter, line.code, line.name, line.feature, line.unit, line.quantity,
            line.pricing, line.base, price, rate,
        )  # fmt: skip

    def _unchanged(self, line: Line, item: StatedLine) -> None:
        for name in ("name", "feature", "unit"):
            meant, said = getattr(line, name), getattr(item, name)
            if name not in self._stated.silent and folded(meant) != folded(said):
                self._note(f"boq.{name}_changed", item, expected=meant, found=said, rule=SUBSTANCE)
        if item.quantity is None and line.is_rate:
            return
        if item.quantity != line.quantity:
            self._note(
                "boq.quantity_changed", item, expected=spelled(line.quantity), found=_shown(item.quantity),
                rule=SUBSTANCE,
            )  # fmt: skip

    def _price(self, line: Line, item: StatedLine) -> Decimal | None:
        if item.price is None:
            return self._unpriced(line, item)
        fen = _fen(item.price)
        if fen is None:
            self._note("boq.precision", item, expected="0.01", found=spelled_signed(item.price))
            return None
        if abs(fen) >= LIMIT_FEN:
            self._note("boq.total_range", item, found=spelled_signed(item.price))
            return None
        if line.pricing == FIXED and fen != line.price_fen:
            self._note("boq.price_given", item, expected=money.plain(line.price_fen or 0), found=money.plain(fen))
            return None
        if fen < 0:
            self._note("boq.price_negative", item, found=money.plain(fen))
            return None
        if fen == 0 and line.pricing == UNIT:
            return self._unpriced(line, item)
        return Decimal(fen)

    def _unpriced(self, line: Line, item: StatedLine) -> Decimal | None:
        """No price, or zero: allowed where the bill says that the item then counts as contained in others."""
        allowed = line.pricing == UNIT and self._tender.unpriced == "included"
        code = "boq.price_missing" if item.price is None else "boq.price_zero"
        self._note(code, item, level=WARNING if allowed else ERROR)
        return Decimal(0) if allowed else None

    def _rate(self, line: Line, item: StatedLine) -> Decimal | None:
        rate = item.rate
        if rate is None or not is_rate(rate) or _is_fine(rate, PLACES):
            self._note("boq.rate_range", item, found=_shown(rate))
            return None
        if line.pricing == FIXED_RATE and rate != line.rate:
            self._note("boq.rate_given", item, expected=spelled(line.rate or Decimal(0)), found=spelled(rate))
            return None
        return rate

    def _amount(self, line: Line, item: StatedLine, amount: int) -> None:
        if item.amount is None:
            return
        off = item.amount * FEN - amount
        if off == 0:
            return
        told = {"expected": money.plain(amount), "found": spelled_signed(item.amount)}
        if item.is_computed and abs(off) <= 1:
            self._note("boq.amount_rounding", item, level=WARNING, rule=self._rule, **told)
        elif not line.is_rate and any(item.amount * FEN == _scaled(line, power) for power in POWERS):
            self._note("boq.decimal_point", item, rule=self._rule, **told)
        else:
            self._note("boq.amount", item, rule=self._rule, **told)

    def totals(self, total: int, control_price_fen: int | None, schedule_fen: int | None, regime: str) -> None:
        """Compare the computed total with the stated one, the control price and the schedule."""
        stated = self._stated
        if stated.total is not None:
            off = stated.total * FEN - total
            told = {"expected": money.plain(total), "found": spelled_signed(stated.total)}
            if off and stated.total_is_computed and abs(off) <= len(self._tender.lines):
                self.notes.add("boq.amount_rounding", level=WARNING, rule=self._rule, row=stated.total_row, **told)
            elif off:
                self.notes.add("boq.total", rule=self._rule, row=stated.total_row, **told)
        if control_price_fen is not None and total > control_price_fen:
            self.notes.add(
                "boq.over_control", rule=OVER_MAXIMUM[regime], expected=money.plain(control_price_fen),
                found=money.plain(total),
            )  # fmt: skip
        if schedule_fen is not None and schedule_fen != total:
            self.notes.add(
                "boq.schedule", rule=self._rule, expected=money.plain(total), found=money.plain(schedule_fen)
            )

    def _note(self, code: str, item: StatedLine, *, level: str = ERROR, rule: str = "", expected: object = "",
              found: object = "") -> None:  # fmt: skip
        self.notes.add(code, level=level, rule=rule, row=item.row, item=item.title, expected=expected, found=found)


def _scaled(line: Line, power: Decimal) -> Decimal:
    """The amount in fen had the price its point elsewhere, rounded half up; exact enough to recognise one."""
    return (line.quantity * Decimal(line.price_fen or 0) * power).quantize(Decimal(1), "ROUND_HALF_UP")


def _fen(yuan: Decimal | None) -> int | None:
    """Yuan with at most two decimals as fen; None for none or finer."""
    return None if yuan is None or _is_fine(yuan, 2) else int(yuan * FEN)


def _is_fine(value: Decimal, places: int) -> bool:
    exponent = value.normalize().as_tuple().exponent
    return not isinstance(exponent, int) or -exponent > places


def spelled_signed(value: Decimal) -> str:
    """A number of either sign in its plain spelling."""
    return f"-{spelled(-value)}" if value < 0 else spelled(value)


def _shown(value: Decimal | None) -> str:
    return "" if value is None else spelled_signed(value)


def errors_of(findings: Iterable[BillFinding]) -> list[BillFinding]:
    """The findings that keep a bidder's own program from sealing."""
    return [finding for finding in findings if finding.level == ERROR]
