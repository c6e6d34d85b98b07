"""Where the procedure keeps prices from the others, the hall reads out none: no page, no notice, no record (R-602)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from accounts.rules import Role
from bidding import queries as bidding
from core.act import SYSTEM, Platform
from core.board import notices
from core.ledger.log import entries_of
from opening import queries
from tests.conftest import Browser
from tests.opening.stage import Stage


@pytest.mark.parametrize("read", ["none", "public"])
def test_a_negotiations_prices_are_told_to_nobody(
    platform: Platform, tmp_path: Path, login: Callable[..., Browser], read: str
) -> None:
    """Notice, ledger, hall, board, another bidder's page, record; with `public` they are there.

    Seen red: with the notice, the board or the record still told; with the table's cells as the bidder wrote them.
    """
    stage = Stage(platform, tmp_path)
    bidders = [stage.submit(letter) for letter in "abc"]
    with platform.act(SYSTEM) as act:
        project = bidding.section(act.session, stage.code).project
        rules = [rule | ({"value": read} if rule["key"] == "prices_read" else {}) for rule in project.law["rules"]]
        project.law = {**project.law, "rules": rules}
    stage.to_confirmation()
    with platform.reading() as session:
        section = bidding.section(session, stage.code)
        found = queries.opening(session, section)
        (notice,) = [one for one in notices(session, subject=section.subject) if one.kind == "opening_prices"]
        written = {
            "notice": f"{notice.content}{notice.attachments}",
            "ledger": "".join(str(entry.facts) for entry in entries_of(session, section.subject)),
            "record": str(queries.record_facts(session, section)),
            "board": str(queries.board(session, found)),
        }
    public, other = login(Role.SUPERVISOR), login(Role.BIDDER, person="a")
    written["hall"] = public.get(f"/opening/{stage.code}").text + public.get(f"/opening/{stage.code}/record").text
    written["json"] = public.get(f"/opening/{stage.code}", headers={"Accept": "application/json"}).text
    page = other.get(f"/opening/{stage.code}/mine")
    mine = page.text
    assert page.status_code == 200
    spelled = [(str(one.price_fen), f"{one.price_fen / 100:,.2f}") for one in bidders]
    for place, text in written.items():
        shown = [number for number, spellings in enumerate(spelled) if any(price in text for price in spellings)]
        assert shown == ([] if read == "none" else [0, 1, 2]), place
    assert not any(price in mine for price in spelled[1] + spelled[2]) or read == "public"
    assert ("schedule-1.age" in written["notice"]) == (read == "public")
    assert all(one.facts["bidder"]["name"] in written["notice"] for one in bidders)
    with platform.act(SYSTEM) as act:
        bid = queries.bids(act.session, queries.opening(act.session, bidding.section(act.session, stage.code)))[0]
        bid.schedule = {**(bid.schedule or {}), "manager": '=HYPERLINK("https://x.example";"赵明")'}
    table = public.get(f"/opening/{stage.code}/prices.csv")
    assert table.status_code == (404 if read == "none" else 200)
    assert read == "none" or "'=HYPERLINK" in table.text, "a bidder's text is no formula in the tenderee's spreadsheet"
