"""Facts found by later stages: once a decision, of each member where the law says so, withdrawn and never gone."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from accounts.rules import Role
from core.act import Act, Platform
from core.calendar import day_of
from core.errors import Conflict, Invalid, Missing
from core.law import Snapshot
from core.ledger.log import entries_of
from core.outbox import Message
from credit import queries, services
from credit.models import CreditFact
from credit.rules.export import as_csv, as_groups
from tests import factories
from tests.conftest import Browser
from tests.factories import uscc

ActAs = Callable[..., AbstractContextManager[Act]]
COLUMNS = [column.name for column in CreditFact.__table__.columns]
LAW = Snapshot("T", "2026-10-08", {})


def abandoned(act: Act, party: int = 1, **changed: Any) -> list[CreditFact]:
    told: dict[str, Any] = {
        "kind": "award_abandoned", "identifier": uscc(party), "name": f"第{party}号公司", "members": [],
        "section_code": "BJ-1", "source": "publicity:BJ-1:set_aside:1", "decision": "中标结果撤销（第 1 次）",
        "facts": {"reason": "中标后拒绝签订合同"}, "law": LAW,
    }  # fmt: skip
    return services.record_joint_fact(act, **{**told, **changed})


def test_a_decision_told_twice_is_one_fact(act_as: ActAs) -> None:
    """Told again it is the one that is held; the database refuses a second one. Seen red: without asking first."""
    with act_as(Role.TENDEREE) as act:
        (first,) = abandoned(act)
        assert abandoned(act) == [first]
        assert [one.kind for one in entries_of(act.session, "section:BJ-1")] == ["credit.fact"]
        row = {name: getattr(first, name) for name in COLUMNS if name != "id"}
        with pytest.raises(IntegrityError), act.session.begin_nested():
            act.session.execute(insert(CreditFact).values(**row))
        # As a migrated row stands: the log of its time told neither number nor law.
        old = row | {"source": "warning:BJ-1-9", "rule": {**first.rule, "source": ""}}
        act.session.execute(insert(CreditFact).values(**old))
        assert (
            queries.told_facts(act.session, "BJ-1") == [first] and len(queries.standing_facts(act.session, "BJ-1")) == 2
        )
        (other,) = abandoned(act, source="publicity:BJ-1:set_aside:2")
        assert other.id != first.id and first.rule["rule"] == "R-561" and "第七十四条" in first.rule["source"]
        assert first.decided_on == day_of(act.now).isoformat()


def test_of_a_consortium_each_member_or_the_lead_by_the_kinds_rule(act_as: ActAs) -> None:
    """Who answers jointly is named each (招标投标法 a31); a confirmed collusion names in whose name was bid."""
    members = [(uscc(1), "第1号公司"), (uscc(2), "第2号公司"), (uscc(3).lower(), "第3号公司")]
    with act_as(Role.TENDEREE) as act:
        found = abandoned(act, members=members)
        assert [(one.identifier, one.member_of) for one in found] == [
            (uscc(1), ""), (uscc(2), uscc(1)), (uscc(3), uscc(1)),
        ]  # fmt: skip
        # What a consortium sealed of its members is any text. Seen red on PostgreSQL: with it as long as it was sealed.
        odd = [(uscc(1), "甲"), (f" {'９１' * 100} ", "乙" * 900)]
        found = abandoned(act, members=odd, source="publicity:BJ-1:set_aside:2")
        assert [(one.identifier, len(one.name)) for one in found] == [(uscc(1), 5), ("91" * 20, 200)]
        (lead,) = abandoned(act, members=members, kind="collusion_confirmed", source="warning:BJ-1-1")
        assert lead.rule["value"] == "lead" and lead.rule["rule"] == "R-657"
        (old,) = abandoned(act, 7, members=[*members[:1], (uscc(7), "甲")], law=Snapshot("T", "2001-01-01", {}))
        assert old.rule["rule"] == "R-901", "before the law that names each member nobody but the bidder is named"


def test_what_is_reversed_is_withdrawn_by_a_fact_and_stays(act_as: ActAs) -> None:
    """The row is untouched, the export says since when and why, the party is told, the same decision cannot return."""
    reversed_ = {"source": "complaint:1", "decision": "渝发改〔2026〕3号", "reason": "处理决定撤销"}
    with act_as(Role.SUPERVISOR) as act:
        (first,) = abandoned(act)
        before = {name: getattr(first, name) for name in COLUMNS}
        for wrong, code in (({"decision": " "}, "form.required"), ({"reason": "误"}, "form.length")):
            with pytest.raises(Invalid, match=code.replace(".", r"\.")):
                services.withdraw_fact(act, first, **{**reversed_, **wrong})
        by = services.withdraw_fact(act, first, **reversed_)
        assert {name: getattr(first, name) for name in before} == before
        assert queries.withdrawal(act.session, first) == by and queries.standing_facts(act.session, "BJ-1") == []
        for again in (lambda: services.withdraw_fact(act, first, source="x", decision="y", reason="再撤一次"),
                      lambda: services.withdraw_fact(act, by, source="x", decision="y", reason="撤销撤销"),
                      lambda: abandoned(act)):  # fmt: skip
            with pytest.raises(Conflict, match=r"credit\.fact_withdrawn"):
                again()
        assert [one.kind for one in entries_of(act.session, "section:BJ-1")] == ["credit.fact", "credit.fact_withdrawn"]
        (row,) = as_groups(queries.facts_since(act.session), platform_code="sunbid.test")["violation"]
        assert (row["REVOCATION_STATUS"], row["REVOCATION_REASON"], row["DECISION_CODE"]) == (
            "1", "处理决定撤销", "中标结果撤销（第 1 次）",
        )  # fmt: skip
        assert row["DATA_TIMESTAMP"] == row["REVOCATION_TIME"] != ""
        with pytest.raises(IntegrityError), act.session.begin_nested():
            act.session.execute(
                insert(CreditFact).values(**before | {"id": 900, "source": "z", "withdraws_id": first.id})
            )


def test_one_taken_off_a_black_list_is_a_record_of_its_own(act_as: ActAs) -> None:
    with act_as(Role.SUPERVISOR) as act:
        (first,) = abandoned(act, kind="blacklisted", source="decision:1")
        services.withdraw_fact(act, first, source="decision:2", decision="2号", reason="期满移出")
        groups = as_groups(queries.facts_since(act.session), platform_code="sunbid.test")
    assert [len(groups[name]) for name in ("blacklist", "removal", "violation")] == [1, 1, 0]
    assert groups["removal"][0]["RECORD_REASON"] == "期满移出" and as_csv(groups).count("\n") == 3


def test_its_party_the_staff_and_nobody_else_see_a_fact(
    act_as: ActAs, login: Callable[..., Browser], platform: Platform
) -> None:
    """Own or staff; the supervision alone withdraws, on the page, and what was typed is kept when it is refused."""
    bidder = login(Role.BIDDER)
    organisation = factories.actor(platform, Role.BIDDER, "a").organisation_id
    with act_as(Role.SUPERVISOR) as act:
        code = act.session.get_one(factories.Organisation, organisation).identifier
        (mine,) = abandoned(act, identifier=code, name="本单位")
        (other,) = abandoned(act, 5)
        told = list(act.session.scalars(select(Message).where(Message.template == "credit.fact_recorded")))
        assert [one.facts["number"] for one in told] == [mine.id]
        mine_page, other_page = f"/credit/facts/{mine.id}", f"/credit/facts/{other.id}"
        with pytest.raises(Missing):
            queries.own_fact(act.session, 10_000, act.actor, staff=True)
    page = bidder.get(mine_page).text
    assert "无正当理由放弃中标" in page and "撤销决定的文号" not in page and "R-561" in page
    assert mine_page in bidder.get("/credit/mine").text
    assert bidder.get(other_page).status_code == 404 and bidder.get("/credit/facts").status_code == 403
    supervisor, officer = login(Role.SUPERVISOR), login(Role.OFFICER)
    listed = supervisor.get("/credit/facts?q=BJ-1&kind=award_abandoned").text
    assert mine_page in listed and other_page in listed
    assert mine_page not in supervisor.get("/credit/facts?q=%25").text
    assert "Award abandoned without due cause" in supervisor.get(f"{mine_page}?lang=en").text
    assert officer.post(f"{mine_page}/withdraw", data={}).status_code == 403
    kept = supervisor.post(f"{mine_page}/withdraw?lang=zh", data={"decision": "", "reason": "法院判决撤销原决定"})
    assert kept.status_code == 422 and "法院判决撤销原决定" in kept.text
    done = {"decision": "（2026）渝行终9号", "reason": "法院判决撤销原决定"}
    assert supervisor.post(f"{mine_page}/withdraw", data=done).status_code == 303
    assert supervisor.post(f"{mine_page}/withdraw", data=done).status_code == 409
    assert "法院判决撤销原决定" in bidder.get(mine_page).text and "已撤销" in bidder.get("/credit/mine").text
