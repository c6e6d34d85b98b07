"""Suppliers' requests to avoid, and members who do not come."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from accounts.rules import Role
from core.errors import Conflict, Forbidden, Invalid, Missing
from experts import queries, services
from experts.models import AvoidanceRequest
from tests.experts.story import Story


def ask(story: Story, person: str, unit: str = "", number: int = 1, reason: str = "与 2 号投标人的经理是亲属") -> int:
    with story.platform.act(story.bidder_actor(number)) as act:
        bid = queries.bids_in_evaluation(act.session, story.section(act.session))[number - 1]
        return services.ask_avoidance(act, bid, person=person, unit=unit, reason=reason).id


def decide(story: Story, request_id: int, *, is_upheld: bool = True) -> list[str]:
    with story.platform.act(story.actor(Role.SUPERVISOR)) as act:
        asked = act.session.get(AvoidanceRequest, request_id)
        assert asked is not None
        fresh = services.decide_avoidance(act, asked, is_upheld=is_upheld, answer="已核实")
        return [member.label for member in fresh]


def reasons(story: Story) -> dict[str, list[str]]:
    with story.platform.reading() as session:
        last = story.committee(session).rounds[-1]
        return {last["codes"][row["candidate"]]: row["reasons"] for row in last["excluded"]}


def test_whom_an_upheld_request_names_is_no_candidate(story: Story) -> None:
    """R-331. Seen red: dismissed requests counted too; the unit not compared; `bars_to` without the requests."""
    story.open_section()
    codes = story.add_experts(10)
    with story.platform.act(story.actor(Role.OPERATOR)) as act:
        for code in codes[:4]:
            held = queries.expert(act.session, code)
            services.update_declarations(
                act, held, employers=[{"name": "东南大学"}], shareholdings=[], relatives=[]
            )  # fmt: skip
    decide(story, ask(story, "专家 001"))
    decide(story, ask(story, "专家002", "东南大学"))
    decide(story, ask(story, "专家003", "另一所大学"))
    decide(story, ask(story, "专家004"), is_upheld=False)
    ask(story, "专家005")
    story.request()
    story.draw()
    assert reasons(story) == {codes[0]: ["R-331 requested"], codes[1]: ["R-331 requested"]}


def test_a_member_who_is_named_leaves_and_the_next_comes(story: Story) -> None:
    """R-332: at once where seated. Seen red: only candidates were barred, the member stayed."""
    story.to_drawn()
    first = story.members()[0]
    with story.platform.reading() as session:
        name = next(m.person.name for m in queries.members(session, story.committee(session)) if m.id == first.id)
    assert decide(story, ask(story, name)) == ["M5"]
    assert [member.label for member in story.members()] == ["M2", "M3", "M4", "R1", "M5"]
    with story.platform.reading() as session:
        gone = queries.members(session, story.committee(session))[0]
        assert (gone.state, gone.reason) == ("avoided", "R-331 requested")


def test_only_a_bidder_asks_and_only_the_supervisor_answers_once(story: Story) -> None:
    """Seen red: each guard of the two services taken out."""
    story.open_section()
    with pytest.raises(Missing), story.platform.act(story.bidder_actor(1)) as act:
        other = queries.bids_in_evaluation(act.session, story.section(act.session))[1]
        services.ask_avoidance(act, other, person="张三", unit="", reason="亲属关系")
    for person, reason in (("　", "亲属关系"), ("张三", " ")):
        with pytest.raises(Invalid, match=r"form\.required"):
            ask(story, person, reason=reason)
    asked = ask(story, "张三")
    with pytest.raises(Forbidden), story.platform.act(story.actor(Role.OFFICER)) as act:
        held = act.session.get(AvoidanceRequest, asked)
        assert held is not None
        services.decide_avoidance(act, held, is_upheld=True, answer="好")
    decide(story, asked, is_upheld=False)
    with pytest.raises(Conflict, match=r"avoidance\.state"):
        decide(story, asked)
    for _ in range(10):
        ask(story, "张三")
    with pytest.raises(Conflict, match=r"avoidance\.too_many"):
        ask(story, "张三")
    assert ask(story, "张三", number=2)


def test_nothing_is_asked_before_the_opening_or_answered_after_the_lock(story: Story) -> None:
    """Seen red: without the section's state; without the committee's."""
    story.to_locked()
    asked = ask(story, "张三")
    with pytest.raises(Conflict, match=r"committee\.state"):
        decide(story, asked)
    with story.platform.act(story.actor(Role.OPERATOR)) as act:
        story.section(act.session).state = "closed"
    with pytest.raises(Conflict, match=r"section\.state"):
        ask(story, "张三")


def test_who_does_not_come_loses_the_seat_to_the_next(story: Story) -> None:
    """R-322. Seen red: recorded before the meeting; by a tenderee; for one who had signed in."""
    story.meets_at = story.clock.now() + timedelta(hours=1)
    story.to_drawn()
    story.arrive("M2")

    def absent(label: str, role: Role = Role.OFFICER) -> list[str]:
        with story.platform.act(story.actor(role)) as act:
            return [member.label for member in services.record_absence(act, story.seat_of(act, label))]

    with pytest.raises(Conflict, match=r"member\.not_due"):
        absent("M1")
    story.clock.advance(seconds=3600)
    with pytest.raises(Forbidden):
        absent("M1", Role.TENDEREE)
    with pytest.raises(Conflict, match=r"member\.state"):
        absent("M2")
    assert absent("M1") == ["M5"]
    assert [member.label for member in story.members()] == ["M2", "M3", "M4", "R1", "M5"]
    story.arrive()
    with story.platform.reading() as session:
        assert story.committee(session).state == "seated"


def test_the_pages_ask_and_answer_and_tell_no_supplier_who_sits(story: Story, enter: Callable[[Any], Any]) -> None:
    """Own requests only. Seen red: the list unfiltered showed the other bidder's request."""
    story.meets_at = story.clock.now() + timedelta(minutes=5)
    story.to_drawn()
    address = f"/sections/{story.code}/avoidance"
    bidder, other = enter(story.bidder_actor(1)), enter(story.bidder_actor(2))
    supervisor, officer = enter(story.actor(Role.SUPERVISOR)), enter(story.actor(Role.OFFICER))
    wrong = bidder.post(address, data={"person": "", "reason": "亲"})
    assert wrong.status_code == 422
    sent = {"person": "专家001", "unit": "", "reason": "与 2 号投标人的经理是亲属"}
    assert bidder.post(address, data=sent).status_code == 303
    assert "专家001" in bidder.get(address).text and "专家001" not in other.get(address).text
    assert enter(story.actor(Role.BIDDER)).get(address).status_code == 404
    with story.platform.reading() as session:
        asked = queries.avoidance_requests(session, story.section(session))[0].id
    assert supervisor.post(f"{address}/{asked}", data={"decision": "odd", "answer": "已核实"}).status_code == 422
    decided = {"decision": "uphold", "answer": "已核实"}
    assert supervisor.post(f"{address}/{asked}", data=decided).status_code == 303
    shown = bidder.get(address).text
    assert "成立" in shown and "已核实" in shown and "评委 1" not in shown
    committee = f"/tender/{story.code}/committee"
    assert "未到场" not in officer.get(committee).text
    story.clock.advance(seconds=600)
    label = next(member.label for member in story.members() if member.expert_id)
    assert f"absence/{label}" in officer.get(committee).text
    assert officer.post(f"{committee}/absence/{label}").status_code == 303
    assert label not in [member.label for member in story.members()]
