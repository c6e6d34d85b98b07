"""Bonds meet their bids only after the names: every lack told apart, nothing known before, everything told once."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from bidding import queries as bidding
from bidding.models import Bond, BondBook, BondPayment, BondStatement
from bidding.queries import bonds as queries
from bidding.rules.bonds import guarantee as rules
from bidding.services import bonds as services
from core import canonical
from core.act import SYSTEM, Platform
from core.errors import Invalid, Untimely
from core.ledger.log import LedgerEntry
from opening import services as opening
from tests import factories
from tests.bidding.bonds.stage import ASKED, BondStage, spelled


@pytest.fixture
def stage(platform: Platform, tmp_path: Path) -> BondStage:
    return BondStage(platform, tmp_path)


def test_guarantees_and_transfers_meet_their_bids_after_the_names(stage: BondStage) -> None:
    """One whole day: a guarantee, a transfer, money in two parts; all held, the books at zero."""
    stage.by_guarantee("a")
    stage.by_transfer("b")
    stage.by_transfer("c", 30_000_000, 50_000_000)
    for letter in "abc":
        stage.submit(letter)
    stage.to_opened()
    assert [stage.bond(letter).state for letter in "abc"] == ["held", "declared", "declared"]
    stage.state_bank()
    assert [stage.bond(letter).state for letter in "abc"] == ["held", "held", "held"]
    report = stage.report()
    assert report["balanced"] and report["sum_fen"] == 0
    assert report["held_fen"] == 2 * ASKED == report["bank"]["balance_fen"]


def test_before_the_names_the_platform_knows_nothing_of_any_bond(stage: BondStage) -> None:
    """No row, no ledger entry, no different answer, whoever paid or got a guarantee (R-154).

    Seen red: with the check of the release taken out of `take_signed_statement`.
    """
    stage.by_guarantee("a")
    stage.by_transfer("b")
    stage.by_transfer("c")
    for letter in "abc":
        stage.submit(letter)
    statement = canonical.dumps(stage.bank.statement(stage.code))
    with stage.platform.reading() as session:
        for table in (Bond, BondBook, BondPayment, BondStatement):
            assert session.scalar(select(func.count()).select_from(table)) == 0
        told = session.scalars(select(LedgerEntry.kind).where(LedgerEntry.kind.startswith("bond"))).all()
        assert told == []
    with pytest.raises(Untimely, match=r"statement\.sealed"), stage.platform.act(SYSTEM) as act:
        services.take_signed_statement(act, statement)
    stage.to_names()
    with stage.platform.act(SYSTEM) as act:
        services.take_signed_statement(act, statement)
    assert stage.bond("b").state == "held"


def test_every_unfit_guarantee_is_told_with_its_own_reason(stage: BondStage) -> None:
    """Forged, short, expired, for somebody else, conditional, of a stranger, shown twice: one code each."""
    fit = stage.bank.issue(stage.terms(), stage.party("a"))
    forged = {**fit, "amount_fen": fit["amount_fen"] * 2}
    stage.enclose("a", canonical.dumps(forged), "guarantee", fit["number"])
    stage.by_guarantee("b", amount_fen=ASKED - 1)
    stage.by_guarantee("c", expires_on="2026-11-01")
    stage.by_guarantee("d", beneficiary={"name": "别的单位", "uscc": "913301000000000000"})
    stage.by_guarantee("e", wording="本行凭生效的法院判决书付款。")
    for letter in "abcde":
        stage.submit(letter)
    stage.to_opened()
    assert [stage.codes(letter) for letter in "abcde"] == [
        ["guarantee.forged"], ["guarantee.short"], ["guarantee.expires"], ["guarantee.beneficiary"],
        ["guarantee.conditional"],
    ]  # fmt: skip
    assert {stage.bond(letter).state for letter in "abcde"} == {"faulty"}
    assert {stage.bid(letter).state for letter in "abcde"} == {"opened_by_bidder"}, "no bid is rejected by this"


def test_a_guarantee_shown_twice_missing_or_of_a_stranger_is_told(stage: BondStage) -> None:
    document = stage.by_guarantee("a")
    stage.enclose("b", spelled(document), "guarantee", document["number"])
    stage.declare("c", "guarantee", "X1")
    stranger = stage.folder / "stranger"
    type(stage.bank).create(stranger, "外地担保公司", "guarantor", at=stage.clock.now())
    unknown = type(stage.bank)(stranger, now=stage.clock.now)
    stage.by_guarantee("d", unknown)
    stage.enclose("e", b"%PDF-1.7", "guarantee", "X2")
    for letter in "abcde":
        stage.submit(letter)
    stage.to_opened()
    assert "guarantee.reused" in stage.codes("b") and "guarantee.applicant" in stage.codes("b")
    assert stage.codes("c") == ["guarantee.absent"]
    assert stage.codes("d") == ["guarantee.issuer_unknown"]
    assert stage.codes("e") == ["guarantee.malformed"]


def test_every_lack_of_a_payment_is_told(stage: BondStage) -> None:
    """Short, late, not from the basic account, by somebody else, from another account than declared."""
    stage.by_transfer("a", ASKED - 1)
    stage.by_transfer("b", payer="帮忙付款有限公司")
    stage.by_transfer("c", basic=False)
    stage.by_transfer("d")
    stage.declare("d", "transfer", "999")
    late = stage.bank.account_for(stage.code, stage.party("e"))
    stage.declare("e", "transfer", "")
    for letter in "abcde":
        stage.submit(letter)
    stage.to_names()
    stage.bank.receive(late, stage.bidder("e").name, "1", ASKED)
    stage.state_bank()
    assert [stage.codes(letter) for letter in "abcde"] == [
        ["bond.short"], ["bond.other_payer"], ["bond.not_basic"], ["bond.other_account"],
        ["bond.late", "bond.short"],
    ]  # fmt: skip


def test_a_member_of_a_consortium_may_pay(stage: BondStage) -> None:
    """R-157: the money comes from a partner sealed with the bid. Seen red: with the bidder's name alone allowed."""
    partner = {"name": "帮忙付款有限公司", "uscc": factories.uscc(71), "role": "member", "share": 4_000, "work": "机电"}
    facts = stage.bidder("a").facts
    lead = {**{key: facts["bidder"][key] for key in ("name", "uscc")}, "role": "lead", "share": 6_000, "work": "土建"}
    facts["consortium"] = [lead, partner]
    stage.by_transfer("a", payer=partner["name"])
    for letter in "abc":
        if letter != "a":
            stage.by_transfer(letter)
        stage.submit(letter)
    stage.to_names()
    stage.state_bank()
    assert stage.codes("a") == []


def test_a_member_of_a_consortium_may_give_the_guarantee_and_make_it_last_longer(stage: BondStage) -> None:
    """R-157, R-158: the applicant is a partner both times. Seen red: with the lead alone allowed to make it longer."""
    partner = {"name": "帮忙担保有限公司", "uscc": factories.uscc(71)}
    facts = stage.bidder("a").facts
    lead = {**{key: facts["bidder"][key] for key in ("name", "uscc")}, "role": "lead", "share": 6_000, "work": "土建"}
    facts["consortium"] = [lead, {**partner, "role": "member", "share": 4_000, "work": "机电"}]
    given = stage.bank.issue(stage.terms(), partner)
    stage.enclose("a", canonical.dumps(given), "guarantee", given["number"])
    for letter in "abc":
        stage.submit(letter)
    stage.to_opened()
    assert stage.codes("a") == []
    until = date.fromisoformat(stage.terms()["valid_until"]) + timedelta(days=60)
    longer = stage.bank.issue(stage.terms(), partner, expires_on=str(until))
    with stage.platform.act(SYSTEM) as act:
        bond = queries.bond(act.session, bidding.section(act.session, stage.code), stage.bid("a").number)
        assert bond is not None
        services.extend_guarantee(act, bond, canonical.dumps(longer), until=until)
    assert (stage.bond("a").guarantee or {})["document"]["number"] == longer["number"]


def test_a_statement_is_taken_once_and_must_be_what_was_promised(stage: BondStage) -> None:
    """Idempotent; a changed one is refused by its signature, a re-signed one by the commitment given before."""
    for letter in "abc":
        stage.by_transfer(letter)
        stage.submit(letter)
    if "k_range" in stage.method["price"]:
        stage.commit_draw()
    stage.close()
    with stage.platform.act(SYSTEM) as act:
        services.keep_commitment(act, canonical.dumps(stage.bank.commitment(stage.code)))
    stage.peel("officer", "supervisor", "tenderee")
    stage.act(stage.tenderee, opening.publish_names)
    statement = stage.bank.statement(stage.code)
    changed = {**statement, "rows": statement["rows"][:2]}
    resigned = rules.sign(
        {key: value for key, value in changed.items() if key not in ("signature", "certificate")},
        stage.bank.key, stage.bank.certificate,
    )  # fmt: skip
    for unfit, code in ((changed, "statement.signature"), (resigned, "statement.differs")):
        with pytest.raises(Invalid, match=code), stage.platform.act(SYSTEM) as act:
            services.take_signed_statement(act, canonical.dumps(unfit))
    stage.state_bank()
    stage.state_bank()
    with stage.platform.reading() as session:
        assert session.scalar(select(func.count()).select_from(BondPayment)) == 3
        assert session.scalar(select(BondStatement.is_committed)) is True
    with pytest.raises(Untimely, match=r"commitment\.late"), stage.platform.act(SYSTEM) as act:
        other = stage.institution("远东银行有限公司", "bank")
        services.keep_commitment(act, canonical.dumps(other.commitment(stage.code)))


CSV = """流水号,虚拟账号,开立人代码,付款人,付款账号,基本账户,金额,时间
1,8001,{a},{name},6222-0001,是,"800,000.00",2026-10-20 09:00
2,8002,{b},乙,6222-0002,是,八十万,2026-10-20 09:00
3,8003,{b},,6222-0003,是,1.00,2026-10-20 09:00
1,8001,{a},{name},6222-0001,是,"800,000.00",2026-10-20 09:00
4,8004,913301XXXXXXXXXXXX,没有投标的公司,6222-0004,否,5000,2026-10-20 10:00
"""


def test_a_csv_by_hand_keeps_the_good_lines_and_tells_the_bad(stage: BondStage) -> None:
    """Bad lines with number and reason, the rest taken; a payer who did not bid gets the money back (R-155)."""
    for letter in "abc":
        stage.declare(letter, "transfer")
        stage.submit(letter)
    stage.to_names()
    text = CSV.format(a=stage.party("a")["uscc"], b=stage.party("b")["uscc"], name=stage.bidder("a").name)
    for encoding in ("utf-8-sig", "gb18030"):
        with stage.platform.act(stage.finance) as act:
            section = bidding.section(act.session, stage.code)
            taken = services.import_statement(act, section, "滨江银行", text.encode(encoding))
            bad: list[dict[str, Any]] = taken.bad_rows
    assert [(row["line"], row["code"]) for row in bad] == [
        (3, "money.malformed"), (4, "form.required"), (5, "statement.twice"),
    ]  # fmt: skip
    assert stage.bond("a").state == "held" and stage.codes("b") == ["bond.unpaid"]
    report = stage.report()
    assert report["balanced"] and report["stray_fen"] == 500_000
    with pytest.raises(Invalid, match=r"statement\.columns"), stage.platform.act(stage.finance) as act:
        services.import_statement(act, bidding.section(act.session, stage.code), "滨江银行", b"a,b\n1,2\n")
