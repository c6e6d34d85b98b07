"""The clock never runs backwards, and one instant has one spelling."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import StoppedClock, SystemClock, from_iso, iso


def test_the_system_clock_never_shows_an_instant_earlier_than_one_it_has_witnessed() -> None:
    """Sabotage: without the max() in `now` this was red."""
    clock = SystemClock()
    later = clock.now() + timedelta(hours=1)
    clock.witness(later)
    assert clock.now() >= later


def test_a_stopped_clock_stands_until_told() -> None:
    clock = StoppedClock(datetime(2026, 1, 1, tzinfo=UTC))
    assert clock.now() == clock.now()
    assert clock.advance(minutes=5) == datetime(2026, 1, 1, 0, 5, tzinfo=UTC)


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        StoppedClock(datetime(2026, 1, 1))  # noqa: DTZ001 — the naive instant is the point
    with pytest.raises(ValueError, match="zone"):
        from_iso("2026-01-01T00:00:00")


@given(st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2100, 1, 1)))  # noqa: DTZ001 — zone added below
def test_iso_gives_back_exactly_what_went_in(naive: datetime) -> None:
    instant = naive.replace(tzinfo=UTC)
    assert from_iso(iso(instant)) == instant
    assert len(iso(instant)) == 27
