"""Every page of a finished tender that links lead to, as everybody: none fails or is missing, none speaks in keys."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import pytest
import requests
from flask import Flask
from lxml import html
from werkzeug.exceptions import HTTPException

from portal.cli.demo.stage import Stage
from portal.cli.demo.story import SECTION
from tests.journeys.conftest import Played

pytestmark = pytest.mark.slow

READERS = (
    None, "tenderee", "agent", "officer", "supervisor", "finance", "operator", "changhe", "tianheng", "expert8",
)  # fmt: skip
TWICE = 2
"""How many readers look at each page; `HUBS`, from which the ways of each role part, are looked at by all."""
HUBS = frozenset({"portal.home", "bidding.section", "bidding.projects", "opening.hall"})
RAW = re.compile(r"[a-z]+(_[a-z0-9]+)+|[a-z]+\.[a-z_]+")
"""A key of data or of words where a reader expects words."""


def links(page: html.HtmlElement) -> Iterator[str]:
    """Addresses of this site on the page, without filters."""
    for link in page.xpath("//main//a/@href | //nav[@class='site-nav']//a/@href"):
        address = str(link).split("#")[0]
        if address.startswith("/") and "?" not in address:
            yield address


def read(stage: Stage, app: Flask, login: str | None, seen: Counter[str]) -> Iterator[tuple[str, int, str]]:
    """What one reader is shown: address, status and text of each page whose endpoint is not yet seen enough."""
    adapter = app.url_map.bind("localhost")
    waiting, known, own = ["/", f"/sections/{SECTION}"], set[str](), set[str]()
    with requests.Session() as session:
        session.trust_env = False
        if login is not None:
            form = html.fromstring(session.get(stage.server, timeout=120).text)
            token = form.xpath("//input[@name='csrf_token']/@value")[0]
            session.post(f"{stage.server}/demo/become/{login}", data={"csrf_token": token}, timeout=120)
        while waiting:
            address = waiting.pop(0)
            try:
                endpoint, _ = adapter.match(address, method="GET")
            except HTTPException:
                yield address, 404, ""
                continue
            if endpoint in own or endpoint == "opening.events" or (seen[endpoint] >= TWICE and endpoint not in HUBS):
                continue
            own.add(endpoint)
            seen[endpoint] += 1
            answer = session.get(stage.server + address, headers={"Accept": "text/html"}, timeout=120, stream=True)
            is_page = answer.headers.get("Content-Type", "").startswith("text/html")
            text = answer.text if is_page else ""
            answer.close()
            yield address, answer.status_code, text
            fresh = set(links(html.fromstring(text))) - known if text.strip() else set[str]()
            known |= fresh
            waiting += sorted(fresh)


def keys_shown(text: str) -> list[str]:
    """Keys where a page has labels, cells and tags."""
    page = html.fromstring(text)
    if page.xpath("//main//dt[@id]"):
        return []  # the list of refusals explains the codes themselves
    places = page.xpath("//main//dt | //main//th | //main//*[contains(@class, 'tag')]")
    return [said for place in places if RAW.fullmatch(said := place.text_content().strip())]


def test_every_page_that_links_lead_to_opens_and_speaks_in_words(played: Played, app: Flask) -> None:
    """Seen red: with the link to a complaint shown to who may not complain, a bond nobody declared, a bond's reason
    without a word, and the labels of an opening record missing.
    """
    seen: Counter[str] = Counter()
    wrong = []
    for login in READERS:
        for address, status, text in read(played.stage, app, login, seen):
            if status != 200:
                wrong.append(f"{login} {address}: {status}")
            elif text.strip():
                wrong += [f"{login} {address}: {key}" for key in keys_shown(text)]
    assert wrong == []
    lead_to = {"awards.candidates", "awards.award_notice", "experts.committee", "experts.evaluation", "awards.desk"}
    assert lead_to <= set(seen), "a finished tender's pages are linked from its own"


def test_what_waits_can_be_told_to_everybody_at_every_step(played: Played) -> None:
    """From the notice to the file: who had to act was told, nobody else was, every line spoke and led to a page."""
    assert played.untold == []
    for kind, people in {
        "bidding.bid": {"changhe", "tianheng"},
        "awards.candidates": {"tenderee", "agent"},
        "awards.accept_complaint": {"supervisor"},
        "awards.propose_contract": {"tenderee"},
    }.items():
        assert people <= played.told.get(kind, set()), (kind, sorted(played.told))
    assert not {login for people in played.told.values() for login in people} & {"public"}
    assert "supervisor" not in played.told["awards.candidates"] and "tenderee" not in played.told["bidding.bid"]
