"""Rules of bonds: limits, days by the right calendar, interest to the fen, three recounts that must agree (R27)."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest

from bidding.rules import law_on
from bidding.rules.bonds import (
    asked_slots,
    books,
    check_forfeit,
    due,
    interest_fen,
    late_days,
    late_fee_fen,
    most_fen,
    most_performance_fen,
    valid_until,
)
from bidding.rules.bonds.guarantee import condition_in
from bidding.rules.bonds.recount import recounted
from bidding.rules.slots import DEFAULT_SLOTS
from core.calendar import national
from core.clock import from_iso
from core.errors import Invalid
from core.law import Snapshot
from verifier import refunds as verifier

ON = date(2026, 10, 8)
WORKS = law_on("T", ON)
GOODS = law_on("G", ON, category="goods")


def test_the_most_a_bond_may_be_follows_share_and_amount() -> None:
    """R-150, R-151, R-556: a share rounded down to the fen, and the amount where the law names one."""
    assert most_fen(1_000_000_01, WORKS) == 20_000_00
    assert most_fen(18_650_000_000, WORKS) == 800_000_00
    assert most_fen(18_650_000_000, law_on("T", ON, category="design")) == 100_000_00
    assert most_fen(18_650_000_000, GOODS) == 373_000_000
    assert most_performance_fen(10_000_05, GOODS) == 1_000_00


@pytest.mark.parametrize(
    ("law", "basis", "since", "last"),
    [
        (WORKS, "contract", "2026-11-02", "2026-11-09"),  # the fifth day is a Saturday: Monday
        (WORKS, "withdrawal", "2026-09-28", "2026-10-08"),  # 3 October lies in the holiday week, which ends on the 7th
        (GOODS, "notice", "2026-09-25", "2026-10-09"),  # five working days across the holiday, make-up days counted
        (GOODS, "contract", "2026-11-02", "2026-11-09"),
        (WORKS, "termination", "2026-11-03", "2026-11-09"),
    ],
)
def test_the_last_day_is_reckoned_by_the_right_calendar(law: Snapshot, basis: str, since: str, last: str) -> None:
    """R-155: days of the law's own kind. Seen red: with working days counted as days."""
    told = due(law, national(), basis, date.fromisoformat(since))
    assert (told.on.isoformat(), told.rule["rule"]) == (last, law.rule(told.rule["key"]).id)


def test_a_regime_without_the_ground_refuses_it() -> None:
    with pytest.raises(Invalid, match=r"refund\.basis"):
        due(WORKS, national(), "notice", ON)
    with pytest.raises(Invalid, match=r"forfeit\.cause"):
        check_forfeit("withdrawn", WORKS)
    check_forfeit("revoked", GOODS)


def test_interest_and_late_fee_are_whole_fen_rounded_half_up() -> None:
    paid, back = date(2026, 10, 1), date(2026, 12, 10)
    assert interest_fen(80_000_000, paid, back, "contract", WORKS) == 54_444
    assert interest_fen(80_000_000, paid, back, "contract", GOODS) == 0
    assert late_fee_fen(80_000_000, date(2026, 12, 1), back, GOODS) == 104_400
    assert late_fee_fen(80_000_000, date(2026, 12, 1), back, WORKS) == 0
    assert (late_days(back, back), late_days(back, back + timedelta(days=3))) == (0, 3)


def test_three_recounts_agree_to_the_fen_over_ten_thousand_refunds() -> None:
    """R27: fractions, whole numbers, decimals in another program. Seen red: with half a fen rounded down in one."""
    dice = random.Random(27)
    laws = {name: {key: rule.value for key, rule in law.rules.items()} for name, law in (("T", WORKS), ("G", GOODS))}
    for _ in range(10_000):
        regime = dice.choice("TG")
        law = WORKS if regime == "T" else GOODS
        fen = dice.choice((dice.randrange(1, 10**4), dice.randrange(1, 10**11), 18_000 * dice.randrange(1, 10**5)))
        came = ON + timedelta(days=dice.randrange(200))
        pay_on, last = came + timedelta(days=dice.randrange(400)), came + timedelta(days=dice.randrange(400))
        basis = dice.choice(("withdrawal", "contract", "notice", "termination"))
        first = {
            "principal_fen": fen,
            "interest_fen": interest_fen(fen, came, pay_on, basis, law),
            "fee_fen": late_fee_fen(fen, last, pay_on, law),
        }
        second = recounted(came_fen=fen, came_on=came, pay_on=pay_on, last=last, basis=basis, law=laws[regime])
        record = {"law": laws[regime]}
        bond = {"basis": basis, "due_on": last.isoformat()}
        payment, refund = {"fen": fen, "day": came.isoformat()}, {"pay_on": pay_on.isoformat()}
        third = {
            "principal_fen": fen,
            "interest_fen": verifier.interest(record, bond, payment, refund),
            "fee_fen": verifier.late_fee(record, bond, payment, refund),
        }
        assert first == second == third, (regime, fen, came, pay_on, last, basis)


def test_two_programs_name_the_same_last_day() -> None:
    """A thousand days, every ground, both regimes."""
    calendar = national()
    shared = {
        "holidays": sorted(day.isoformat() for day in calendar.holidays),
        "workdays": sorted(day.isoformat() for day in calendar.makeup_workdays),
    }
    for law in (WORKS, GOODS):
        record = {
            "calendar": shared,
            "law": {key: rule.value for key, rule in law.rules.items()},
            "units": {key: rule.unit for key, rule in law.rules.items()},
        }
        for basis, key in verifier.RULES.items():
            for step in range(500) if key in law.rules else ():
                day = ON + timedelta(days=step)
                assert due(law, calendar, basis, day).on == verifier.last_day(record, basis, day)


@pytest.mark.parametrize(
    ("wording", "conditional"),
    [
        ("我行收到书面索赔通知后五个工作日内无条件付款。", False),
        ("凭生效的法院判决书付款。", True),
        ("经被保证人同意后付款。", True),
        ("我公司对索赔事由进行调查，经本公司核实后的十日内付款。", True),
        ("本保函为一般保证。", True),
        ("Payable subject to the consent of the applicant.", True),
        ("Payable on first written demand.", False),
    ],
)
def test_a_condition_on_payment_is_found_in_the_wording(wording: str, conditional: bool) -> None:
    assert bool(condition_in(wording)) is conditional


def test_postings_balance_or_are_refused() -> None:
    assert books.paid_out(100, 0, 3) == [("held", 100), ("fee", 3), ("bank", -103)]
    with pytest.raises(ValueError, match="balance"):
        books.balanced([("bank", 1)])


def test_a_place_for_a_guarantee_is_offered_where_a_bond_is_asked() -> None:
    """Optional, behind the other files of its envelope, never twice."""
    with_place = asked_slots(DEFAULT_SLOTS, 1)
    assert [slot["slot"] for slot in with_place if slot["envelope"] == "qualification"] == [
        "licence", "letter", "record", "bond",
    ]  # fmt: skip
    assert asked_slots(with_place, 1) == with_place and asked_slots(DEFAULT_SLOTS, 0) == DEFAULT_SLOTS
    assert valid_until(from_iso("2026-11-01T16:30:00Z"), 90).isoformat() == "2027-01-31"
