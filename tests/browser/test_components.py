"""Every component in a real browser: sound at every width, in both scripts states, and doing what it promises."""

from __future__ import annotations

import random
import re
import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import segno
from flask import Flask, Response, g, jsonify, render_template_string, request
from flask_babel import Babel
from jinja2 import StrictUndefined
from markupsafe import Markup
from playwright.sync_api import Page, expect

from core import money
from core.render import figures
from portal import filters
from tests.browser import oracles

ROOT = Path(__file__).parents[2]
NAVIGATION = ["首页", "交易公告", "我的投标", "开标大厅", "回执核验", "环境自检"]
ROLES = ["公众", "招标人", "招标代理", "投标人", "评标专家", "监督员", "行政监督部门"]
AHEAD = timedelta(hours=3, minutes=30)
"""How far the server's clock is ahead of the browser's in these tests."""


def drawings() -> list[figures.Figure]:
    at = datetime(2026, 11, 1, tzinfo=UTC)
    names = [
        "长河水务集团有限公司",
        "江南建设集团有限公司",
        "恒基水利水电工程局有限公司",
        "东启建工股份有限公司",
        "北辰市政建设有限公司",
    ]
    prices = [(name, 16_500_000_000 + 40_000_000 * n * n) for n, name in enumerate(names)]
    likeness = [[None if a == b else float((a * 7 + b * 7) % 100) for b in range(5)] for a in range(5)]
    scores = [[Decimal(300 + (a * 7 + b * 11) % 30) / 10 for b in range(5)] for a in range(5)]
    return [
        figures.strip_plot(prices, control_price=18_650_000_000, own=names[0]),
        figures.ladder(prices, control_price=18_650_000_000),
        figures.heatmap(names, likeness, mark_from=70),
        figures.waterfall([("技术标雷同段落（稀有度加权）", 0.34), ("同一设备指纹", 0.27), ("合理解释", -0.05)]),
        figures.score_matrix([f"专家 {n}" for n in range(5)], names, scores, full=Decimal(40), outliers={(1, 1)}),
        figures.timeline([figures.Stage("公告", at, at + timedelta(days=20)), figures.Stage("开标", at)], now=at),
    ]


@pytest.fixture
def app() -> Flask:
    """A small site that serves the components page under the strict policy."""
    app = Flask(__name__, template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static"))
    app.secret_key = "components"
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.globals["csrf_token"] = lambda: "token"
    Babel(app, default_locale="zh", locale_selector=lambda: request.args.get("lang", "zh"))
    filters.register(app)
    counts = {"part": 0}

    @app.before_request
    def nonce() -> None:
        g.nonce = secrets.token_urlsafe(16)

    @app.after_request
    def policy(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = (
            f"default-src 'self'; script-src 'self' 'nonce-{g.nonce}'; style-src 'self' 'nonce-{g.nonce}'; "
            "object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
        )
        return response

    @app.get("/")
    def components() -> str:
        now = datetime.now(UTC) + AHEAD
        qr = segno.make("https://sunbid.example/verify/7").svg_inline(border=2, scale=4, svgclass=None, lineclass=None)
        return render_template_string(
            (ROOT / "tests/browser/components.html").read_text(encoding="utf-8"),
            nav=[{"label": text, "href": f"/{text}", "current": text == "环境自检"} for text in NAVIGATION],
            demo_roles=[{"label": text, "href": f"/as/{text}", "current": text == "投标人"} for text in ROLES],
            current_person={"name": "王建国", "login": "wang"}, alarms=[],
            locale=request.args.get("lang", "zh"), csp_nonce=g.nonce, now=now,
            soon=now + timedelta(minutes=18, seconds=24), day=timedelta(days=1), digest="8b5297b75092" * 5 + "abcd",
            points=Decimal("87.5"), qr=Markup(qr), drawings=drawings(),
        )  # fmt: skip

    @app.get("/time")
    def time() -> Response:
        return jsonify(now=(datetime.now(UTC) + AHEAD).isoformat())

    @app.get("/part")
    def part() -> str:
        counts["part"] += 1
        return f"<b>{counts['part']}</b>"

    @app.get("/events")
    def events() -> Response:
        def stream() -> Iterator[str]:
            yield "id: 1\ndata: <b>live</b>\n\n"

        return Response(stream(), mimetype="text/event-stream")

    return app


@pytest.fixture
def address(app: Flask, serve: Callable[[Flask], str]) -> str:
    return serve(app)


def test_every_component_is_on_the_page() -> None:
    """Seen red: a new macro without a place here."""
    source = (ROOT / "templates/macros.html").read_text(encoding="utf-8")
    used = source + (ROOT / "templates/base.html").read_text() + (ROOT / "tests/browser/components.html").read_text()
    for name in re.findall(r"{% macro (\w+)\(", source):
        assert re.search(rf"(?<!macro )\b{name}\(", used), name
    documented = (ROOT / "docs/COMPONENTS.md").read_text(encoding="utf-8")
    inner = {"icon", "emblem", "cell", "diff_side", "live_region", "demo_strip"}
    for name in set(re.findall(r"{% macro (\w+)\(", source)) - inner:
        assert f"ui.{name}" in documented, name


@pytest.mark.parametrize("width", oracles.WIDTHS)
def test_the_components_are_sound_at_every_width(address: str, new_page: Callable[..., Page], width: int) -> None:
    page = new_page(width)
    watch = oracles.Watch(page)
    page.goto(address)
    expect(page.locator("#streamed")).to_have_text("live")
    oracles.assert_sound(page, watch)


@pytest.mark.parametrize("size", ["large", "larger"])
def test_large_letters_break_nothing_on_a_phone(address: str, new_page: Callable[..., Page], size: str) -> None:
    """Seen red: `min-width` of a table column in em, without the cards below 640 px."""
    page = new_page(390)
    page.goto(address)
    page.locator(f"[data-text-size={size}]").click()
    page.reload()
    assert (
        page.evaluate("getComputedStyle(document.documentElement).fontSize")
        == {"large": "20px", "larger": "24px"}[size]
    )
    assert oracles.overflow(page) + oracles.overlaps(page) + oracles.identity(page) == []


def test_the_page_reads_and_acts_without_scripts(address: str, new_page: Callable[..., Page]) -> None:
    """Seen red: a disabled button from the server in the confirm form."""
    page = new_page(390, javascript=False)
    page.goto(address)
    expect(page.locator("[role=timer]").last).to_have_text(re.compile("18:2[34]"))
    expect(page.get_by_role("button", name="撤回投标文件")).to_be_enabled()
    expect(page.locator(".copy").first).to_be_hidden()
    expect(page.locator(".text-size")).to_be_hidden()


def test_clocks_follow_the_server_not_the_machine(address: str, new_page: Callable[..., Page]) -> None:
    """The server is 3½ h ahead. Seen red: Date.now() in place of serverNow()."""
    page = new_page()
    page.goto(address)
    timer = page.locator("aside [role=timer]")
    expect(timer).not_to_have_text("18:24")  # the server wrote that; from here on the script counts
    expect(timer).to_have_text(re.compile("^18:"))
    shown = page.locator("#server-clock").get_attribute("datetime")
    assert shown and abs(datetime.fromisoformat(shown) - datetime.now(UTC) - AHEAD) < timedelta(seconds=3)


def test_a_deadline_that_passes_is_said_and_shown(address: str, new_page: Callable[..., Page]) -> None:
    """Seen red: without `announce` in tick."""
    page = new_page()
    page.goto(address)
    expect(page.locator("aside [role=timer]")).to_have_text(re.compile("^18:"))
    page.evaluate(
        "at => document.querySelector('aside [role=timer]').dataset.deadline = at",
        (datetime.now(UTC) + AHEAD + timedelta(seconds=2)).isoformat(),
    )
    expect(page.locator("aside [role=timer]")).to_have_text("已截止")
    expect(page.locator("aside [role=timer]")).to_have_class(re.compile("is-over"))
    expect(page.locator("#live")).to_have_text("已截止")


def test_typed_confirmation_frees_the_button(address: str, new_page: Callable[..., Page]) -> None:
    """Seen red: without `check()` on input."""
    page = new_page()
    page.goto(address)
    button = page.get_by_role("button", name="撤回投标文件")
    expect(button).to_be_disabled()
    page.get_by_label("确认文字").fill("HZ-GC-2026-0417-0")
    expect(button).to_be_disabled()
    page.get_by_label("确认文字").fill("HZ-GC-2026-0417-01")
    expect(button).to_be_enabled()


def test_copying_takes_the_whole_text_and_says_so(address: str, new_page: Callable[..., Page]) -> None:
    """Seen red: copying the shortened text."""
    page = new_page(permissions=["clipboard-read", "clipboard-write"])
    page.goto(address)
    page.locator("#copies .copy").click()
    expect(page.locator("#live")).to_have_text("已复制")
    assert page.evaluate("navigator.clipboard.readText()") == "8b5297b75092" * 5 + "abcd"


def test_the_capital_form_while_typing_is_the_one_of_the_platform(address: str, new_page: Callable[..., Page]) -> None:
    """Seen red: without the 零 between 元 and 角."""
    page = new_page()
    page.goto(address)
    chance = random.Random(20261121)
    amounts = [0, 5, 50, 140950, 600714, 168032, 10700053, 1640902, 32504, 10050000, 1_0000_5000_00, 10**13]
    amounts += [chance.randrange(10 ** chance.randint(1, 14)) for _ in range(400)]
    amounts += [int("".join(chance.choice("0001258") for _ in range(13))) for _ in range(400)]
    shown = page.evaluate(
        "async (texts) => { const own = await import('/static/sunbid.js'); return texts.map(own.upper); }",
        [money.grouped(fen) for fen in amounts],
    )
    for fen, text in zip(amounts, shown, strict=True):
        assert text == money.upper(fen), fen


def test_live_parts_really_update_load_after_load(address: str, new_page: Callable[..., Page]) -> None:
    """Ten loads. Seen red: htmx and its extension as two deferred files, and an extension list without sse."""
    page = new_page()
    for _ in range(10):
        page.goto(address)
        expect(page.locator("#streamed b")).to_have_text("live")
        before = page.locator("#polled").inner_text()
        expect(page.locator("#polled")).not_to_have_text(before)


def test_errors_take_the_focus_and_lead_to_their_field(address: str, new_page: Callable[..., Page]) -> None:
    """Seen red: without tabindex on the summary."""
    page = new_page()
    page.goto(address)
    expect(page.locator("#error-summary")).to_be_focused()
    page.get_by_role("link", name="投标报价的小数最多两位").click()
    expect(page.get_by_label("投标报价", exact=True)).to_be_in_viewport()


def test_the_way_to_the_main_part_is_one_key(address: str, new_page: Callable[..., Page]) -> None:
    """Seen red: without tabindex -1 on main the focus stays on the link."""
    page = new_page(javascript=False)
    page.goto(address)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="跳到正文")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


BROKEN = {
    "overflow": "<p><code>" + "x" * 400 + "</code></p>",
    "wrapped": '<div class="narrow"><span class="num">160,215, 880.00</span></div>',
    "overlaps": '<svg width="90" height="30"><text x="5" y="20">长河</text><text x="9" y="22">江南</text></svg>',
    "empty_figures": '<figure><svg role="img" aria-labelledby="a"><title id="a">图</title></svg></figure>',
    "accessibility": '<img src="/static/sunbid.svg">',
    "small_targets": '<button class="tiny">x</button>',
    "identity": "<h1>又一个标题</h1>",
    "inline_style": '<p style="color:red">x</p>',
}


@pytest.mark.parametrize("name", BROKEN)
def test_each_oracle_sees_its_own_defect(
    serve: Callable[[Flask], str], new_page: Callable[..., Page], name: str
) -> None:
    """And none on the same page without the defect."""
    app = Flask(__name__, static_folder=str(ROOT / "static"))
    page_of = (
        '<!doctype html><html lang="zh-CN"><head><title>页</title><meta name="viewport" content="width=device-width">'
        "<style>.narrow{{width:5em}}.tiny{{width:9px;height:9px;padding:0}}</style></head>"
        "<body><main><h1>页</h1>{}</main></body></html>"
    )
    app.add_url_rule("/", "good", lambda: page_of.format(""))
    app.add_url_rule("/bad", "bad", lambda: page_of.format(BROKEN[name]))
    page = new_page(390)
    start = serve(app)
    page.goto(start)
    assert oracles.problems(page) == []
    page.goto(f"{start}/bad")
    assert any(problem.startswith(f"{name}:") for problem in oracles.problems(page))


def test_the_watch_hears_refused_scripts_and_failed_requests(
    serve: Callable[[Flask], str], new_page: Callable[..., Page]
) -> None:
    """Seen red: listening only to page errors."""
    app = Flask(__name__, static_folder=None)

    @app.get("/")
    def start() -> Response:
        page = Response('<html><body><script>1</script><img src="/none.png" alt=""></body></html>')
        page.headers["Content-Security-Policy"] = "default-src 'self'"
        return page

    page = new_page()
    watch = oracles.Watch(page)
    page.goto(serve(app))
    page.wait_for_load_state("networkidle")
    assert any("Content Security Policy" in problem for problem in watch.problems())
    assert any("404" in problem for problem in watch.problems())
    with pytest.raises(AssertionError):
        oracles.assert_titles_differ([("/a", "同"), ("/b", "同")])
