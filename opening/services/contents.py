"""Looking into opened bids: bill and clause links are checked again and kept as facts for the committee.

Nothing here rejects or changes a bid (R-401): a finding is a fact, what follows from it people decide.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from bidding import queries as bidding
from bidding.models import Section
from bidding.rules import BOQ_ENVELOPE, BOQ_SLOT, links
from bidding.rules.boq import WARNING, Bill, BillFinding, StatedBill, check_priced, read_bill
from bidding.rules.boq.apart import read_apart
from bidding.rules.consortia import AGREEMENT
from core.act import Act
from core.documents.pages import count_pages
from core.errors import Invalid, Missing
from core.ledger.log import append
from core.seal import canonical
from core.store import ObjectStore
from opening import queries
from opening.models import Bid, BidContents
from opening.rules import members_of

TYPE = "sunbid-contents/v1"
BOQ_FILE = "boq.json"
ORIGINALS = (".xlsx", ".xls", ".xlsm", ".xml")

Json = dict[str, Any]


@dataclass(frozen=True)
class Looking:
    """What is needed to look into one opened bid outside any transaction."""

    bid_id: int
    section: str
    regime: str
    control_price_fen: int
    price_fen: int | None
    envelopes: Json
    clauses: frozenset[str]
    bill_sha256: str | None
    is_joint: bool = False


def ready_to_look(session: Session, section: Section, bid: Bid) -> Looking:
    """The facts for `look_into`: the newest published bill, the frozen method's clauses, the bid's files."""
    bill = bidding.bill_document(session, section)
    clauses = {item["code"] for name in ("criteria", "review") for item in section.method.get(name, [])}
    return Looking(
        bid_id=bid.id,
        section=section.code,
        regime=section.project.regime,
        control_price_fen=section.control_price_fen,
        price_fen=bid.price_fen,
        envelopes=bid.envelopes or {},
        clauses=frozenset(clauses),
        is_joint=bool(members_of(bid.identity)) and section.round == 1,
        bill_sha256=bill.sha256 if bill is not None else None,
    )


def look_into(store: ObjectStore, looking: Looking) -> Json:
    """Everything found in one bid's bill and links; strangers' files are read apart, the database is not touched."""
    bill = None
    if looking.bill_sha256 is not None:
        bill = _look_at_bill(store, looking, read_bill(store.read(looking.bill_sha256)))
    told, findings = _look_at_links(store, looking)
    if looking.is_joint and not _has_agreement(looking):
        findings = [BillFinding("consortium.no_agreement"), *findings]
    return {"type": TYPE, "bill": bill, "links": told, "link_findings": [finding.as_json() for finding in findings]}


def _has_agreement(looking: Looking) -> bool:
    """Whether a joint bidding agreement lies in its place: a consortium must hand one in (招标投标法第三十一条)."""
    return any(
        file["slot"] == AGREEMENT["slot"] for held in looking.envelopes.values() for file in held.get("files", [])
    )


def keep_contents(act: Act, bid: Bid, content: Json) -> BidContents:
    """Keep what was found, once; its hash is in the ledger. Looking again changes nothing."""
    try:
        return queries.contents(act.session, bid)
    except Missing:
        kept = BidContents(bid_id=bid.id, content=content, checked_at=act.now)
    act.session.add(kept)
    act.session.flush()
    digest = hashlib.sha256(canonical(content)).hexdigest()
    append(act, "bid.look", bid.subject, {"number": bid.number, "contents_sha256": digest})
    return kept


def _look_at_bill(store: ObjectStore, looking: Looking, tender: Bill) -> Json:
    files = [
        file for file in looking.envelopes.get(BOQ_ENVELOPE, {}).get("files", []) if file["slot"] == BOQ_SLOT
    ]  # fmt: skip
    data = next((file for file in files if file["name"] == BOQ_FILE), None)
    original = next((file for file in files if file["name"].lower().endswith(ORIGINALS)), None)
    sealed, sealed_findings = _checked(store, looking, tender, data)
    read, findings = _checked(store, looking, tender, original)
    if original is None:
        findings = sealed_findings if data is not None else [BillFinding("boq.none")]
    elif data is None:
        findings = [*findings, BillFinding("boq.json_missing", WARNING)]
    elif sealed is None or read is None or sealed.sha256 != read.sha256:
        findings = [*findings, BillFinding("boq.json_differs", found=data["name"])]
    counted = sealed or read
    return {
        "tender_sha256": tender.sha256,
        "file": original["name"] if original else None,
        "sha256": counted.sha256 if counted else None,
        "lines": len(counted.lines) if counted else None,
        "total_fen": counted.total_fen if counted else None,
        "subtotals_fen": counted.subtotals if counted else {},
        "findings": [finding.as_json() for finding in findings],
    }


def _checked(
    store: ObjectStore, looking: Looking, tender: Bill, file: Mapping[str, Any] | None
) -> tuple[Bill | None, list[BillFinding]]:
    if file is None:
        return None, []
    stated: StatedBill = read_apart(store.path(file["sha256"]))
    return check_priced(
        tender,
        stated,
        control_price_fen=looking.control_price_fen,
        schedule_fen=looking.price_fen,
        regime=looking.regime,
    )


def _look_at_links(store: ObjectStore, looking: Looking) -> tuple[list[Json], list[BillFinding]]:
    told: list[Json] = []
    findings: list[BillFinding] = []
    pages: dict[str, int | None] = {}
    for envelope, opened in sorted(looking.envelopes.items()):
        files = opened.get("files", [])
        held = next((file for file in files if (file["slot"], file["name"]) == (links.SLOT, links.FILE)), None)
        if held is None:
            continue
        try:
            if held["size"] > links.MAX_BYTES:
                raise Invalid("links.malformed", field="links", place="size")
            listed = links.read_links(store.read(held["sha256"]), section=looking.section, envelope=envelope)
        except Invalid as refusal:
            findings.append(BillFinding("links.malformed", found=str(refusal.facts.get("place", ""))))
            continue
        for link in listed:
            file = next((one for one in files if (one["slot"], one["name"]) == (link["slot"], link["file"])), None)
            if link["clause"] not in looking.clauses:
                findings.append(BillFinding("links.clause", found=link["clause"]))
            elif file is None:
                findings.append(BillFinding("links.file", item=link["clause"], found=link["file"]))
            else:
                finding = _past_the_end(store, link, file, pages)
                findings += [finding] if finding else []
                told.append({**link, "envelope": envelope, "sha256": file["sha256"]})
    return told, findings


def _past_the_end(store: ObjectStore, link: Json, file: Json, pages: dict[str, int | None]) -> BillFinding | None:
    """A finding where a link points behind a PDF's last page; it is shown all the same."""
    if link["to"] is None or not file["name"].lower().endswith(".pdf"):
        return None
    if file["sha256"] not in pages:
        pages[file["sha256"]] = count_pages(store.path(file["sha256"]))
    count = pages[file["sha256"]]
    if count is None or link["to"] <= count:
        return None
    return BillFinding("links.pages", item=link["clause"], expected=str(count), found=str(link["to"]))
