"""A contract signed in a real browser: the winner's certificate over the hash of the PDF, and what is shown of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from accounts.rules import Role
from core.act import Platform
from tests.browser.oracles import Watch, problems
from tests.browser.test_page_opening import PASSPHRASE, enter, restore
from tests.conftest import Browser
from tests.journeys.test_outcomes import to_report

__all__ = ["enter"]
pytestmark = pytest.mark.browser


def test_the_winner_signs_with_one_click_and_no_key_leaves_the_browser(
    platform: Platform, tmp_path: Path, login: Callable[..., Browser], enter: Any
) -> None:
    """The page is sound before and after. Seen red: with the hash signed as text instead of as bytes."""
    stage = to_report(platform, tmp_path / "machines", "G")
    stage.awarded()
    held = stage.publicity().winner
    assert held is not None and held.price_fen is not None
    bidder = stage.bidders["abc"[held.number - 1]]
    told: dict[str, Any] = held.schedule or {}
    terms = {
        "subject": "第三水厂扩建工程施工图范围内的全部内容", "performance_bond_fen": "0",
        "price_fen": f"{held.price_fen / 100:.2f}",
        "duration_days": str(told["duration_days"]), "quality": told["quality"], "manager": told["manager"],
    }  # fmt: skip
    address = f"/contracts/{stage.code}"
    answer = login(Role.TENDEREE).post(f"{address}/propose", data=terms)
    assert answer.status_code == 303, answer.text
    backup = tmp_path / "winner.age"
    backup.write_bytes(bidder.key_file.wrapped(PASSPHRASE))
    page, site = enter(bidder.actor)
    restore(page, site, backup)
    watch = Watch(page)
    page.goto(site + address)
    assert problems(page, watch) == []
    page.get_by_role("button", name="核对无误，用证书签名").click()
    row = page.get_by_role("row", name=bidder.name)
    expect(row.get_by_text("已签名")).to_be_visible(timeout=20_000)
    expect(page.get_by_role("row", name="待签名")).to_have_count(1)
    assert problems(page, watch) == []
