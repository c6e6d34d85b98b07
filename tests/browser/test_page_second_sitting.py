"""Two sittings in the bidder's own browser: the first takes off nothing of the second, and the second does."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, Route, expect
from sqlalchemy import select

from accounts.access import door
from accounts.queries import person_by_id
from accounts.services import open_sign_in
from core.act import Platform
from opening import services
from opening.models import Peel
from tests.browser.oracles import Watch, problems
from tests.browser.test_page_opening import PASSPHRASE, restore
from tests.journeys.test_two_sittings import LATER, double, first_stage
from tests.journeys.whole import Whole

FIRST = {"qualification", "technical"}
BUTTON = "解密我的投标文件"


@pytest.mark.slow
def test_a_bidder_opens_first_envelopes_in_the_first_sitting_and_second_ones_in_the_second(
    app: Flask, platform: Platform, serve: Callable[[Flask], str], new_page: Callable[..., Page], tmp_path: Path
) -> None:
    """One browser, two days. What was pinned at sealing is not given up, and what is asked too early is not taken off.

    Seen red: with `later` left out of `checkSecond`.
    """
    stage = double(platform, tmp_path / "machines")
    stage.to_names()
    stage.act(stage.tenderee, services.open_decryption)
    address, page = serve(app), new_page()
    come(app, stage, page, address)
    backup = tmp_path / "a.age"
    backup.write_bytes(stage.bidders["a"].key_file.wrapped(PASSPHRASE))
    restore(page, address, backup)
    terms = page.evaluate("(code) => fetch(`/opening/${code}/terms`).then((answer) => answer.json())", stage.code)
    assert set(terms["later"]) == LATER

    # More was pinned than the platform now names.
    pin(page, stage.code, {**terms, "later": [*terms["later"], "technical"]})
    assert refusal(page, address, stage.code, "截标证明不成立（later）")
    # The platform offers a layer of the second sitting in the first.
    pin(page, stage.code, terms)
    page.route("**/layers?*", too_early)
    assert refusal(page, address, stage.code, "要到第二次开标才能解密")
    page.unroute("**/layers?*")
    assert taken(stage) == set()

    watch = Watch(page)
    page.goto(f"{address}/opening/{stage.code}/mine")
    page.get_by_role("button", name=BUTTON).click()
    expect(page.get_by_text("您的密钥层已收到")).to_be_visible(timeout=20_000)
    assert (taken(stage), problems(page, watch)) == (FIRST, [])
    for letter in "bcd":
        stage.release(letter)
    stage.peel("tenderee")
    stage.open_ready()
    stage.tick()
    for verb in (services.draw_coefficients, services.read_prices, services.ask_confirmation):
        stage.act(stage.tenderee, verb)
    stage.hand_over()
    first_stage(stage)

    stage.clock.move_to(max(stage.clock.now(), stage.opening.section.second_opening_at))
    stage.act(stage.tenderee, services.convene_second)
    stage.act(stage.tenderee, services.open_decryption)
    come(app, stage, page, address)
    page.goto(f"{address}/opening/{stage.code}/mine")
    page.get_by_role("button", name=BUTTON).click()
    expect(page.get_by_text("您的密钥层已收到")).to_be_visible(timeout=20_000)
    assert (taken(stage), problems(page, watch)) == (FIRST | LATER, [])


def come(app: Flask, stage: Whole, page: Page, address: str) -> None:
    """Bidder a signs in anew in the same browser: sign-ins end every day, keys do not."""
    actor = stage.bidders["a"].actor
    with stage.platform.act(actor) as act:
        person = person_by_id(act.session, actor.person_id or 0)
        token = open_sign_in(act, person, method="certificate", carrier="cookie")
    with app.app_context():
        page.context.add_cookies([{"name": door().cookie, "value": token, "url": address}])


def pin(page: Page, code: str, terms: dict[str, object]) -> None:
    """Pin the terms as sealing does."""
    page.evaluate(
        """async ([code, { platform_key, policies, later }]) =>
          (await import("/static/seal/sections.js")).pin(code, { platform_key, policies, later })""",
        [code, terms],
    )


def too_early(route: Route) -> None:
    """The platform's answer with a layer of the schedule among the tasks."""
    answer = route.fetch()
    told = answer.json()
    told["tasks"].append({**told["tasks"][0], "package": "schedule"})
    route.fulfill(response=answer, body=json.dumps(told))


def refusal(page: Page, address: str, code: str, said: str) -> bool:
    """The button was pressed and the page says no for that reason."""
    page.goto(f"{address}/opening/{code}/mine")
    page.get_by_role("button", name=BUTTON).click()
    expect(page.locator("[data-failure]:not([hidden])")).to_contain_text(said, timeout=20_000)
    return True


def taken(stage: Whole) -> set[str]:
    """The envelopes of which bidder a has handed in the own layer."""
    with stage.platform.reading() as session:
        own = (Peel.submission_id == stage.bid("a").submission_id, Peel.set_name == "bidder+tenderee", Peel.stage == 0)
        return set(session.scalars(select(Peel.package).where(*own)))
