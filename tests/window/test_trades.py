"""Tables of earlier trades, sections of this platform, and sums that always equal what is counted anew."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select, update

from accounts.rules import Role
from awards.queries import publicity_of
from awards.services import set_aside_winner
from core.act import SYSTEM, Platform
from core.calendar import end_of_day, national
from core.clock import StoppedClock
from core.errors import Conflict, Invalid
from core.law import Snapshot
from core.ledger.log import audit, entries_of
from experts.queries import final_bids
from portal.cli.tick import Done, record_trades
from tests.awards.test_awards import award, end, publicity, publish
from tests.conftest import Browser
from tests.experts.story import Story
from tests.window import published
from window import queries, services
from window.models import Trade, TradeSum
from window.queries.sums import Dashboard, View
from window.rules import COLUMNS, printed_growth, promises, read_trades, stages
from window.services.trades import sum_up


def take(platform: Platform, raw: bytes) -> None:
    with platform.act(SYSTEM) as act:
        services.import_trades(act, raw, name="历年.csv", source="滨江市公共资源交易中心年报")


def figures(platform: Platform, period: str, **more: str) -> Dashboard:
    with platform.reading() as session:
        return queries.dashboard(session, View(period, **more), platform.clock.now().date())


def test_the_published_year_is_reproduced(platform: Platform, client: Browser) -> None:
    """625 sessions, 514.93 亿元, savings 46.19 亿元 (+28.66 %); +14.77 % is what the amounts grew by."""
    take(platform, published.two_years())
    found = figures(platform, "2025")
    assert (found.now.sessions, found.now.amount_fen, found.now.saving_fen) == (
        625, published.AMOUNT, published.SAVING,
    )  # fmt: skip
    assert printed_growth(found.growth_of("saving_fen")) == "+28.66%"
    assert printed_growth(found.growth_of("amount_fen")) == "+14.77%"
    assert printed_growth(found.growth_of("sessions")) == "+14.89%"
    assert found.now.parties == published.PARTIES
    assert sum(sums.parties for sums in found.by_market.values()) > found.now.parties
    page = client.get("/stats?period=2025").get_data(as_text=True)
    for shown in (
        ">625<",
        "514.93 亿元",
        "46.19 亿元",
        "同比 +28.66%",
        "14,000",
        "/trades?period=2025&amp;market=works",
    ):
        assert shown in page, shown
    assert client.get("/stats/months/figure.svg?period=2025").mimetype == "image/svg+xml"
    rows = client.get("/stats/markets/figure.csv?period=2025").get_data(as_text=True).splitlines()
    assert len(rows) == 5
    assert client.get("/stats/markets/figure.svg?period=1999").status_code == 404
    assert client.get("/stats/nothing/figure.svg").status_code == 404
    with platform.reading() as session:
        assert list(queries.recount(session)) == []


def test_108_projects_and_the_sum_before_rounding(platform: Platform, client: Browser) -> None:
    take(platform, published.small_projects())
    found = figures(platform, "2023")
    assert {market: sums.trades for market, sums in found.by_market.items()} == {
        "works": 25, "procurement": 54, "property": 24, "other": 5,
    }  # fmt: skip
    wan = published.WAN // 100
    assert (found.now.trades, found.now.ceiling_fen, found.now.amount_fen, found.now.saving_fen) == (
        108, 439_402 * wan, 405_698 * wan, 33_704 * wan,
    )  # fmt: skip
    take(platform, published.parts_that_round_up())
    page = client.get("/stats?period=2022").get_data(as_text=True)
    assert "各行四舍五入后相加为 40.48 亿元，合计印为 40.47 亿元" in page
    assert "4,046,500,000.00 元" in page
    chosen = client.get("/stats?period=2022&market=works").get_data(as_text=True)
    assert "10.125 亿元" in chosen and "合计印为 40.47 亿元" in chosen
    assert "各行四舍五入" not in client.get("/stats?period=2025").get_data(as_text=True)


def test_every_mark_leads_to_exactly_its_trades(platform: Platform, client: Browser) -> None:
    """The list behind a sum has as many trades as the sum says."""
    take(platform, published.two_years())
    for view in (
        View("2025"), View("2025", "works"), View("2025-03"), View("2024-12", "other", "330100"),
        View("2025", "*", "330200"),
    ):  # fmt: skip
        with platform.reading() as session:
            listed = queries.trades(session, view, limit=10_000)
        sums = figures(platform, view.period, market=view.market, region=view.region).now
        assert (len(listed), sum(one.amount_fen for one in listed)) == (sums.trades, sums.amount_fen)
    seen: list[str] = []
    address: str | None = "/trades.csv?period=2025&market=works"
    page = client.get("/trades?period=2025&market=works").get_data(as_text=True)
    assert "after=2025-" in page
    assert address
    lines = client.get(address).get_data(as_text=True).splitlines()
    seen = [line.split(",")[0] for line in lines[1:]]
    assert len(seen) == len(set(seen)) == 157
    one = client.get(f"/trades/{seen[0]}").get_data(as_text=True)
    assert "滨江市公共资源交易中心年报" in one
    assert client.get("/trades/none").status_code == 404


def test_sums_kept_trade_by_trade_equal_sums_counted_anew(platform: Platform) -> None:
    """Whatever the order of imports; and a sum that was tampered with is named."""
    chance = random.Random(5)
    for part in range(3):
        rows = [
            {
                "code": f"R{part}-{number}", "traded_on": f"202{chance.randint(3, 5)}-0{chance.randint(1, 9)}-11",
                "market": chance.choice(["works", "land"]), "region": chance.choice(["330100", "330200"]),
                "amount_fen": chance.randint(1, 10**9), "base_fen": chance.randint(1, 10**9),
                "base_kind": chance.choice(["ceiling", "floor"]), "sessions": chance.randint(0, 2),
                "participants": ";".join(f"P{chance.randint(0, 9)}" for _ in range(chance.randint(0, 5))),
            }
            for number in range(20)
        ]  # fmt: skip
        take(platform, published.table(rows))
    with platform.reading() as session:
        assert list(queries.recount(session)) == []
    with platform.act(SYSTEM) as act:
        act.session.execute(
            update(TradeSum).where(TradeSum.period == "2024", TradeSum.market == "*", TradeSum.region == "*")
            .values(amount_fen=TradeSum.amount_fen + 1)
        )  # fmt: skip
    with platform.reading() as session:
        (wrong,) = queries.recount(session)
    assert wrong[:4] == ("2024", "*", "*", "amount_fen") and wrong[4] == wrong[5] + 1
    with platform.act(SYSTEM) as act:
        sum_up(act.session, {"2024-01"})
    with platform.reading() as session:
        assert list(queries.recount(session, {"2024-01"})) == []


BROKEN = {
    "market": "forest", "region": "33", "traded_on": "2025-02-30", "sessions": "-1", "base_yuan": "",
    "amount_yuan": "1.234", "code": "../x", "name": "",
}  # fmt: skip


@pytest.mark.parametrize("column", BROKEN)
def test_a_fault_is_named_by_line_and_column_and_nothing_is_taken(platform: Platform, column: str) -> None:
    raw = published.table([{"amount_fen": 5, "base_fen": 7}, {"amount_fen": 5, "base_fen": 7}]).decode()
    header, first, second = raw.splitlines()
    cells = second.split(",")
    cells[COLUMNS.index(column)] = BROKEN[column]
    with pytest.raises(Invalid, match=r"trades\.lines") as refused:
        take(platform, "\n".join([header, first, ",".join(cells)]).encode())
    assert refused.value.facts["faults"] == [f"3: {column}: {BROKEN[column]}"]
    with platform.reading() as session:
        assert session.scalar(select(func.count()).select_from(Trade)) == 0


def test_the_same_table_or_trade_is_not_taken_twice(platform: Platform) -> None:
    raw = published.table([{"amount_fen": 5}])
    take(platform, raw)
    with pytest.raises(Conflict, match=r"trades\.imported"):
        take(platform, raw)
    with pytest.raises(Invalid, match=r"trades\.known"):
        take(platform, raw + b"\n")
    for bad, code in ((b"\xff", "encoding"), (b"a,b\n", "columns"), (published.table([]), "empty")):
        with pytest.raises(Invalid, match=rf"trades\.{code}"):
            read_trades(bad)


def test_an_awarded_section_is_counted_once_with_its_stages(story: Story, clock: StoppedClock) -> None:
    """From the award on, by the tick; the sums are those counted anew; stages are measured against their promise.

    Seen red: with the tick's query not asking what is recorded.
    """
    story.to_delivered()
    clock.advance(days=5)
    publish(story)
    clock.move_to(publicity(story).ends_at)
    end(story)
    done = Done()
    record_trades(story.platform, done)
    assert done == []
    with story.platform.reading() as session:
        known = ";".join(bid.identifier for bid in final_bids(session, story.section(session))[:2])
    on = f"{clock.now():%Y-%m-%d}"
    take(story.platform, published.table([{"amount_fen": 5, "traded_on": on, "participants": known}]))
    award(story)
    record_trades(story.platform, done)
    record_trades(story.platform, done)
    assert list(done) == [f"record trade {story.code}"]
    with story.platform.reading() as session:
        held = queries.trade(session, story.code)
        winner = publicity(story).winner
        assert winner and (held.amount_fen, held.winner) == (winner.price_fen, winner.name)
        assert held.base_fen == story.section(session).control_price_fen
        assert held.participants == len(final_bids(session, story.section(session)))
        gone = {one.stage: one for one in queries.stages_of(session, held)}
        assert gone["candidates"].is_late and gone["candidates"].promise["rule"] == "R-550"
        assert gone["candidates"].ended_at - gone["candidates"].began_at == timedelta(days=5)
        assert next(entry.kind for entry in entries_of(session, f"trade:{story.code}")) == "trade.record"
        assert list(queries.recount(session)) == [] and queries.stage_recount(session) == []
        assert [one.code for one in queries.trades(session, View("*"), late="candidates")] == [story.code]
        assert list(audit(session, story.platform.signer.verifier)) == []


def test_stages_are_late_at_the_first_instant_after_their_last_day() -> None:
    """Seen red: with `>` for `>=`."""
    began = end_of_day(date(2026, 3, 2)) - timedelta(hours=10)
    due = end_of_day(date(2026, 3, 3))
    own = promises(began.date())
    for ended, late in ((due - timedelta(microseconds=1), False), (due, True)):
        entries = {"section.close": began, "section.begin_evaluation": ended}
        (one,) = stages(entries, Snapshot("T", "2026-03-02", {}), own, national())
        assert (one.name, one.due_at, one.is_late) == ("opening", due, late)


def test_an_award_that_is_set_aside_leaves_the_figures(story: Story, clock: StoppedClock) -> None:
    """Seen red: with trades only ever added."""
    story.to_delivered()
    publish(story)
    clock.move_to(publicity(story).ends_at)
    end(story)
    award(story)
    record_trades(story.platform, Done())
    with story.platform.act(story.actor(Role.TENDEREE)) as act:
        held = publicity_of(act.session, story.code)
        set_aside_winner(act, held, reason="gave_up", evidence="中标人来函放弃中标，原件已存档。")
    record_trades(story.platform, Done())
    with story.platform.reading() as session:
        assert session.scalar(select(func.count()).select_from(Trade)) == 0
        assert list(queries.recount(session)) == [] and queries.stage_recount(session) == []
    first = publicity(story).candidates[0]
    award(story, number=publicity(story).candidates[1])
    record_trades(story.platform, Done())
    with story.platform.reading() as session:
        assert queries.trade(session, story.code).winner != final_bids(session, story.section(session))[first - 1].name
        assert list(queries.recount(session)) == [] and queries.stage_recount(session) == []
        assert [entry.kind for entry in entries_of(session, f"trade:{story.code}")].count("trade.withdraw") == 1
