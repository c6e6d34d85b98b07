"""Scanning a section's opened bids, again when more are opened; the result with its digest, a lead for every ring."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import rfc8785
from sqlalchemy.orm import Session

from bidding import queries as bidding
from bidding.models import Section
from collusion import queries
from collusion.models import Scan
from collusion.rules.asked import Recorder
from collusion.rules.material import material
from collusion.rules.scan import read_case, scan
from collusion.services.layout import key_of, lay_out
from collusion.services.learning import index_of
from collusion.services.warnings import follow_up, raise_warning
from core.act import SYSTEM, Act, Platform
from core.errors import Conflict
from core.ledger.log import append
from core.store import ObjectStore
from experts import queries as experts


def scan_section(platform: Platform, code: str, *, progress: Callable[[str], None] = lambda what: None) -> Scan:
    """Scan a section's opened bids and raise a warning for every ring; again only when more bids were opened since.

    The archive index is the measure of what is ordinary, never the other bids. Reading and weighing happen outside any
    transaction; only the result is written in one act. Conflict("scan.early") before the opening is handed over: before
    it nobody may read a bid (R-207, R-654); Conflict("scan.moved") where a bid was opened meanwhile.
    """
    with platform.reading() as session:
        section = bidding.section(session, code)
        held = queries.scan(session, section)
        if held is not None and not queries.opened_later(session, section):
            return held
        read = _opened(session, section)
    found = examine(platform, code, progress=progress)
    with platform.act(SYSTEM) as act:
        section = bidding.section(act.session, code)
        if _opened(act.session, section) != read:
            raise Conflict("scan.moved", section=code)
        return record_scan(act, section, found.result, found.material)


def _opened(session: Session, section: Section) -> list[tuple[int, datetime | None]]:
    """Which bids a scan would read, and when each was last opened."""
    return [(bid.number, bid.opened_at) for bid in queries.opened_bids(session, section)]


@dataclass(frozen=True)
class Examined:
    """A scan's result and what it was made from (`collusion.rules.material`); the files are in the store."""

    result: dict[str, Any]
    material: dict[str, Any]


def examine(platform: Platform, code: str, *, progress: Callable[[str], None] = lambda what: None) -> Examined:
    """Read and weigh a section's opened bids; only the files it read are kept. Refuses as `scan_section` does."""
    with tempfile.TemporaryDirectory(prefix="scan-") as name:
        folder = Path(name)
        with platform.reading() as session:
            section = bidding.section(session, code)
            if section.state not in queries.SCANNED_FROM:
                raise Conflict("scan.early", section=code, state=section.state)
            if experts.awaits_blind_lock(session, section):
                raise Conflict("scan.masked", section=code)
            window = (section.published_at, section.deadline_at)
            tender = lay_out(session, platform.store, section, folder)
            budget, selection = queries.budget_in_force(session)
        told = window if window[0] and window[1] else None
        index = index_of(platform.store)
        archive = index.folder if index.tenders else None
        case = read_case(tender, folder / "bids", archive, window=told, progress=progress)  # type: ignore[arg-type]
        recorder = Recorder(case.background)
        case = replace(case, background=recorder.background)
        found: dict[str, Any] = json.loads(
            rfc8785.dumps(scan(case, budget=budget, selection=selection, progress=progress))
        )
        held = material(
            [path.relative_to(folder).as_posix() for path in tender],
            _kept(platform.store, folder),
            archive=platform.store.put(recorder.extract()).sha256 if archive else None,
            window=told,  # type: ignore[arg-type]
            budget=budget,
            selection=selection.value,
        )
    return Examined(found, held)


def _kept(store: ObjectStore, folder: Path) -> dict[str, str]:
    """Every file that was laid out, by path; those written for the scan are put into the store."""
    return {
        path.relative_to(folder).as_posix(): store.put(path.read_bytes()).sha256
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def record_scan(act: Act, section: Section, result: dict[str, Any], material: dict[str, Any] | None = None) -> Scan:
    """Keep a scan's result with its digest, raise a warning per ring, and hand a memo down to the committee.

    Where a bid was opened since an earlier scan, this one takes its place and the earlier one is kept: leads are then
    carried on (`follow_up`), never taken back.
    """
    held = queries.scan(act.session, section)
    digest = hashlib.sha256(rfc8785.dumps(result)).hexdigest()
    bids = {key_of(bid): bid for bid in queries.opened_bids(act.session, section)}
    if held is not None:
        if queries.opened_later(act.session, section):
            held.earlier = [one.kept() for one in queries.scans(act.session, section)]
            held.scanned_at, held.settings, held.result_sha256 = act.now, result["settings"], digest
            held.result, held.material = result, material
            act.session.flush()
            facts = {"result_sha256": digest, "rings": len(result["rings"]), "number": len(held.earlier) + 1}
            append(act, "scan.make", f"warning:{section.code}", facts)
            follow_up(act, section, held, bids)
        return held
    made = Scan(
        section_id=section.id,
        section=section,
        scanned_at=act.now,
        settings=result["settings"],
        result_sha256=digest,
        result=result,
        material=material,
    )
    act.session.add(made)
    act.session.flush()
    append(act, "scan.make", f"warning:{section.code}", {"result_sha256": digest, "rings": len(result["rings"])})
    for ring in result["rings"]:
        raise_warning(act, section, made, ring, bids)
    return made
