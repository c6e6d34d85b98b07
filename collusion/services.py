"""Verbs of the watchman: scan opened bids, raise warnings, let people decide. Nothing here rejects a bid."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import rfc8785
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from awards import services as awards
from awards.models import Archive
from bidding import queries as bidding
from bidding.models import Section
from collusion import queries
from collusion.models import Scan, Warning
from collusion.rules.scan import read_case, scan
from core import outbox
from core.act import SYSTEM, Act, Platform
from core.calendar import day_of, end_of_day, national
from core.clock import BEIJING
from core.errors import Conflict, Invalid, Missing
from core.ledger.log import append
from core.machine import advance
from core.store import ObjectStore
from credit import services as credit
from experts import queries as experts
from experts import services as expert_services
from opening.models import Bid

WORKING_DAYS = 10
"""A warning is to be decided within ten working days of being raised (practice of provincial supervision)."""
DECISIONS = {"confirm": "confirmed", "refer": "referred", "dismiss": "dismissed"}
LEAST_REASON = 10


def scan_section(platform: Platform, code: str, *, progress: Callable[[str], None] = lambda what: None) -> Scan:
    """Scan a section's opened bids and raise a warning for every ring; a section already scanned is not scanned again.

    Reading and weighing happen outside any transaction; only the result is written in one act. Conflict("scan.early")
    before the opening is handed over: before it nobody may read a bid (R-207, R-654).
    """
    with tempfile.TemporaryDirectory(prefix="scan-") as name:
        folder = Path(name)
        with platform.reading() as session:
            section = bidding.section(session, code)
            held = queries.scan(session, section)
            if held is not None:
                return held
            if section.state not in queries.SCANNED_FROM:
                raise Conflict("scan.early", section=code, state=section.state)
            if experts.awaits_blind_lock(session, section):
                raise Conflict("scan.masked", section=code)
            window = (section.published_at, section.deadline_at)
            tender = lay_out(session, platform.store, section, folder)
        told = window if window[0] and window[1] else None
        case = read_case(tender, folder / "bids", window=told, progress=progress)  # type: ignore[arg-type]
        result = json.loads(rfc8785.dumps(scan(case, progress=progress)))
    with platform.act(SYSTEM) as act:
        return record_scan(act, bidding.section(act.session, code), result)


def lay_out(session: Session, store: ObjectStore, section: Section, folder: Path) -> list[Path]:
    """Lay the tender papers and every opened bid's files out for reading, one folder per bid number; returns papers."""
    papers = []
    for document in bidding.documents(session, section, all_versions=True):
        target = folder / "tender" / f"{document.version}-{document.name}"
        _place(store, document.sha256, target)
        papers.append(target)
    for bid in queries.opened_bids(session, section):
        base = folder / "bids" / key_of(bid)
        for envelope, opened in (bid.envelopes or {}).items():
            for file in opened["files"]:
                _place(store, file["sha256"], base / envelope / file["name"])
        device = bid.identity.get("device") or {}
        record = {
            "type": "sunbid-device/v1",
            "adapters": [device["mac"]] if device.get("mac") else [],
            "disks": [device["disk"]] if device.get("disk") else [],
        }
        (base / "device.json").write_text(json.dumps(record), encoding="utf-8")
    return papers


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


def record_scan(act: Act, section: Section, result: dict[str, Any]) -> Scan:
    """Keep a scan's result with its digest, raise a warning per ring, and hand a memo down to the committee."""
    held = queries.scan(act.session, section)
    if held is not None:
        return held
    digest = hashlib.sha256(rfc8785.dumps(result)).hexdigest()
    made = Scan(
        section_id=section.id,
        section=section,
        scanned_at=act.now,
        settings=result["settings"],
        result_sha256=digest,
        result=result,
    )
    act.session.add(made)
    act.session.flush()
    append(act, "scan.make", f"warning:{section.code}", {"result_sha256": digest, "rings": len(result["rings"])})
    bids = {key_of(bid): bid for bid in queries.opened_bids(act.session, section)}
    for ring in result["rings"]:
        _raise_warning(act, section, made, ring, bids)
    return made


def _raise_warning(act: Act, section: Section, made: Scan, ring: dict[str, Any], bids: dict[str, Bid]) -> Warning:
    year = act.now.astimezone(BEIJING).year
    count = act.session.scalar(select(func.count(Warning.id)).where(Warning.code.startswith(f"W-{year}-"))) or 0
    keys = ring["bidders"]
    raised = Warning(
        code=f"W-{year}-{count + 1:04d}",
        section_id=section.id,
        section=section,
        scan_id=made.id,
        ring=[
            {"key": key, "number": bids[key].number, "name": bids[key].name, "identifier": bids[key].identifier}
            for key in keys
        ],
        tier=ring["tier"],
        card={
            "pairs": [pair for pair in made.result["pairs"] if pair["a"] in keys and pair["b"] in keys],
            "budget": made.result["budget"],
            "model": made.result["model"],
        },
        raised_at=act.now,
        due_at=end_of_day(national().end_of_working_days(day_of(act.now), WORKING_DAYS).on),
        state="open",
        state_at=act.now,
    )
    act.session.add(raised)
    act.session.flush()
    numbers = [member["number"] for member in raised.ring]
    append(act, "warning.raise", raised.subject, {"section": section.code, "numbers": numbers, "tier": raised.tier})
    outbox.post(
        act, key=f"{raised.subject}:raised", recipient="role:supervisor", template="warning.raised", warning=raised.code
    )
    _tell_committee(act, section, raised)
    return raised


def _tell_committee(act: Act, section: Section, raised: Warning) -> None:
    """The committee weighs the lead too (研判); a section without a committee yet gets it when there is one."""
    try:
        committee = experts.committee(act.session, section)
    except Missing:
        return
    expert_services.receive_memo(
        act,
        committee,
        key=raised.subject,
        title=raised.code,
        content={"numbers": [member["number"] for member in raised.ring], "tier": raised.tier},
    )


def view_warning(act: Act, found: Warning) -> None:
    """Note in the ledger who looked at a warning: every view leaves a trace (R-857)."""
    append(act, "warning.view", found.subject, {"by": act.actor.name})


def assign_warning(act: Act, found: Warning) -> None:
    """Take a warning on: from here on it is the actor's to decide."""
    found.assignee_id = act.actor.person_id
    advance(act, found, "assign", to=act.actor.name)


def decide_warning(act: Act, found: Warning, verb: str, reason: str) -> None:
    """Decide a warning: `confirm`, `refer` to another authority, or `dismiss`, always with a reason.

    A confirmed one becomes a credit fact about each bidder of the ring, which by itself restricts nobody. Only the one
    who took it on decides: Conflict("warning.not_yours"). Invalid("warning.reason") for a reason too short to be one.
    """
    if verb not in DECISIONS:
        raise Invalid("form.choice", field="verb", found=verb, options=sorted(DECISIONS))
    if found.state == "assigned" and found.assignee_id != act.actor.person_id:
        raise Conflict("warning.not_yours", warning=found.code)
    if len(reason.strip()) < LEAST_REASON:
        raise Invalid("warning.reason", field="reason", least=LEAST_REASON)
    found.decision = reason.strip()
    found.decided_at = act.now
    advance(act, found, verb, reason=found.decision)
    if verb == "confirm":
        for member in found.ring:
            credit.record_fact(
                act,
                identifier=member["identifier"],
                name=member["name"],
                kind="collusion_confirmed",
                section_code=found.section.code,
                facts={"warning": found.code, "reason": found.decision},
            )


def archive_section(act: Act, section: Section) -> Archive:
    """Hand scan and warnings down and close the section's file; Conflict("warning.undecided") while one is open."""
    open_ones = [item.code for item in queries.warnings_of(act.session, section) if item.decided_at is None]
    if open_ones:
        raise Conflict("warning.undecided", codes=open_ones)
    return awards.archive_section(act, section, warnings=queries.archive_facts(act.session, section))
