"""Direct selection instead of the draw: the law's grounds, two people of two units, the ledger, names kept secret."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from accounts.models import Person
from accounts.rules import Role
from bidding.models import Project
from core.act import SYSTEM, Actor
from core.errors import Conflict, Forbidden, Invalid, Missing
from core.ledger.log import LedgerEntry, entries_of
from experts import queries, rules, services
from experts.models import DirectSelection
from experts.rules import Seat, Shape
from tests.experts.story import Story, tie_to_bidder

REASON = "盾构穿越既有地铁隧道，本库抽取的专家无此类工程的设计经验，难以保证胜任。"
Enter = Callable[[Actor | None], Any]


def propose(story: Story, *people: tuple[str, str], **other: Any) -> int:
    values: dict[str, Any] = {"ground": "complex", "reason": REASON}
    with story.platform.act(story.actor(Role.AGENT)) as act:
        held = story.committee(act.session)
        return services.propose_direct(act, held, people, **(values | other)).number


def decide(story: Story, number: int = 1, verb: Any = services.approve_direct, actor: Actor | None = None) -> Any:
    with story.platform.act(actor or story.actor(Role.SUPERVISOR)) as act:
        held = queries.direct_selection(act.session, story.committee(act.session), number)
        return verb(act, held, "专业性强，情况属实")


def requested(story: Story, count: int = 12) -> list[str]:
    story.open_section()
    codes = story.add_experts(count)
    story.request()
    return codes


def test_seats_leave_the_draw_only_as_far_as_there_are_some() -> None:
    """Seen red: without the look at what is left."""
    shape = Shape(5, 1, (Seat("A08", 3), Seat("A03", 1)))
    less = rules.without(shape, [Seat("A08", 2), Seat("A03", 1)])
    assert (less.seats, less.direct, less.drawn) == ((Seat("A08", 1),), (Seat("A08", 2), Seat("A03", 1)), 1)
    assert Shape.from_json(less.as_json()) == less
    with pytest.raises(Invalid, match=r"direct\.seats"):
        rules.without(less, [Seat("A08", 2)])


def test_who_proposes_does_not_approve_and_only_approval_invites(story: Story) -> None:
    """R-320. Seen red: approval without the comparison of units; seats taken at the proposal; the person's CHECK."""
    codes = requested(story)
    number = propose(story, ("A08", codes[0]))
    with story.platform.reading() as session:
        assert queries.members(session, story.committee(session)) == []
        assert story.committee(session).shape["drawn"] == 4
    with pytest.raises(Forbidden, match=r"direct\.approver"):
        decide(story, number, actor=story.actor(Role.AGENT))
    with pytest.raises(Conflict, match=r"direct\.pending"):
        propose(story, ("A08", codes[1]))
    supervisor = story.actor(Role.SUPERVISOR)
    with story.platform.act(SYSTEM) as act:
        agent = act.session.get(Person, story.actor(Role.AGENT).person_id)
        assert agent is not None
        was, agent.organisation_id = agent.organisation_id, supervisor.organisation_id
    with pytest.raises(Forbidden, match=r"direct\.two_people"):
        decide(story, number)
    with story.platform.act(SYSTEM) as act:
        agent = act.session.get(Person, story.actor(Role.AGENT).person_id)
        assert agent is not None
        agent.organisation_id = was
    with pytest.raises(IntegrityError), story.platform.act(SYSTEM) as act:
        held = act.session.query(DirectSelection).one()
        held.decided_by = held.proposed_by
        act.session.flush()
    assert [(one.label, one.seat) for one in decide(story, number)] == [("D1", "A08")]
    with pytest.raises(Conflict, match=r"direct\.state"):
        decide(story, number, services.refuse_direct)
    story.draw()
    story.name_representative()
    assert [one.label for one in story.members()] == ["D1", "M1", "M2", "M3", "R1"]
    story.arrive()
    with story.platform.reading() as session:
        assert story.committee(session).state == "seated"
        reasons = [one["reasons"] for one in story.committee(session).rounds[0]["excluded"]]
        assert ["direct_selection"] in reasons


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"ground": "friend"}, "direct.ground"), ({"reason": "我们认识他"}, "direct.reason"),
        ({"people": [("A08", "ZJ-0001"), ("A08", "ZJ-0001")]}, "direct.people"), ({"people": []}, "direct.people"),
        ({"people": [("A06", "ZJ-0001")]}, "direct.seats"), ({"people": [("A08", "ZJ-0002")]}, "direct.expert"),
    ],
)  # fmt: skip
def test_a_proposal_without_what_the_law_asks_for_is_refused(story: Story, other: dict[str, Any], code: str) -> None:
    """Seen red: each check taken out in turn. ZJ-0002 works for a bidder."""
    requested(story, 3)
    with story.platform.reading() as session:
        bid = queries.final_bids(session, story.section(session))[0]
        second = queries.expert(session, "ZJ-0002").person_id
    tie_to_bidder(story.platform, second, bid)
    people = other.pop("people", [("A08", "ZJ-0001")])
    with pytest.raises(Invalid) as refusal:
        propose(story, *people, **other)
    assert refusal.value.code == code


def test_government_procurement_needs_the_approval_of_the_main_budget_unit() -> None:
    """S6 a48. Seen red: the number not asked for."""
    values: dict[str, Any] = {
        "ground": "state", "grounds": ("state",), "reason": REASON,
        "people": [{"speciality": "A08", "code": "ZJ-0001"}],
    }  # fmt: skip
    with pytest.raises(Invalid, match=r"direct\.document"):
        rules.check_proposal(regime="G", document=" ", **values)
    rules.check_proposal(regime="G", document="滨财采〔2026〕7 号", **values)
    rules.check_proposal(regime="T", document="", **values)


def test_a_project_whose_law_knows_no_exception_draws_everybody(story: Story) -> None:
    """The rule is dated: a law frozen without it allows nothing. Seen red: without the look at the law."""
    codes = requested(story)
    with story.platform.act(SYSTEM) as act:
        project = act.session.query(Project).one()
        project.law = {**project.law, "rules": [r for r in project.law["rules"] if r["key"] != "direct_selection"]}
    with pytest.raises(Missing, match=r"law\.rule"):
        propose(story, ("A08", codes[0]))


def test_a_committee_determined_whole_is_drawn_without_a_draw(story: Story) -> None:
    """Seen red: without the move `select` it stayed requested for ever."""
    codes = requested(story)
    propose(story, *[("A08", code) for code in codes[:4]])
    decide(story)
    with story.platform.reading() as session:
        assert story.committee(session).state == "drawn"
    story.name_representative()
    story.arrive()
    with story.platform.reading() as session:
        assert story.committee(session).state == "seated"


def test_an_empty_direct_seat_is_filled_by_another_selection_never_by_the_draw(story: Story) -> None:
    """R-332. Seen red: replacement taken from the seats still to be drawn."""
    codes = requested(story)
    propose(story, ("A08", codes[0]))
    decide(story)
    story.draw()
    with pytest.raises(Invalid, match=r"direct\.seats"):
        propose(story, ("A08", codes[1]))
    with story.as_member("D1") as act:
        assert services.decline(act, story.seat_of(act, "D1"), "生病") == []
    with story.platform.reading() as session:
        seated = {one.expert_id for one in queries.live_members(session, story.committee(session))}
        free = next(code for code in codes[1:] if queries.expert(session, code).id not in seated)
    propose(story, ("A08", free))
    assert [one.label for one in decide(story, 2)] == ["D2"]


def test_a_refused_proposal_leaves_the_seats_to_the_draw(story: Story) -> None:
    """Seen red: refused without an answer."""
    codes = requested(story)
    propose(story, ("A08", codes[0]))
    with pytest.raises(Invalid), story.platform.act(story.actor(Role.SUPERVISOR)) as act:
        services.refuse_direct(act, queries.direct_selection(act.session, story.committee(act.session), 1), " ")
    decide(story, verb=services.refuse_direct)
    story.draw()
    assert len(story.members()) == 4


def test_the_ledger_tells_two_units_ground_and_reason_and_no_name(story: Story) -> None:
    """Seen red: with the people among the facts."""
    codes = requested(story)
    propose(story, ("A08", codes[0]))
    decide(story)
    with story.platform.reading() as session:
        selection = session.query(DirectSelection).one()
        kinds = {entry.kind: entry.facts or {} for entry in entries_of(session, selection.subject)}
        assert kinds["direct.approve"]["people_sha256"] == rules.people_digest(
            selection.salt, queries.people_of(session, selection)
        )
        assert kinds["direct.propose"]["proposer"]["unit"] != kinds["direct.approve"]["approver"]["unit"]
        assert kinds["direct.approve"]["rule"]["rule"] == "R-320"
        name = queries.expert(session, codes[0]).person.name
        for entry in session.query(LedgerEntry).filter(LedgerEntry.subject.contains(story.code)):
            assert codes[0] not in repr(entry.facts) and name not in repr(entry.facts)


def test_the_pages_propose_decide_and_publish(story: Story, enter: Enter) -> None:
    """Wrong input too; the public reads why and by whom, and no name. Seen red: names for the whole project."""
    codes = requested(story)
    address = f"/tender/{story.code}/committee/direct"
    agent, supervisor, public = enter(story.actor(Role.AGENT)), enter(story.actor(Role.SUPERVISOR)), enter(None)
    officer = enter(story.actor(Role.OFFICER))
    form = {"ground": "complex", "reason": REASON, "speciality-1": "A08", "expert-1": codes[0]}
    for wrong, said in (
        ({"reason": "短"}, "不少于 20 个字"), ({"ground": ""}, "法定情形"), ({"expert-1": "XX-1"}, "没有这位专家"),
        ({"speciality-2": "A08"}, "expert-2"),
    ):  # fmt: skip
        answer = agent.post(address, data={**form, **wrong})
        assert answer.status_code == 422 and said in answer.text, said
    assert agent.post(address, data=form).status_code == 303
    assert agent.post(f"{address}/1/approve").status_code == 403
    with story.platform.reading() as session:
        name = queries.expert(session, codes[0]).person.name
    assert name in supervisor.get(address).text and name in agent.get(address).text
    assert name not in officer.get(address).text
    assert supervisor.post(f"{address}/1/refuse", data={"answer": ""}).status_code == 422
    assert supervisor.post(f"{address}/1/approve").status_code == 303
    page = public.get(f"/draws/experts/{story.code}").text
    assert "未经抽取" in page and REASON in page and "A08 × 1" in page and name not in page
    told = public.get(f"/draws/experts/{story.code}.json").get_json()
    assert told["direct"][0]["ground"] == "complex" and codes[0] not in str(told)
