"""What the scans note of single bidders (art. 41): tenderer, committee and one bidder, with a warning or without."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.models import Section
from collusion.models import Scan, Warning
from collusion.queries.warnings import opened_bids

MOST = 300
"""Scans looked through, newest first."""


@dataclass(frozen=True)
class SideNote:
    """A note as the scan made it, whom it speaks of, and the warnings that bidder stands in."""

    section: Section
    scan: Scan
    name: str
    note: dict[str, Any]
    warnings: tuple[str, ...]


def side_notes(session: Session, indicator: str = "") -> tuple[list[SideNote], dict[str, int]]:
    """The notes of the newest scans, most telling first within a section; and how many there are of each indicator."""
    found: list[SideNote] = []
    counts: Counter[str] = Counter()
    scans = session.scalars(select(Scan).order_by(Scan.scanned_at.desc(), Scan.id.desc()).limit(MOST))
    for made in scans:
        notes = made.result.get("notes") or []
        if not notes:
            continue
        counts.update(note["indicator"] for note in notes)
        names = {f"{bid.number:02d}": bid.name for bid in opened_bids(session, made.section)}
        raised = list(session.scalars(select(Warning).where(Warning.scan_id == made.id).order_by(Warning.code)))
        for note in sorted(notes, key=lambda one: (one["chance"], one["bidder"], one["indicator"])):
            if indicator in ("", note["indicator"]):
                standing = [w.code for w in raised if any(member["key"] == note["bidder"] for member in w.ring)]
                name = names.get(note["bidder"], note["bidder"])
                found.append(SideNote(made.section, made, name, note, tuple(standing)))
    return found, dict(sorted(counts.items()))
