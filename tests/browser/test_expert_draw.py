"""The draw's page recomputes the draw in a real Chromium, and says so when the record was touched."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

from flask import Flask
from playwright.sync_api import Page, Route

from core.act import Platform
from core.clock import StoppedClock
from experts.rules import Seat
from tests.experts.story import Story
from tests.experts.test_large_pool import KINDS, record_of, script


def answering(told: Any) -> Callable[[Route], None]:
    """Answers the page's request with another record than the platform's."""

    def answer(route: Route) -> None:
        route.fulfill(json=told)

    return answer


COMPUTE = """async ([address, records]) => {
  const { replay } = await import(address);
  const found = [];
  for (const record of records) found.push(await replay(record));
  return found;
}"""


def drawn(platform: Platform, clock: StoppedClock) -> Story:
    story = Story(platform, clock)
    story.to_drawn()
    return story


def test_anyone_recomputes_the_draw_on_its_page(
    app: Flask, platform: Platform, clock: StoppedClock, new_page: Callable[..., Page], serve: Callable[[Any], str]
) -> None:
    """On a phone. Seen red: each `throw` of `check` taken out with the alteration it is about."""
    story = drawn(platform, clock)
    origin, page = serve(app), new_page(390)
    page.goto(f"{origin}/draws/experts/{story.code}")
    button = page.get_by_role("button", name="在此页重算")
    button.click()
    right = page.locator("#recompute-result [data-text]")
    right.wait_for()
    assert right.inner_text().startswith(f"experts:{story.code}: 重算一致") and right.inner_text().endswith("/ 4")
    told = app.test_client().get(f"/draws/experts/{story.code}.json").get_json()
    alterations: tuple[tuple[Callable[[Any], Any], str], ...] = (
        (lambda d: d["parties"][0].update(nonce="00" * 32), "another nonce"),
        (lambda d: d["candidates"].pop(), "候选名单不是冻结的那一份"),
        (lambda d: d.update(seed="00" * 32), "种子不是由揭示的随机数得出"),
        (lambda d: d["outcome"]["order"].reverse(), "次序不是由种子得出"),
        (lambda d: d["outcome"]["steps"][0].update(outcome="standby", detail=""), "入席结果不是由次序得出"),
    )
    for alter, said in alterations:
        forged = json.loads(json.dumps(told))
        alter(forged["draws"][0])

        page.route("**/*.json", answering(forged))
        button.click()
        page.locator("#recompute-result .bad").wait_for()
        assert said in page.locator("#recompute-result").inner_text()
        page.unroute("**/*.json")
    page.route("**/*.json", lambda route: route.abort())
    button.click()
    page.locator("#recompute-result", has_text="取不到抽取记录").wait_for()


def test_the_page_and_the_script_replay_alike(
    app: Flask, new_page: Callable[..., Page], serve: Callable[[Any], str]
) -> None:
    """Forty random draws. Seen red: the page's program without moving a seated candidate to another of their seats."""
    chance, records = random.Random(26), []
    for _ in range(40):
        names = [f"{chance.getrandbits(64):016x}" for _ in range(chance.randrange(1, 30))]
        held = {name: sorted(chance.sample(KINDS, chance.randrange(1, 3))) for name in names}
        seats = [Seat(kind, chance.randrange(1, 4)) for kind in chance.sample(KINDS, chance.randrange(1, 4))]
        wanted = {seat.speciality for seat in seats}
        held = {name: own for name, own in held.items() if wanted & set(own)}
        if held:
            records.append(record_of(held, seats))
    origin, page = serve(app), new_page()
    page.goto(origin)
    found = page.evaluate(COMPUTE, [f"{origin}/static/expert-draw-replay.js", records])
    assert found == [script().replay(record) for record in records]


def test_the_page_without_scripts_offers_the_program_and_the_record(
    app: Flask, platform: Platform, clock: StoppedClock, new_page: Callable[..., Page], serve: Callable[[Any], str]
) -> None:
    """Seen red: with the programs inside the part that only scripts show."""
    story = drawn(platform, clock)
    origin, page = serve(app), new_page(javascript=False)
    page.goto(f"{origin}/draws/experts/{story.code}")
    assert not page.get_by_role("button", name="在此页重算").is_visible()
    page.get_by_text("查看 Python 程序").click()
    assert page.get_by_text("def replay(draw").is_visible()
