"""The instants a tender document names, and how it writes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class TenderDates:
    """The instants printed in the tender document: timezone-aware, the notice first, the deadline last (R-100).

    `write_papers` also counts back from `deadline_at` to invent when each bidder's files were made and saved.
    """

    notice_at: datetime
    documents_until_at: datetime
    questions_until_at: datetime
    clarification_until_at: datetime
    deadline_at: datetime

    def __post_init__(self) -> None:
        """Raise ValueError when an instant has no zone or does not lie between the notice and the deadline."""
        instants = list(vars(self).values())
        if any(instant.tzinfo is None for instant in instants):
            raise ValueError("every instant of a tender needs a timezone")
        if not all(self.notice_at < between < self.deadline_at for between in instants[1:-1]):
            raise ValueError("the instants of a tender are out of order")

    def before_deadline(self, days: int, hour: int, minute: int, second: int = 0) -> datetime:
        """The UTC instant `days` days before the day of the deadline at this Shanghai wall time."""
        day = self.deadline_at.astimezone(SHANGHAI) - timedelta(days=days)
        return day.replace(hour=hour, minute=minute, second=second, microsecond=0).astimezone(UTC)


DEFAULT_DATES = TenderDates(
    notice_at=datetime(2026, 4, 17, 9, 0, tzinfo=SHANGHAI),
    documents_until_at=datetime(2026, 4, 24, 17, 0, tzinfo=SHANGHAI),
    questions_until_at=datetime(2026, 5, 1, 17, 0, tzinfo=SHANGHAI),
    clarification_until_at=datetime(2026, 5, 5, 17, 0, tzinfo=SHANGHAI),
    deadline_at=datetime(2026, 5, 21, 9, 30, tzinfo=SHANGHAI),
)


def chinese_instant(instant: datetime) -> str:
    """The instant as a tender document writes it: 2026年05月21日09时30分 (Shanghai time)."""
    local = instant.astimezone(SHANGHAI)
    return f"{local.year}年{local.month:02d}月{local.day:02d}日{local.hour:02d}时{local.minute:02d}分"


def chinese_day(instant: datetime) -> str:
    """The day as a tender document writes it: 2026年05月21日 (Shanghai time)."""
    local = instant.astimezone(SHANGHAI)
    return f"{local.year}年{local.month:02d}月{local.day:02d}日"
