"""The court of decryption failures: troubles and evidence, the appeal on the spot, and the backup (R-254, R-256)."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bidding import queries as bidding
from bidding import services as bidding_services
from core.act import Act
from core.clock import iso
from core.errors import Conflict, Invalid, Untimely
from core.ledger.log import append
from core.machine import advance
from core.seal import expected, open_archive
from core.store import ObjectStore, Stored
from opening import queries
from opening.models import Bid, Evidence, Opening, OpeningObjection
from opening.rules import OBJECTABLE, OTHER_CAUSES, SCHEDULE, check_state, judgement, read_schedule, remedy_of
from opening.services.bonds import present_bond, return_bond
from opening.services.reading import raise_objection
from opening.services.telling import tell_judged

_FILE = "schedule.json"


def give_evidence(
    act: Act,
    opening: Opening,
    bid: Bid,
    *,
    role: str,
    text: str,
    code: str | None = None,
    name: str | None = None,
    file: Stored | None = None,
) -> Evidence:
    """Put words, and perhaps a file, on record on why a bid was not decrypted; a bidder only on their own bid.

    `code` is the trouble a bidder reports (rules.TROUBLES). The file is for those who decide and the bidder; its hash
    stands in the ledger. Taken while the names are public and the record is not signed.
    """
    if role == "bidder":
        queries.check_own_bid(act.session, opening, act.actor, bid.submission.digest)
    check_state(opening, "give_evidence", OBJECTABLE)
    if not text.strip():
        raise Invalid("form.required", field="text")
    item = Evidence(
        opening_id=opening.id,
        bid_id=bid.id,
        by=act.actor.name,
        role=role,
        code=code,
        text=text.strip(),
        name=name,
        sha256=file.sha256 if file else None,
        size=file.size if file else None,
        given_at=act.now,
    )
    act.session.add(item)
    act.session.flush()
    append(
        act,
        "bid.evidence",
        bid.subject,
        {"number": bid.number, "party": role, "trouble": code, "words": item.text, "sha256": item.sha256},
    )
    return item


def appeal(act: Act, opening: Opening, bid: Bid, text: str) -> OpeningObjection:
    """The bidder's objection on the spot to what was decided on their bid; the record waits for its answer (R-259)."""
    if bid.judgement is None:
        raise Conflict("bid.unjudged", number=bid.number)
    objection = raise_objection(act, opening, bid, text)
    objection.about = "judgement"
    act.session.flush()
    return objection


def overturn(act: Act, opening: Opening, bid: Bid, cause: str, evidence: str) -> None:
    """Change a decision in the bidder's favour, 撤销 to 撤回, with evidence; the bid stays sealed all the same.

    Only this way round, and not after the record was signed: prices known by then can change no status.
    """
    check_state(opening, "overturn", OBJECTABLE)
    if cause not in OTHER_CAUSES:
        raise Invalid("cause.unfavourable", field="cause", cause=cause)
    if not evidence.strip():
        raise Invalid("form.required", field="evidence")
    bid.cause, bid.cause_evidence = cause, evidence.strip()
    bid.judgement = {
        **judgement("deem_withdrawn", bidding.law_of(opening.section), opening.section.bond_fen),
        "by": act.actor.name,
        "at": iso(act.now),
        "evidence": [item.id for item in queries.evidence(act.session, opening, bid)],
        "overturned": bid.judgement,
    }
    advance(act, bid, "overturn", cause=cause, evidence=bid.cause_evidence, judgement=bid.judgement)
    return_bond(act, opening, bid)
    tell_judged(act, opening, bid, "withdrawn")


# The backup ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Restored:
    """What came out of a bid's backup: every envelope of the sitting as kept, and the schedule if among them."""

    envelopes: dict[str, Any]
    schedule: dict[str, Any] | None


def check_backup(act: Act, opening: Opening, bid: Bid) -> None:
    """Refuse a backup where the rules of this tender or the hour do not allow one (R-256).

    Allowed only where the tender documents say so; in the running window, or afterwards for a bid whose cause has been
    decided and whose remedy is open. Raises Conflict("backup.no_remedy"), Untimely("decrypt.over").
    """
    queries.check_own_bid(act.session, opening, act.actor, bid.submission.digest)
    check_state(opening, "hand_in_backup", {"decrypt_open", "trustee_fallback"})
    check_state(bid, "hand_in_backup", {"sealed"})
    if remedy_of(queries.policy_of(act.session, bid.submission)["failure"]) is None:
        raise Conflict("backup.no_remedy", number=bid.number)
    if opening.state == "decrypt_open":
        if opening.decrypt_until_at is None or act.now >= opening.decrypt_until_at:
            raise Untimely("decrypt.over", until=opening.decrypt_until_at, at=act.now)
        if bid.signed_in_at is None:
            raise Conflict("bid.not_signed_in", number=bid.number)
    elif bid.remedy is None:
        raise Conflict("backup.undecided", number=bid.number)


def restore_backup(
    store: ObjectStore, content: Mapping[str, Any], archives: Mapping[str, str], salts: Mapping[str, str]
) -> Restored:
    """Open the plain archives handed in, {envelope: object hash} with {envelope: salt}; touches no database.

    `content` is the submission with the envelopes of the sitting. Every one of them must be there, and each must open
    the commitment sealed before the deadline: a changed byte, another file, another bid's archive are refused with
    seal.commit_mismatch naming the envelope (T9).
    """
    missing = sorted(set(content["envelopes"]) - set(archives)) + sorted(set(archives) - set(content["envelopes"]))
    if missing or set(salts) != set(archives):
        raise Invalid("backup.incomplete", field="archives", missing=", ".join(missing) or "salts")
    folder = store.temp / f"backup-{secrets.token_hex(16)}"
    envelopes: dict[str, Any] = {}
    schedule: dict[str, Any] | None = None
    try:
        for envelope in sorted(archives):
            wanted = expected(content, envelope)
            opened = open_archive(
                store.path(archives[envelope]), bytes.fromhex(salts[envelope]), wanted, folder / envelope
            )
            files = []
            for entry in opened.entries:
                path = opened.folder / entry.path
                if envelope == SCHEDULE and entry.name == _FILE:
                    schedule = read_schedule(path.read_bytes())
                stored = store.adopt(path, expected=entry.sha256)
                files.append({"slot": entry.slot, "name": entry.name, "sha256": stored.sha256, "size": stored.size})
            envelopes[envelope] = {
                "archive": opened.archive_sha256,
                "size": wanted.size,
                "nonce": opened.nonce.hex(),
                "salt": salts[envelope],
                "commit_checked": True,
                "secret": None,
                "backup": archives[envelope],
                "files": files,
            }
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if schedule is None and SCHEDULE in content["envelopes"]:
        raise Invalid("schedule.missing", field=SCHEDULE)
    return Restored(envelopes, schedule)


def keep_backup(act: Act, opening: Opening, bid: Bid, restored: Restored) -> None:
    """Record a bid opened from its backup: it is read out like any other, and the record says how it was opened."""
    check_backup(act, opening, bid)
    for name in restored.envelopes:
        if name not in opening.due(bid.submission):
            raise Conflict("peel.not_due", package=name, sitting=opening.sitting)
    bidding_services.keep_objects(act, bid.submission, [part["backup"] for part in restored.envelopes.values()])
    bid.opened_at = act.now
    bid.envelopes = {**(bid.envelopes or {}), **restored.envelopes}
    if restored.schedule is not None:
        bid.schedule, bid.price_fen = restored.schedule, restored.schedule["price_fen"]
    archives = {name: envelope["archive"] for name, envelope in restored.envelopes.items()}
    advance(act, bid, "open_from_backup", number=bid.number, archives=archives, cause=bid.cause, rule="R-256")
    present_bond(act, opening, bid)


def refuse_backup(act: Act, opening: Opening, bid: Bid, code: str, envelope: str | None) -> None:
    """Put a refused backup on record; the bid stays sealed and another try is free while the hour lasts."""
    append(act, "bid.refuse_backup", bid.subject, {"number": bid.number, "code": code, "envelope": envelope})
    act.session.flush()
