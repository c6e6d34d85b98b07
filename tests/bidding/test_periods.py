"""Periods by calendar and working days: properties over holidays, make-up days and a year not yet published."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bidding import rules
from bidding.rules.law import law_on
from bidding.rules.periods import bands, earliest_end, latest_start
from core.calendar import DAY, day_of, days_apart, national
from core.clock import BEIJING
from core.law import Rule, Snapshot
from tests.bidding.notices import NOW, facts, found, law_for, level

CALENDAR = national()
SECONDS = st.integers(0, 3 * 365 * 86_400)
INSTANTS = SECONDS.map(lambda seconds: datetime(2025, 1, 1, tzinfo=BEIJING) + timedelta(seconds=seconds))
"""2025 and 2026 are published with their holidays and make-up days, 2027 is not."""


def law(days: int, unit: str) -> Snapshot:
    """A snapshot with one rule under every key the periods read."""
    keys = ("issue_to_deadline_min", "clarify_before_deadline")
    made = {key: Rule("R-1", key, "G", str(days), unit, "S", "V", "2000-01-01") for key in keys}
    return Snapshot("G", "2026-10-08", made)


def working_days_after(start: date, end: date) -> int:
    """Working days after `start` up to and with `end`, counted one by one from the table's own words."""
    return sum(CALENDAR.is_working_day(start + DAY * n) for n in range(1, (end - start).days + 1))


@settings(max_examples=300, deadline=None)
@given(start=INSTANTS, days=st.integers(1, 30))
def test_the_earliest_day_has_the_working_days_and_the_day_before_has_not(start: datetime, days: int) -> None:
    """R-001, R-003. Seen red: with the first day counted, and with make-up Saturdays left out."""
    end = earliest_end(law(days, "working_days"), "issue_to_deadline_min", start, CALENDAR)
    assert end is not None
    assert working_days_after(day_of(start), end.on) == days
    assert working_days_after(day_of(start), end.on - DAY) == days - 1
    assert CALENDAR.is_working_day(end.on)
    years = {(day_of(start) + DAY * n).year for n in range(1, (end.on - day_of(start)).days + 1)}
    assert set(end.assumed) == {year for year in years if year not in CALENDAR.years}


@settings(max_examples=300, deadline=None)
@given(published=INSTANTS, ahead=st.timedeltas(timedelta(0), timedelta(days=40)), days=st.integers(1, 20))
def test_a_moved_deadline_keeps_the_working_days_and_is_the_earliest_that_does(
    published: datetime, ahead: timedelta, days: int
) -> None:
    """R-130, R-601: never earlier than the old one, by the clock too. Seen red: counting from the old deadline."""
    old = published + ahead
    book = law(days, "working_days")
    new = rules.minimum_deadline(published, old, book, CALENDAR)
    assert new >= old
    assert working_days_after(day_of(published), day_of(new)) >= days
    assert rules.minimum_deadline(published, new, book, CALENDAR) == new
    if new > old:
        assert new.astimezone(BEIJING).time() == published.time()
        assert working_days_after(day_of(published), day_of(new) - DAY) < days
    else:
        local = old.astimezone(BEIJING)
        enough = working_days_after(day_of(published), local.date()) > days
        assert enough or local.time() >= published.time() or not CALENDAR.is_working_day(local.date())


@settings(max_examples=300, deadline=None)
@given(published=INSTANTS, ahead=st.timedeltas(timedelta(0), timedelta(days=40)), days=st.integers(1, 20))
def test_a_moved_deadline_keeps_the_calendar_days(published: datetime, ahead: timedelta, days: int) -> None:
    """R-130, R-004: from the notice, by the clock and by the day. Seen red: with `days - 1`."""
    old = published + ahead
    new = rules.minimum_deadline(published, old, law(days, "days"), CALENDAR)
    assert new == max(old, published + days * DAY)
    assert days_apart(published, new) >= days


@settings(max_examples=300, deadline=None)
@given(deadline=INSTANTS, days=st.integers(1, 20), unit=st.sampled_from(["days", "working_days"]))
def test_the_last_moment_for_a_clarification_moves_nothing_and_the_next_day_does(
    deadline: datetime, days: int, unit: str
) -> None:
    """What the timeline tells agrees with what publication does. Seen red: with the latest day one too late."""
    book = law(days, unit)
    last = latest_start(book, "clarify_before_deadline", deadline, CALENDAR)
    assert last is not None
    assert rules.minimum_deadline(last, deadline, book, CALENDAR) == deadline
    assert rules.minimum_deadline(last + DAY, deadline, book, CALENDAR) > deadline


@settings(max_examples=200, deadline=None)
@given(now=INSTANTS, gap=st.integers(0, 40), procedure=st.sampled_from(["negotiation", "inquiry", "consultation"]))
def test_the_check_and_the_picture_agree_on_what_is_too_short(now: datetime, gap: int, procedure: str) -> None:
    """A red bar in the timeline is a blocked deadline and the reverse. Seen red: drawn from the tender's rules."""
    section = facts(
        now=now.astimezone(UTC), regime="G", category="goods", procedure=procedure, deadline_at=now + gap * DAY,
        documents_until_at=None,
    )  # fmt: skip
    book = law_for(section)
    (shown,) = [band for band in bands(section, book, CALENDAR) if band.code == "preparation"]
    assert shown.end is not None and shown.lawful_end is not None
    (finding,) = found(section, "R-601", "notice.issue_to_deadline")
    assert (finding.level is rules.Level.BLOCK) == (shown.end < shown.lawful_end)


@pytest.mark.parametrize(
    ("issued", "deadline", "expected"),
    [
        # Wednesday 30 September 2026, then the holiday to the 7th; the 8th, 9th and the make-up Saturday 10th.
        ((2026, 9, 30), (2026, 10, 9), rules.Level.BLOCK),
        ((2026, 9, 30), (2026, 10, 10), rules.Level.MET),
        # Friday 13 February 2026: the make-up Saturday 14th, the holiday 15th–23rd, 24th, 25th.
        ((2026, 2, 13), (2026, 2, 24), rules.Level.BLOCK),
        ((2026, 2, 13), (2026, 2, 25), rules.Level.MET),
        # A plain week.
        ((2026, 11, 2), (2026, 11, 4), rules.Level.BLOCK),
        ((2026, 11, 2), (2026, 11, 5), rules.Level.MET),
    ],
)
def test_three_working_days_for_an_inquiry_over_real_holidays(
    issued: tuple[int, int, int], deadline: tuple[int, int, int], expected: rules.Level
) -> None:
    """R-601 (财政部令第74号 a45), reckoned by hand. Seen red: with calendar days."""
    section = facts(
        now=datetime(*issued, 10, tzinfo=BEIJING), regime="G", category="goods", procedure="inquiry",
        deadline_at=datetime(*deadline, 9, 30, tzinfo=BEIJING), documents_until_at=None,
    )  # fmt: skip
    assert level(section, "R-601", "notice.issue_to_deadline") is expected


def test_a_year_not_yet_published_is_reckoned_by_weekdays_and_said() -> None:
    """R-003. Seen red: without naming the year."""
    section = facts(regime="G", category="goods", procedure="inquiry", deadline_at=datetime(2027, 1, 8, 1, tzinfo=UTC))
    (finding,) = found(section, "R-003")
    assert (finding.level, finding.facts["year"]) == (rules.Level.WARN, 2027)
    end = earliest_end(law_for(section), "issue_to_deadline_min", datetime(2026, 12, 30, 1, tzinfo=UTC), CALENDAR)
    assert end is not None
    assert (end.on, end.assumed) == (date(2027, 1, 4), (2027,))


def test_a_procedure_without_a_clarification_gap_keeps_its_deadline() -> None:
    """Seen red: with Missing raised for the absent rule."""
    empty = Snapshot("T", "2026-10-08", {})
    assert rules.minimum_deadline(NOW, NOW + DAY, empty) == NOW + DAY
    assert latest_start(empty, "clarify_before_deadline", NOW, CALENDAR) is None
    assert earliest_end(empty, "doc_available_min", NOW, CALENDAR) is None


def test_the_gap_before_the_deadline_is_the_procedures_own() -> None:
    """R-130, R-601: tender 15 days, negotiation 3 working days, consultation 5 days. Seen red: 15 days for all."""
    monday = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)
    deadline = monday + timedelta(hours=1)

    def moved(regime: str, procedure: str, category: str = "goods") -> timedelta:
        book = law_on(regime, date(2026, 11, 2), procedure=procedure, category=category)
        return rules.minimum_deadline(monday, deadline, book) - monday

    assert moved("T", "open", "works") == moved("G", "open") == timedelta(days=15)
    assert moved("G", "negotiation") == moved("G", "inquiry") == timedelta(days=3)
    assert moved("G", "consultation", "services") == timedelta(days=5)


def test_the_timeline_holds_only_what_its_instants_allow() -> None:
    """A draft without a deadline has no opening; bands run forwards. Seen red: with the reversed band kept."""
    bare = facts(deadline_at=None, documents_until_at=None)
    assert bands(bare, law_for(bare), CALENDAR) == []
    past = facts(deadline_at=NOW - timedelta(days=1), documents_until_at=NOW - timedelta(days=2))
    assert all(band.end is None or band.end >= band.start for band in bands(past, law_for(past), CALENDAR))
    whole = facts(second_opening_at=NOW + timedelta(days=30))
    codes = [band.code for band in bands(whole, law_for(whole), CALENDAR)]
    assert codes == ["preparation", "documents", "last_clarification", "last_objection", "opening", "second_opening"]
