"""The contract: from the sealed offer over every signature to its publication, a change, its end; verified twice."""

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
from credit import queries as credit
from tests import factories
from tests.awards.reforged import History, rewritten
from tests.conftest import Browser
from tests.journeys.test_outcomes import to_report
from tests.journeys.whole import Whole, found_wrong, tampered, wrong_lines
from tests.opening.stage import Bidder
from window.rules.schema import faults, official_faults


def led(partners: dict[str, Bidder], stage: Whole, letter: str) -> dict[str, Any]:
    """The facts of a consortium led by that bidder: a member who has an account here (kept by letter), one without."""
    place, facts = "abc".index(letter), stage.bidder(letter).facts
    if letter not in partners:
        partners[letter] = stage.bidder("def"[place])
        del stage.bidders["def"[place]]  # bids with its lead, not on its own
    own, partner = facts["bidder"], partners[letter].facts["bidder"]
    members = [
        (own["name"], own["uscc"], "lead", 5_000),
        (partner["name"], partner["uscc"], "member", 3_000),
        (f"第{place}设计院有限公司", factories.uscc(810 + place), "member", 2_000),
    ]
    told = [
        {"name": name, "uscc": uscc, "role": role, "share": share, "work": "咨询服务"}
        for name, uscc, role, share in members
    ]
    return {**facts, "consortium": told}


def a_member_left_out(history: History) -> None:
    """The insider spares a member of the consortium."""
    history.drop(history.one("credit.fact"))
    history.members["credit_facts.json"].pop()


def a_fact_of_no_decision(history: History) -> None:
    """The insider says of a bidder what nobody decided."""
    held = history.one("credit.fact")
    facts = {**held["facts"], "number": 900, "kind": "award_abandoned", "source": "publicity:X:set_aside:1"}
    made = history.put(held["index"], "credit.fact", held["subject"], facts)
    row = {name: facts[name] for name in history.members["credit_facts.json"][0] if name != "recorded_at"}
    history.members["credit_facts.json"].append({**row, "recorded_at": made["at"]})


def another_fault(history: History) -> None:
    """The insider says that it was nobody's fault after all."""
    history.one("contract.terminate")["facts"]["ending"]["fault"] = "none"
    history.members["contracts.json"][0]["ending"]["fault"] = "none"


def test_a_contract_follows_the_offer_and_every_party_signs_it(
    platform: Platform, tmp_path: Path, login: Callable[..., Browser]
) -> None:
    """R-555, R-556, R-558: substance is refused, every signature concludes, publication, supplement, termination.

    A consortium wins: all of it is named wherever the winner is, each member signs (招标投标法 a31), the one without an
    account by its certificate. Seen red: concluded at the second signature; any certificate taken for a member's; what
    was brought not checked; either verifier asking for lead and tenderee alone; ours not comparing who is named.
    """
    partners: dict[str, Bidder] = {}
    joint = partial(led, partners)
    stage = to_report(platform, tmp_path / "machines", "G", joint=joint)
    stage.awarded()
    code, tenderee = stage.code, partial(login, Role.TENDEREE)
    held = stage.publicity().winner
    assert held is not None and held.price_fen is not None
    place = held.number - 1
    letter = "abc"[place]
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
    everyone = joint(stage, letter)["consortium"]
    assert held.members == everyone and stage.notices()["award"]["winner"]["consortium"] == everyone
    public = partial(login, Role.BIDDER, person="g")
    result = public().get(f"/sections/{code}/result.json").get_json()
    assert [one["consortium"] for one in result["bids"]] == [joint(stage, one)["consortium"] for one in "abc"]
    shown = [public().get(f"/sections/{code}/award").text, public().get("/results").text]
    assert all(one["name"] in text for one in everyone for text in shown)
    api = public().get(f"/api/v1/sections/{code}").get_json()
    assert api["award"]["consortium"] == everyone
    page = f"/contracts/{code}"
    assert "由投标文件生成合同" in tenderee().get(page).text
    assert login(Role.BIDDER, person="abc"[held.number % 3]).get(page).status_code == 404
    member = partial(login, Role.BIDDER, person="def"[place])
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
    assert sign(partial(login, Role.BIDDER, person="def"[(place + 1) % 3]), key.sign, sha256) == 404
    assert page in member().get(f"/sections/{code}").text and page not in public().get(f"/sections/{code}").text
    assert sign(member, stage.bidders[letter].keys.sign, sha256) == 422
    assert sign(member, partners[letter].keys.sign, sha256) == 200
    assert "还差 1 方" in tenderee().get(page).text and "contract" not in stage.notices()
    last = factories.SigningKey.create()
    absent = everyone[2]

    def issued(identifier: str) -> str:
        return stage.authority.issue(
            last.public, name=absent["name"], identifier=identifier, person="设计院法定代表人", at=stage.clock.now(),
            days=30,
        )  # fmt: skip

    good = base64.b64encode(last.sign(contract_message(sha256))).decode()
    brought = {"certificate": issued(absent["uscc"]), "signature": good, "pdf_sha256": sha256}

    def bring(expected: int, by: Callable[[], Browser] = winner, **changed: str) -> str:
        answer = by().post(f"{page}/bring", data={**brought, **changed})
        assert answer.status_code == expected, answer.text
        return answer.text

    bring(404, by=partial(login, Role.BIDDER, person="g"))
    kept = bring(422, signature=base64.b64encode(last.sign(contract_message("0" * 64))).decode())
    assert "不是所附证书的钥匙" in kept and brought["certificate"].split()[2] in kept
    assert "不是待签名的联合体成员" in bring(422, certificate=issued(everyone[1]["uscc"][:-1] + "?"))
    assert "不是待签名的联合体成员" in bring(422, certificate=issued(held.identifier))
    other = factories.authority(stage.clock.now())
    strange = other.issue(
        last.public, name=absent["name"], identifier=absent["uscc"], person="王", at=stage.clock.now()
    )
    bring(422, certificate=strange)
    bring(303)
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
    ending = {
        "verb": "terminate", "confirmation": code, "text": "停工九十日，经催告仍不复工", "refund_fen": "1.00",
        "fault": "none", "document": "",
    }  # fmt: skip
    assert winner().post(page, data=ending).status_code in (403, 422)
    assert "因中标人的责任才能不退" in tenderee().post(page, data=ending).text
    ending["fault"] = "winner"
    assert "停工九十日" in (kept := tenderee().post(page, data=ending).text) and "写明认定责任的文书" in kept
    ending["document"] = "（2026）浙01民终77号"
    assert tenderee().post(page, data=ending).status_code == 303
    with platform.reading() as session:
        facts = credit.standing_facts(session, code)
    assert [(one.kind, one.identifier, one.member_of) for one in facts] == [
        ("contract_broken", one["uscc"], "" if one["uscc"] == held.identifier else held.identifier) for one in everyone
    ]
    assert {(one.decision, one.rule["rule"], one.rule["value"]) for one in facts} == {
        (ending["document"], "R-901", "each")
    }
    assert "违约解除合同" in member().get("/credit/mine").text
    assert public().get(f"/credit/facts/{facts[0].id}").status_code == 404
    assert stage.notices()["contract_end"]["refund_fen"] == 100
    ocds = public().get(f"/ocds/{code.rpartition('-')[0]}.json").json
    assert faults(ocds, "ocds") == [] and official_faults(ocds) == []
    (contract,) = ocds["releases"][0]["contracts"]
    assert (contract["status"], contract["amendments"][0]["description"]) == ("terminated", "增加工程量")
    archive = stage.archived()
    assert wrong_lines(stage, archive, tmp_path) == []

    def dearer(value: Any) -> None:
        value[0]["terms"]["price_fen"] += 1

    assert found_wrong(stage, tampered(stage, archive, "contracts.json", dearer), tmp_path) == (
        {"contracts"}, {"contracts"},
    )  # fmt: skip
    swapped = tampered(stage, archive, "contracts.json", lambda value: value[0]["signatures"].reverse())
    assert found_wrong(stage, swapped, tmp_path) == ({"contracts"}, {"contracts"})

    def unnamed(value: Any) -> None:
        next(one for one in value if one["kind"] == "award")["content"]["winner"]["consortium"] = []

    fewer = tampered(stage, archive, "contracts.json", lambda value: value[0]["signatures"].pop(3))
    fewer = tampered(stage, fewer, "notices.json", unnamed)
    fewer = tampered(stage, fewer, "evaluation.json", lambda value: value["bids"][0]["consortium"].pop())
    for lie in (a_member_left_out, a_fact_of_no_decision, another_fault):
        assert found_wrong(stage, rewritten(archive, stage.platform.signer, lie), tmp_path) == ({"facts"}, {"facts"}), (
            lie.__name__
        )
    ended = tampered(stage, archive, "contracts.json", lambda value: value[0]["ending"].update(refund_fen=0))
    assert found_wrong(stage, ended, tmp_path) == ({"contracts"}, {"contracts"})
    wrong = {"contracts", "notices", "award", "scores"}
    assert found_wrong(stage, fewer, tmp_path) == (wrong, wrong)
