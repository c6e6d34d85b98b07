"""Laying a section's tender papers and opened bids out in folders, as the scan and the archive index read them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from bidding.models import Section
from bidding.queries import bonds
from collusion import queries
from collusion.rules.case import BIDDER, CONDUCT, DEVICE
from collusion.rules.history import HISTORY, TENDER
from collusion.rules.owners import MEMBER, REGISTRY
from collusion.rules.publications import PUBLICATIONS
from core.clock import iso
from core.store import ObjectStore
from opening import queries as opening
from opening.models import Bid
from opening.rules import members_of

BOND = "sunbid-bond/v1"


def lay_out(session: Session, store: ObjectStore, section: Section, folder: Path) -> list[Path]:
    """Lay the tender papers and every opened bid's files out for reading, one folder per bid number; returns papers.

    Identifiers of machines are those of the project's key (`opening.rules.devices`): equal or not, and nothing else.
    `sunbid collusion scan` over the same folders and the same index gives the same result.
    """
    papers = _papers(session, store, section, folder / "tender")
    for bid in queries.opened_bids(session, section):
        base = folder / "bids" / key_of(bid)
        for envelope, opened in (bid.envelopes or {}).items():
            for file in opened["files"]:
                _place(store, file["sha256"], base / envelope / file["name"])
        device = bid.identity.get("device") or {}
        _write(
            base / "device.json",
            type=DEVICE,
            adapters=[device["mac"]] if device.get("mac") else [],
            disks=[device["disk"]] if device.get("disk") else [],
            locks=device.get("locks", []),
        )
        account = bonds.paying_account(session, section, bid.number, bid.identity.get("bond"))
        if account:
            _write(base / "bond.json", type=BOND, payer_account=account)
        _write(base / "bidder.json", type=BIDDER, identifier=bid.identifier)
        _write(base / "conduct.json", type=CONDUCT, received_at=iso(bid.submission.received_at))
        for number, code in enumerate([bid.identifier, *(one["uscc"] for one in members_of(bid.identity)[1:])]):
            known = queries.registry_entry(session, code)
            if known is not None:
                whose: dict[str, Any] = {"role": MEMBER} if number else {}
                told = {**known.content, **whose, "type": REGISTRY, "as_of": known.as_of, "source": known.source}
                _write(base / f"registry{f'-{number}' if number else ''}.json", **told)
    papers += [folder / "tender" / name for name in ("tender.json", "history.json")]
    coefficients = (opening.opening(session, section).coefficients or {}) if queries.is_opened(session, section) else {}
    _write(
        papers[-2],
        type=TENDER,
        section=section.code,
        kind=queries.kind_of(section),
        tenderee=section.project.tenderee.identifier if section.project.tenderee else "",
        price=section.method.get("price") or {},
        k=coefficients.get("k"),
        limit_fen=section.control_price_fen,
    )
    _write(papers[-1], type=HISTORY, sections=queries.meetings_before(session, section))
    return papers


def _papers(session: Session, store: ObjectStore, section: Section, folder: Path) -> list[Path]:
    """The tender's documents and clarifications, and the record of when everybody could read each."""
    told, papers, listed = queries.told_by_tenderer(session, section), [], []
    for document, at in told["documents"]:
        papers.append(folder / f"{document.version}-{document.name}")
        _place(store, document.sha256, papers[-1])
        listed.append({"file": papers[-1].name, "published_at": iso(at)})
    for one, asked in told["clarifications"]:
        papers.append(folder / f"clarification-{one.number}.txt")
        papers[-1].parent.mkdir(parents=True, exist_ok=True)
        papers[-1].write_text(one.text, encoding="utf-8")
        listed.append({"file": papers[-1].name, "published_at": iso(one.published_at), "asked": asked})
    if told["published_at"] is not None:
        papers.append(folder / "publications.json")
        _write(
            papers[-1],
            type=PUBLICATIONS,
            published_at=iso(told["published_at"]),
            follows=told["follows"],
            papers=listed,
            barriers=told["barriers"],
        )
    return papers


def _write(target: Path, **record: Any) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(record, ensure_ascii=False), encoding="utf-8")


def key_of(bid: Bid) -> str:
    """The name under which a bid stands in a scan: its number, two digits."""
    return f"{bid.number:02d}"


def _place(store: ObjectStore, sha256: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    source = store.path(sha256)
    try:
        os.link(source, target)
    except OSError:
        target.write_bytes(source.read_bytes())
