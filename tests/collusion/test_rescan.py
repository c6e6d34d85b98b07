"""A scan made again after more bids were opened (补充开标): leads are carried on, never undone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from accounts.rules import Role
from bidding import queries as bidding
from collusion import queries, services
from core.act import SYSTEM, Platform
from core.clock import StoppedClock
from core.errors import Conflict
from core.ledger.log import entries_of
from opening.models import Bid
from portal.cli.tick import tick
from tests.collusion.test_desk import CODE, COUNTER, REASON, desk, do, scanned

__all__ = ["desk"]


def opened_again(platform: Platform, clock: StoppedClock, number: int = 3) -> None:
    """That bid is opened an hour later, in a sitting of its own."""
    clock.advance(hours=1)
    with platform.act(SYSTEM) as act:
        act.session.execute(update(Bid).where(Bid.number == number).values(opened_at=clock.now()))
    clock.advance(minutes=10)


def rescanned(platform: Platform, *rings: tuple[list[str], str], touch: float = 0.5) -> list[Any]:
    """What a second scan with these rings leaves of the section's leads."""
    result = scanned(platform)
    result["rings"] = [{"bidders": bidders, "weight": 2.0, "tier": tier} for bidders, tier in rings]
    for pair in result["pairs"]:
        pair["score"] += touch
    with platform.act(SYSTEM) as act:
        services.record_scan(act, bidding.section(act.session, CODE), result)
    with platform.reading() as session:
        return queries.warnings_of(session, bidding.section(session, CODE))


def test_what_was_opened_later_is_scanned_by_the_tick_and_only_then(desk: Platform, clock: StoppedClock) -> None:
    """The real scan, rung by the bell. Seen red: with the old question, which asks for sections never scanned."""
    assert f"scan {CODE}" not in tick(desk)
    opened_again(desk, clock)
    with desk.reading() as session:
        section = bidding.section(session, CODE)
        assert [bid.number for bid in queries.opened_later(session, section)] == [3]
    assert f"scan {CODE}" in tick(desk)
    assert f"scan {CODE}" not in tick(desk)
    with desk.reading() as session:
        section = bidding.section(session, CODE)
        first, second = queries.scans(session, section)
        assert queries.opened_later(session, section) == [] and second.scanned_at > first.scanned_at
        assert second.material and first.material is None, "the first was put in by the test"
        told = [entry.facts for entry in entries_of(session, f"warning:{CODE}") if entry.kind == "scan.make"]
        assert [one["result_sha256"] for one in told] == [first.result_sha256, second.result_sha256]
        (lead,) = queries.warnings_of(session, section)
        (noted,) = lead.card["rescans"]
        assert (noted["outcome"], lead.state, lead.tier) == ("gone", "open", "review"), "told, and still people's"


def test_a_ring_found_again_keeps_its_lead_with_both_readings(desk: Platform, clock: StoppedClock, login: Any) -> None:
    """Who has it in hand keeps it. Seen red: with the old reading thrown away."""
    do(desk, services.assign_warning)
    opened_again(desk, clock)
    (lead,) = rescanned(desk, (["01", "02"], "priority"))
    assert (lead.state, lead.tier, lead.card["rescans"][0]["outcome"]) == ("assigned", "priority", "renewed")
    (before,) = lead.card["earlier"]
    pair = max(lead.card["pairs"], key=lambda one: one["score"])
    assert before["tier"] == "review" and pair["score"] == pytest.approx(before["pairs"][0]["score"] + 0.5)
    with desk.reading() as session:
        made = queries.scan_behind(session, lead)
        assert made is not None and made.number == 2 and lead.card["result_sha256"] == made.result_sha256
        facts = [entry.facts for entry in entries_of(session, lead.subject) if entry.kind == "warning.rescan"]
        assert facts == lead.card["rescans"]
        told = queries.archive_facts(session, bidding.section(session, CODE))
        assert len(told["earlier_scans"]) == 1 and told["warnings"][0]["rescans"] == facts
    page = login(Role.SUPERVISOR).get(f"/supervise/warnings/{lead.code}").text
    assert "第 2 次筛查（补充开标之后）" in page and "第 1 次筛查的读数" in page


def test_a_wider_ring_is_a_lead_of_its_own_and_the_old_one_waits_for_people(
    desk: Platform, clock: StoppedClock, login: Any
) -> None:
    """Each names the other; the old lead's paper is still that of its own scan."""
    opened_again(desk, clock)
    old, new = rescanned(desk, (["01", "02", "03"], "review"))
    assert (old.card["rescans"][0]["outcome"], old.card["rescans"][0]["codes"]) == ("widened", [new.code])
    assert new.card["follows"] == [old.code] and old.decided_at is None
    with desk.reading() as session:
        assert [queries.scan_behind(session, one).number for one in (old, new)] == [1, 2]  # type: ignore[union-attr]
    browser = login(Role.SUPERVISOR)
    assert new.code in browser.get(f"/supervise/warnings/{old.code}").text
    assert old.code in browser.get(f"/supervise/warnings/{new.code}").text


def test_what_people_decided_stands_unless_the_new_reading_is_graver(desk: Platform, clock: StoppedClock) -> None:
    """Seen red: with every ring found again raised anew."""
    do(desk, services.assign_warning)
    do(desk, services.decide_warning, "confirm", REASON, COUNTER)
    do(desk, services.approve_warning, True, "", who="b")
    opened_again(desk, clock)
    (lead,) = rescanned(desk, (["01", "02"], "review"))
    assert (lead.state, lead.card["rescans"][0]["outcome"]) == ("confirmed", "again")
    opened_again(desk, clock)
    lead, graver = rescanned(desk, (["01", "02"], "priority"), touch=0.75)
    assert lead.state == "confirmed" and (graver.tier, graver.card["follows"]) == ("priority", [lead.code])


def test_nothing_is_recorded_twice_nor_from_what_was_read_before(
    desk: Platform, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bid that is opened while the scan reads makes it read again. Seen red: with the late look left out."""
    (lead,) = rescanned(desk, (["01", "03"], "review"))
    assert lead.ring[1]["key"] == "02", "nothing was opened since: the scan in force stays"
    opened_again(desk, clock)
    examine = services.scanning.examine

    def slow(platform: Platform, code: str, **more: Any) -> Any:
        found = examine(platform, code, **more)
        with platform.act(SYSTEM) as act:
            later = clock.now() + timedelta(seconds=1)
            act.session.execute(update(Bid).where(Bid.number == 2).values(opened_at=later))
        return found

    monkeypatch.setattr(services.scanning, "examine", slow)
    with pytest.raises(Conflict, match=r"scan\.moved"):
        services.scan_section(desk, CODE)
