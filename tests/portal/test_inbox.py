"""The inbox: an organisation's messages are its people's, and before the names nothing in it says who bids."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from accounts.rules import Role
from bidding import queries, rules, services
from core.act import SYSTEM, Platform
from core.calendar import end_of_day
from core.clock import iso
from core.outbox import Message, post
from portal.words import letter_text, shown
from portal.words.messages import MESSAGES
from tests import factories
from tests.bidding.stage import Bidder, Stage
from tests.conftest import Browser

Login = Callable[..., Browser]


def test_the_people_of_an_organisation_read_its_messages_and_nobody_else(
    platform: Platform, login: Login, client: Browser
) -> None:
    """Seen red: without the recipient in the question."""
    stage = Stage(platform).publish()
    with stage.act(Role.BIDDER, through=rules.turnstile(stage.code), shared=False) as act:
        services.raise_objection(act, queries.section(act.session, stage.code), "第三章有误。")
    told = f"标段 {stage.code} 收到对招标文件的异议（第 1 号）"
    for person in ("a", "a2"):
        page = login(Role.TENDEREE, person=person).get("/inbox").text
        assert told in page
        assert f"/tender/sections/{stage.code}/objections" in page
    assert told not in login(Role.BIDDER).get("/inbox").text
    assert client.get("/inbox").status_code == 303


def test_a_day_by_whose_end_something_is_due_is_told_as_that_day() -> None:
    """On the page and in a letter, not as the first instant of the next day. Seen red: with the instant as it is."""
    ends = {"due_at": iso(end_of_day(date(2026, 11, 20))), "section": "S1", "number": 1}
    assert letter_text("awards.complaint_filed", ends).endswith("（第 1 号），应于 2026-11-20 24:00 前决定是否受理。")
    assert shown(end_of_day(date(2026, 12, 31))) == "2026-12-31 24:00"
    later = end_of_day(date(2026, 11, 20)) + timedelta(microseconds=1)
    assert shown(later) == "2026-11-21 00:00:00.000001"


def test_before_the_names_an_inbox_says_nothing_of_who_bids(platform: Platform, login: Login, tmp_path: Path) -> None:
    """A commit writes no message; and one that would say so is not shown while bids come in, whoever wrote it.

    Seen red: without the look at the section's state.
    """
    stage = Stage(platform).publish()
    own = factories.actor(platform, Role.BIDDER)
    stage.commit(Bidder("甲", tmp_path / "machine").seal(stage.policy()))
    with platform.reading() as session:
        assert session.query(Message).all() == []
    with platform.act(SYSTEM) as act:
        recipient = f"organisation:{own.organisation_id}"
        post(act, key="x", recipient=recipient, template="bid.judged", section=stage.code, status="revoked")
    assert stage.code not in login(Role.BIDDER).get("/inbox").text
    platform.clock.move_to(stage.section().closing_at + timedelta(seconds=1))  # type: ignore[attr-defined]
    stage.close()
    assert stage.code in login(Role.BIDDER).get("/inbox").text


def test_every_message_an_organisation_gets_has_its_sentence() -> None:
    """Every template in the code is worded. Seen red: with one taken out of the table."""
    import re

    root = Path(__file__).parents[2]
    sources = [path for name in ("bidding", "opening", "awards") for path in (root / name).rglob("*.py")]
    code = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    used: set[Any] = set(re.findall(r'template="([a-z_.]+)"', code))
    used |= set(re.findall(r'tell_bidders?\(act, \w+, (?:bid, )?"([a-z_.]+)"', code))
    used |= {"awards.won", "awards.lost"}
    assert len(used) >= 10
    assert used - set(MESSAGES) == set()
