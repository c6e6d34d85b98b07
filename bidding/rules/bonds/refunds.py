"""When a bond is due back and with how much on top: days by the law's calendar, interest and late fee to the fen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from core.calendar import Calendar, Reckoned
from core.errors import Invalid
from core.law import Snapshot

KEYS = {
    "withdrawal": "bond_refund_after_withdrawal",
    "contract": "bond_refund_after_contract",
    "notice": "bond_refund_losers_after_notice",
    "termination": "bond_refund_after_termination",
    "refused": "bond_refund_after_refusal",
}
"""What makes a bond due back, and the rule that says within how many days (R-155, R-114, R-158)."""


@dataclass(frozen=True, slots=True)
class Due:
    """The last day a bond may go back, and the rule it was reckoned by."""

    basis: str
    since: date
    on: date
    rule: dict[str, str]
    assumed: tuple[int, ...] = ()


def due(law: Snapshot, calendar: Calendar, basis: str, since: date) -> Due:
    """The last day for a bond that came to be due on the day `since`; Invalid("refund.basis") for no such ground."""
    key = KEYS.get(basis, "")
    if key not in law.rules:
        raise Invalid("refund.basis", field="basis", found=basis)
    days = law.days(key)
    reckoned: Reckoned
    if law.rule(key).unit == "working_days":
        reckoned = calendar.end_of_working_days(since, days)
    else:
        reckoned = calendar.end_of_days(since, days)
    return Due(basis, since, reckoned.on, law.cite(key), reckoned.assumed)


def late_days(last: date, on: date) -> int:
    """How many days after the last day `on` is; 0 until that day is over. Every day counts, rest days too."""
    return max((on - last).days, 0)


def interest_fen(principal_fen: int, received: date, paid: date, basis: str, law: Snapshot) -> int:
    """Deposit interest for the days from `received` to `paid` (the first counts, the last does not), rounded half up
    to the fen; 0 where the frozen law grants none on this ground."""
    if basis not in law.words("bond_interest_on") or "bond_interest_pct" not in law.rules:
        return 0
    rate = Fraction(law.text("bond_interest_pct")) / 100
    return _rounded(principal_fen * rate * max((paid - received).days, 0) / law.days("bond_interest_year"))


def late_fee_fen(principal_fen: int, last: date, paid: date, law: Snapshot) -> int:
    """The fee for holding money too long (G: benchmark loan rate × 1.2), for every day after the last one, half up."""
    if "bond_late_pct" not in law.rules:
        return 0
    rate = Fraction(law.text("bond_late_pct")) / 100 * Fraction(law.text("bond_late_factor"))
    return _rounded(principal_fen * rate * late_days(last, paid) / law.days("bond_interest_year"))


def shares(payments: Sequence[tuple[int, int]], kept_fen: int) -> dict[int, int]:
    """What goes back on each payment (id, fen), the oldest first; what is kept is taken from the newest."""
    left = sum(fen for _, fen in payments) - kept_fen
    found = {}
    for number, fen in payments:
        found[number] = min(max(left, 0), fen)
        left -= found[number]
    return found


def check_forfeit(cause: str, law: Snapshot) -> None:
    """A bond is kept only on a ground the frozen law names, by a person's decision (R-156)."""
    if cause not in law.words("bond_forfeit_causes"):
        raise Invalid("forfeit.cause", field="cause", found=cause, allowed=list(law.words("bond_forfeit_causes")))


def _rounded(exact: Fraction) -> int:
    return int(exact + Fraction(1, 2)) if exact >= 0 else 0
