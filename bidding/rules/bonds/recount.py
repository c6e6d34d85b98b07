"""The recount: the same sums by whole-number arithmetic alone, from the plainest values; shares nothing with `refunds`.

`python -m verifier` has a third, in a program of its own (R27).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date


def recounted(
    *, came_fen: int, came_on: date, pay_on: date, last: date, basis: str, law: Mapping[str, str]
) -> dict[str, int]:
    """Principal, interest and fee of one payment, reckoned in whole numbers; `law`: rule key → value as written."""
    year = int(law["bond_interest_year"])
    interest = fee = 0
    if basis in law.get("bond_interest_on", "").split() and "bond_interest_pct" in law:
        interest = _share(came_fen, [law["bond_interest_pct"]], (pay_on - came_on).days, year)
    if "bond_late_pct" in law and pay_on > last:
        fee = _share(came_fen, [law["bond_late_pct"], law["bond_late_factor"]], (pay_on - last).days, year)
    return {"principal_fen": came_fen, "interest_fen": interest, "fee_fen": fee}


def _share(fen: int, factors: list[str], days: int, year: int) -> int:
    """fen × the factors (the first in per cent) × days ÷ year, half a fen up, without a fraction in between."""
    over, under = fen * max(days, 0), 100 * year
    for factor in factors:
        whole, _, part = factor.partition(".")
        over *= int(whole + part)
        under *= 10 ** len(part)
    return (2 * over + under) // (2 * under)
