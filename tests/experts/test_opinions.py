"""Reference opinions: what they find and when they abstain; they are labelled, answered, and change no result."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import weasyprint
from flask import Flask
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer
from sqlalchemy import select

from benchmarks.prereview.corpus import made_cases
from benchmarks.prereview.measure import tally
from core.act import SYSTEM, Actor, Platform
from core.documents import recognition
from core.errors import Conflict
from core.ledger.log import LedgerEntry
from experts import queries, services
from experts.routes.opinions import _finding
from experts.rules.opinions import Leaf, completeness, model, opinions, price_said, program_sha256
from experts.services.opinions import Opining
from portal.cli.tick import tick
from tests.core.documents.test_documents import scan_of
from tests.experts.story import METHOD, Story

Enter = Callable[[Actor | None], Any]
DAY = date(2026, 10, 1)
PAPERS = (
    "资信文件\n投标函\n投标人（电子印章）：甲公司\n法定代表人（签字）：王海\n投标总报价（小写）：￥999,999.00 元\n"
    "资质证书 市政公用工程施工总承包二级 证书编号 D233012345"
)


def verdict(clause: str, *pages: str | None) -> tuple[str, int | None, tuple[str, ...]]:
    leaves = [Leaf("a.pdf", number, text) for number, text in enumerate(pages, 1)]
    (one,) = opinions({"R1": clause}, leaves, DAY)
    return one.verdict, one.page, one.reasons


QUALIFICATION = "具有市政公用工程施工总承包二级及以上资质"
FILLER = "本工程基坑降水采用管井，井深二十米，逐日观测水位并记录在册。"


def test_an_answer_is_found_on_its_page() -> None:
    told = verdict(QUALIFICATION, FILLER, "资质证书：市政公用工程施工总承包壹级 编号 D133098765", FILLER)
    assert told == ("found", 2, ())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("资质证书：市政公用工程施工总承包三级 编号 D333098765", "misfit_grade"),
        ("资质证书：公路工程施工总承包一级 编号 D133098765", "misfit_trade"),
        ("资质证书：市政公用工程施工总承包二级 编号 D233098765，有效期至 2025 年 3 月 1 日", "expired:2025-03-01"),
        ("市政公用工程施工总承包资质尚未取得，正在办理", "denied"),
    ],
)
def test_what_falls_short_is_not_found_and_says_why(text: str, reason: str) -> None:
    """Seen red: without the comparison of grades, of trades."""
    said, page, reasons = verdict(QUALIFICATION, FILLER, text)
    assert said == "not_found" and page == 2 and reason in reasons


def test_nothing_is_said_to_be_missing_where_pages_cannot_be_read() -> None:
    """A scan may hold what is sought. Seen red: without the share of unread pages."""
    assert verdict(QUALIFICATION, FILLER)[0] == "not_found"
    assert verdict(QUALIFICATION, FILLER, None) == ("unclear", None, ("unread", "nothing"))
    assert verdict(QUALIFICATION, FILLER, " 3 ")[0] == "unclear"


def test_a_clause_of_no_known_family_is_never_missing() -> None:
    assert verdict("投标人须提供图腾柱的雕刻样品照片", FILLER)[0] == "unclear"


def test_the_requirement_repeated_is_no_answer() -> None:
    assert verdict("投标有效期不少于 90 日", "投标有效期应满足招标文件要求。")[0] != "found"
    assert verdict("投标有效期不少于 90 日", "投标有效期：自投标截止之日起 90 日")[0] == "found"
    assert verdict("投标有效期不少于 90 日", "投标有效期：自投标截止之日起 60 日")[0] == "not_found"


def test_missing_files_unread_pages_and_other_totals_are_facts() -> None:
    slots = [{"slot": "letter", "name": "投标函", "required": True}, {"slot": "x", "name": "其他", "required": False}]
    leaves = [Leaf("a.pdf", 1, "投标总报价（小写）：￥1,000.00 元 （大写）壹仟元整"), Leaf("a.pdf", 2, None)]
    found = completeness(slots, ["proposal"], leaves)
    assert [one["code"] for one in found] == ["slot_missing", "pages_unread"]
    assert price_said(leaves, 100_000) == []
    assert [one["code"] for one in price_said(leaves, 100_001)] == ["price_figures", "price_words"]


def test_the_shipped_weights_hold_on_a_few_labelled_bids() -> None:
    """The short form of `./run bench pre-review`. Seen red: with the weights of evidence and misfit exchanged."""
    found = tally(made_cases("C", 12, 7), dict(model()))
    assert found.precision("found") >= 0.9 and found.precision("not_found") >= 0.9
    assert found.recall("found") >= 0.8 and found.abstention() < 0.25


def encrypted() -> bytes:
    """A PDF that opens with a password only."""
    plain = weasyprint.HTML(string="<p>资质证书</p>").write_pdf()
    writer = copy_into_new_writer(PdfFileReader(io.BytesIO(plain)))
    writer.encrypt(owner_pass="owner", user_pass="user")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_scanned_pages_are_read_and_an_encrypted_file_is_refused_in_words(
    platform: Platform, tmp_path: Path, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scan answers its clause and says that it was read by a program; without one it stays unclear, never missing.

    Seen red: without `_scanned`, and with the encrypted file told as any other.
    """
    scan = scan_of(tmp_path / "scan.pdf", "资质证书：市政公用工程施工总承包二级，证书编号 D233012345，有效期至 2030 年")
    files = []
    for name, content in (("扫描.pdf", scan.read_bytes()), ("加密.pdf", encrypted())):
        held = platform.store.put(content)
        files.append({"slot": "letter", "name": name, "sha256": held.sha256, "size": held.size})
    opining = Opining({"R1": QUALIFICATION}, files, [], DAY, None)
    made = services.give_opinions(platform.store, opining)
    (one,) = made["opinions"]
    assert (one["verdict"], one["file"], one["page"]) == ("found", "扫描.pdf", 1) and "recognised" in one["reasons"]
    assert [row["pages"] for row in made["recognised"]] == [[1]]
    with app.test_request_context():
        said = [_finding(row)["text"] for row in made["completeness"]]
        said.append(_finding({"code": "recognised", **made["recognised"][0]})["text"])
    assert any("加密.pdf" in text and "设有密码" in text for text in said) and any(
        "由程序识别" in text for text in said
    )
    monkeypatch.setattr(recognition, "program", lambda: None)
    (blind,) = services.give_opinions(platform.store, opining)["opinions"]
    assert blind["verdict"] == "unclear" and "unread" in blind["reasons"]


def prepared(story: Story, *, switched_on: bool = True) -> None:
    """A seated committee, one readable file in each bid, the switch as the notice has it."""
    story.to_seated()
    with story.platform.act(SYSTEM) as act:
        section = story.section(act.session)
        section.method = {**METHOD, "reference_opinions": switched_on}
        held = act.store.put(PAPERS.encode())
        for bid in queries.bids_in_evaluation(act.session, section):
            file = {"slot": "letter", "name": "资信文件.txt", "sha256": held.sha256, "size": held.size}
            bid.envelopes = {"qualification": {"files": [file]}}


def test_opinions_are_made_once_where_the_notice_says_so(story: Story) -> None:
    """Off by default; kept with the digests of content and program; the tick finds nothing left."""
    prepared(story, switched_on=False)
    assert not any("reference" in one for one in tick(story.platform))
    with story.platform.act(SYSTEM) as act:
        story.section(act.session).method = {**METHOD, "reference_opinions": True}
    done = tick(story.platform) + tick(story.platform)
    assert sum("reference opinions" in one for one in done) == 5
    with story.platform.reading() as session:
        assert queries.due_to_opine(session, 9) == []
        entries = list(session.scalars(select(LedgerEntry).where(LedgerEntry.kind == "bid.opine")))
    assert len(entries) == 5 and {one.facts["program_sha256"] for one in entries} == {program_sha256()}


def test_members_see_opinions_beside_their_finding_and_answer_them(story: Story, enter: Enter) -> None:
    """Labelled, with quotation and page; answers are one's own until the review is concluded, then sums only.

    Seen red: sums shown while the review is open.
    """
    prepared(story)
    tick(story.platform)
    tick(story.platform)
    first, second = story.members()[:2]
    browser = enter(story.person_actor(first))
    page = browser.get(f"/expert/{story.code}/conformity/1").get_data(as_text=True)
    assert page.count("AI 预审，不作为评审结论") == 2 and "证书编号 D233012345" in page
    assert "所载总价（小写）999,999.00 与唱标报价 920,000.00 不同" in page
    with story.platform.act(story.person_actor(first)) as act:
        bid = queries.bid_of(act.session, story.section(act.session), 1)
        services.answer_opinions(act, story.seat_of(act, first.label), bid, {"R1": True, "R2": False, "R9": True})
    with story.platform.reading() as session:
        bid = queries.bid_of(session, story.section(session), 1)
        assert queries.own_answers(session, first, bid) == {"R1": True, "R2": False}
        assert queries.own_answers(session, second, bid) == {}
    matrix = f"/expert/{story.code}/conformity"
    assert "参考意见与评委表态" not in browser.get(matrix).get_data(as_text=True)
    story.review()
    story.begin_scoring()
    assert "参考意见与评委表态" in browser.get(matrix).get_data(as_text=True)
    with story.platform.reading() as session:
        sums = queries.agreement(session, story.committee(session))
    assert sum(one["agree"] for one in sums["verdicts"].values()) == 1
    assert sum(one["disagree"] for one in sums["verdicts"].values()) == 1
    with pytest.raises(Conflict), story.platform.act(story.person_actor(first)) as act:
        bid = queries.bid_of(act.session, story.section(act.session), 1)
        services.answer_opinions(act, story.seat_of(act, first.label), bid, {"R1": False})


def test_answers_are_saved_with_the_findings(story: Story, enter: Enter) -> None:
    prepared(story)
    tick(story.platform)
    tick(story.platform)
    member = story.members()[0]
    browser = enter(story.person_actor(member))
    form = {"R1": "pass", "R1-opinion": "agree", "R2-opinion": "disagree"}
    answer = browser.post(f"/expert/{story.code}/conformity/1", data=form)
    assert answer.status_code == 303
    page = browser.get(f"/expert/{story.code}/conformity/1").get_data(as_text=True)
    assert page.count('value="agree" checked') == 1 and page.count('value="disagree" checked') == 1


def test_in_a_blind_round_nothing_is_read_and_later_the_copies_only(story: Story) -> None:
    """Seen red: with the anonymous originals among the files read."""
    story.anonymous = True
    story.to_seated()
    with story.platform.act(SYSTEM) as act:
        section = story.section(act.session)
        section.method = {**METHOD, "reference_opinions": True}
    with story.platform.reading() as session:
        assert queries.due_to_opine(session, 9) == []
    story.clean()
    with story.platform.reading() as session:
        section = story.section(session)
        bid = queries.bids_in_evaluation(session, section)[0]
        (file,) = queries.opined_files(session, bid, section)
        (copy,) = queries.cleaned_files(session, bid)
        assert file["sha256"] == copy.sha256 and file["name"] == "1.docx"
