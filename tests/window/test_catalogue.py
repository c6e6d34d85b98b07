"""What must be traded here: thresholds by day, exceptions by law, purchases split up, and disclosure counted."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from accounts.rules import Role
from awards.models import Complaint
from bidding import queries as bidding
from bidding.models import Section
from core.act import SYSTEM, Platform
from core.board import Notice
from core.ledger.log import entries_of
from tests import factories
from tests.conftest import Browser
from tests.opening.stage import Stage
from window import queries
from window.rules import Deal, catalogue, check_outside, grounds, splits

ON = date(2026, 10, 8)
OUTSIDE = {
    "project": "P-1", "name": "食堂改造", "matter": "works", "traded_on": "2026-09-01", "amount": "3,900,000",
    "counterpart": "丙公司", "ground": "", "reason": "未达到必须招标的规模，经比选确定。",
}  # fmt: skip


@pytest.mark.parametrize(
    ("matter", "yuan", "ground", "verdict"),
    [
        ("works", 3_999_999, "", "below"), ("works", 4_000_000, "", "outside"),
        ("works", 4_000_000, "disaster", "excepted"), ("procurement", 2_000_000, "single_source", "excepted"),
        ("works", 4_000_000, "emergency", "outside"), ("goods", 2_000_000, "", "outside"),
        ("services", 999_999, "", "below"), ("land", 1, "", "outside"),
    ],
)  # fmt: skip
def test_the_threshold_itself_must_be_here(matter: str, yuan: int, ground: str, verdict: str) -> None:
    """R-050, R-054: an amount at the threshold, and only grounds the law knows for the matter."""
    found = check_outside(matter, yuan * 100, ground, ON)
    assert (found.verdict, bool(found.rule["source"])) == (verdict, True)


def test_the_catalogue_is_dated() -> None:
    assert "works" not in {rule.key for rule in catalogue(date(2018, 5, 31))}
    assert "works" in {rule.key for rule in catalogue(date(2018, 6, 1))}
    assert grounds("land", ON) == () and "disaster" in grounds("works", ON)


DEALS = st.lists(st.tuples(st.integers(0, 900), st.integers(1, 120)), max_size=9)


@given(DEALS)
def test_splitting_finds_the_largest_sum_within_twelve_months(pairs: list[tuple[int, int]]) -> None:
    """Against every run of purchases."""
    deals = [Deal(ON + timedelta(days=day), fen, str(place)) for place, (day, fen) in enumerate(pairs)]
    small = sorted((one for one in deals if one.amount_fen < 100), key=lambda one: (one.on, one.code))
    sums = [
        sum(one.amount_fen for one in small[first : last + 1])
        for first, last in itertools.combinations(range(len(small)), 2)
        if (small[last].on.year * 372 + small[last].on.month * 31 + small[last].on.day)
        - (small[first].on.year * 372 + small[first].on.month * 31 + small[first].on.day) < 372
    ]  # fmt: skip
    found = splits(deals, 100, 12)
    expected = max((one for one in sums if one >= 100), default=None)
    assert (found.together_fen if found else None) == expected


def test_a_trade_outside_is_recorded_with_its_reason_and_alarms_the_supervisor(
    client: Browser, login: Callable[..., Browser], platform: Platform
) -> None:
    """The record is public, the alarm is not."""
    tenderee, supervisor = login(Role.TENDEREE), login(Role.SUPERVISOR)
    assert client.get("/catalogue/outside").status_code in (302, 303, 401)
    wrong = tenderee.post("/catalogue/outside", data={**OUTSIDE, "reason": "短", "amount": "3,9"})
    assert wrong.status_code == 422 and "食堂改造" in wrong.get_data(as_text=True)
    for bad in ({"ground": "emergency"}, {"traded_on": "2027-01-01"}, {"traded_on": "昨天"}, {"matter": "moon"}):
        assert tenderee.post("/catalogue/outside", data={**OUTSIDE, **bad}).status_code == 422, bad
    assert tenderee.post("/catalogue/outside", data=OUTSIDE).status_code == 302
    page = client.get("/catalogue").get_data(as_text=True)
    assert "食堂改造" in page and "未达规模" in page and "化整为零预警" not in page
    assert "没有发现" in supervisor.get("/catalogue").get_data(as_text=True)
    second = {**OUTSIDE, "name": "食堂改造二期", "amount": "200,000"}
    assert tenderee.post("/catalogue/outside", data=second).status_code == 302
    seen = supervisor.get("/catalogue").get_data(as_text=True)
    assert "没有发现" not in seen and "4,100,000.00" in seen and "时钟报警" not in seen
    assert "化整为零预警" not in client.get("/catalogue").get_data(as_text=True)
    third = {**OUTSIDE, "project": "P-2", "name": "新楼", "amount": "9,000,000"}
    told = tenderee.post("/catalogue/outside", data=third, follow_redirects=True).get_data(as_text=True)
    assert "这笔交易达到规模" in told
    with platform.reading() as session:
        numbers = [one.number for one in queries.outside_trades(session, limit=9)]
        (entry,) = entries_of(session, f"outside:{numbers[0]}")
    assert entry.facts["finding"]["verdict"] == "outside" and len(numbers) == 3


def test_purchases_below_the_threshold_by_other_ways_than_open_tender_are_added_up(
    platform: Platform, tmp_path: Path
) -> None:
    """政府采购法实施条例 a28. Seen red: with the sections of regime T alone."""
    stage = Stage(platform, tmp_path / "machines")
    with platform.act(SYSTEM) as act:
        section = bidding.section(act.session, stage.code)
        section.project.regime, section.project.procedure, section.project.category = "G", "negotiation", "goods"
        section.estimate_fen = 120_000_000
        names = [column.key for column in Section.__table__.columns if column.key not in ("id", "code")]
        act.session.add(Section(code="ZB-TWIN-02", **{name: getattr(section, name) for name in names}))
    day = date(2026, 11, 1)
    with platform.reading() as session:
        (alarm,) = queries.split_alarms(session, day)
        assert (alarm.matter, alarm.split.together_fen) == ("procurement", 240_000_000)
        assert set(alarm.split.codes) == {stage.code, "ZB-TWIN-02"}
    with platform.act(SYSTEM) as act:
        bidding.section(act.session, stage.code).project.procedure = "open"
    with platform.reading() as session:
        assert queries.split_alarms(session, day) == []


def test_a_contract_and_a_decided_complaint_are_due_to_be_disclosed_once_they_are_there(
    platform: Platform, tmp_path: Path
) -> None:
    """Not by the section's state alone. Seen red: with the condition left out."""
    stage = Stage(platform, tmp_path / "machines")
    facts = {"about": "documents", "respondent": "", "facts": "", "claims": "", "basis": "", "signatory": ""}
    with platform.act(factories.actor(platform, Role.BIDDER)) as act:
        section = bidding.section(act.session, stage.code)
        assert act.actor.organisation_id is not None
        act.session.add(
            Complaint(
                section_id=section.id, number=1, organisation_id=act.actor.organisation_id, content=facts,
                filed_at=act.now, accept_due_at=act.now, accepted_at=act.now, state="accepted", state_at=act.now,
            )
        )  # fmt: skip

    def due() -> dict[str, tuple[int, int]]:
        with platform.reading() as session:
            return {one.item["id"]: (one.due, one.there) for one in queries.completeness(session, ON)}

    assert (due()["DIS-6"], due()["DIS-7"]) == ((0, 0), (0, 0))
    with platform.act(SYSTEM) as act:
        act.session.execute(update(Complaint).values(state="decided", decision={"outcome": "dismissed"}))
    assert due()["DIS-7"] == (1, 0)


def test_disclosure_is_counted_from_what_was_published(platform: Platform, tmp_path: Path, client: Browser) -> None:
    """A section whose notice is missing is due and named."""
    stage = Stage(platform, tmp_path / "machines")
    with platform.reading() as session:
        items = {one.item["id"]: one for one in queries.completeness(session, ON)}
    assert (items["DIS-1"].due, items["DIS-1"].there, items["DIS-4"].due) == (1, 1, 0)
    with platform.act(SYSTEM) as act:
        act.session.query(Notice).filter_by(kind="tender").update({"subject": "section:other"})
    with platform.reading() as session:
        items = {one.item["id"]: one for one in queries.completeness(session, ON, "national")}
    assert (items["DIS-1"].there, items["DIS-1"].lacking) == (0, [stage.code]) and "DIS-2" not in items
    assert stage.code in client.get("/disclosure").get_data(as_text=True)
    assert client.get("/disclosure?level=moon").status_code == 200
