"""What a contract may say, purely."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from awards.rules.contracts import check_change, check_terms, contract_due, differences
from core.calendar import national
from core.clock import BEIJING
from core.errors import Invalid

OFFER = {"subject": "全部工程", "price_fen": 1_000_000, "duration_days": 280, "quality": "合格", "manager": "王工"}


@pytest.mark.parametrize("field", ["subject", "price_fen", "duration_days", "quality", "manager"])
def test_no_substantive_term_may_differ_from_the_offer(field: str) -> None:
    """R-555. Seen red: with the price left out of SUBSTANTIVE."""
    other: Any = OFFER[field] + 1 if isinstance(OFFER[field], int) else "别的"
    terms = {**OFFER, field: other, "performance_bond_fen": 0}
    with pytest.raises(Invalid, match=r"contract\.substantive") as refused:
        check_terms(OFFER, terms, bond_share="10")
    assert refused.value.field == field
    assert differences(OFFER, terms) == [{"field": field, "offered": OFFER[field], "found": other}]


def test_the_performance_bond_has_its_share() -> None:
    """R-556: a tenth of the price, the fen included."""
    check_terms(OFFER, {**OFFER, "performance_bond_fen": 100_000}, bond_share="10")
    with pytest.raises(Invalid, match=r"contract\.bond"):
        check_terms(OFFER, {**OFFER, "performance_bond_fen": 100_001}, bond_share="10")


def test_supplements_add_up() -> None:
    """R-558: ten per cent altogether; what is taken away gives nothing back; regime T has no such number."""
    check_change(1_000_000, [60_000, -50_000], 40_000, "10")
    with pytest.raises(Invalid, match=r"contract\.supplement"):
        check_change(1_000_000, [60_000, -50_000], 40_001, "10")
    check_change(1_000_000, [], 900_000, None)


def test_thirty_days_from_the_notice() -> None:
    """R-555, R-001: 30 days from 8 Oct end on Saturday 7 Nov, so on Monday 9 Nov."""
    noticed = datetime(2026, 10, 8, 9, tzinfo=BEIJING)
    assert contract_due(national(), noticed, 30) == datetime(2026, 11, 10, tzinfo=BEIJING)
