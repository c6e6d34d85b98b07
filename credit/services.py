"""Verbs on credit: import a list, check a party and keep the evidence, record a fact found here."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any

import rfc8785

from accounts.rules import normalise_uscc
from core.act import Act
from core.calendar import day_of
from core.clock import iso
from core.errors import Conflict, Invalid
from core.law import Snapshot
from core.ledger.log import append
from credit import queries
from credit.models import CreditCheck, CreditFact, CreditImport, CreditRecord
from credit.rules import CHANNELS, REPAIR, SOURCES, check_shrink, judge, matrix, may_mean, parse_list

EVIDENCE = "sunbid-credit-evidence/v1"
MOST_BYTES = 256 * 1024 * 1024


def import_list(act: Act, *, source: str, file: bytes | Path, as_of: datetime, confirmed: bool = False) -> CreditImport:
    """Take over a snapshot of a list; the file is kept, the whole import is one act or nothing.

    Records new on the list are added, those no longer on it end with this import (removed or repaired, R-706), changed
    ones end and begin anew. A file with bad rows adds but ends nothing: a line that could not be read must never wipe a
    record. Raises Invalid credit.source, .empty, .shrunk (without `confirmed`), .future, the refusals of `parse_list`,
    and Conflict("credit.older") for a snapshot older than the one that counts.
    """
    if source not in SOURCES:
        raise Invalid("credit.source", field="source", found=source, options=sorted(SOURCES))
    if as_of > act.now:
        raise Invalid("credit.future", field="as_of", as_of=as_of)
    before = queries.newest_import(act.session, source)
    if before is not None and as_of < before.as_of:
        raise Conflict("credit.older", as_of=as_of, newest=before.as_of)
    raw = file.read_bytes() if isinstance(file, Path) else file
    if len(raw) > MOST_BYTES:
        raise Invalid("credit.too_large", field="file", most=MOST_BYTES)
    parsed = parse_list(raw)
    held = {
        (record.identifier, record.name, record.document_number): record
        for record in queries.active_records(act.session, source)
    }
    if not parsed.rows and (held or parsed.bad):
        raise Invalid("credit.empty", field="file", bad=len(parsed.bad))
    changed = {
        key
        for key, row in parsed.rows.items()
        if key in held
        and (held[key].reason, held[key].listed_on, held[key].ban_until) != (row.reason, row.listed_on, row.ban_until)
    }
    gone = set() if parsed.bad else set(held) - set(parsed.rows)
    check_shrink(len(held), len(gone), confirmed=confirmed)
    fresh = [row for key, row in parsed.rows.items() if key not in held or key in changed]
    stored = act.store.put(raw)
    snapshot = CreditImport(
        source=source,
        version=before.version + 1 if before else 1,
        sha256=stored.sha256,
        as_of=as_of,
        imported_at=act.now,
        imported_by=act.actor.name,
        rows=len(parsed.rows),
        added=len(fresh),
        removed=len(gone | changed),
        bad_rows=[row.as_json() for row in parsed.bad],
    )
    act.session.add(snapshot)
    act.session.flush()
    for key in gone | changed:
        held[key].gone_import_id = snapshot.id
    act.session.add_all(
        CreditRecord(
            source=source,
            identifier=row.identifier,
            name=row.name,
            document_number=row.document_number,
            reason=row.reason,
            listed_on=row.listed_on,
            ban_until=row.ban_until,
            first_import_id=snapshot.id,
        )
        for row in fresh
    )
    act.session.flush()
    append(
        act,
        "credit.import",
        f"credit:{source}",
        {
            "version": snapshot.version,
            "sha256": stored.sha256,
            "as_of": iso(as_of),
            "rows": snapshot.rows,
            "added": snapshot.added,
            "removed": snapshot.removed,
            "bad_rows": len(parsed.bad),
            "actor": act.actor.name,
        },
    )
    return snapshot


def check_party(
    act: Act, *, section_code: str, stage: str, identifier: str, name: str, law: Snapshot, document: str = ""
) -> list[CreditCheck]:
    """Check a party against every list and keep, per list, what was asked, found and decided (R-702).

    `document` is the tender document's own credit rule, where the regime leaves the effect to it. Nothing is decided
    for the committee: "restricted" says which rule restricts, "informed" that a record exists without effect by law,
    "pending" that a person must look, "clear" that a fresh list has nothing. The key is the code (R-709).
    """
    identifier = normalise_uscc(identifier)
    return [_check(act, source, section_code, stage, identifier, name, law, document) for source in SOURCES]


def _check(
    act: Act, source: str, section_code: str, stage: str, identifier: str, name: str, law: Snapshot, document: str
) -> CreditCheck:
    by_code, by_name = queries.records_of(act.session, source, identifier, name)
    newest = queries.newest_import(act.session, source)
    verdict = judge(
        source,
        by_code=[_told(record) for record in by_code],
        by_name=[_told(record) for record in by_name],
        on=day_of(act.now),
        as_of=day_of(newest.as_of) if newest else None,
        law=law,
        document=document,
        unread=newest is not None and may_mean(newest.bad_rows, identifier, name),
    )
    evidence: dict[str, Any] = {
        "type": EVIDENCE,
        "section": section_code,
        "stage": stage,
        "party": {"identifier": identifier, "name": name},
        "source": {"code": source, "title": SOURCES[source], "channel": CHANNELS[source]},
        "query": {"at": iso(act.now), "by": act.actor.name},
        "list": None
        if newest is None
        else {
            "version": newest.version,
            "sha256": newest.sha256,
            "as_of": iso(newest.as_of),
            "imported_at": iso(newest.imported_at),
            "rows": newest.rows,
        },
        "records": [{**_told(record), "matched_by": "code"} for record in by_code]
        + [{**_told(record), "matched_by": "name"} for record in by_name],
        "outcome": verdict.outcome,
        "decision": verdict.decision,
        "rule": verdict.rule,
        "regime": matrix(law).regime,
        "document": document,
        "repair": REPAIR[source],
    }
    check = CreditCheck(
        section=section_code,
        stage=stage,
        identifier=identifier,
        name=name,
        source=source,
        source_as_of=newest.as_of if newest else None,
        checked_at=act.now,
        checked_by=act.actor.name,
        outcome=verdict.outcome,
        decision=verdict.decision,
        rule=verdict.rule,
        evidence=evidence,
        evidence_sha256=hashlib.sha256(rfc8785.dumps(evidence)).hexdigest(),
    )
    act.session.add(check)
    act.session.flush()
    append(
        act,
        "credit.check",
        f"section:{section_code}",
        {
            "identifier": identifier,
            "source": source,
            "stage": stage,
            "outcome": verdict.outcome,
            "decision": verdict.decision,
            "evidence_sha256": check.evidence_sha256,
            "actor": act.actor.name,
        },
    )
    return check


def _told(record: CreditRecord) -> dict[str, Any]:
    return {
        "identifier": record.identifier,
        "name": record.name,
        "document_number": record.document_number,
        "reason": record.reason,
        "listed_on": record.listed_on,
        "ban_until": record.ban_until,
    }


def record_fact(
    act: Act, *, identifier: str, name: str, kind: str, section_code: str, facts: dict[str, Any]
) -> CreditFact:
    """Keep a fact a later stage found about a party, for example a confirmed collusion; it judges nobody by itself."""
    fact = CreditFact(
        identifier=normalise_uscc(identifier),
        name=name,
        kind=kind,
        section=section_code,
        facts=facts,
        recorded_at=act.now,
    )
    act.session.add(fact)
    act.session.flush()
    append(
        act,
        "credit.fact",
        f"section:{section_code}",
        {"identifier": fact.identifier, "kind": kind, "facts": facts, "actor": act.actor.name},
    )
    return fact
