"""The rules in the open: every rule with its words in both languages, linked from every page, frozen and compared."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace

import pytest
import rfc8785

from accounts.rules import Role
from core.act import Platform
from core.law import Snapshot
from portal.linking import finished
from portal.words.citing import number_of
from tests.bidding.stage import Stage
from tests.conftest import Browser

CHINESE = re.compile("[\u3001-\u303f\u3400-\u9fff\uff00-\uffef]")


@pytest.mark.parametrize(("text", "number"), [("四", 4), ("十", 10), ("二十四", 24), ("六十", 60), ("一百零三", 103)])
def test_chinese_numerals_are_read(text: str, number: int) -> None:
    assert number_of(text) == number


def test_the_lawbook_is_found_by_stage_regime_words_and_id(client: Browser) -> None:
    """Seen red: with the words looked for in the id alone."""
    page = client.get("/rules?lang=zh").text
    assert 'id="R-130"' in page and 'id="R-208"' in page and 'id="SVC-4"' in page
    found = client.get("/rules?stage=bonds&regime=T&q=第二十六条").text
    assert 'id="R-150"' in found and 'id="R-130"' not in found and 'id="R-151"' not in found
    assert "Tendering and Bidding Law, art. 26" in client.get("/rules/R-150?lang=en").text
    assert client.get("/rules/R-999").status_code == 404
    assert "未予接受" not in client.get("/rules?q=没有这样的词&lang=zh").text


def test_the_data_carry_their_own_digest(client: Browser) -> None:
    """Whoever takes them can see that they are whole. Seen red: with a rule changed after the digest."""
    held = client.get("/rules.json").json
    assert held is not None
    told = {name: held[name] for name in ("books", "grounds_of_rejection", "principles")}
    assert held["sha256"] == hashlib.sha256(rfc8785.dumps(told)).hexdigest()
    assert len(held["books"]["tendering"]) > 100
    etag = client.get("/rules.json").headers["ETag"]
    assert client.get("/rules.json", headers={"If-None-Match": etag}).status_code == 304


def test_ids_lead_to_the_lawbook_and_citations_are_english_where_they_stand_alone() -> None:
    """Links only where a link may stand; quoted Chinese prose is left alone.

    Seen red: with buttons linked, and with what is to be copied translated.
    """
    page = '<title>R-208</title><p title="R-1">见 R-208、R-999。<a href="/x">R-130</a></p><button>R-130</button>'
    told = finished(page, english=False)
    assert told.count('href="/rules/R-208"') == 1 and "/rules/R-999" not in told and "/rules/R-130" not in told
    english = "<p>Basis R-135, 招标投标法实施条例第二十二条.</p><p>他依照招标投标法第三条提出</p>"
    english += "<option>政府采购法第三条</option><pre><code>招标投标法第三条</code></pre>"
    told = finished(english, english=True)
    assert 'title="招标投标法实施条例第二十二条">Implementing Regulations' in told and 'href="/rules/R-135"' in told
    assert "他依照招标投标法第三条提出" in told
    assert "<option>Government Procurement Law, art. 3</option>" in told
    assert "<code>招标投标法第三条</code>" in told  # to be copied, as it is


def test_a_section_shows_what_it_froze_and_where_today_differs(platform: Platform, client: Browser) -> None:
    """Seen red: with today's value shown as the section's."""
    stage = Stage(platform).publish()
    page = client.get(f"/sections/{stage.code}/rules?lang=zh").text
    assert "与今天的法律相同" in page and "R-130" in page
    with stage.act(Role.TENDEREE) as act:
        from bidding import queries

        project = queries.section(act.session, stage.code).project
        held = Snapshot.from_json(project.law)
        held.rules["clarify_before_deadline"] = replace(held.rules["clarify_before_deadline"], value="12")
        project.law = held.as_json()
    page = client.get(f"/sections/{stage.code}/rules").text
    assert "与今天的法律有 1 处不同" in page and "12 日" in page and "今天：15 日" in page
    held = client.get(f"/sections/{stage.code}/rules.json").json
    assert held is not None and held["changed_since"] == ["clarify_before_deadline"]
    assert held["sha256"] == hashlib.sha256(rfc8785.dumps(held["law"])).hexdigest()
    assert client.get("/sections/nothing/rules").status_code == 404
