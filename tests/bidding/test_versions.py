"""Versions of tender documents: numbered by publication, compared for everybody, told to whoever was earlier."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from accounts.rules import Role
from bidding import queries, services
from core.act import SYSTEM, Platform
from core.board import notices
from core.documents import Document, Paragraph
from core.errors import Missing
from tests.bidding import two_persons
from tests.bidding.stage import Bidder, Stage, refused
from tests.conftest import Browser

Login = Callable[..., Browser]
SAME = ("质量合格。", "保修两年。", "付款按月。")
BEFORE = ("第一章 招标公告", "工期为三十日历天。", *SAME, "桩长按 10 米计算。", "删去的一段话。")
AFTER = ("第一章 招标公告", "工期为四十五日历天。", *SAME, "桩长按 12 米计算。", "严禁转包和违法分包。")


def replace(stage: Stage, old: tuple[str, ...] = BEFORE, new: tuple[str, ...] = AFTER) -> None:
    """A clarification replaces the tender document; both versions were read."""
    stored = stage.platform.store.put(("招标文件" + "".join(new)).encode())
    with stage.platform.act(SYSTEM) as act:
        held = next(d for d in queries.documents(act.session, stage.section()) if d.slot == "tender")
        reading = queries.reading(act.session, held.sha256)
        assert reading is not None
        reading.paragraphs = [[text, number, 1, False] for number, text in enumerate(old, 1)]
        told = tuple(Paragraph(text, number, 2) for number, text in enumerate(new, 1))
        services.keep_reading(act, stored.sha256, Document("二.pdf", "txt", stored.sha256, paragraphs=told))
    two_persons.clarify(stage.platform, stage.code, documents=[("tender", "招标文件.pdf", stored)])


def test_what_a_draft_went_through_is_no_version(platform: Platform, client: Browser) -> None:
    """Uploaded three times before publication it is version 1, and every link of the public page answers.

    Seen red: numbering each upload: the page listed two versions whose links were 404.
    """
    stage = Stage(platform)
    code = stage.draft()
    for number in (1, 2):
        with stage.act(Role.TENDEREE) as act:
            section = queries.own_section(act.session, code, act.actor)
            services.add_document(act, section, "tender", f"第{number}稿.pdf", act.store.put(f"稿 {number}".encode()))
    two_persons.publish(platform, code)
    with platform.reading() as session:
        listed = queries.documents(session, stage.section(), all_versions=True)
    assert [(d.slot, d.version, d.name) for d in listed] == [("boq", 1, "工程量清单.xlsx"), ("tender", 1, "第2稿.pdf")]
    page = client.get(f"/sections/{code}").text
    links = set(re.findall(r'href="(/objects/[0-9a-f]{64})"', page))
    assert len(links) >= 2
    assert {link: client.get(link).status_code for link in links} == dict.fromkeys(links, 200)


def test_every_change_is_shown_with_its_page_and_a_way_to_the_next(stage: Stage, client: Browser) -> None:
    """In both columns, counted, without scripts. Seen red: with `compare` given the versions the wrong way round."""
    replace(stage)
    address = f"/sections/{stage.code}/documents/tender/1/2"
    assert address in client.get(f"/sections/{stage.code}").text
    page = client.get(address).text
    assert "改动 4 处" in page
    assert all(word in page for word in ("修改", "新增", "删除"))
    assert "change.added" not in page
    assert re.search(r"工期为<del>三十</del>日历天", page)
    assert re.search(r"工期为<ins>四十五</ins>日历天", page)
    assert "旧版 · 第 1 页" in page
    assert "新版 · 第 2 页" in page
    targets = set(re.findall(r'href="#(change-\d+)"', page))
    assert targets == {f"change-{number}" for number in range(5)}
    assert all(f'id="{target}"' in page for target in targets)
    assert "未改动 1 段" in page, "between two changes the middle is folded"
    assert client.get(f"/sections/{stage.code}/documents/tender/1/3").status_code == 404
    assert client.get(f"/sections/{stage.code}/documents/%2e%2e/1/2").status_code == 404


def test_hostile_text_stays_text(stage: Stage, client: Browser) -> None:
    """Seen red: with the parts marked safe."""
    replace(stage, ("<script>a()</script> 一", *BEFORE), ("<script>b()</script> 一", *AFTER))
    page = client.get(f"/sections/{stage.code}/documents/tender/1/2").text
    assert "<script>a" not in page
    assert "&lt;script&gt;" in page


def test_what_cannot_be_read_is_said_and_both_can_be_fetched(stage: Stage, client: Browser) -> None:
    """A page asked for by anybody reads no file. Seen red: with an unread version compared as an empty one."""
    with stage.platform.act(SYSTEM) as act:
        held = next(d for d in queries.documents(act.session, stage.section()) if d.slot == "tender")
        reading = queries.reading(act.session, held.sha256)
        assert reading is not None
        reading.refused = "document.unreadable"
    stored = stage.platform.store.put(b"second")
    with stage.platform.act(SYSTEM) as act:
        told = (Paragraph("新文", 1, 1),)
        services.keep_reading(act, stored.sha256, Document("二.pdf", "txt", stored.sha256, paragraphs=told))
    two_persons.clarify(stage.platform, stage.code, documents=[("tender", "招标文件.pdf", stored)])
    page = client.get(f"/sections/{stage.code}/documents/tender/1/2").text
    assert "不能逐段比较" in page
    assert "改动" in page
    assert len(re.findall(r'href="/objects/[0-9a-f]{64}"', page)) == 2


def test_whoever_was_earlier_is_told_and_stays_in(
    stage: Stage, bidder: Callable[[str], Bidder], login: Login, client: Browser
) -> None:
    """A bid committed before stays valid and is told so by its handle; nobody is written to, for nobody is known.

    Seen red: with the update shown to every handle, also to those committed after it.
    """
    early = bidder("甲").seal(stage.policy())
    stage.commit(early)
    stage.platform.clock.advance(days=1)
    with stage.platform.reading() as session:
        before = messages(session)
    replace(stage)
    stage.platform.clock.advance(hours=1)
    late = bidder("乙").seal(stage.policy())
    stage.commit(late)
    with stage.platform.reading() as session:
        assert messages(session) == before, "a message to those who bid would need to know them"
        newest = notices(session, subject=stage.section().subject)[0]
    assert newest.content["policy_version"] == 1, "documents alone make no new policy: nothing has to be sealed again"
    held = f"/sections/{stage.code}/held?handle="
    assert "早于上面的更新" in client.get(held + early.submission["handle"]).text
    assert "文件已更新" not in client.get(held + late.submission["handle"]).text
    signed_in = login(Role.BIDDER)
    for address in (f"/sections/{stage.code}", f"/bid/{stage.code}", f"/bid/{stage.code}/submit"):
        assert "文件已更新" in signed_in.get(address).text, address
    told = client.get(f"/sections/{stage.code}/policy.json").get_json()["documents"]
    assert {(one["slot"], one["version"]) for one in told} == {("boq", 1), ("tender", 2)}


def test_there_is_no_such_version(stage: Stage) -> None:
    """Seen red: with None for Missing."""
    with stage.platform.reading() as session, refused(Missing, "document.unknown"):
        queries.document_version(session, stage.section(), "tender", 2)


def messages(session: Any) -> int:
    """How many messages were written."""
    from sqlalchemy import func, select

    from core.outbox import Message

    return int(session.scalar(select(func.count()).select_from(Message)) or 0)
