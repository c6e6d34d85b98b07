"""Invitations on their way: no project in them, tried again with patience, and what became of each (R-324)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import Person
from accounts.queries import actor_for
from accounts.rules import Role
from core.act import Actor
from core.carriers import Letter, Undeliverable
from core.errors import Invalid, Missing
from core.outbox import Message
from experts import forms, queries, services
from portal.cli.letters import deliver_letters
from portal.cli.tick import tick
from tests.experts.story import Story
from tests.experts.test_secret_names import Secret, secret

__all__ = ["secret"]
Enter = Callable[[Actor | None], Any]


def reachable(story: Story) -> None:
    """Everybody in the pool has a telephone; who ends in 3 only mail."""
    with story.platform.act(story.actor(Role.OPERATOR)) as act:
        for expert in queries.experts(act.session):
            number = int(expert.code[-3:])
            phone = "" if number % 10 == 3 else f"+8613900000{number:03d}"
            services.record_contact(act, expert, phone=phone, mail=f"expert{number}@example.cn")


def test_letters_go_out_of_duty_hours_never_and_then_with_time_and_place_alone(secret: Secret) -> None:
    """Real carriers in place of the console; the line is down first. Seen red: sealed letters sent off duty; the
    project's name in a letter; a second letter after the first was taken."""
    reachable(secret)
    secret.request()
    secret.draw()
    sent: list[Letter] = []
    down = [True]

    def carrier(letter: Letter) -> None:
        if down[0]:
            raise ConnectionError("503")
        sent.append(letter)

    secret.platform.carriers |= {"voice": carrier, "mail": carrier}
    secret.leave_duty()
    deliver_letters(secret.platform)
    assert sent == []
    secret.take_duty()
    deliver_letters(secret.platform)
    with secret.platform.reading() as session:
        committee = secret.committee(session)
        assert set(queries.letters_of(session, committee).values()) == {"waiting"}
    down[0] = False
    deliver_letters(secret.platform)
    assert sent == []
    secret.clock.advance(seconds=30)
    for _ in range(2):
        deliver_letters(secret.platform)
    assert len(sent) == 4 and len({letter.token for letter in sent}) == 4
    with secret.platform.reading() as session:
        section = secret.section(session)
        words = (section.code, section.project.code, section.project.name, section.project.tenderee.name)
        assert queries.letters_of(session, secret.committee(session)) == dict.fromkeys(["M1", "M2", "M3", "M4"], "sent")
        for held in session.query(Message).filter(Message.template == "experts.invitation"):
            assert held.recipient == "" and held.sealed
    for letter in sent:
        assert "2026-10-08 10:00" in letter.text and "第三评标室" in letter.text and "A08 工程施工" in letter.text
        assert letter.address and (letter.channel == "mail") == ("@" in letter.address)
        assert not any(word in letter.text or word in str(letter.facts) for word in words)


def test_who_has_no_address_is_told_to_the_officer(story: Story, enter: Enter) -> None:
    """Given up at once, and seen on the page by the officer only. Seen red: without `Undeliverable` it waited."""
    story.open_section()
    story.add_experts(12)
    story.request()
    story.draw()

    def carrier(letter: Letter) -> None:
        raise Undeliverable("address")

    story.platform.carriers |= {"voice": carrier, "mail": carrier}
    deliver_letters(story.platform)
    address = f"/tender/{story.code}/committee"
    assert enter(story.actor(Role.OFFICER)).get(address).text.count("未送达") == 4
    assert "未送达" not in enter(story.actor(Role.AGENT)).get(address).text


@pytest.mark.parametrize("phone", ["12", "139-0000-000x", "+86 1390000000000000"])
def test_numbers_that_are_none_are_refused(phone: str) -> None:
    """Seen red: anything was taken."""
    with pytest.raises(Invalid, match=r"contact\.phone"):
        forms.read_contact({"phone": phone, "mail": ""})
    with pytest.raises(Invalid, match=r"contact\.mail"):
        forms.read_contact({"phone": "", "mail": "nobody@nowhere"})
    assert forms.read_contact({"phone": "+86 139-0000-0000", "mail": ""}) == {"phone": "+8613900000000", "mail": ""}


def test_an_expert_says_where_letters_reach_them(story: Story, enter: Enter) -> None:
    """Their own alone; the ledger has only that it changed. Seen red: without the comparison of people."""
    code, other = story.add_experts(2)
    with story.platform.reading() as session:
        own = actor_for(session, session.get_one(Person, queries.expert(session, code).person_id).login)
    browser = enter(own)
    refused = browser.post("/expert/record/contact", data={"phone": "x", "mail": "new@example.cn"})
    assert refused.status_code == 422 and 'value="new@example.cn"' in refused.text
    assert browser.post("/expert/record/contact", data={"phone": "13900000000"}).status_code == 303
    assert "13900000000" in browser.get("/expert/record").text
    with pytest.raises(Missing), story.platform.act(own) as act:
        services.record_contact(act, queries.expert(act.session, other), phone="", mail="")
    with story.platform.reading() as session:
        told = queries.history_of(session, queries.expert(session, code))[-1]
        assert (told.kind, told.facts) == ("expert.contact", {"kinds": ["phone"]})


def test_a_tick_waits_for_no_mail_server(secret: Secret, monkeypatch: pytest.MonkeyPatch) -> None:
    """A closing must not wait for one that answers nobody. Seen red: with `deliver_letters` called in the tick."""
    reachable(secret)
    secret.request()
    secret.draw()
    asked: list[Letter] = []
    monkeypatch.setattr("collusion.queries.due_to_scan", lambda session: [])  # this section's bids hold no files
    secret.platform.carriers |= {"voice": asked.append, "mail": asked.append}
    tick(secret.platform)
    assert asked == []
    deliver_letters(secret.platform)
    assert len(asked) == 4
