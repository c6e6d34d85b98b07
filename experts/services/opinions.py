"""Reference opinions (AI 预审): made outside any transaction, kept once, answered by members; they decide nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.models import Section
from core.act import Act
from core.calendar import day_of
from core.documents import recognition
from core.documents.shelf import Shelf, shelf_in
from core.documents.viewing import Leaves, leaves
from core.errors import Conflict, Refusal
from core.ledger.log import append
from core.seal import canonical
from core.store import ObjectStore
from experts import queries
from experts.models import Member, OpinionAnswer, ReferenceOpinion
from experts.rules.opinions import SHORT_PAGE, Leaf, completeness, opinions, price_said, program_sha256
from experts.services.masks import check_own, from_seat
from opening.models import Bid

MOST_TEXT = 1_500_000
"""Characters of one bid that are looked through; pages beyond count as unread, and nothing is said to be missing."""
TYPE = "sunbid-reference-opinions/v1"


@dataclass(frozen=True)
class Opining:
    """What is needed to read one bid outside any transaction."""

    clauses: dict[str, str]
    files: list[dict[str, Any]]
    slots: list[dict[str, Any]]
    deadline: date
    price_fen: int | None


def ready_to_opine(session: Session, section: Section, bid: Bid) -> Opining:
    """The facts for `give_opinions`."""
    return Opining(
        queries.opined_clauses(section),
        queries.opined_files(session, bid, section),
        [slot for slot in section.slots or [] if slot["slot"] != "schedule"],
        day_of(section.deadline_at or section.state_at),
        queries.opened(session, bid, section).price_fen,
    )


def give_opinions(store: ObjectStore, opining: Opining) -> dict[str, Any]:
    """An opinion on every clause, from the pages as the viewer reads them; touches no database, no network.

    Scanned pages are read by the program the search for copied text uses (core.documents.recognition), where it is
    installed: which they were is told beside the opinions, with the program. An encrypted file is refused, not guessed.
    """
    shelf = shelf_in(store.root / "pages")
    pages: list[Leaf] = []
    left = MOST_TEXT
    unread: list[dict[str, Any]] = []
    recognised: list[dict[str, Any]] = []
    for file in opining.files:
        if Path(file["name"]).suffix.lower() not in queries.READ:
            continue
        try:
            read = leaves(shelf, store.path(file["sha256"]), file["sha256"], file["name"])
        except Refusal as refusal:
            unread.append({"code": "file_unread", "file": file["name"], "why": refusal.code})
            pages.append(Leaf(file["name"], 1, None))
            continue
        scanned = _scanned(store, shelf, file, read)
        if scanned:
            seen = {"file": file["name"], "pages": sorted(scanned), "program": (recognition.program() or ("", ""))[1]}
            recognised.append(seen)
        for number, text in enumerate(read.texts, 1):
            text = scanned.get(number, text)
            left -= len(text or "")
            pages.append(Leaf(file["name"], number, text if left >= 0 else None))
    held = [str(file["slot"]) for file in opining.files]
    hashes = {file["name"]: file["sha256"] for file in opining.files}
    by_sight = {(one["file"], page) for one in recognised for page in one["pages"]}
    return {
        "type": TYPE,
        "recognised": recognised,
        "opinions": [
            {
                **one.as_json(), "sha256": hashes.get(one.file),
                "reasons": [*one.reasons, *(["recognised"] if (one.file, one.page) in by_sight else [])],
            }
            for one in opinions(opining.clauses, pages, opining.deadline)
        ],
        "completeness": unread + completeness(opining.slots, held, pages),
        "prices": [
            {**one, "sha256": hashes.get(one["file"])} for one in price_said(pages, opining.price_fen)
        ],
    }  # fmt: skip


def _scanned(store: ObjectStore, shelf: Shelf, file: Mapping[str, Any], read: Leaves) -> dict[int, str]:
    """What stands on the file's scanned pages, by page; read once and kept on the shelf."""
    program = recognition.program()
    pages = [number for number, text in enumerate(read.texts, 1) if len((text or "").strip()) < SHORT_PAGE]
    if program is None or not read.drawn or read.converted or not pages:
        return {}
    key = ("recognised", file["sha256"], program[1])
    kept = shelf.get(*key)
    if kept is None:
        try:
            found = recognition.parts_of(store.path(file["sha256"]), file["name"], pages)
        except Refusal:
            return {}
        kept = json.dumps({str(page): "\n".join(parts) for page, parts in found.items()}).encode()
        shelf.put(kept, *key)
    return {int(page): text for page, text in json.loads(kept).items() if len(text) >= SHORT_PAGE}


def keep_opinions(act: Act, bid: Bid, content: Mapping[str, Any]) -> None:
    """Keep what was found, once, with the digests of content and program in the ledger; the text goes in the file."""
    if queries.opinion_of(act.session, bid) is not None:
        return
    program = program_sha256()
    act.session.add(
        ReferenceOpinion(bid_id=bid.id, content=dict(content), program_sha256=program, made_at=act.now)
    )  # fmt: skip
    act.session.flush()
    digest = hashlib.sha256(canonical(dict(content))).hexdigest()
    facts = {"number": bid.number, "opinions_sha256": digest, "program_sha256": program, "filed": True}
    append(act, "bid.opine", bid.subject, facts)


def answer_opinions(act: Act, member: Member, bid: Bid, answers: Mapping[str, bool]) -> None:
    """Keep whether the member agrees with the opinion on each clause; again overwrites, while the review is open."""
    check_own(act, member)
    if member.committee.state != "seated":
        raise Conflict(
            "committee.state", verb="answer_opinions", state=member.committee.state, allowed=["seated"],
            subject=member.committee.subject,
        )  # fmt: skip
    made = queries.opinion_of(act.session, bid)
    if made is None:
        return
    known = {one["clause"] for one in made.content["opinions"]}
    query = select(OpinionAnswer).where(OpinionAnswer.member_id == member.id, OpinionAnswer.bid_id == bid.id)
    held = {one.clause: one for one in act.session.scalars(query)}
    given = {clause: agrees for clause, agrees in answers.items() if clause in known}
    for clause, agrees in given.items():
        one = held.get(clause)
        if one is None:
            one = OpinionAnswer(member_id=member.id, bid_id=bid.id, clause=clause)
            act.session.add(one)
        one.agrees, one.answered_at = agrees, act.now
    act.session.flush()
    if given:
        facts = {"number": bid.number, "answers": given}
        append(from_seat(act, member), "opinion.answer", member.subject, facts)
