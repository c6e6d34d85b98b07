"""Template filters: money, instants, days, hashes, shares and scores as people read them, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from flask import Flask
from flask_babel import get_locale, gettext  # type: ignore[import-untyped]
from markupsafe import Markup

from core import money as amounts
from core.calendar import wall_time
from core.clock import BEIJING
from core.forms import every
from opening.models import Bid

SOON = timedelta(hours=24)
LAST = timedelta(hours=1)
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def register(app: Flask) -> None:
    """Give every template of `app` the filters of this file, under their own names."""
    for function in (
        money, money_plain, money_prose, money_upper, instant, clock, date_zh, iso_day, hash_short, percent, score,
        remaining, urgency, elapsed_share, joint_names, every,
    ):  # fmt: skip
        app.jinja_env.filters[function.__name__] = function


def _english() -> bool:
    return str(get_locale() or "zh").startswith("en")


def money(fen: int) -> str:
    """Fen → `160,215,880.00`; the unit belongs to the column header."""
    return amounts.grouped(fen)


def money_plain(fen: int) -> str:
    """Fen → `160215880.00`, for the value of an input."""
    return amounts.plain(fen)


def money_prose(fen: int) -> Markup:
    """Fen → `1.602 亿元` (English `CNY 160.216 million`), the full amount in the title."""
    text = amounts.prose_english(fen) if _english() else amounts.prose(fen)
    return Markup('<span class="num" title="¥{}">{}</span>').format(amounts.grouped(fen), text)


def money_upper(fen: int) -> str:
    """Fen → 人民币大写; there is no English capital form."""
    return amounts.upper(fen)


def instant(at: datetime) -> str:
    """An instant in Beijing: `2026-11-21 09:30:00`, English `21 Nov 2026, 09:30:00 (UTC+8)`; a day ends at `24:00`."""
    day, clock = wall_time(_beijing(at))
    if _english():
        return f"{day.day} {_MONTHS[day.month - 1][:3]} {day.year}, {clock} (UTC+8)"
    return f"{day:%Y-%m-%d} {clock}"


def clock(at: datetime) -> str:
    """The Beijing time of day: `09:30:00`."""
    return f"{_beijing(at):%H:%M:%S}"


def date_zh(on: date | datetime) -> str:
    """A day: `2026年11月21日`, in English `21 November 2026`; an instant gives its day in Beijing."""
    day = _day(on)
    if _english():
        return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
    return f"{day.year}年{day.month}月{day.day}日"


def iso_day(on: date | datetime) -> str:
    """A day as `2026-11-21`, for the datetime attribute; an instant gives its day in Beijing."""
    return _day(on).isoformat()


def hash_short(digest: str | bytes) -> str:
    """The first 12 hexadecimal digits of a digest, which people compare; bytes are written as hexadecimal first."""
    return (digest.hex() if isinstance(digest, bytes) else digest)[:12]


def percent(share: Decimal | float, places: int = 2) -> str:
    """A share of one → `12.50%`, rounded half up to `places`."""
    return f"{_round(Decimal(str(share)) * 100, places):f}%"


def score(points: Decimal | int, places: int = 2) -> str:
    """Points → `87.50`, rounded half up to `places`."""
    return f"{_round(Decimal(points), places):f}"


def remaining(deadline: datetime, now: datetime) -> str:
    """The time left: `2 天 03:12:05`, `03:12:05`, in the last hour `18:24`, then 已截止; whole seconds, rounded up."""
    seconds = -((now - deadline) // timedelta(seconds=1))
    if seconds <= 0:
        return str(gettext("已截止"))
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    if not hours:
        return f"{minute:02}:{second:02}"
    today = f"{hour:02}:{minute:02}:{second:02}"
    return f"{days} {gettext('天')} {today}" if days else today


def urgency(deadline: datetime, now: datetime) -> str:
    """The class of a deadline: ` is-over`, ` is-last` (an hour or less), ` is-soon` (a day or less) or nothing."""
    left = deadline - now
    if left <= timedelta(0):
        return " is-over"
    if left <= LAST:
        return " is-last"
    return " is-soon" if left <= SOON else ""


def elapsed_share(deadline: datetime, start: datetime, now: datetime) -> str:
    """The share of [start, deadline] that has passed, `0` to `1`, three decimals, for a progress element."""
    share = (now - start) / (deadline - start)
    return f"{min(1.0, max(0.0, share)):.3f}"


def joint_names(unit: Mapping[str, Any] | Bid) -> str:
    """Who bids, as a notice tells it or as the bid itself; of a consortium every member, each with its role."""
    told: Mapping[str, Any] = unit if isinstance(unit, Mapping) else {"name": unit.name, "consortium": unit.members}
    members = told.get("consortium") or []
    if not members:
        return str(told["name"])
    lead, *others = [str(one["name"]) for one in members]
    return str(gettext("%(lead)s（联合体牵头人）", lead=lead)) + "".join(
        str(gettext("、%(name)s（联合体成员）", name=name)) for name in others
    )


def _beijing(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("an instant needs its zone")
    return at.astimezone(BEIJING)


def _day(on: date | datetime) -> date:
    return _beijing(on).date() if isinstance(on, datetime) else on


def _round(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
