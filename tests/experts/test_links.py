"""Where a bidder says a criterion is answered stands beside the criterion, and leads to the page."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from accounts.access import door
from accounts.queries import person_by_id
from accounts.services import open_sign_in
from core.act import SYSTEM, Actor
from experts import queries
from opening.models import BidContents
from tests.bidding.boq.test_cli import PDF
from tests.experts.story import Story

Enter = Callable[[Actor | None], Any]


@pytest.fixture
def enter(app: Flask, story: Story) -> Enter:
    """A browser signed in as the actor."""

    def browser(actor: Actor | None) -> Any:
        client = app.test_client()
        assert actor is not None
        with story.platform.act(actor) as act:
            token = open_sign_in(
                act, person_by_id(act.session, actor.person_id or 0), method="certificate", carrier="cookie"
            )
        with app.app_context():
            client.set_cookie(door().cookie, token)
        return client

    return browser


def plant(story: Story, number: int) -> dict[str, str]:
    """Give one bid files, links and findings, as the opening leaves them; file name → hash."""
    files = {"技术标.pdf": PDF, "资信.docx": b"PK word", "假.pdf": b"<script>alert(1)</script>"}
    with story.platform.act(SYSTEM) as act:
        bid = next(one for one in queries.bids_in_evaluation(act.session, story.section(act.session))
                   if one.number == number)  # fmt: skip
        stored = {name: act.store.put(data) for name, data in files.items()}
        bid.envelopes = {
            "technical": {
                "files": [
                    {"slot": "proposal", "name": name, "sha256": held.sha256, "size": held.size}
                    for name, held in stored.items()
                ]
            }
        }

        def link(clause: str, name: str, first: int | None, last: int | None, place: str = "") -> dict[str, Any]:
            return {"clause": clause, "envelope": "technical", "slot": "proposal", "file": name, "from": first,
                    "to": last, "place": place, "sha256": stored[name].sha256}  # fmt: skip

        content = {
            "type": "sunbid-contents/v1",
            "bill": {
                "tender_sha256": "0" * 64, "file": "清单.xlsx", "sha256": None, "lines": 7, "total_fen": 95_000_000,
                "subtotals_fen": {},
                "findings": [
                    {"code": "boq.amount", "level": "error", "rule": "R-430", "sheet": "工程量清单", "row": 5,
                     "item": "010103001001 回填方", "expected": "90.76", "found": "91.76"},
                ],
            },
            "links": [link("T1", "技术标.pdf", 2, 3, "施工部署"), link("T1", "资信.docx", None, None, "第三章"),
                      link("R1", "技术标.pdf", 1, 1)],
            "link_findings": [{"code": "links.clause", "level": "error", "rule": "", "sheet": "", "row": None,
                               "item": "", "expected": "", "found": "X9"}],
        }  # fmt: skip
        act.session.add(BidContents(bid_id=bid.id, content=content, checked_at=act.now))
    return {name: held.sha256 for name, held in stored.items()}


def test_links_stand_beside_their_criterion_and_open_at_the_page(story: Story, enter: Enter) -> None:
    """Seen red: with the links listed under another criterion, without the anchor of the page."""
    story.to_scoring()
    hashes = plant(story, 1)
    page = enter(story.person_actor(story.members()[0])).get(f"/expert/{story.code}/score/1").get_data(as_text=True)
    first, second = page.index("质量与安全措施"), page.index("类似业绩")
    about_t1 = page[:first]
    assert f"/expert/{story.code}/bids/1/view/{hashes['技术标.pdf']}?page=2" in about_t1
    assert re.search(r"投标人标注：</span>\s*<a[^>]*>技术标\.pdf\s*<span[^>]*>第 2–3 页</span> 施工部署", about_t1)
    assert "资信.docx" in about_t1 and "第三章" in about_t1
    assert "投标人标注" not in page[first:second]
    assert "应为 90.76 元，现为 91.76 元" in page and "第 5 行" in page and "R-430" in page
    assert "没有条款“X9”" in page


def test_links_of_the_review_stand_beside_its_clauses(story: Story, enter: Enter) -> None:
    story.to_seated()
    plant(story, 2)
    browser = enter(story.person_actor(story.members()[0]))
    page = browser.get(f"/expert/{story.code}/conformity/2").get_data(as_text=True)
    assert page.count("投标人标注") == 1 and "第 1 页" in page
    page = browser.get(f"/expert/{story.code}/conformity/1").get_data(as_text=True)
    assert "投标人标注" not in page and "尚未完成" in page


def test_only_a_pdf_is_shown_and_only_to_the_room(story: Story, enter: Enter) -> None:
    """A file that only calls itself one is refused, so is every other; the viewer gets no rights of the site.

    Seen red: with the mimetype taken from the name, without the look at the first bytes.
    """
    story.to_scoring()
    hashes = plant(story, 1)
    browser = enter(story.person_actor(story.members()[0]))
    answer = browser.get(f"/expert/{story.code}/bids/1/read/{hashes['技术标.pdf']}")
    assert answer.status_code == 200 and answer.data == PDF
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Content-Disposition"].startswith("inline")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "script-src" not in answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    for name in ("资信.docx", "假.pdf"):
        assert browser.get(f"/expert/{story.code}/bids/1/read/{hashes[name]}").status_code == 404
    assert browser.get(f"/expert/{story.code}/bids/2/read/{hashes['技术标.pdf']}").status_code == 404
    outsider = enter(story.bidder_actor(1))
    assert outsider.get(f"/expert/{story.code}/bids/1/read/{hashes['技术标.pdf']}").status_code in (403, 404)
