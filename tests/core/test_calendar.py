"""Periods end as the law counts them, and an unpublished year is said, never a crash (R-001…R-004)."""

from datetime import UTC, date, datetime, timedelta

import pytest

from core.calendar import at_least_days_before, days_apart, end_of_day, national


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 2, 14), True),  # a Saturday worked for the Spring Festival
        (date(2026, 2, 16), False),
        (date(2026, 10, 1), False),
        (date(2026, 10, 10), True),
        (date(2026, 10, 11), False),  # an ordinary Sunday
        (date(2025, 9, 28), True),
    ],
)
def test_makeup_days_and_holidays_override_the_weekday(day: date, works: bool) -> None:
    assert national().is_working_day(day) is works


def test_a_period_that_would_end_on_a_holiday_ends_on_the_next_working_day() -> None:
    """Three days from 29 September 2026 end inside the National Day holiday, so on 8 October.

    Sabotage: returning `start + days` was red.
    """
    assert national().end_of_days(date(2026, 9, 29), 3).on == date(2026, 10, 8)


def test_working_days_skip_holidays_and_count_makeup_days() -> None:
    assert national().end_of_working_days(date(2026, 9, 30), 3).on == date(2026, 10, 10)


def test_a_year_not_published_yet_is_reckoned_by_weekdays_and_said() -> None:
    """`chinesecalendar` raises for 2027; ours answers and names the assumption."""
    reckoned = national().end_of_working_days(date(2026, 12, 30), 5)
    assert reckoned.assumed == (2027,)
    assert national().end_of_days(date(2026, 6, 1), 3).assumed == ()


def test_at_least_days_before_is_strict_by_the_clock_and_by_the_day() -> None:
    target = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
    assert at_least_days_before(target - timedelta(days=15), target, 15)
    assert not at_least_days_before(target - timedelta(days=15) + timedelta(microseconds=1), target, 15)


def test_days_apart_counts_beijing_days() -> None:
    """16:00 UTC is already tomorrow in Beijing. Sabotage: counting UTC days was red."""
    assert days_apart(datetime(2026, 11, 1, 15, 59, tzinfo=UTC), datetime(2026, 11, 1, 16, 0, tzinfo=UTC)) == 1


def test_a_day_is_over_at_midnight_in_beijing() -> None:
    assert end_of_day(date(2026, 11, 21)) == datetime(2026, 11, 21, 16, 0, tzinfo=UTC)
