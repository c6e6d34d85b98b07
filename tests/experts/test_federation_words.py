"""Shared pools: what is asked and answered between platforms; nobody can lie, replay or be half heard."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import Person
from accounts.rules import Role
from core import partners as wire
from core.clock import iso
from core.errors import Conflict, Forbidden, Invalid, Missing, Refusal
from core.seal import new_identity, recipient_of
from experts import queries, services
from experts.models import Enquiry
from experts.queries import federation
from experts.rules import Party, Seat, walk
from experts.rules import federation as rules
from experts.services import consulting, guests, lending, partners
from tests import factories
from tests.experts.neighbours import (
    Neighbours,
    announced,
    asked,
    consult,
    drawn,
    listening,
    resigned,
)


def test_the_lender_answers_only_its_list_and_the_same_question_the_same(pair: Neighbours) -> None:
    """Strangers, forgeries, stale and twisted questions; asked again the names stay. Seen red: a new salt each time."""
    announced(pair)
    _, raw = asked(pair)

    def ask(sent: bytes) -> bytes:
        with pair.lender.act(factories.actor(pair.lender, Role.OPERATOR)) as act:
            return lending.answer_candidates(act, sent)

    first = ask(raw)
    assert ask(raw) == first
    again = json.loads(ask(resigned(pair.host.platform, raw, lambda d: d.update(id="a" * 32))))
    assert again["document"]["candidates"] == json.loads(first)["document"]["candidates"]
    refused: list[tuple[bytes, type[Refusal], str]] = [
        (resigned(pair.lender, raw, lambda d: d.update(label=d["label"])), Forbidden, "partner.signature"),
        (resigned(pair.host.platform, raw, lambda d: d.update({"from": "nobody"})), Missing, "partner.stranger"),
        (resigned(pair.host.platform, raw, lambda d: d.update(to=d["from"])), Invalid, "partner.malformed"),
        (resigned(pair.host.platform, raw, lambda d: d.update(hours=9)), Conflict, "partner.replayed"),
        (resigned(pair.host.platform, raw, lambda d: d.update(id="b" * 32, pools=["X"])), Invalid, "partner.not_lent"),
        (resigned(pair.host.platform, raw, lambda d: d.update(id="c" * 32, commitments={"officer": "0" * 64})),
         Conflict, "partner.commitments"),
        (resigned(pair.host.platform, raw, lambda d: d.update(id="d" * 32, hours=-1)), Invalid, "partner.malformed"),
        (resigned(pair.host.platform, raw, lambda d: d.update(id="e" * 32, seats=[1])), Invalid, "partner.malformed"),
        (resigned(pair.host.platform, raw, lambda d: d.update(label="experts:other")), Invalid, "partner.malformed"),
        (resigned(pair.host.platform, raw, lambda d: d.update(at="2026")), Invalid, "partner.malformed"),
        (resigned(pair.host.platform, raw, lambda d: d.update(at=iso(pair.clock.now() - timedelta(minutes=11)))),
         Conflict, "partner.stale"),
        (raw + b" ", Invalid, "partner.malformed"),
        (b"[" * 100_000, Invalid, "partner.malformed"),
        (b'{"document":{"from":1},"signature":""}', Missing, "partner.stranger"),
    ]  # fmt: skip
    for sent, kind, code in refused:
        with pytest.raises(kind) as refusal:
            ask(sent)
        assert refusal.value.code == code
    with pair.lender.reading() as session:
        assert session.query(Enquiry).count() == 2
    with pair.lender.act(factories.actor(pair.lender, Role.OPERATOR)) as act:
        partners.withdraw_partner(act, federation.partner(act.session, "bj"), "协议到期")
    with pytest.raises(Missing, match=r"partner\.stranger"):
        ask(raw)


def lying(kind: str, pair: Neighbours) -> Callable[[dict[str, Any], Callable[..., Any]], Any]:
    """A partner that answers every question wrongly in one way."""

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        raw = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        with pair.lender.act(factories.actor(pair.lender, Role.OPERATOR)) as act:
            good = lending.answer_candidates(act, raw)
        changes: dict[str, Callable[[], bytes]] = {
            "signature": lambda: resigned(pair.host.platform, good, lambda d: None),
            "other": lambda: resigned(pair.lender, good, lambda d: d.update(id="f" * 32)),
            "stale": lambda: resigned(pair.lender, good, lambda d: d.update(at="2026-01-01T00:00:00Z")),
            "speciality": lambda: resigned(pair.lender, good, lambda d: d["candidates"].update({"0" * 16: ["Z"]})),
            "health": lambda: resigned(pair.lender, good, lambda d: d["health"].update(eligible=99)),
            "nonsense": lambda: b"<html>",
            "large": lambda: b" " * 2_000_000,
        }  # fmt: skip
        if kind == "down":
            start("503 Service Unavailable", [("Content-Type", "text/plain")])
            return [b""]
        if kind == "elsewhere":
            start("302 Found", [("Location", pair.url + "/federation/candidates")])
            return [b""]
        start("200 OK", [("Content-Type", "application/json")])
        if kind == "slow":
            return drip()
        return [changes[kind]()]

    return answer


def drip() -> Iterator[bytes]:
    import time

    for _ in range(40):
        time.sleep(0.1)
        yield b" "


HOSTILE = {
    "signature": "partner.signature", "other": "partner.other", "stale": "partner.stale",
    "speciality": "partner.malformed", "health": "partner.malformed", "nonsense": "partner.malformed",
    "large": "partner.too_large", "down": "partner.refused", "elsewhere": "partner.refused",
    "slow": "partner.unreachable",
}  # fmt: skip


def test_a_partner_that_is_down_slow_or_lying_never_leaves_half_a_draw(
    pair: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is a clear refusal; nothing is frozen until the officer decides to draw without them, with a reason.

    Seen red: `check_signed` not called.
    """
    announced(pair)
    pair.host.add_experts(4, 70)
    posted = wire.post
    patience = {"seconds": 60.0}  # of a machine that is busy, too: only who drips is cut off by the clock

    def post(url: str, raw: bytes, networks: Any = ()) -> bytes:
        return posted(url, raw, networks, most=1_000_000, patience=patience["seconds"])

    monkeypatch.setattr(wire, "post", post)
    officer = pair.host.actor(Role.OFFICER)
    with pytest.raises(Conflict, match=r"consultation\.unanswered"):
        pair.host.freeze()
    with pytest.raises(Missing, match=r"consultation\.unknown"), pair.host.platform.act(officer) as act:
        consulting.forgo(act, pair.host.committee(act.session), "jx", "没有问过就想略去的理由")
    for kind, code in HOSTILE.items():
        patience["seconds"] = 0.5 if kind == "slow" else 60.0
        with listening(lying(kind, pair)) as url:
            with pair.host.platform.act(officer) as act:
                federation.partner(act.session, "jx").url = url
            assert [one.code for one in consult(pair)] == [code], kind
        with pytest.raises(Conflict, match=r"consultation\.unanswered"):
            pair.host.freeze()
    assert [one.code for one in consult(pair)] == ["partner.unreachable"]
    with pytest.raises(Invalid, match=r"form\.length"), pair.host.platform.act(officer) as act:
        consulting.forgo(act, pair.host.committee(act.session), "jx", "停机")
    with pytest.raises(Forbidden), pair.host.platform.act(pair.host.actor(Role.AGENT)) as act:
        consulting.forgo(act, pair.host.committee(act.session), "jx", "对方平台停机，今日必须抽取")
    with pair.host.platform.act(officer) as act:
        consulting.forgo(act, pair.host.committee(act.session), "jx", "对方平台停机，今日必须抽取")
    assert consult(pair) == []
    pair.host.freeze()
    with pair.host.platform.reading() as session:
        held = pair.host.committee(session).rounds[0]
        assert held["partners"][0]["without"] == "对方平台停机，今日必须抽取"
        assert not [name for name in held["specialities"] if "/" in name]


def test_who_appears_twice_in_a_bid_is_told_once() -> None:
    """A contact who also operates the bid made every question malformed. Seen red: with the people as they came."""
    told = rules.party_json(Party("bidder", "甲公司", "9133", ("王海", "李江", "王海")))
    assert told["people"] == ["王海", "李江"]


def test_an_answer_stands_only_for_the_question_as_it_is_now(pair: Neighbours) -> None:
    """A request upheld after the answer changes the question: it is asked anew."""
    announced(pair)
    assert consult(pair) == []
    with pair.lender.reading() as session:
        who = session.query(Person).filter(Person.login == "lent001").one().name
    story = pair.host
    with story.platform.act(story.actor(Role.BIDDER)) as act:
        bid = queries.bids_in_evaluation(act.session, story.section(act.session))[0]
        bid.organisation_id = act.actor.organisation_id
        act.session.flush()
        services.ask_avoidance(act, bid, person=who, unit="", reason="与另一投标人同学")
    with story.platform.act(story.actor(Role.SUPERVISOR)) as act:
        (one,) = queries.avoidance_requests(act.session, story.section(act.session))
        services.decide_avoidance(act, one, is_upheld=True, answer="成立")
    with pytest.raises(Conflict, match=r"consultation\.unanswered"):
        story.freeze()
    assert consult(pair) == []
    story.freeze()
    with story.platform.reading() as session:
        document = story.committee(session).rounds[0]["partners"][0]["answer"]["document"]
    assert len(document["candidates"]) == 7 and document["excluded"][0]["reasons"] == ["R-331 requested"]
    with pair.lender.reading() as session:
        first, second = (set(one.answer["document"]["candidates"]) for one in session.query(Enquiry))
        assert second < first


def _named(document: dict[str, Any]) -> set[str]:
    return {seat["candidate"] for seat in document["seats"]}


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_an_honest_walk_passes_over_nobody_and_one_who_is_skipped_is_seen(data: st.DataObject) -> None:
    """Whatever others there are and whoever has left: the lender sees no fault in the walk, and one in a swap.

    Seen red: with `passed_over` always None.
    """
    seats = [Seat(name, data.draw(st.integers(1, 3))) for name in "AB"]
    names = [f"{side}{n}" for side in ("own", "mine") for n in range(data.draw(st.integers(0, 6)))]
    held = {name: data.draw(st.sampled_from([["A"], ["B"], ["A", "B"], ["C"]])) for name in names}
    order = data.draw(st.permutations(names))
    gone = set(data.draw(st.lists(st.sampled_from(names), unique=True))) if names else set()
    walked = walk(order, held, seats, dict.fromkeys(gone, "declined"))
    sits = {s.candidate: s.detail for s in walked.steps if s.outcome == "seated" and s.candidate.startswith("mine")}
    mine = [name for name in order if name.startswith("mine")]
    assert rules.passed_over(mine, held, sits, gone) is None
    for name, speciality in sits.items():
        others = {one: seat for one, seat in sits.items() if one != name}
        later = [one for one in mine[mine.index(name) + 1 :] if one not in sits | dict.fromkeys(gone)]
        able = [one for one in later if speciality in held[one]]
        if able and speciality in held[name]:
            assert rules.passed_over(mine, held, {**others, able[0]: speciality}, gone) is not None


def test_the_host_cannot_seat_whom_it_likes(pair: Neighbours) -> None:
    """Another seed, nonces that open nothing, too many seats, a name never given, one drawn later, a word heard before.

    Seen red: without `_check_seed`, and without `_check_order`.
    """
    drawn(pair)
    platform, lender = pair.host.platform, pair.lender
    operator = factories.actor(lender, Role.OPERATOR)
    identity = new_identity()
    with platform.act(pair.host.actor(Role.OFFICER)) as act:
        (held,) = federation.consultations(act.session, pair.host.committee(act.session))
        raw = guests.seats_message(act, held, recipient_of(identity))
        names = sorted(held.answer["document"]["candidates"])

    def seat(count: int) -> list[dict[str, str]]:
        return [{"candidate": name, "speciality": "A08", "state": "held"} for name in names[:count]]

    wrong: list[tuple[Callable[[dict[str, Any]], object], str]] = [
        (lambda d: d.update(seed="0" * 64), "partner.commitments"),
        (lambda d: d["reveals"].update(officer="1" * 64), "partner.commitments"),
        (lambda d: d["reveals"].pop("officer"), "partner.commitments"),
        (lambda d: d.update(seats=seat(5)), "partner.seats"),
        (lambda d: d["seats"][0].update(candidate="0" * 16), "partner.candidate"),
        (lambda d: d.update(recipient="age1nonsense"), "seal.recipient_malformed"),
        (lambda d: d["seats"][0].update(candidate=next(n for n in names if n not in _named(d))), "partner.order"),
    ]
    for change, code in wrong:
        with pytest.raises(Refusal) as refusal, lender.act(operator) as act:
            lending.answer_seats(act, resigned(platform, raw, change))
        assert refusal.value.code == code
    assert pair.loans() == []
    with lender.act(operator) as act:
        answer = lending.answer_seats(act, raw)
    assert "嘉宾" not in answer.decode() and len(pair.loans()) == len(pair.guests())
    with pytest.raises(Conflict, match=r"partner\.replayed"), lender.act(operator) as act:
        lending.answer_seats(act, raw)
