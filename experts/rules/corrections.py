"""Arithmetic correction of a bid's price: which figure counts, step by step, by the regime's order (R-430 to R-432)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bidding.rules.boq import Bill, share, times

WORDS, UNITS = "words", "units"
RULES = {("T", WORDS): "R-430(1)", ("T", UNITS): "R-430(2)", ("G", WORDS): "R-431(2)", ("G", UNITS): "R-431(4)"}
SLIP = {"T": "R-430(2)", "G": "R-431(3)"}
"""The obvious decimal error in a unit price: the amount stands and the unit price is mended."""


@dataclass(frozen=True)
class Step:
    """One step: what it is about, by which rule, and the price before and after, in fen."""

    what: str
    rule: str
    from_fen: int
    to_fen: int


@dataclass(frozen=True)
class Correction:
    """A corrected price: its steps, and the lines of the bill that count other than by their unit price."""

    read_fen: int
    price_fen: int
    steps: tuple[Step, ...]
    lines: tuple[tuple[str, str, int, int], ...]
    bill_total_fen: int | None

    def as_json(self) -> dict[str, Any]:
        """The correction as it is asked about, kept in the ledger and recomputed by both verifiers."""
        return {
            "read_fen": self.read_fen,
            "price_fen": self.price_fen,
            "steps": [{"what": s.what, "rule": s.rule, "from_fen": s.from_fen, "to_fen": s.to_fen} for s in self.steps],
            "lines": [{"code": c, "name": n, "from_fen": f, "to_fen": t} for c, n, f, t in self.lines],
            "bill_total_fen": self.bill_total_fen,
        }


def correct_price(
    regime: str, read_fen: int, *, words_fen: int | None, bill: Bill | None, slips: Mapping[str, int]
) -> Correction:
    """The price that counts, from the price read out, the amount in words and the bill; every figure in fen.

    In this order: words over figures; then the sum by unit prices over the total (R-430, R-431(2) and (4)). In `slips`
    {item code: the amount that stands} the committee found an obvious decimal error in the unit price: the amount
    counts, the unit price is mended (R-430, R-431(3)); rates that build on such an item follow. No step, no change.
    """
    price, steps = read_fen, []
    if words_fen is not None and words_fen != price:
        steps.append(Step(WORDS, RULES[regime, WORDS], price, words_fen))
        price = words_fen
    lines: tuple[tuple[str, str, int, int], ...] = ()
    total = None
    if bill is not None and bill.total_fen is not None:
        lines = _counted(bill, slips)
        total = bill.total_fen
        summed = total + sum(to - was for _code, _name, was, to in lines)
        if summed != price:
            steps.append(Step(UNITS, RULES[regime, UNITS], price, summed))
            price = summed
    return Correction(read_fen, price, tuple(steps), lines, total)


def _counted(bill: Bill, slips: Mapping[str, int]) -> tuple[tuple[str, str, int, int], ...]:
    """The lines whose amount differs from that of the bill once the slips are mended, rates included."""
    sums: dict[str, int] = {}
    changed = []
    for line in bill.lines:
        if line.code in slips:
            amount = slips[line.code]
        elif line.is_rate and line.rate is not None:
            amount = share(sum(sums.get(part, 0) for part in line.base), line.rate)
        else:
            amount = times(line.quantity, line.price_fen or 0)
        sums[line.part] = sums.get(line.part, 0) + amount
        if amount != bill.amounts[line.number]:
            changed.append((line.code, line.name, bill.amounts[line.number], amount))
    return tuple(changed)
