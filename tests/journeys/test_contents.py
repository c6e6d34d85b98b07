"""In the played tender every bid's bill and links come through: sealed, opened, looked into, seen by the committee."""

from __future__ import annotations

import json

import pytest

import bidding.queries
import opening.queries
from bidding.rules.boq import check_priced, read_bill, read_stated
from portal.cli.demo.opening_day import bids_of
from portal.cli.demo.story import SECTION
from portal.cli.demo.tender import key_of
from tests.journeys.conftest import Played, members_of

pytestmark = pytest.mark.slow


def test_every_bids_bill_and_links_were_carried_through_the_opening(played: Played) -> None:
    """The structured bill is the file's, its total the price read out, and the links lead to files that are there.

    Seen red: with boq.json left out of the envelope, with the links of one envelope written into another.
    """
    store = played.stage.platform.store
    with played.stage.platform.reading() as session:
        section = bidding.queries.section(session, SECTION)
        document = bidding.queries.bill_document(session, section)
        assert document is not None
        tender = read_bill(store.read(document.sha256))
        bids = bids_of(played.story)
        contents = opening.queries.contents_of(session, bids)
    assert len(tender.lines) == 81 and len(contents) == len(bids) == 5
    for bid in bids:
        found = contents[bid.id]
        papers = played.story.papers.bids[key_of(bid)]
        assert found["bill"]["findings"] == [] and found["link_findings"] == []
        assert found["bill"]["total_fen"] == bid.price_fen == papers.price_fen
        files = {file["name"]: file["sha256"] for file in bid.envelopes["price"]["files"]}
        sealed = read_bill(store.read(files["boq.json"]))
        again, findings = check_priced(tender, read_stated(store.read(files["已标价工程量清单.xlsx"])))
        assert findings == [] and again is not None and again.sha256 == sealed.sha256 == found["bill"]["sha256"]
        assert {link["clause"] for link in found["links"]} == {"T1", "T2", "T3", "T4", "T5", "Q6", "Q7", "R1", "R2"}
    pages = [link for found in contents.values() for link in found["links"] if link["from"] is not None]
    assert any(link["from"] > 5 for link in pages)


def test_the_archive_keeps_what_was_found(played: Played) -> None:
    bids = json.loads(members_of(played.archive)["bids.json"])
    assert all(bid["contents"]["type"] == "sunbid-contents/v1" for bid in bids)
