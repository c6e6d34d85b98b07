"""Pages and doors of bonds over HTTP: banks' documents, the desk, an attempt at another account, one's own."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from accounts.rules import Role
from bidding.models import Bond, BondInstitution
from bidding.queries import bonds as queries
from core import canonical
from core.act import SYSTEM, Platform
from core.outbox import unsent
from tests.bidding.bonds.stage import BondStage
from tests.conftest import Browser


@pytest.fixture
def stage(platform: Platform, tmp_path: Path) -> BondStage:
    made = BondStage(platform, tmp_path)
    made.by_guarantee("a", amount_fen=1)
    made.by_transfer("b")
    made.by_transfer("c", 80_000_000, 80_000_000)
    stranger = {"name": "未投标的公司", "uscc": "91330100MA4ABCDEF0"}
    made.bank.receive(made.bank.account_for(made.code, stranger), stranger["name"], "62229999", 80_000_000, basic=True)
    for letter in "abc":
        made.submit(letter)
    return made


def test_a_bank_at_the_door_and_the_desk_behind_it(
    stage: BondStage, app: Flask, client: Browser, login: Callable[..., Browser]
) -> None:
    """Before the names every answer is the same; then statement, faults, two persons, another account told.

    A bond paid twice is marked, once. Seen red: with the attempt written in an act that is rolled back, without the
    mark, and where a bond that no bid declared had no page.
    """
    finance = login(Role.FINANCE)
    desk = f"/bonds/desk/{stage.code}"
    assert client.get(f"/sections/{stage.code}/bond.json").json["amount_fen"] == 80_000_000
    assert finance.get(desk).status_code == 404
    statement = canonical.dumps(stage.bank.statement(stage.code))
    early = client.post("/bonds/statements", data=statement, headers={"Accept": "application/json"})
    assert (early.status_code, early.json["code"]) == (409, "statement.sealed")
    assert client.get("/bonds/sections.json").json["sections"][0]["released"] is False
    stage.to_opened()
    finance, second = login(Role.FINANCE), login(Role.FINANCE, person="b")
    for _ in range(2):
        assert client.post("/bonds/statements", data=statement).json["lines"] == 4
    page = finance.get(desk).text
    assert "保函金额 0.01 元，少于要求的" in page and "对账为零" in page
    wrong = finance.post(f"{desk}/statements", data={"bank": "滨江银行", "file": (io.BytesIO(b"x,y\n1,2"), "x.csv")})
    assert wrong.status_code == 422 and "对账单表头缺少" in wrong.text and "滨江银行" in wrong.text
    assert "不能晚于今天" in finance.post(f"{desk}/due", data={"basis": "contract", "since": "2099-01-01"}).text
    assert finance.post(f"{desk}/due", data={"basis": "contract", "since": "2026-10-29"}).status_code == 303
    assert finance.get(f"{desk}/{stage.bond('c').id}").text.count("重复缴纳，一并退还") == 1
    with stage.platform.reading() as session:
        everyone = [one.id for one in session.scalars(select(Bond))]
    assert [finance.get(f"{desk}/{one}").status_code for one in everyone] == [200] * 4, "whatever was declared"
    bond = stage.bond("b")
    assert "重复缴纳" not in finance.get(f"{desk}/{bond.id}").text
    with stage.platform.reading() as session:
        payment = queries.payments(session, bond)[0]
    place = f"{desk}/{bond.id}"
    sent: dict[str, Any] = {"typed_account": "6222 0000 1111", "pay_on": "2026-10-29"}
    refused = finance.post(f"{place}/refunds/{payment.id}", data=sent)
    assert refused.status_code == 422 and "6222 0000 1111" in refused.text and "已记录并告知监督部门" in refused.text
    assert "试图退到其他账户，已拒绝" in second.get(place).text
    with stage.platform.reading() as session:
        assert "bond.attempt" in {message.template for message in unsent(session)}
    sent["typed_account"] = payment.payer_account
    assert finance.post(f"{place}/refunds/{payment.id}", data=sent).status_code == 303
    (refund,) = refunds_of(stage, bond)
    assert finance.post(f"{place}/approve/{refund}").status_code == 409
    assert second.post(f"{place}/approve/{refund}").status_code == 303
    paid = second.post(f"{place}/confirm/{refund}", data={"reference": "R-1", "paid_at": "2026-10-29T10:00"})
    assert paid.status_code == 303
    mine = login(Role.BIDDER, person="b").get("/bonds/mine").text
    assert "已退还" in mine and "R-1" in mine and stage.bidder("c").name not in mine
    assert client.get("/bonds?lang=en").status_code == 200
    assert login(Role.SUPERVISOR).get("/bonds/reconciliation.json").json["balanced"] is True
    a = stage.bond("a")
    assert second.post(f"{desk}/{a.id}/order", data={"receipt": "释放-1"}).status_code == 303
    assert stage.bond("a").state == "returned"


def refunds_of(stage: BondStage, bond: Any) -> list[int]:
    with stage.platform.reading() as session:
        return [one.id for one in queries.refunds(session, bond)]


def test_the_operator_registers_an_institution_and_is_told_what_is_wrong(
    stage: BondStage, login: Callable[..., Browser]
) -> None:
    """Seen red: with the address unchecked, plain http to a stranger was taken."""
    operator = login(Role.OPERATOR)
    typed = {"name": "平安保险", "kind": "insurer", "certificate": "-----BEGIN", "address": "http://insurer.example"}
    refused = operator.post("/ops/institutions", data=typed)
    assert refused.status_code == 422 and "不是可用的机构证书" in refused.text and "平安保险" in refused.text
    type(stage.bank).create(stage.folder / "insurer", "平安保险", "insurer", at=stage.clock.now())
    typed["certificate"] = (stage.folder / "insurer" / "certificate.pem").read_text()
    assert "须为 https 地址" in operator.post("/ops/institutions", data=typed).text
    typed["address"] = "https://insurer.example"
    assert operator.post("/ops/institutions", data=typed).status_code == 303
    assert operator.post("/ops/institutions", data=typed).status_code == 409
    with stage.platform.act(SYSTEM) as act:
        held = act.session.query(BondInstitution).filter_by(name="平安保险").one().id
    assert operator.post(f"/ops/institutions/{held}/withdraw", data={"reason": "执照吊销"}).status_code == 303
    assert "已停用" in operator.get("/ops/institutions").text
