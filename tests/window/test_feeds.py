"""Looking things up and following them: search, results, draws, Atom with the page's filters, dates as iCalendar."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st
from lxml import etree

from core.act import SYSTEM, Platform
from core.board import publish_notice
from tests.conftest import Browser
from tests.opening.stage import Stage
from window.rules import feeds

AT = datetime(2026, 10, 8, 1, 0, tzinfo=UTC)
ATOM = {"a": "http://www.w3.org/2005/Atom"}


def test_notices_are_followed_by_kind_and_words(platform: Platform, client: Browser) -> None:
    with platform.act(SYSTEM) as act:
        for kind, title in (("tender", "泵站 & <管网> 公告"), ("award", "泵站中标结果"), ("tender", "道路公告")):
            publish_notice(act, kind=kind, subject="section:X-1", title=title, content={})

    def titles(address: str) -> list[str]:
        answer = client.get(address)
        assert answer.mimetype == "application/atom+xml"
        feed = etree.fromstring(answer.get_data())
        return [str(one) for one in feed.xpath("//a:entry/a:title/text()", namespaces=ATOM)]

    assert titles("/notices.atom") == ["道路公告", "泵站中标结果", "泵站 & <管网> 公告"]
    assert titles("/notices.atom?kind=tender&q=泵站") == ["泵站 & <管网> 公告"]
    assert titles("/notices.atom?kind=none") == []
    assert "/notices.atom?kind=tender" in client.get("/notices?kind=tender").get_data(as_text=True)
    found = client.get("/search?q=泵站").get_data(as_text=True)
    assert "泵站中标结果" in found and "道路公告" not in found
    assert "100%_" in client.get("/search", query_string={"q": "100%_"}).get_data(as_text=True)
    assert "泵站中标结果" in client.get("/results").get_data(as_text=True)


def test_dates_of_a_section_go_into_a_calendar(platform: Platform, tmp_path: Path, client: Browser) -> None:
    stage = Stage(platform, tmp_path / "machines")
    raw = client.get(f"/sections/{stage.code}.ics").get_data()
    whole = client.get("/calendar.ics").get_data()
    assert b"BEGIN:VEVENT" in raw and f"UID:{stage.code}-deadline@".encode() in raw.replace(b"\r\n ", b"")
    assert f"UID:{stage.code}-deadline@".encode() in whole.replace(b"\r\n ", b"")
    assert client.get("/sections/none.ics").status_code == 404
    assert f"/sections/{stage.code}.ics" in client.get(f"/sections/{stage.code}").get_data(as_text=True)
    assert stage.code in client.get(f"/search?q={stage.code}").get_data(as_text=True)
    assert client.get("/draws").status_code == 200


@given(st.text(max_size=200))
@example("标段" * 60)
def test_a_calendar_line_is_never_longer_than_75_octets_and_says_all(title: str) -> None:
    """Seen red: with the lines folded by characters."""
    raw = feeds.calendar("x", [feeds.Date("u", title, AT, "https://x.test/", AT)])
    lines = raw.split("\r\n")
    assert all(len(line.encode()) <= 75 for line in lines)
    unfolded = raw.replace("\r\n ", "")
    summary = next(line for line in unfolded.split("\r\n") if line.startswith("SUMMARY:"))
    said = summary[8:].replace("\\n", "\n").replace("\\,", ",").replace("\\;", ";").replace("\\\\", "\\")
    plain = title.replace("\r\n", "\n").replace("\r", "\n")
    assert said == plain or "\\" in title


@given(st.text(max_size=80))
def test_a_feed_is_always_readable(title: str) -> None:
    """Seen red: with control characters let through."""
    items = [feeds.Item(title, "https://x.test/1", AT, "k")]
    told = feeds.atom(title, "https://x.test/a?b=1&c=2", "https://x.test/", items, now=AT, author="x")
    assert etree.fromstring(told.encode()).xpath("count(//a:entry)", namespaces=ATOM) == 1
