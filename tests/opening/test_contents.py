"""Looking into opened bids: bill and links are checked again, kept once as facts, and nothing is rejected by them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bidding import queries as bidding
from bidding.models import TenderDocument
from bidding.rules.boq import Bill, write_workbook
from core.act import SYSTEM, Platform
from core.errors import Missing
from core.ledger.log import entries_of
from core.seal import Enclosure, canonical
from core.store import ObjectStore
from opening import queries, services
from opening.services import Looking, look_into
from portal.cli.tick import Done, look_into_bids
from tests.bidding.boq.bills import SECTION, filled, tender, workbook
from tests.bidding.boq.test_cli import PDF
from tests.opening import stage as stages

TENDER = tender(SECTION)
PRICE = 872_853_14


def files_of(store: ObjectStore, **contents: dict[tuple[str, str], bytes]) -> dict[str, Any]:
    """Opened envelopes as a bid keeps them, their files in the store."""
    return {
        envelope: {
            "files": [
                {"slot": slot, "name": name, "sha256": store.put(data).sha256, "size": len(data)}
                for (slot, name), data in files.items()
            ]
        }
        for envelope, files in contents.items()
    }


def links(envelope: str, *rows: tuple[str, str, str, int | None, int | None]) -> bytes:
    listed = [
        {"clause": clause, "slot": slot, "file": file, "from": first, "to": last, "place": "" if first else "第三章"}
        for clause, slot, file, first, last in rows
    ]
    return canonical({"type": "sunbid-links/v1", "section": SECTION, "envelope": envelope, "links": listed})


@pytest.fixture
def look(platform: Platform) -> Callable[..., dict[str, Any]]:
    """`look(price={…}, technical={…})`: what is found in a bid of these files against the tender bill."""

    def go(
        *,
        bill: Bill | None = TENDER,
        price_fen: int = PRICE,
        control: int = PRICE,
        joint: bool = False,
        **contents: Any,
    ) -> Any:
        store = platform.store
        looking = Looking(
            bid_id=1,
            section=SECTION,
            regime="T",
            control_price_fen=control,
            price_fen=price_fen,
            envelopes=files_of(store, **contents),
            clauses=frozenset({"T1", "Q1", "R1"}),
            bill_sha256=store.put(bill.canonical()).sha256 if bill is not None else None,
            is_joint=joint,
        )
        return look_into(store, looking)

    return go


def codes(found: dict[str, Any]) -> list[str]:
    return [finding["code"] for finding in found["bill"]["findings"]]


XLSX, JSON = ("boq", "清单.xlsx"), ("boq", "boq.json")
GOOD = {XLSX: write_workbook(filled(TENDER)), JSON: filled(TENDER).canonical()}


def test_a_sound_bill_has_no_findings_and_its_sums(look: Callable[..., dict[str, Any]]) -> None:
    found = look(price=GOOD)
    bill = found["bill"]
    assert codes(found) == []
    assert (bill["total_fen"], bill["lines"], bill["file"]) == (PRICE, 7, "清单.xlsx")
    assert bill["sha256"] == filled(TENDER).sha256 and bill["tender_sha256"] == TENDER.sha256
    assert bill["subtotals_fen"]["tax"] == 72_070_44


def other(price: int) -> bytes:
    return filled(TENDER, {"010101002001": price}).canonical()


@pytest.mark.parametrize(
    ("files", "options", "expected"),
    [
        ({XLSX: GOOD[XLSX]}, {}, ["boq.json_missing"]),
        ({JSON: GOOD[JSON]}, {}, []),
        ({}, {}, ["boq.none"]),
        ({("boq", "说明.pdf"): b"%PDF"}, {}, ["boq.none"]),
        ({**GOOD, JSON: other(2065)}, {}, ["boq.json_differs"]),
        ({**GOOD, JSON: b"{}"}, {}, ["boq.json_differs"]),
        (GOOD, {"price_fen": PRICE - 1}, ["boq.schedule"]),
        (GOOD, {"control": PRICE - 1}, ["boq.over_control"]),
        ({XLSX: b"PK\x03\x04torn", JSON: GOOD[JSON]}, {}, ["boq.not_xlsx", "boq.json_differs"]),
        ({XLSX: workbook(lambda sheet: sheet.__setitem__("G4", None)), JSON: GOOD[JSON]}, {},
         ["boq.price_missing", "boq.json_differs"]),
    ],
)  # fmt: skip
def test_whatever_is_off_is_a_fact(
    look: Callable[..., dict[str, Any]], files: dict[Any, bytes], options: dict[str, int], expected: list[str]
) -> None:
    """The bidder's program would not have sealed it; a bid made with other tools can still hold it.

    Seen red: with the findings of boq.json alone, with an exception for what cannot be read.
    """
    assert codes(look(price=files, **options)) == expected


def test_a_section_without_a_bill_has_none(look: Callable[..., dict[str, Any]]) -> None:
    assert look(bill=None, price=GOOD)["bill"] is None


def test_a_consortium_without_its_agreement_is_a_fact_for_the_committee(look: Callable[..., dict[str, Any]]) -> None:
    """Who bids alone needs none. Seen red: with any file in the envelope taken for the agreement."""
    papers = {("licence", "营业执照.pdf"): b"%PDF-1.4"}
    held = {**papers, ("consortium_agreement", "协议书.pdf"): b"%PDF-1.4 agreement"}
    found = [
        [one["code"] for one in look(bill=None, joint=joint, qualification=files)["link_findings"]]
        for joint, files in ((True, papers), (True, held), (False, papers))
    ]
    assert found == [["consortium.no_agreement"], [], []]


def test_links_are_told_with_the_files_they_lead_to(look: Callable[..., dict[str, Any]]) -> None:
    """Existence, pages and clauses are looked at; one envelope's links cannot lead into another's files.

    Seen red: with the file looked up in all envelopes, without counting pages.
    """
    found = look(
        bill=None,
        technical={
            ("proposal", "技术标.pdf"): PDF,
            ("proposal", "技术标.docx"): b"PK",
            ("links", "links.json"): links(
                "technical",
                ("T1", "proposal", "技术标.pdf", 2, 3),
                ("T1", "proposal", "技术标.pdf", 3, 4),
                ("T1", "proposal", "技术标.docx", None, None),
                ("X1", "proposal", "技术标.pdf", 1, 1),
                ("Q1", "licence", "资信.pdf", 1, 1),
            ),
        },
        qualification={("licence", "资信.pdf"): PDF, ("links", "links.json"): b"{}"},
    )
    assert [(link["clause"], link["file"], link["from"], link["to"]) for link in found["links"]] == [
        ("T1", "技术标.pdf", 2, 3), ("T1", "技术标.pdf", 3, 4), ("T1", "技术标.docx", None, None),
    ]  # fmt: skip
    assert all(len(link["sha256"]) == 64 and link["envelope"] == "technical" for link in found["links"])
    assert [(one["code"], one["found"]) for one in found["link_findings"]] == [
        ("links.malformed", "type"), ("links.pages", "4"), ("links.clause", "X1"), ("links.file", "资信.pdf"),
    ]  # fmt: skip


class Stage(stages.Stage):
    """An opening day whose section has a bill; bidder a answers it soundly, b not at all."""

    def _envelopes(self, bidder: Any, version: int, schedule: bytes | None) -> dict[str, list[Enclosure]]:
        envelopes = super()._envelopes(bidder, version, schedule)
        if bidder.letter == "a":
            folder = self.folder / f"more-{version}"
            folder.mkdir()
            bill = filled(tender(self.code))
            for slot, name, content in (
                ("boq", "清单.xlsx", write_workbook(bill)),
                ("boq", "boq.json", bill.canonical()),
            ):
                (folder / name).write_bytes(content)
                envelopes["price"].append(Enclosure(slot, folder / name))
        return envelopes

    def publish_bill(self) -> None:
        with self.platform.act(SYSTEM) as act:
            stored = act.store.put(tender(self.code).canonical())
            section = bidding.section(act.session, self.code)
            act.session.add(
                TenderDocument(section_id=section.id, slot="bill", version=1, name="boq.json", sha256=stored.sha256,
                               size=stored.size, added_at=act.now)
            )  # fmt: skip


def test_every_opened_bid_is_looked_into_once_and_after_the_prices(platform: Platform, tmp_path: Path) -> None:
    """The tick looks from the reading of prices on, a few a time; hash in the ledger, state and price untouched.

    Seen red: with due_to_look before PRICES_SHOWN, with keep_contents adding a second row.
    """
    stage = Stage(platform, tmp_path)
    stage.publish_bill()
    for letter in "abc":
        stage.submit(letter)
    stage.to_drawn()
    done = Done()
    look_into_bids(platform, done)
    assert done == []
    stage.act(stage.tenderee, services.read_prices)
    look_into_bids(platform, done)
    look_into_bids(platform, done)
    assert done == [f"look into a bid of {stage.code}"] * 3
    before = {letter: (stage.bid(letter).state, stage.bid(letter).price_fen) for letter in "abc"}
    with platform.reading() as session:
        for letter, expected in (("a", ["boq.schedule"]), ("b", ["boq.none"])):
            bid = stage.bid(letter)
            content = queries.contents(session, bid).content
            assert [one["code"] for one in content["bill"]["findings"]] == expected
            (entry,) = [one for one in entries_of(session, bid.subject) if one.kind == "bid.look"]
            assert set(entry.facts or {}) == {"number", "contents_sha256"}
    with platform.act(SYSTEM) as act:
        kept = services.keep_contents(
            act, stage.bid("a"), {"type": "x", "bill": None, "links": [], "link_findings": []}
        )
        assert kept.content["bill"] is not None
    assert before == {letter: (stage.bid(letter).state, stage.bid(letter).price_fen) for letter in "abc"}
    assert {state for state, _ in before.values()} == {"opened_by_bidder"}


def test_nobody_has_looked_into_a_sealed_bid(platform: Platform, tmp_path: Path) -> None:
    stage = Stage(platform, tmp_path)
    stage.submit("a")
    stage.to_names()
    with platform.reading() as session, pytest.raises(Missing):
        queries.contents(session, stage.bid("a"))
