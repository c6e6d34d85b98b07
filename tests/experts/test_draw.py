"""The pool, the committee's shape, and the verifiable draw with avoidance, substitutes and masked names."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest

from accounts.rules import Role
from core.act import PUBLIC, SYSTEM
from core.draw import mechanism, record
from core.errors import Conflict, Forbidden, Invalid, Missing, Untimely
from core.ledger.log import entries_of
from core.outbox import inbox
from experts import queries, rules, services
from experts.services.masks import candidate_name
from tests import factories
from tests.experts.story import Story, tie_to_bidder


def test_the_law_of_the_project_rules_the_shape(story: Story) -> None:
    """R-300. Sabotage: check_shape not called: red."""
    story.open_section()
    with pytest.raises(Invalid, match=r"committee\.experts"):
        story.request(seats=[("A08", 3)], representatives=2)
    story.request()
    with pytest.raises(Conflict, match=r"committee\.exists"):
        story.request()


def test_the_draw_can_be_recomputed_from_what_is_public(story: Story) -> None:
    """SEALING §10. Sabotage: order by code, or the walk over another list: red."""
    story.to_drawn()
    with story.platform.reading() as session:
        committee = story.committee(session)
        draw = record.draw(session, f"experts:{story.code}")
        seed = mechanism.seed(draw.label, [bytes.fromhex(n.reveal) for n in record.nonces(session, draw)])
        assert draw.seed == seed.hex()
        order = sorted(
            draw.candidates,
            key=lambda name: hashlib.sha256(seed + draw.label.encode() + b"\n" + name.encode()).digest(),
        )
        assert draw.outcome["order"] == order
        held = committee.rounds[0]
        shape = rules.Shape.from_json(draw.parameters["shape"])
        assert [s.as_json() for s in rules.walk(order, held["specialities"], shape.seats, {}).steps] == draw.outcome[
            "steps"
        ]
        assert [step["outcome"] for step in draw.outcome["steps"]][:5] == ["seated"] * 4 + ["standby"]
        assert [m.candidate for m in queries.live_members(session, committee)[:4]] == order[:4]
        assert draw.outcome["steps"][0]["detail"] == "A08"


def test_candidates_stand_under_names_of_this_draw_only(story: Story) -> None:
    """R-323: a pool code on record would tell who sits in the next draw. Sabotage: the code itself as name: red."""
    story.to_drawn()
    with story.platform.reading() as session:
        held = story.committee(session).rounds[0]
        draw = record.draw(session, held["label"])
        assert not set(draw.candidates) & set(held["codes"].values())
        assert {candidate_name(held["salt"], held["label"], code) for code in held["codes"].values()} >= set(
            draw.candidates
        )
        other = candidate_name(held["salt"], "experts:other", "ZJ-0001")
        assert other != candidate_name(held["salt"], held["label"], "ZJ-0001")
        told = [entry.facts for entry in entries_of(session, f"committee:{story.code}")]
        assert "ZJ-0001" not in str(told) and held["salt"] not in str(told)


def test_who_is_tied_to_a_party_never_becomes_a_candidate(story: Story) -> None:
    """R-330 after the opening, each ground with its code. Sabotage: freeze without _bars: red."""
    story.open_section()
    story.add_experts(12)
    with story.platform.reading() as session:
        bid = queries.bids_in_evaluation(session, story.section(session))[1]
        unit = {"name": bid.name, "identifier": bid.identifier}
        tenderee = {"name": story.section(session).project.tenderee.name}
    story.add_experts(1, 101, employers=[{**unit, "until": ""}])
    story.add_experts(
        1, 102, employers=[{**unit, "until": (story.clock.now() - timedelta(days=700)).date().isoformat()}]
    )
    story.add_experts(1, 103, shareholdings=[unit])
    story.add_experts(1, 104, relatives=[{"name": "联系人2", "relation": "父子"}])
    story.add_experts(1, 105, employers=[tenderee])
    story.add_experts(1, 106, status="suspended")
    story.add_experts(1, 107, employers=[{**unit, "until": "2020-01-01"}])
    story.request()
    story.draw()
    with story.platform.reading() as session:
        held = story.committee(session).rounds[0]
        reasons = {held["codes"][one["candidate"]]: one["reasons"] for one in held["excluded"]}
        assert reasons == {
            "ZJ-0101": ["R-330(9) employer"],
            "ZJ-0102": ["R-330(5) former_employer"],
            "ZJ-0103": ["R-330(3) interest"],
            "ZJ-0104": ["R-330(1) relative"],
            "ZJ-0105": ["R-330(9) employer"],
            "ZJ-0106": ["R-330(8) status"],
        }
        candidates = {held["codes"][name] for name in record.draw(session, held["label"]).candidates}
        assert candidates == {f"ZJ-{n:04d}" for n in range(1, 13)} | {"ZJ-0107"}
        assert held["health"]["eligible"] == 13 and not held["health"]["is_thin"]
        public = str([entry.facts for entry in entries_of(session, f"committee:{story.code}")])
        assert bid.name not in public


def test_an_expert_busy_elsewhere_is_skipped(story: Story) -> None:
    """Sabotage: busy_people returns nobody: red."""
    story.to_drawn()
    other = Story(story.platform, story.clock, code="BJ-2026-002-01")
    other.open_section()
    other.request()
    other.draw()
    with story.platform.reading() as session:
        first = {m.person_id for m in story.members() if m.expert_id}
        held = other.committee(session).rounds[0]
        busy = {held["codes"][one["candidate"]] for one in held["excluded"] if one["reasons"] == ["time_conflict"]}
        assert busy == {queries.expert_of(session, story.person_actor(m)).code for m in story.members() if m.expert_id}
        assert not first & {m.person_id for m in other.members()}


def test_too_small_a_pool_is_refused_with_what_is_missing(story: Story) -> None:
    """R-312. Sabotage: freeze what there is: red."""
    story.open_section()
    story.add_experts(3)
    story.request()
    story.announce()
    story.commit()
    with pytest.raises(Invalid) as refusal:
        story.freeze()
    assert refusal.value.code == "pool.short" and refusal.value.facts == {"eligible": 3, "needed": 4}
    story.add_experts(3, 50)
    story.freeze()
    with story.platform.reading() as session:
        assert story.committee(session).rounds[0]["health"]["is_thin"] is True


def test_candidates_freeze_only_after_the_opening(story: Story) -> None:
    """Bidder names are unknown before (appendix C 14). Sabotage: no state check: red."""
    story.open_section()
    story.add_experts()
    with story.platform.act(SYSTEM) as act:
        section = story.section(act.session)
        act.session.execute(type(section).__table__.update().values(state="closed"))
    story.request()
    story.announce()
    story.commit()
    with pytest.raises(Conflict, match=r"section\.state"):
        story.freeze()


def test_only_the_party_itself_commits_and_nobody_reveals_before_the_freeze(story: Story) -> None:
    """Sabotage: check_party returns at once: red."""
    story.open_section()
    story.add_experts()
    story.request()
    story.announce()
    commitment = mechanism.nonce_commitment(story.nonce("officer"))
    outsider = factories.actor(story.platform, Role.TENDEREE, "b")
    for actor, party in ((PUBLIC, "officer"), (story.actor(Role.OFFICER), "supervisor"), (outsider, "tenderee")):
        with pytest.raises(Forbidden, match=r"draw\.not_party"), story.platform.act(actor) as act:
            services.commit_draw_nonce(act, story.committee(act.session), party, commitment)
    story.commit()
    with pytest.raises(Conflict, match=r"draw\.state"):
        story.reveal()


def test_the_last_reveal_concludes_and_concluding_again_changes_nothing(story: Story) -> None:
    """Sabotage: reveal without conclude leaves the draw frozen: red."""
    story.open_section()
    story.add_experts()
    story.request()
    story.draw()
    with story.platform.act(SYSTEM) as act:
        committee = story.committee(act.session)
        assert committee.state == "drawn"
        before = len(queries.members(act.session, committee))
        services.conclude_expert_draw(act, committee)
        assert len(queries.members(act.session, committee)) == before == 4


def test_invitations_name_no_project_and_are_written_once(story: Story) -> None:
    """R-324. Sabotage: section code in the message's facts: red."""
    story.to_drawn()
    with story.platform.reading() as session:
        for member in story.members()[:4]:
            letters = inbox(session, member.person.login)
            assert [letter.template for letter in letters] == ["experts.invitation"]
            assert story.code not in str(letters[0].facts) and "泵站" not in str(letters[0].facts)


def test_who_declines_is_replaced_by_the_next_of_the_same_order(story: Story) -> None:
    """R-322. Sabotage: fill from the pool instead of the order: red."""
    story.to_drawn()
    with story.as_member("M2") as act:
        with pytest.raises(Invalid, match=r"form\.required"):
            services.decline(act, story.seat_of(act, "M2"), " ")
        fresh = services.decline(act, story.seat_of(act, "M2"), "出差")
        order = record.draw(act.session, f"experts:{story.code}").outcome["order"]
        assert [(m.label, m.candidate) for m in fresh] == [("M5", order[4])]
    with story.platform.reading() as session:
        with pytest.raises(Missing):
            queries.invitation(session, fresh[0].id, story.actor(Role.BIDDER))
        assert queries.committee_drawn_by(session, f"experts:{story.code}").id == story.committee(session).id


def test_when_the_order_is_used_up_a_supplementary_draw_fills_the_seat(story: Story) -> None:
    """R-312. Sabotage: the second draw's candidates include the first's: red."""
    story.open_section()
    story.add_experts(4)
    story.request()
    with pytest.raises(Conflict, match=r"draw\.(pending|state)"):
        story.announce()
        story.announce()
    story.commit()
    story.freeze()
    story.reveal()
    with pytest.raises(Conflict, match=r"committee\.full"):
        story.announce()
    with story.as_member("M3") as act:
        assert services.decline(act, story.seat_of(act, "M3"), "生病") == []
    story.add_experts(5, 40)
    with story.platform.reading() as session:
        (letter,) = inbox(session, story.committee(session).requested_by)
        assert (letter.template, letter.facts["open_seats"]) == ("experts.short", 1)
    story.draw(2)
    with story.platform.reading() as session:
        committee = story.committee(session)
        live = queries.live_members(session, committee)
        assert [m.label for m in live] == ["M1", "M2", "M4", "M5"]
        second = record.draw(session, f"experts:{story.code}:2")
        assert len(second.candidates) == 5 and live[3].candidate == second.outcome["order"][0]
        assert set(committee.rounds[1]["codes"].values()).isdisjoint(committee.rounds[0]["codes"].values())


def test_names_are_masked_until_the_evaluation_begins(story: Story) -> None:
    """R-323. Sabotage: roster with names for the agent at once: red."""
    story.to_drawn()
    inside = [Role.TENDEREE, Role.AGENT, Role.OFFICER]

    def names(actor: object) -> list[str | None]:
        with story.platform.reading() as session:
            return [row["name"] for row in queries.roster(session, story.committee(session), actor)][:4]  # type: ignore[arg-type]

    for role in [*inside, Role.OPERATOR, Role.BIDDER]:
        assert names(story.actor(role)) == [None] * 4
    assert None not in names(story.actor(Role.SUPERVISOR))
    story.arrive()
    for role in inside:
        assert None not in names(story.actor(role))
    foreign = factories.actor(story.platform, Role.AGENT, "b")
    for actor in (foreign, story.actor(Role.OPERATOR), story.actor(Role.BIDDER), PUBLIC):
        assert names(actor) == [None] * 4


def test_the_ledger_names_seats_not_people(story: Story) -> None:
    """Sabotage: advance with the plain act: the login stands in the facts: red."""
    story.to_seated()
    with story.platform.reading() as session:
        facts = str([e.facts for m in story.members() for e in entries_of(session, m.subject)])
        facts += str([e.facts for e in entries_of(session, f"committee:{story.code}")])
    assert "seat:M1" in facts
    for member in story.members()[:4]:
        assert member.person.login not in facts and member.person.name not in facts


def test_a_conflict_found_at_sign_in_sends_the_member_away(story: Story) -> None:
    """R-330 again at sign-in. Sabotage: sign_in without grounds_of: red."""
    story.to_drawn()
    with story.platform.reading() as session:
        bid = queries.bids_in_evaluation(session, story.section(session))[0]
    first = story.members()[0]
    tie_to_bidder(story.platform, first.person_id, bid)
    with story.as_member("M1") as act:
        services.accept(act, story.seat_of(act, "M1"))
        grounds = services.sign_in(act, story.seat_of(act, "M1"))
    assert [ground.public for ground in grounds] == ["R-330(9) employer"]
    live = story.members()
    assert [m.label for m in live] == ["M2", "M3", "M4", "R1", "M5"]
    story.arrive()
    with story.platform.reading() as session:
        assert story.committee(session).state == "seated"


def test_members_come_in_time_and_sit_on_their_own_seat(story: Story) -> None:
    """Sabotage: no check_own: red; the room open a day before: red."""
    story.meets_at = story.clock.now() + timedelta(hours=2, seconds=1)
    story.to_drawn()
    with pytest.raises(Missing), story.as_member("M1") as act:
        services.accept(act, story.seat_of(act, "M2"))
    with story.as_member("M1") as act:
        services.accept(act, story.seat_of(act, "M1"))
    with pytest.raises(Untimely, match=r"member\.too_early"), story.as_member("M1") as act:
        services.sign_in(act, story.seat_of(act, "M1"))
    story.clock.advance(seconds=1)
    with story.as_member("M1") as act:
        assert services.sign_in(act, story.seat_of(act, "M1")) == []


def test_a_representative_belongs_to_the_tenderee_and_to_no_bidder(story: Story) -> None:
    """R-304. Sabotage: skip the organisation check: red."""
    story.open_section()
    story.add_experts()
    story.request()
    story.draw()
    with story.platform.act(story.actor(Role.TENDEREE)) as act:
        agent = act.session.get(factories.Person, story.actor(Role.AGENT).person_id)
        assert agent is not None
        with pytest.raises(Invalid, match=r"committee\.not_tenderee"):
            services.name_representative(act, story.committee(act.session), agent, authorisation="授权书")
    story.name_representative()
    with pytest.raises(Conflict, match=r"committee\.representatives_full"):
        story.name_representative()


def test_a_table_of_experts_becomes_a_pool(story: Story) -> None:
    """All rows or none. Sabotage: catch the refusal per row: red."""
    text = (
        "code,login,name,specialities,region,employers,shareholdings,relatives,status\n"
        "ZJ-0001,wang.min,王敏,A08;A03,330100,东南大学|||,,,\nZJ-0002,li.si,李四,A08,330100,,,,\n"
    )
    with story.platform.act(story.actor(Role.OPERATOR)) as act:
        services.import_experts(act, text)
        assert len(queries.experts(act.session)) == 2
        services.import_experts(act, text.replace("王敏,A08;A03", "王敏,A03"))
        assert queries.expert(act.session, "ZJ-0001").specialities == ["A03"]
        assert [e.code for e in queries.experts(act.session, speciality="A08")] == ["ZJ-0002"]
    with pytest.raises(Conflict, match=r"expert\.exists"), story.platform.act(story.actor(Role.OPERATOR)) as act:
        services.import_experts(
            act, text.replace("ZJ-0002,li.si", "ZJ-0003,new.one").replace("ZJ-0001,wang.min", "ZJ-0001,li.si")
        )
    with story.platform.reading() as session:
        assert len(queries.experts(session)) == 2
