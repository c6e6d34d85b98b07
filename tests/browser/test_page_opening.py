"""Opening day in a real browser: a bidder's one click, the signed confirmation, and what the page refuses to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, Request, expect

from accounts.access import door
from accounts.queries import person_by_id
from accounts.services import open_sign_in
from core.act import Actor, Platform
from core.seal.keyfile import KeyFile
from opening import services
from tests.browser.oracles import Watch, problems
from tests.opening.stage import CODE, Stage

PASSPHRASE = "correct-horse-battery"


@pytest.fixture
def stage(platform: Platform, tmp_path: Path) -> Stage:
    """The window is open, nobody has released. (Sign-ins end every day: whoever comes now has just signed in.)"""
    stage = Stage(platform, tmp_path / "machines")
    for letter in "abc":
        stage.submit(letter)
    stage.to_window()
    return stage


@pytest.fixture
def enter(app: Flask, platform: Platform, serve: Callable[[Flask], str], new_page: Callable[..., Page]) -> Any:
    """`enter(actor, width=390)`: a browser signed in as the actor, at the site's help page, and its address."""
    address = serve(app)

    def go(actor: Actor, width: int = 1280) -> tuple[Page, str]:
        page = new_page(width)
        with platform.act(actor) as act:
            person = person_by_id(act.session, actor.person_id or 0)
            token = open_sign_in(act, person, method="certificate", carrier="cookie")
        with app.app_context():
            page.context.add_cookies([{"name": door().cookie, "value": token, "url": address}])
        page.goto(address + "/help")
        return page, address

    return go


def restore(page: Page, address: str, backup: Path) -> None:
    """Bring the keys of a backup into the browser, as a person does."""
    page.goto(address + "/account/keys")
    page.get_by_text("从备份恢复（换了电脑").click()
    page.locator("#restore-file").set_input_files(backup)
    page.locator("#restore-passphrase").fill(PASSPHRASE)
    page.get_by_role("button", name="恢复", exact=True).click()
    expect(page.locator("[data-light=ok]").first).to_be_visible(timeout=30_000)


def test_a_bidder_decrypts_with_one_click_and_confirms_by_signature(stage: Stage, enter: Any, tmp_path: Path) -> None:
    """From the backup on a new machine to the signed confirmation; no secret leaves the browser."""
    bidder = stage.bidders["a"]
    backup = tmp_path / "a.age"
    backup.write_bytes(bidder.key_file.wrapped(PASSPHRASE))
    page, address = enter(bidder.actor)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.url} {text_of(request)}"))
    restore(page, address, backup)
    watch = Watch(page)
    page.goto(f"{address}/opening/{CODE}/mine")
    expect(page.locator("#my-key [data-light=ok]")).to_be_visible()
    assert problems(page, watch) == []
    page.get_by_role("button", name="解密我的投标文件").click()
    expect(page.get_by_text("您的密钥层已收到")).to_be_visible(timeout=20_000)
    assert stage.bid("a").signed_in_at is not None
    for letter in "bc":
        stage.release(letter)
    stage.peel("tenderee")
    stage.open_ready()
    assert stage.bid("a").state == "opened_by_bidder"
    stage.tick()
    stage.draw()
    stage.act(stage.tenderee, services.read_prices)
    stage.act(stage.tenderee, services.ask_confirmation)
    page.goto(f"{address}/opening/{CODE}/mine")
    page.get_by_role("button", name="用证书签名确认").click()
    expect(page.get_by_text("确认。", exact=False).first).to_be_visible(timeout=20_000)
    expect(page.locator("#my-key")).to_contain_text("您已于")
    assert stage.bid("a").confirmed_at is not None
    secrets = [bidder.keys.identity, bidder.keys.secret.hex(), PASSPHRASE, "PRIVATE KEY"]
    assert [entry[:120] for entry in sent if any(secret in entry for secret in secrets)] == []
    assert watch.problems() == []


def text_of(request: Request) -> str:
    """What a request carries, as text."""
    return (request.post_data_buffer or b"").decode("utf-8", "replace")


def test_another_key_says_what_to_do_and_who_decides(stage: Stage, enter: Any, tmp_path: Path) -> None:
    """The reason, the next step, who decides; nothing is handed in."""
    bidder, other = stage.bidders["a"], stage.bidders["b"]
    backup = tmp_path / "wrong.age"
    mixed = KeyFile(other.keys.identity, bidder.keys.secret, bidder.keys.certificate, bidder.pkcs8)
    backup.write_bytes(mixed.wrapped(PASSPHRASE))
    page, address = enter(bidder.actor, width=390)
    page.goto(f"{address}/opening/{CODE}/mine")
    expect(page.locator("#my-key [data-light=missing]")).to_be_visible()
    page.get_by_role("button", name="解密我的投标文件").click()
    expect(page.locator("[data-failure=key]")).to_contain_text("本浏览器里没有您的钥匙")
    restore(page, address, backup)
    watch = Watch(page)
    page.goto(f"{address}/opening/{CODE}/mine")
    page.get_by_role("button", name="解密我的投标文件").click()
    box = page.locator("[data-failure=key]")
    expect(box).to_contain_text("钥匙")
    expect(box).to_contain_text("谁来认定")
    expect(box).to_contain_text("R-254")
    assert problems(page, watch) == []
    assert stage.bid("a").state == "sealed" and stage.bid("a").signed_in_at is not None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("proof.checkpoint = proof.checkpoint.replace('\\n', '\\n1')", "截标证明不成立"),
        ("proof.entry.facts.closed_set.pop()", "截标证明不成立（facts）"),
        ("proof.inclusion_proof = proof.inclusion_proof.slice(1)", "截标证明不成立（inclusion）"),
        ("proof.policies[0].deadline = '2099-01-01T00:00:00.000000Z'", "还没有到"),
    ],
)
def test_a_page_given_a_false_proof_uses_no_key(
    stage: Stage, enter: Any, tmp_path: Path, change: str, said: str
) -> None:
    """The proof is touched on its way; no layer is asked for. Seen red: with checkClosing returning at once."""
    bidder = stage.bidders["a"]
    backup = tmp_path / "a.age"
    backup.write_bytes(bidder.key_file.wrapped(PASSPHRASE))
    page, address = enter(bidder.actor)
    restore(page, address, backup)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.add_init_script(
        f"""const real = window.fetch;
        window.fetch = async (address, ...rest) => {{
          const answer = await real(address, ...rest);
          if (!String(address).endsWith("/closing")) return answer;
          const proof = await answer.json();
          {change};
          return new Response(JSON.stringify(proof), {{ status: 200 }});
        }};"""
    )
    page.goto(f"{address}/opening/{CODE}/mine")
    page.get_by_role("button", name="解密我的投标文件").click()
    expect(page.locator("[data-failure]:not([hidden])")).to_contain_text(said)
    assert not any("/layers?" in url for url in asked) and stage.bid("a").signed_in_at is None
