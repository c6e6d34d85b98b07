"""Reading bids page by page: who gets a page, what is written across it, what is kept, and what hostile files do."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from PIL import Image
from sqlalchemy import select

from accounts.rules import Role
from core.act import SYSTEM, Actor
from core.ledger.log import LedgerEntry
from experts import queries, services
from experts.models import PageView
from opening.models import BidContents
from tests.core.documents.zoo import animals, pdf
from tests.experts.story import Story

Enter = Callable[[Actor | None], Any]


def pages(*texts: str) -> bytes:
    """A PDF with a page for each line of Latin text."""
    font = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
    bodies = [
        "<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Kids[{' '.join(f'{4 + 2 * n} 0 R' for n in range(len(texts)))}]/Count {len(texts)}>>", font,
    ]  # fmt: skip
    for number, text in enumerate(texts):
        draw = f"BT /F 14 Tf 20 150 Td ({text}) Tj ET"
        kept = f"/Parent 2 0 R/MediaBox[0 0 300 200]/Contents {5 + 2 * number} 0 R/Resources<</Font<</F 3 0 R>>>>"
        bodies += [f"<</Type/Page{kept}>>", f"<</Length {len(draw)}>>stream\n{draw}\nendstream"]
    out = b"%PDF-1.7\n"
    offsets = []
    for number, body in enumerate(bodies, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    table = len(out)
    out += f"xref\n0 {len(bodies) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{offset:010d} 00000 n \n".encode() for offset in offsets)
    return out + f"trailer<</Size {len(bodies) + 1}/Root 1 0 R>>\nstartxref\n{table}\n%%EOF\n".encode()


PROPOSAL = pages("one", "dewatering by wells", "three")


def plant(story: Story, number: int, name: str = "proposal.pdf", data: bytes = PROPOSAL) -> str:
    """Give a bid one technical file, linked to T1 at page 2; its hash."""
    with story.platform.act(SYSTEM) as act:
        bids = queries.bids_in_evaluation(act.session, story.section(act.session))
        bid = next(one for one in bids if one.number == number)
        held = act.store.put(data)
        file = {"slot": "proposal", "name": name, "sha256": held.sha256, "size": held.size}
        bid.envelopes = {"technical": {"files": [file]}}
        link = {"clause": "T1", "envelope": "technical", "slot": "proposal", "file": name, "from": 2, "to": 3,
                "place": "", "sha256": held.sha256}  # fmt: skip
        content = {"type": "sunbid-contents/v1", "bill": None, "links": [link], "link_findings": []}
        act.session.add(BidContents(bid_id=bid.id, content=content, checked_at=act.now))
    return held.sha256


def views(story: Story) -> list[tuple[str, str, int, int]]:
    with story.platform.reading() as session:
        held = session.scalars(select(PageView).order_by(PageView.id))
        return [(one.seat, one.document, one.page, one.times) for one in held]


def kinds(story: Story, kind: str) -> list[dict[str, Any]]:
    with story.platform.reading() as session:
        return [one.facts for one in session.scalars(select(LedgerEntry).where(LedgerEntry.kind == kind))]


def test_a_link_opens_the_viewer_at_its_page(story: Story, enter: Enter) -> None:
    """Text for readers of screens, the clause as an anchor, ways to the neighbours; words are found with their page."""
    story.to_scoring()
    sha256 = plant(story, 1)
    browser = enter(story.person_actor(story.members()[0]))
    sheet = browser.get(f"/expert/{story.code}/score/1").get_data(as_text=True)
    address = f"/expert/{story.code}/bids/1/view/{sha256}"
    assert f'data-view href="{address}?page=2"' in sheet
    page = browser.get(f"{address}?page=2").get_data(as_text=True)
    assert "dewatering by wells" in page and "/ 3" in page
    assert f'href="{address}?page=1"' in page and f'href="{address}?page=3"' in page
    assert 'aria-current="true"' in page and "施工组织设计" in page
    assert "dewatering by wells" not in browser.get(f"{address}?page=3").get_data(as_text=True)
    found = browser.get(f"{address}?find=by+wells").get_data(as_text=True)
    assert "见于 1 页" in found and "find=by" in found
    beyond = browser.get(f"{address}?page=99").get_data(as_text=True)
    assert 'value="3"' in beyond
    part = browser.get(f"{address}?page=2&part=panel").get_data(as_text=True)
    assert part.lstrip().startswith("<section") and "<html" not in part


def test_a_page_carries_who_looks_and_leaves_a_trace(story: Story, enter: Enter) -> None:
    """The picture differs by seat, the look is kept, the document is in the ledger once and by seat.

    Seen red: without the marks the pictures of two seats are the same.
    """
    story.to_scoring()
    sha256 = plant(story, 1)
    address = f"/expert/{story.code}/bids/1/pages/{sha256}"
    one, two = story.members()[:2]
    first = enter(story.person_actor(one)).get(f"{address}/2")
    assert first.status_code == 200 and first.mimetype == "image/jpeg"
    assert first.headers["Cache-Control"] == "no-store"
    assert abs(Image.open(io.BytesIO(first.data)).width - 1240) <= 1
    second = enter(story.person_actor(two)).get(f"{address}/2")
    assert second.data != first.data
    enter(story.person_actor(one)).get(f"{address}/2")
    enter(story.person_actor(one)).get(f"{address}/3")
    assert sorted(views(story)) == [
        (one.label, sha256, 2, 2), (one.label, sha256, 3, 1), (two.label, sha256, 2, 1),
    ]  # fmt: skip
    assert kinds(story, "document.read") == [
        {"document": sha256, "reader": one.label}, {"document": sha256, "reader": two.label},
    ]  # fmt: skip
    thumb = enter(story.person_actor(one)).get(f"/expert/{story.code}/bids/1/thumbs/{sha256}/1")
    assert Image.open(io.BytesIO(thumb.data)).width <= 133 and len(views(story)) == 3


def test_only_who_may_read_the_bid_gets_a_page(story: Story, enter: Enter) -> None:
    """Another bid's number, an unknown hash, a page there is not, a size there is not, and outsiders: one answer.

    Seen red: with the file looked up by its hash alone.
    """
    story.to_scoring()
    sha256, other = plant(story, 1), plant(story, 2, data=pages("other"))
    base = f"/expert/{story.code}/bids"
    browser = enter(story.person_actor(story.members()[0]))
    for path in (f"1/pages/{other}/1", f"9/pages/{sha256}/1", f"1/pages/{'0' * 64}/1", f"1/pages/{sha256}/9",
                 f"1/pages/{sha256}/1?size=huge", f"1/view/{other}", f"1/view/{'0' * 64}", "1/view/x",
                 f"1/thumbs/{other}/1", f"1/thumbs/{sha256}/9"):  # fmt: skip
        assert browser.get(f"{base}/{path}").status_code == 404, path
    for actor in (story.bidder_actor(1), story.actor(Role.OFFICER), story.actor(Role.AGENT)):
        outsider = enter(actor)
        for path in (f"{base}/1/view/{sha256}", f"{base}/1/pages/{sha256}/1", f"{base}/1/thumbs/{sha256}/1",
                     f"/expert/{story.code}/compare-pages/T1", f"/tender/{story.code}/bids",
                     f"/tender/{story.code}/bids/1/pages/{sha256}/1"):  # fmt: skip
            assert outsider.get(path).status_code in (403, 404), (actor.name, path)
    assert views(story) == []


def test_who_has_not_declared_sees_no_page(story: Story, enter: Enter) -> None:
    """Seen red: without the look at declared_at."""
    story.to_seated()
    sha256 = plant(story, 1)
    member = story.members()[0]
    with story.platform.act(SYSTEM) as act:
        story.seat_of(act, member.label).declared_at = None
    browser = enter(story.person_actor(member))
    for path in (f"bids/1/view/{sha256}", f"bids/1/pages/{sha256}/1", "compare-pages/T1"):
        assert browser.get(f"/expert/{story.code}/{path}").status_code == 404


def test_supervisors_read_while_the_committee_works_the_tenderee_after(story: Story, enter: Enter) -> None:
    """With their own name across the page, and the look kept. Seen red: the tenderee let in while scores are open."""
    story.to_locked()
    sha256 = plant(story, 1)
    watch = f"/tender/{story.code}/bids"
    supervisor, tenderee = enter(story.actor(Role.SUPERVISOR)), enter(story.actor(Role.TENDEREE))
    assert tenderee.get(watch).status_code == 404
    assert tenderee.get(f"{watch}/1/pages/{sha256}/1").status_code == 404
    assert "proposal.pdf" in supervisor.get(watch).get_data(as_text=True)
    assert supervisor.get(f"{watch}/1/view/{sha256}").status_code == 200
    assert supervisor.get(f"{watch}/1/pages/{sha256}/1").status_code == 200
    assert views(story) == [("supervisor", sha256, 1, 1)]
    story.report()
    assert tenderee.get(f"{watch}/1/pages/{sha256}/1").status_code == 200
    assert "会外查阅" in supervisor.get(watch).get_data(as_text=True)
    assert "会外查阅" not in tenderee.get(watch).get_data(as_text=True)


def test_the_same_clause_of_all_bids_side_by_side(story: Story, enter: Enter) -> None:
    story.to_scoring()
    plant(story, 1)
    plant(story, 3, data=pages("a", "b", "c", "d"))
    browser = enter(story.person_actor(story.members()[0]))
    page = browser.get(f"/expert/{story.code}/compare-pages/T1").get_data(as_text=True)
    assert page.count("data-load=") == 2 and page.count("没有标注</span>") == 3
    assert browser.get(f"/expert/{story.code}/compare-pages/T9").status_code == 404


def test_a_blind_round_reads_by_label_and_keeps_no_way_to_a_bid(story: Story, enter: Enter) -> None:
    """Cleaned copies only; neither page nor trace names a bid or its file. Seen red: the trace with the copy's hash."""
    story.anonymous = True
    story.to_seated()
    story.clean()
    member = story.members()[0]
    browser = enter(story.person_actor(member))
    base = f"/expert/{story.code}/blind"
    page = browser.get(f"{base}/01/view/1").get_data(as_text=True)
    assert "暗标01" in page and "基坑支护采用方案" in page
    with story.platform.reading() as session:
        bids = queries.bids_in_evaluation(session, story.section(session))
        copies = [one for bid in bids for one in queries.cleaned_files(session, bid)]
    for bid in bids:
        assert bid.name not in page and bid.submission.digest not in page
    assert not any(str(copy.sha256) in page for copy in copies)
    answer = browser.get(f"{base}/01/pages/1/1")
    if answer.status_code == 200:  # LibreOffice is installed
        assert views(story) == [(member.label, "1:01:1", 1, 1)]
        assert kinds(story, "document.read") == [{"document": "1:01:1", "reader": member.label}]
    assert browser.get(f"{base}/01/pages/2/1").status_code == 404
    assert browser.get(f"{base}/99/view/1").status_code == 404
    assert browser.get(f"/expert/{story.code}/blind-compare/T1").status_code == 200
    assert browser.get(f"/expert/{story.code}/compare-pages/T1").status_code == 409
    original = bids[0].envelopes["technical"]["files"][0]["sha256"]
    assert browser.get(f"/expert/{story.code}/bids/{bids[0].number}/view/{original}").status_code == 409
    watch = f"/tender/{story.code}/bids"
    supervisor = enter(story.actor(Role.SUPERVISOR))
    assert original not in supervisor.get(watch).get_data(as_text=True)
    assert supervisor.get(f"{watch}/{bids[0].number}/view/{original}").status_code == 404


HOSTILE = ("pdf pixel flood", "half pdf", "macro part", "pixel flood", "billion laughs", "program", "deep json")


def test_hostile_documents_give_a_sentence(story: Story, enter: Enter) -> None:
    """A page that says why, no picture, no error of the site; what is refused never reaches LibreOffice.

    Seen red: pictures drawn without reading first sent a macro and JSON to LibreOffice.
    """
    story.to_scoring()
    browser = enter(story.person_actor(story.members()[0]))
    zoo = animals()
    for label in HOSTILE:
        name, data, _codes = zoo[label]
        sha256 = plant_again(story, data, f"x{name}")
        page = browser.get(f"/expert/{story.code}/bids/1/view/{sha256}")
        assert page.status_code == 200, label
        assert browser.get(f"/expert/{story.code}/bids/1/pages/{sha256}/1").status_code in (404, 422), label
        if label not in ("pdf pixel flood", "deep json"):  # the one can be counted and not be drawn, the other is text
            assert "不能逐页显示" in page.get_data(as_text=True), label
    assert views(story) == []


def test_pages_of_any_size_are_drawn_within_bounds(story: Story, enter: Enter) -> None:
    """A page of 14,400 points square and one of one point by 14,400 make pictures no larger than others."""
    story.to_scoring()
    browser = enter(story.person_actor(story.members()[0]))
    for box in ("0 0 14400 14400", "0 0 1 14400", "0 0 200000 3"):
        sha256 = plant_again(story, pdf().replace(b"0 0 200 200", box.encode()))
        answer = browser.get(f"/expert/{story.code}/bids/1/pages/{sha256}/1?size=large")
        assert answer.status_code in (200, 422), box
        if answer.status_code == 200:
            picture = Image.open(io.BytesIO(answer.data))
            assert picture.width * picture.height <= 8_100_000 and max(picture.size) <= 6_001


def plant_again(story: Story, data: bytes, name: str = "a.pdf") -> str:
    with story.platform.act(SYSTEM) as act:
        bid = queries.bids_in_evaluation(act.session, story.section(act.session))[0]
        held = act.store.put(data)
        file = {"slot": "proposal", "name": name, "sha256": held.sha256, "size": held.size}
        bid.envelopes = {"technical": {"files": [file]}}
    return held.sha256


def test_a_lead_names_its_bids_and_leads_to_them_side_by_side(story: Story, enter: Enter) -> None:
    """What the watchman hands down is shown in words, with the ways to the originals. Seen red: as raw keys."""
    story.to_scoring()
    with story.platform.act(SYSTEM) as act:
        content = {"numbers": [1, 3], "tier": "review"}
        services.receive_memo(act, story.committee(act.session), key="w", title="W-2026-0001", content=content)
    room = enter(story.person_actor(story.members()[0])).get(f"/expert/{story.code}").get_data(as_text=True)
    assert "1 号 宏远市政建设有限公司" in room and "3 号 东海水利工程有限公司" in room and "2 号 江城" not in room
    assert "建议核查" in room and f"/expert/{story.code}/compare-pages/T1" in room and "numbers" not in room
