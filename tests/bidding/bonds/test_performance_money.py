"""Performance bonds paid in money: matched by their own account as the bank's later statements come, back to zero."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from accounts.rules import Role
from bidding import queries as bidding
from bidding.models import Bond
from bidding.queries import bonds as queries
from bidding.rules.bonds import guarantee
from bidding.services import bonds as services
from core import canonical
from core.act import SYSTEM, Platform
from core.calendar import day_of
from core.clock import iso
from core.errors import Invalid
from tests.bidding.bonds.stage import ASKED, BondStage
from tests.bidding.bonds.test_refunds import declare_without_opening, record_of
from tests.bidding.stage import refused
from tests.conftest import Browser
from verifier.refunds import recount

OWN = "6222000062"


class Won(BondStage):
    """The bidder b has won with a bid bond in money and is asked for a performance bond."""

    def __init__(self, platform: Platform, folder: Path) -> None:
        super().__init__(platform, folder)
        self.by_transfer("b")
        self.by_transfer("c")
        declare_without_opening(self, "b", "c")
        self.clock.advance(days=5)
        with platform.act(SYSTEM) as act:
            section = bidding.section(act.session, self.code)
            winner = self.party("b")["uscc"]
            services.after_contract(act, section, winner=winner, price_fen=ASKED * 10, performance_fen=ASKED)

    def pay(self, letter: str, fen: int, payer: str = "") -> None:
        """Money for the performance bond comes in on the account of its purpose."""
        account = self.bank.account_for(self.code, self.party(letter), "performance")
        self.clock.advance(hours=1)
        self.bank.receive(account, payer or self.bidder(letter).name, OWN, fen)

    def tell(self, **changed: Any) -> None:
        """The bank hands in a later statement."""
        told = {**(self.bank.later_statement(self.code) or {}), **changed}
        with self.platform.act(SYSTEM) as act:
            services.take_signed_statement(act, canonical.dumps(told))

    def asked_bond(self) -> Bond:
        with self.platform.reading() as session:
            (bond,) = queries.bonds(session, bidding.section(session, self.code), "performance")
            return bond


def test_money_paid_in_parts_is_the_performance_bond_and_comes_back(platform: Platform, tmp_path: Path) -> None:
    """Nobody enters anything: short, then whole, then back by two persons, the bank's line out seen, books at zero.

    Seen red: with money of this purpose matched to the bid bond; with what came posted as owed to bidders.
    """
    made = Won(platform, tmp_path)
    assert made.bank.later_statement(made.code) is None
    made.pay("b", ASKED // 4)
    made.tell()
    bond = made.asked_bond()
    assert (bond.state, [one["code"] for one in bond.faults]) == ("declared", ["bond.part"])
    made.pay("b", ASKED - ASKED // 4)
    made.tell()
    made.tell()
    bond = made.asked_bond()
    assert (bond.state, bond.form, bond.faults) == ("held", "transfer", [])
    report = made.report()
    assert report["balanced"] and (report["performance_fen"], report["held_fen"]) == (ASKED, 2 * ASKED)
    with platform.act(SYSTEM) as act:
        section = bidding.section(act.session, made.code)
        services.after_performance(act, section, winner=made.party("b")["uscc"], reason="竣工验收合格")
    for _ in range(2):
        with platform.act(made.finance) as act:
            held = queries.bond_by_id(act.session, bond.id)
            line = queries.unrefunded(act.session, held)[0]
            refund = services.prepare_refund(act, held, line, typed_account=OWN, pay_on=day_of(act.now))
        made.approve(refund)
        with platform.reading() as session:
            (order,) = [one for one in queries.orders(session, held) if one.refund_id == refund.id]
            content = order.content
        answer = made.bank.obey(content)
        with platform.act(made.second) as act:
            services.confirm_refund(
                act, queries.refund(act.session, refund.id), reference=answer["reference"], paid_at=act.now
            )
    made.tell()
    with platform.reading() as session:
        held = queries.bond_by_id(session, bond.id)
        lines = queries.payments(session, held)
        assert held.state == "returned" and len(lines) == 4 and all(one.statement_id for one in lines)
    assert made.report()["balanced"] and made.report()["performance_fen"] == 0
    assert recount(record_of(made)) == []


def test_money_for_no_performance_bond_goes_back_and_another_payer_is_told(platform: Platform, tmp_path: Path) -> None:
    """A loser's payment has no bond; the winner's may come from anyone and goes back only there.

    Seen red: with the loser's payment kept on its bid bond.
    """
    made = Won(platform, tmp_path)
    made.pay("c", 5)
    made.pay("b", ASKED, payer="某担保公司")
    made.tell()
    bond = made.asked_bond()
    assert bond.state == "held" and [one["code"] for one in bond.faults] == ["bond.payer"]
    with platform.reading() as session:
        section = bidding.section(session, made.code)
        (stray,) = [one for one in queries.bonds(session, section) if one.number is None]
        assert [one["code"] for one in stray.faults] == ["bond.not_awaited"] and queries.held_fen(session, stray) == 5
    assert made.report()["balanced"] and made.report()["totals"]["stray"] == -5
    assert recount(record_of(made)) == []


def test_no_bid_bond_comes_to_light_after_the_names(platform: Platform, tmp_path: Path) -> None:
    """R-154: a later statement tells of what came later. Seen red: without the look at when it came."""
    made = Won(platform, tmp_path)
    account = made.bank.account_for(made.code, made.party("c"))
    with platform.reading() as session:
        book = queries.bond_book(session, bidding.section(session, made.code))
        assert book is not None and book.released_at is not None
        named = book.released_at
    made.bank.receive(account, made.bidder("c").name, OWN, ASKED)
    told = made.bank.later_statement(made.code)
    assert told is not None
    (row,) = told["rows"]
    for at, code in ((named - timedelta(seconds=1), "statement.earlier"), (named, "")):
        body = {key: value for key, value in told.items() if key not in ("signature", "certificate")}
        body["rows"] = [{**row, "at": iso(at)}]
        raw = canonical.dumps(guarantee.sign(body, made.bank.key, made.bank.certificate))
        if code:
            with refused(Invalid, code), platform.act(SYSTEM) as act:
                services.take_signed_statement(act, raw)
        else:
            with platform.act(SYSTEM) as act:
                assert services.take_signed_statement(act, raw).source == "later"
    with pytest.raises(Invalid, match=r"statement\.signature"):
        made.tell(number="other")


def test_the_desk_takes_a_table_with_what_each_line_is_for(platform: Platform, tmp_path: Path, login: Any) -> None:
    """By hand: 用途 says which bond; another word is told with its line. Seen red: with the column not read."""
    made = Won(platform, tmp_path)
    holder, name = made.party("b")["uscc"], made.party("b")["name"]
    head = "流水号,方向,虚拟账号,开立人代码,付款人,付款账号,基本账户,金额,时间,附言,用途\n"
    line = f"收,8000,{holder},{name},{OWN},是,800000.00,2026-12-30 10:00:00,,"
    browser: Browser = login(Role.FINANCE)
    page = f"/bonds/desk/{made.code}"
    sent = {"bank": "江城银行", "file": (io.BytesIO((head + f"P1,{line}履约\nP2,{line}别的\n").encode()), "x.csv")}
    assert browser.post(f"{page}/statements", data=sent).status_code == 303
    told = browser.get(page).text
    assert "用途一栏应为 投标 或 履约" in told and "手工导入" in told
    assert made.asked_bond().state == "held"
    assert (
        "签名，名单公布以后的收付" not in told and "自动对上" not in browser.get(f"{page}/{made.asked_bond().id}").text
    )
