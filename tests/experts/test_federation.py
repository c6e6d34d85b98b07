"""Shared pools: two platforms over a real local server draw together, and their people come."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from accounts.rules import Role
from core.draw import record
from core.errors import Invalid, Missing
from core.ledger.log import entries_of
from core.outbox import inbox
from core.seal import new_identity, recipient_of
from experts import queries, services
from experts.queries import federation
from experts.services import lending
from tests import factories
from tests.experts.neighbours import (
    Neighbours,
    announced,
    drawn,
    tell,
)


def test_a_partners_people_are_drawn_invited_seated_and_replaced(pair: Neighbours, app: Flask) -> None:
    """The whole way, both ledgers read afterwards: frozen as signed, drawn, told, invited, declined, arrived, seated.

    Seen red: `guests_for` returning nobody; a decline not carried back.
    """
    pair.add_lent(1, 20, certified=False)
    drawn(pair)
    story = pair.host
    with story.platform.reading() as session:
        committee = story.committee(session)
        draw = record.draw(session, str(committee.draw_label))
        answer = committee.rounds[0]["partners"][0]["answer"]["document"]
        lent = {name for name in draw.candidates if "/" in name}
        assert len(lent) == 8 and lent == {f"jx/{name}" for name in answer["candidates"]}
        assert [row["reasons"] for row in answer["excluded"]] == [["no_certificate"]]
        told = str([entry.facts for entry in entries_of(session, committee.subject)])
        assert "嘉宾" not in told and "JX-0001" not in told
    seated = pair.guests()
    assert 2 <= len(seated) <= 4 and all(one.is_awaited for one in seated)
    assert len(tell(pair)) == 1
    loans = pair.loans()
    assert {f"jx/{one.candidate}" for one in loans} == {one.candidate for one in seated}
    first, second = seated[:2]
    actor = pair.lent_actor(first)
    with pair.lender.reading() as session:
        letters = inbox(session, actor.name)
        assert story.code not in str(letters[0].facts) and "泵站" not in str(letters[0].facts)
        other = pair.lent_actor(second)
        with pytest.raises(Missing, match=r"loan\.unknown"):
            federation.own_loan(session, pair.loan_of(session, first).id, other)
    with pair.lender.act(actor) as act:
        with pytest.raises(Invalid, match=r"form\.required"):
            lending.decline_loan(act, pair.loan_of(act.session, first), " ")
        lending.decline_loan(act, pair.loan_of(act.session, first), "出差")
    for one in seated[1:]:
        with pair.lender.act(pair.lent_actor(one)) as act:
            lending.accept_loan(act, pair.loan_of(act.session, one))
    tell(pair)
    states = {one.label: one.state for one in story.members()}
    assert first.label not in states and states[second.label] == "accepted" and len(states) == 4
    for _ in range(4):
        tell(pair)
        for one in pair.guests():
            if one.state == "invited":
                with pair.lender.act(pair.lent_actor(one)) as act:
                    held = pair.loan_of(act.session, one)
                    if held.state == "invited":
                        lending.accept_loan(act, held)
    story.name_representative()
    coming = pair.guests()
    assert all(one.state == "accepted" and one.guest["name"].startswith("嘉宾") for one in coming)
    for one in coming:
        login = pair.lent_actor(one).name
        assert pair.sign_in(app, login).status_code == 200
        assert pair.sign_in(app, login).status_code == 200
    assert pair.sign_in(app, next(login for login in pair.keys if login not in _logins(pair))).status_code == 403
    story.arrive()
    with story.platform.reading() as session:
        assert story.committee(session).state == "seated"
        people = [one.person for one in story.members() if one.partner_id is not None]
        assert all(one.password_hash is None and one.organisation is not None for one in people)
        named = queries.roster(session, story.committee(session), story.actor(Role.SUPERVISOR))
        assert None not in [row["name"] for row in named if row["state"] == "signed_in"]


def _logins(pair: Neighbours) -> set[str]:
    return {pair.lent_actor(one).name for one in pair.guests()}


def test_a_tie_that_arises_later_and_a_seat_given_up_reach_the_other_side(pair: Neighbours) -> None:
    """The lender bars its own before they travel; the host's absence recalls the loan; a loan makes busy."""
    drawn(pair)
    tell(pair)
    first, second = pair.guests()[:2]
    bid = queries.bids_in_evaluation
    with pair.host.platform.reading() as session:
        unit = bid(session, pair.host.section(session))[0]
        tie = [{"name": unit.name, "identifier": unit.identifier}]
    with pair.lender.act(factories.actor(pair.lender, Role.OPERATOR)) as act:
        own = queries.borrowed(act.session, pair.loan_of(act.session, first))
        services.update_declarations(act, own, employers=tie, shareholdings=[], relatives=[])
        begins = pair.loan_of(act.session, second).meets_at
        busy = queries.busy_people(act.session, begins, begins + timedelta(hours=1), apart_from=0)
        assert queries.borrowed(act.session, pair.loan_of(act.session, second)).person_id in busy
    tell(pair)
    with pair.lender.reading() as session:
        assert pair.loan_of(session, first).state == "barred"
    assert first.label not in {one.label for one in pair.host.members()}
    pair.clock.advance(seconds=3600)
    with pair.host.platform.act(pair.host.actor(Role.OFFICER)) as act:
        services.record_absence(act, pair.host.seat_of(act, second.label))
    for _ in range(2):
        tell(pair)
    with pair.lender.reading() as session:
        assert pair.loan_of(session, second).state == "recalled"


def test_with_duty_keys_neither_side_keeps_a_name_in_clear(pair: Neighbours, app: Flask) -> None:
    """Both platforms have a duty key: the handed name is sealed to the host's, the loan to the lender's.

    Off duty the guest is a stranger. Seen red: with the lender keeping salt and codes in clear.
    """
    from tests.bidding.test_blind import rows_of

    duty = {}
    for platform in (pair.host.platform, pair.lender):
        duty[id(platform)] = new_identity()
        with platform.act(factories.actor(platform, Role.OFFICER)) as act:
            services.name_duty_key(act, recipient_of(duty[id(platform)]))
            services.go_on_duty(act, duty[id(platform)])
    drawn(pair)
    tell(pair)
    for one in pair.guests():
        with pair.lender.act(pair.lent_actor(one)) as act:
            lending.accept_loan(act, pair.loan_of(act.session, one))
    tell(pair)
    rows = rows_of(pair.host.platform)
    assert "嘉宾" not in json.dumps(rows, default=str, ensure_ascii=False)
    kept = rows_of(pair.lender)
    assert all(row["expert_id"] is None and row["sealed"] for row in kept["loan"])
    assert kept["enquiry"] and all("sealed" in str(row["secret"]) for row in kept["enquiry"])
    first = pair.guests()[0]
    login = pair.lent_actor(first).name
    with pair.host.platform.act(pair.host.actor(Role.OFFICER)) as act:
        services.go_off_duty(act)
    assert pair.sign_in(app, login).status_code == 403
    with pair.host.platform.act(pair.host.actor(Role.OFFICER)) as act:
        services.go_on_duty(act, duty[id(pair.host.platform)])
    assert pair.sign_in(app, login).status_code == 200
    assert pair.guests()[0].person_id is not None


def test_a_guest_does_not_arrive_the_day_before(pair: Neighbours, app: Flask) -> None:
    """Seen red: without the window, the person stood in the register a day before the meeting."""
    pair.host.meets_at = pair.clock.now() + timedelta(hours=5)
    drawn(pair)
    tell(pair)
    first = pair.guests()[0]
    with pair.lender.act(pair.lent_actor(first)) as act:
        lending.accept_loan(act, pair.loan_of(act.session, first))
    tell(pair)
    answer = pair.sign_in(app, pair.lent_actor(first).name)
    assert answer.status_code == 409 and answer.get_json()["code"] == "member.too_early"
    assert pair.guests()[0].person_id is None


def test_the_pages_list_partners_and_tell_what_is_wrong(
    pair: Neighbours, app: Flask, login: Callable[..., Any]
) -> None:
    """The operator's list, a bad key, the officer's button that asks and freezes, the public record."""
    operator, officer = login(Role.OPERATOR), login(Role.OFFICER)
    assert "嘉兴市公共资源交易平台" in operator.get("/ops/partners").text
    page = operator.get("/ops/partners/jx").text
    assert "jx/JX-1" in page and "嘉兴市综合评标专家库" in page
    bad = {"code": "sz", "name": "苏州", "url": "http://far.example", "key": str(pair.lender.signer.verifier)}
    for change in ({}, {"url": "https://sz.example"}, {"url": "https://sz.example", "key": "nonsense"}):
        answer = operator.post("/ops/partners", data={**bad, **change})
        assert answer.status_code == 422 and "苏州" in answer.text
    assert operator.post("/ops/partners/jx/pools").status_code == 303
    assert operator.post("/ops/partners/jx/withdraw", data={"reason": ""}).status_code == 422
    assert officer.get("/ops/partners").status_code == 403
    announced(pair)
    code = pair.host.code
    assert "尚未询问" in officer.get(f"/tender/{code}/committee").text
    assert officer.post(f"/tender/{code}/committee/freeze").status_code == 303
    facts = app.test_client().get(f"/draws/experts/{code}.json").get_json()["draws"][0]
    assert facts["partners"][0]["code"] == "jx" and facts["state"] == "frozen"
    assert "协作平台签名的候选" in app.test_client().get(f"/draws/experts/{code}").text
    pair.host.reveal()
    tell(pair)
    first = pair.guests()[0]
    actor = pair.lent_actor(first)
    from accounts.access import door
    from accounts.queries import person_by_id
    from accounts.services import open_sign_in
    from tests.conftest import Browser

    pair.site.test_client_class = Browser
    browser = pair.site.test_client()
    with pair.lender.act(actor) as act:
        token = open_sign_in(
            act, person_by_id(act.session, actor.person_id or 0), method="certificate", carrier="cookie"
        )
    with pair.site.app_context():
        browser.set_cookie(door().cookie, token)
    assert "外地评标" in browser.get("/expert").text
    with pair.lender.reading() as session:
        number = pair.loan_of(session, first).id
    assert browser.post(f"/expert/loans/{number}/decline", data={"reason": ""}).status_code == 422
    assert browser.post(f"/expert/loans/{number}/accept").status_code == 303
    assert "数字证书" in browser.get(f"/expert/loans/{number}").text
    assert browser.get(f"/expert/loans/{number + 99}").status_code == 404
