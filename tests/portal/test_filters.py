"""The template filters: what people read, in Beijing time and in their language."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from flask import Flask, request
from flask_babel import Babel

from portal import filters

NOW = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)


@pytest.fixture()
def app() -> Flask:
    app = Flask(__name__)
    Babel(app, default_locale="zh", locale_selector=lambda: request.args.get("lang", "zh"))
    filters.register(app)
    return app


@pytest.fixture()
def chinese(app: Flask) -> Iterator[Flask]:
    with app.test_request_context("/"):
        yield app


@pytest.fixture()
def english(app: Flask) -> Iterator[Flask]:
    with app.test_request_context("/?lang=en"):
        yield app


def render(app: Flask, source: str, **values: object) -> str:
    return app.jinja_env.from_string(source).render(**values)


@pytest.mark.parametrize(
    ("source", "value", "text"),
    [
        ("{{ v|money }}", 16021588000, "160,215,880.00"),
        ("{{ v|money_plain }}", 16021588000, "160215880.00"),
        ("{{ v|money_prose }}", 16021588000, '<span class="num" title="¥160,215,880.00">1.602 亿元</span>'),
        ("{{ v|money_upper }}", 16021588000, "壹亿陆仟零贰拾壹万伍仟捌佰捌拾元整"),
        ("{{ v|instant }}", NOW, "2026-11-21 09:30:00"),
        ("{{ v|instant }}", datetime(2026, 11, 20, 16, 0, tzinfo=UTC), "2026-11-20 24:00"),
        ("{{ v|instant }}", datetime(2026, 11, 20, 16, 0, 1, tzinfo=UTC), "2026-11-21 00:00:01"),
        ("{{ v|clock }}", NOW, "09:30:00"),
        ("{{ v|date_zh }}", datetime(2026, 11, 20, 16, 0, tzinfo=UTC), "2026年11月21日"),
        ("{{ v|date_zh }}", date(2026, 1, 2), "2026年1月2日"),
        ("{{ v|iso_day }}", datetime(2026, 11, 20, 16, 0, tzinfo=UTC), "2026-11-21"),
        ("{{ v|hash_short }}", "8b5297b75092aaaa", "8b5297b75092"),
        ("{{ v|hash_short }}", bytes.fromhex("8b5297b75092aaaa"), "8b5297b75092"),
        ("{{ v|percent }}", Decimal("0.125"), "12.50%"),
        ("{{ v|percent }}", 0.00045, "0.05%"),
        ("{{ v|score }}", Decimal("87.505"), "87.51"),
        ("{{ v|score }}", 40, "40.00"),
    ],
)
def test_values_read_as_people_in_china_write_them(chinese: Flask, source: str, value: object, text: str) -> None:
    """Seen red: dropping `astimezone(BEIJING)` puts 16:00 UTC on the day before."""
    assert render(chinese, source, v=value) == text


def test_english_readers_get_their_own_forms(english: Flask) -> None:
    source = "{{ n|instant }} | {{ e|instant }} | {{ n|date_zh }} | {{ 16021588000|money_prose }}"
    assert render(english, source, n=NOW, e=datetime(2026, 11, 30, 16, 0, tzinfo=UTC)) == (
        "21 Nov 2026, 09:30:00 (UTC+8) | 30 Nov 2026, 24:00 (UTC+8) | 21 November 2026 | "
        '<span class="num" title="¥160,215,880.00">CNY 160.216 million</span>'
    )


@pytest.mark.parametrize(
    ("left", "text", "urgency"),
    [
        (timedelta(days=2, hours=3, minutes=12, seconds=5), "2 天 03:12:05", ""),
        (timedelta(days=1), "1 天 00:00:00", " is-soon"),
        (timedelta(hours=3, seconds=5), "03:00:05", " is-soon"),
        (timedelta(hours=1), "01:00:00", " is-last"),
        (timedelta(minutes=18, seconds=24), "18:24", " is-last"),
        (timedelta(microseconds=1), "00:01", " is-last"),
        (timedelta(0), "已截止", " is-over"),
        (timedelta(seconds=-5), "已截止", " is-over"),
    ],
)
def test_the_time_left_is_never_shown_shorter_than_over_nor_longer_than_true(
    chinese: Flask, left: timedelta, text: str, urgency: str
) -> None:
    """Seen red: rounding down shows 00:00 while bids are still taken."""
    assert filters.remaining(NOW + left, NOW) == text
    assert filters.urgency(NOW + left, NOW) == urgency


@pytest.mark.parametrize(("passed", "share"), [(-1, "0.000"), (0, "0.000"), (5, "0.500"), (10, "1.000"), (11, "1.000")])
def test_the_share_of_a_period_stays_between_nothing_and_all(passed: int, share: str) -> None:
    hours = timedelta(hours=1)
    assert filters.elapsed_share(NOW + 10 * hours, NOW, NOW + passed * hours) == share


def test_an_instant_without_a_zone_is_a_defect_not_a_guess(chinese: Flask) -> None:
    with pytest.raises(ValueError):
        filters.instant(NOW.replace(tzinfo=None))
