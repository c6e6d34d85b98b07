"""The contract: from the sealed offer over both signatures to its publication, a change and its end; verified twice."""

from __future__ import annotations

import base64
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from accounts import services as accounts
from accounts.queries import person as person_of
from accounts.rules import Role
from awards.rules.contracts import contract_message
from core.act import SYSTEM, Platform
from tests import factories
from tests.conftest import Browser
from tests.journeys.test_outcomes import to_report
from tests.journeys.whole import found_wrong, tampered, wrong_lines


def test_a_contract_follows_the_offer_and_both_sign_it(
    platform: Platform, tmp_path: Path, login: Callable[..., Browser]
) -> None:
    """R-555, R-556, R-558: substance is refused, two signatures conclude, publication, supplement, termination."""
    stage = to_report(platform, tmp_path / "machines", "G")
    stage.awarded()
    code, tenderee = stage.code, partial(login, Role.TENDEREE)
    held = stage.publicity().winner
    assert held is not None and held.price_fen is not None
    letter = "abc"[held.number - 1]
    winner = partial(login, Role.BIDDER, person=letter)
    key = factories.SigningKey.create()
    with platform.act(SYSTEM) as act:
        person = person_of(act.session, stage.tenderee.name)
        assert person.organisation is not None
        pem = stage.authority.issue(
            key.public, name=person.organisation.name, identifier=person.organisation.identifier, person=person.name,
            at=stage.clock.now(), days=365,
        )  # fmt: skip
        accounts.register_certificate(act, person, pem)
    page = f"/contracts/{code}"
    assert "由投标文件生成合同" in tenderee().get(page).text
    assert login(Role.BIDDER, person="abc"[held.number % 3]).get(page).status_code == 404
    schedule: dict[str, Any] = held.schedule or {}
    terms = {
        "subject": "第三水厂扩建工程施工图范围内的全部内容", "price_fen": f"{held.price_fen / 100:.2f}",
        "duration_days": str(schedule.get("duration_days", 60)), "quality": str(schedule.get("quality", "")),
        "manager": str(schedule.get("manager", "")), "performance_bond_fen": "0", "payment": "验收合格后一次付清",
    }  # fmt: skip

    def propose(expected: int = 303, **changed: str) -> str:
        answer = tenderee().post(f"{page}/propose", data={**terms, **changed})
        assert answer.status_code == expected, answer.text
        return answer.text

    refused = propose(422, price_fen=f"{held.price_fen / 100 + 1:.2f}")
    assert "与投标文件的实质性内容不同" in refused and "验收合格后一次付清" in refused
    assert "履约保证金不得超过" in propose(422, performance_bond_fen=f"{held.price_fen / 100:.2f}")
    propose(performance_bond_fen=f"{held.price_fen / 1000:.2f}")

    def sign(browser: Callable[[], Browser], signer: Any, sha256: str) -> int:
        signature = base64.b64encode(signer(contract_message(sha256))).decode()
        return browser().post(f"{page}/sign", json={"pdf_sha256": sha256, "signature": signature}).status_code

    sha256 = tenderee().get(page).text.split('data-digest="')[1][:64]
    assert tenderee().get(f"{page}/contract.pdf").data.startswith(b"%PDF")
    assert sign(winner, key.sign, sha256) == 422
    assert sign(tenderee, key.sign, "0" * 64) == 409
    assert sign(tenderee, key.sign, sha256) == 200
    assert sign(tenderee, key.sign, sha256) == 409
    assert sign(winner, stage.bidders[letter].keys.sign, sha256) == 200
    told = stage.notices()["contract"]
    assert told["price_fen"] == held.price_fen and told["late"] is False
    assert "合同" in login(Role.BIDDER, person="a").get(f"/sections/{code}").text
    gone = {"confirmation": code, "reason": "gave_up", "evidence": "中标人不愿继续履行"}
    assert tenderee().post(f"/tender/{code}/award/set-aside", data=gone).status_code == 422
    too_much = {"verb": "event", "kind": "change", "text": "增加工程量", "amount_fen": f"{held.price_fen / 900:.2f}"}
    assert "补充合同累计不得超过" in tenderee().post(page, data=too_much).text
    within = {**too_much, "amount_fen": "100.00"}
    assert tenderee().post(page, data=within).status_code == 303
    assert winner().post(page, data={"verb": "event", "kind": "milestone", "text": "完成基础"}).status_code == 303
    ending = {"verb": "terminate", "confirmation": code, "text": "因规划调整，双方协商解除", "refund_fen": "1.00"}
    assert winner().post(page, data=ending).status_code in (403, 422)
    assert tenderee().post(page, data=ending).status_code == 303
    assert stage.notices()["contract_end"]["refund_fen"] == 100
    archive = stage.archived()
    assert wrong_lines(stage, archive, tmp_path) == []

    def dearer(value: Any) -> None:
        value[0]["terms"]["price_fen"] += 1

    assert found_wrong(stage, tampered(stage, archive, "contracts.json", dearer), tmp_path) == (
        {"contracts"}, {"contracts"},
    )  # fmt: skip
    swapped = tampered(stage, archive, "contracts.json", lambda value: value[0]["signatures"].reverse())
    assert found_wrong(stage, swapped, tmp_path) == ({"contracts"}, {"contracts"})
