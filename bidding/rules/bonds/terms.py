"""What a section asks of a bid bond, as data a bidder takes to any bank, guarantor or insurer (R-150…R-153)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from core.calendar import day_of
from core.clock import iso
from core.law import Snapshot

TYPE = "sunbid-bond-terms/v1"
PAPERS = ("guarantee", "insurance", "surety")
"""Forms in which somebody else promises the money; their evidence is a signed document."""
MONEY = ("transfer", "cheque", "draft", "promissory", "cash")
"""Forms in which money itself arrives; their evidence is the bank's statement."""
WAIVER = "waiver"
CITED = ("bond_max_pct", "bond_max_yuan", "bond_forms", "bond_validity", "bond_due", "bond_basic_account")


def build_terms(
    *,
    section: str,
    name: str,
    project: str,
    beneficiary: Mapping[str, str],
    amount_fen: int,
    deadline: datetime,
    validity_days: int,
    law: Snapshot,
    released: bool,
    relief: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """The terms as one JSON value. `beneficiary`: name and uscc of the tenderee; `deadline` as it stands now.

    A guarantee must not end before `valid_until`, the last day of the bids' validity; a later deadline moves it.
    `relief`: what good ratings take off, rule by rule, where the section grants it (R-707). `released` tells
    institutions that the bidders' names are public, and so what they hold may be shown (R-154).
    """
    return {
        "type": TYPE,
        "purpose": "bid",
        "section": section,
        "name": name,
        "project": project,
        "beneficiary": dict(beneficiary),
        "amount_fen": amount_fen,
        "deadline": iso(deadline),
        "valid_until": valid_until(deadline, validity_days).isoformat(),
        "forms": _forms(law, relief) if amount_fen else [],
        "basic_account": list(law.words("bond_basic_account")) if amount_fen else [],
        "relief": [dict(one) for one in relief],
        "law": [law.cite(key) for key in CITED if key in law.rules],
        "released": released,
    }


def _forms(law: Snapshot, relief: Sequence[Mapping[str, Any]]) -> list[str]:
    """The forms the law leaves to the bidder, and none at all where a rating may waive the whole bond."""
    return [*law.words("bond_forms"), *([WAIVER] if any(one["waived"] >= 100 for one in relief) else [])]


def least_fen(amount_fen: int, relief: Sequence[Mapping[str, Any]]) -> int:
    """The least any bidder may be asked: the amount less the largest reduction granted."""
    return amount_fen * (100 - max((int(one["waived"]) for one in relief), default=0)) // 100


def valid_until(deadline: datetime, validity_days: int) -> date:
    """The last day of the bids' validity, which the bond's must reach (R-150): counted from the deadline's day."""
    return day_of(deadline) + timedelta(days=validity_days)


def most_fen(base_fen: int, law: Snapshot) -> int:
    """The most a bid bond may be: the share of estimate or budget, and the amount where the law names one, in fen."""
    share = int(base_fen * law.number("bond_max_pct") / 100)
    return min(share, int(law.number("bond_max_yuan")) * 100) if "bond_max_yuan" in law.rules else share


def most_performance_fen(contract_fen: int, law: Snapshot) -> int:
    """The most a performance bond may be: the share of the contract's price (R-556), in whole fen rounded down."""
    return int(contract_fen * law.number("perf_bond_max") / 100)


SLOT: dict[str, Any] = {"envelope": "qualification", "slot": "bond", "name": "电子保函", "required": False}
"""Where a guarantee lies in a bid; nobody is asked for one, money is as good (R-153)."""


def asked_slots(slots: list[dict[str, Any]], bond_fen: int) -> list[dict[str, Any]]:
    """The files of a bid, with a place for a guarantee where a bond is asked and the section names none itself."""
    last = max((place for place, slot in enumerate(slots) if slot["envelope"] == SLOT["envelope"]), default=None)
    if not bond_fen or last is None or any(slot["slot"] == SLOT["slot"] for slot in slots):
        return list(slots)
    return [*slots[: last + 1], dict(SLOT), *slots[last + 1 :]]
