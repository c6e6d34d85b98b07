"""What was known at an instant: a decision recomputed from the snapshots and answers that were kept (R-706)."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.calendar import day_of
from core.clock import from_iso, iso
from core.errors import Missing
from core.law import Snapshot
from core.store import ObjectStore
from credit.models import CreditCheck, CreditImport
from credit.queries.lists import bad_row_may_mean, import_at, record_told, records_of
from credit.rules import RATINGS, SOURCES, Row, Verdict, judge, normal_name, read_file
from credit.rules.answers import Answer, Question, read_answer, told


@dataclass(frozen=True)
class Replayed:
    """A decision as it was kept and as it comes out again; `basis` says of what, `same` whether they agree."""

    outcome: str
    decision: str
    records: int
    basis: str
    same: bool


def answer_of_snapshot(session: Session, asked: Question, snapshot: CreditImport | None, *, now: bool = True) -> Answer:
    """What a snapshot says about a party: the one that counts now, or an earlier one as it was."""
    if snapshot is None:
        return Answer("snapshot", None)
    by_code, by_name = records_of(
        session, asked.source, asked.identifier, asked.name, snapshot=None if now else snapshot
    )
    return Answer(
        "snapshot",
        snapshot.as_of,
        tuple(record_told(one) for one in by_code),
        tuple(record_told(one) for one in by_name),
        bad_row_may_mean(session, snapshot, asked.identifier, asked.name),
        snapshot.sha256,
        {
            "version": snapshot.version,
            "sha256": snapshot.sha256,
            "as_of": iso(snapshot.as_of),
            "imported_at": iso(snapshot.imported_at),
            "rows": snapshot.rows,
            "signed_by": snapshot.signed_by,
        },
    )


def known_at(
    session: Session, at: datetime, *, identifier: str, name: str, law: Snapshot, document: str, cutoff: date | None
) -> list[tuple[str, Answer, Verdict]]:
    """Per list what the platform knew of a party at the instant, and what it would have decided then."""
    found = []
    for source in SOURCES:
        asked = Question(source, identifier, name)
        answer = answer_of_snapshot(session, asked, import_at(session, source, at), now=False)
        found.append((source, answer, verdict_of(asked, answer, at, law, document, cutoff)))
    return found


def verdict_of(
    asked: Question, answer: Answer, at: datetime, law: Snapshot, document: str, cutoff: date | None
) -> Verdict:
    """The rule's word on an answer."""
    return judge(
        asked.source,
        by_code=answer.by_code,
        by_name=answer.by_name,
        on=day_of(at),
        as_of=day_of(answer.as_of) if answer.as_of else None,
        law=law,
        document=document,
        unread=answer.unread,
        cutoff=cutoff,
        identifier=asked.identifier,
    )


def replay(session: Session, store: ObjectStore, check: CreditCheck, *, from_file: bool = False) -> Replayed:
    """Recompute a kept decision from what was kept: the snapshot's records, its very file, or the answer's bytes.

    `from_file` reads the list's file again from its first to its last line; slow for a long list, and independent of
    the table of records. A decision a person took from a page they saw is compared with what they put on record.
    """
    evidence = check.evidence
    asked = Question(check.source, check.identifier, check.name, (evidence.get("query") or {}).get("nonce", ""))
    at = from_iso(evidence["query"]["at"]) if "query" in evidence else check.checked_at
    answer, basis = _answer_again(session, store, check, asked, from_file)
    if answer is None:
        return Replayed(check.outcome, check.decision, 0, basis, basis != "lost")
    law = Snapshot(evidence["regime"], evidence["law_on"], {}, evidence.get("given", {}))
    cutoff = date.fromisoformat(evidence["cutoff"]) if evidence.get("cutoff") else None
    found = verdict_of(asked, answer, at, law, evidence["document"], cutoff)
    same = (found.outcome, found.decision) == (check.outcome, check.decision)
    return Replayed(found.outcome, found.decision, len(answer.by_code) + len(answer.by_name), basis, same)


def _answer_again(
    session: Session, store: ObjectStore, check: CreditCheck, asked: Question, from_file: bool
) -> tuple[Answer | None, str]:
    evidence = check.evidence
    if check.outcome == "unanswered" or check.adapter == "ledger" or "law_on" not in evidence:
        return None, "nothing"
    if check.adapter == "manual":
        records = tuple(evidence["records"])
        return Answer("manual", check.source_as_of, tuple(map(told, records))), "manual"
    if check.adapter == "api":
        if check.raw_sha256 is None or not _is_whole(store, check.raw_sha256):
            return None, "lost"
        now = from_iso(evidence["answer"]["at"])
        return read_answer(store.read(check.raw_sha256), asked, now=now), "answer"
    if evidence["list"] is None:
        return Answer("snapshot", None), "snapshot"
    snapshot = import_of(session, check.source, evidence["list"]["version"])
    if not from_file:
        return answer_of_snapshot(session, asked, snapshot, now=False), "snapshot"
    if not _is_whole(store, snapshot.sha256):
        return None, "lost"
    return _answer_of_file(session, store, asked, snapshot), "file"


def import_of(session: Session, source: str, version: int) -> CreditImport:
    """The list's snapshot of that version, or Missing."""
    found = session.scalar(select(CreditImport).where(CreditImport.source == source, CreditImport.version == version))
    if found is None:
        raise Missing("credit.import_unknown")
    return found


def _answer_of_file(session: Session, store: ObjectStore, asked: Question, snapshot: CreditImport) -> Answer:
    by_code: dict[tuple[str, str, str], dict[str, Any]] = {}
    by_name: dict[tuple[str, str, str], dict[str, Any]] = {}
    wanted = normal_name(asked.name)
    with store.open(snapshot.sha256) as stream:
        for _, row in read_file(stream, graded=asked.source == RATINGS):
            if not isinstance(row, Row) or row.repaired_on is not None:
                continue
            if asked.identifier and row.identifier == asked.identifier:
                by_code[row.key] = told(row._asdict())
            elif row.name == wanted:
                by_name[row.key] = told(row._asdict())
    unread = bad_row_may_mean(session, snapshot, asked.identifier, asked.name)
    return Answer("snapshot", snapshot.as_of, tuple(by_code.values()), tuple(by_name.values()), unread)


def _is_whole(store: ObjectStore, sha256: str) -> bool:
    if not store.has(sha256):
        return False
    with store.open(sha256) as stream:
        return hashlib.file_digest(cast(io.BufferedReader, stream), "sha256").hexdigest() == sha256
