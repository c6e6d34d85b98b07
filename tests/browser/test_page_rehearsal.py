"""Before the day: a bidder's rehearsal with what the platform holds, and the strip that warns in time."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from accounts.access import door
from accounts.queries import person_by_id
from accounts.services import open_sign_in
from core.act import Platform
from core.seal import new_identity
from core.seal.keyfile import KeyFile
from tests.browser.oracles import Watch, problems
from tests.opening.stage import CODE, Stage

KEEP = """async ([owner, text, notAfter, tested]) => {
  const [keys, file] = [await import("/static/seal/keys.js"), await import("/static/seal/keyfile.js")];
  await keys.keepKeys(owner, file.readKeyFile(text), { name: "n", uscc: "u", person: "王工", fingerprint: "ab",
    not_before: "2026-01-01T00:00:00Z", not_after: notAfter }, { testedAt: tested ? 1 : null });
}"""


@pytest.fixture
def stage(platform: Platform, tmp_path: Path) -> Stage:
    stage = Stage(platform, tmp_path / "machines")
    stage.submit("a")
    return stage


@pytest.fixture
def desk(app: Flask, stage: Stage, serve: Callable[[Flask], str], new_page: Callable[..., Page]) -> Any:
    """`desk(held, days=300)`: bidder a's browser with those keys, the certificate ending so many days from now."""
    address = serve(app)

    def go(held: KeyFile, *, end: datetime, tested: bool = True, width: int = 390) -> tuple[Page, str]:
        actor = stage.bidders["a"].actor
        page = new_page(width)
        with stage.platform.act(actor) as act:
            person = person_by_id(act.session, actor.person_id or 0)
            token = open_sign_in(act, person, method="certificate", carrier="cookie")
        with app.app_context():
            page.context.add_cookies([{"name": door().cookie, "value": token, "url": address}])
        page.goto(address + "/help")
        page.evaluate(KEEP, [actor.name, held.text(), end.isoformat(), tested])
        return page, address

    return go


def test_a_bidder_rehearses_on_what_the_platform_holds(stage: Stage, desk: Any) -> None:
    """Each envelope's own layer opens here, and what is inside is what was sealed; nothing secret is sent."""
    bidder = stage.bidders["a"]
    private = bidder.sealed[-1].folder / "private.json"
    later = stage.clock.now() + timedelta(days=300)
    page, address = desk(bidder.key_file, end=later)
    sent: list[str] = []
    page.on("request", lambda r: sent.append(f"{r.url} {(r.post_data_buffer or b'').decode('utf-8', 'replace')}"))
    watch = Watch(page)
    page.goto(f"{address}/sections/{CODE}/held")
    page.get_by_role("button", name="用本机钥匙查询").click()
    page.get_by_role("button", name="演练", exact=True).click()
    expect(page.locator("#rehearsal [data-said]")).to_contain_text("打得开您的每一层", timeout=20_000)
    page.locator("#rehearsal-private").set_input_files(private)
    page.get_by_role("button", name="演练", exact=True).click()
    expect(page.locator("#rehearsal [data-said]")).to_contain_text("演练通过", timeout=20_000)
    assert page.locator("#rehearsal [data-state=ok]:not([hidden])").count() == len(stage.policy["envelopes"])
    assert problems(page, watch) == []
    secrets = [bidder.keys.identity, bidder.keys.secret.hex(), *json.loads(private.read_text())["layers"].values()]
    assert [line for line in sent if any(secret in line for secret in secrets)] == []
    false = private.with_name("false.json")
    false.write_text(private.read_text().replace('"layers"', '"x"').replace('"nonces"', '"layers"'))
    page.locator("#rehearsal-private").set_input_files(false)
    page.get_by_role("button", name="演练", exact=True).click()
    expect(page.locator("#rehearsal [data-lines]")).to_contain_text("与封标时记下的不同", timeout=20_000)
    wrong, _ = desk(replace(bidder.key_file, identity=new_identity()), end=later)
    wrong.goto(f"{address}/sections/{CODE}/held")
    wrong.get_by_role("button", name="用本机钥匙查询").click()
    wrong.get_by_role("button", name="演练", exact=True).click()
    expect(wrong.locator("#rehearsal [data-said]")).to_contain_text("没有通过", timeout=20_000)
    assert wrong.locator("#rehearsal [data-state=bad]:not([hidden])").count() == len(stage.policy["envelopes"])


ALONE = {"before": "soon30"}


def test_a_certificate_that_ends_before_the_opening_is_said_in_time(stage: Stage, desk: Any) -> None:
    """Before the deadline, over, 30, 90 days, later nothing; an untested backup. On the check of the machine too.

    Seen red: without the strip on that check.
    """
    now, held = stage.clock.now(), stage.bidders["a"].key_file
    for end, told in (
        (stage.deadline - timedelta(hours=1), "before"),
        (now - timedelta(days=1), "over"),
        (now + timedelta(days=29, hours=1), "soon30"),
        (now + timedelta(days=89, hours=1), "soon90"),
        (now + timedelta(days=91), None),
    ):
        page, address = desk(held, end=end)
        watch = Watch(page)
        # The check of the machine knows no section: only how long the certificate is still good.
        for path, shown in (("/bid", told), (f"/bid/{CODE}", told), ("/account/check", ALONE.get(told, told))):
            page.goto(address + path)
            page.wait_for_load_state("networkidle")
            names = [box.get_attribute("data-strip") for box in page.locator("[data-strip]:not([hidden])").all()]
            assert names == ([shown] if shown else []), (end, path, names)
            if path == "/account/check" and shown == "over":
                expect(page.locator("[data-check=key]")).to_contain_text("过期", timeout=20_000)
        if told == "before":
            page.goto(address + "/bid")
            expect(page.locator("[data-strip=before]")).to_contain_text(CODE)
            assert problems(page, watch) == []
        page.context.close()
    page, address = desk(held, end=now + timedelta(days=300), tested=False)
    page.goto(address + "/bid")
    expect(page.locator("[data-strip=untested]")).to_be_visible()
