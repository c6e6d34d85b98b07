"""Records handed to the platforms above, each accepted or rejected with its reason; records taken from those below.

Documents are signed by each platform's ledger key (core.partners): no password is kept for anybody.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from bidding.services import lock_row
from core import partners
from core.act import Act
from core.clock import iso
from core.errors import Conflict, Forbidden, Invalid
from core.ledger.log import append
from core.ledger.notes import Verifier
from core.outbox import wait_after
from core.outgoing import check_address
from window import queries
from window.models import ExchangePlatform, HandedRecord, ReceivedRecord
from window.rules import national

AT_ONCE = 200
"""Leaves gathered in one act, and records in one batch."""
MOST_RECORDS = 1000
CODE = re.compile(r"[a-z0-9][a-z0-9-]{1,39}")
Word = Callable[[str], str]


def register_platform(
    act: Act, *, code: str, name: str, side: str, url: str = "", key: str = "", groups: Sequence[str] = ()
) -> ExchangePlatform:
    """A platform above or below, from now on; for one above everything published so far is gathered.

    Invalid for a malformed code, key or address, an unknown group; Conflict("exchange.known") for a code in use. A
    platform that is called, or that hands us records, is known by its key. An address outside the public internet must
    lie in one of the installation's own networks.
    """
    if CODE.fullmatch(code) is None:
        raise Invalid("exchange.code", field="code", found=code[:60])
    if act.session.scalar(select(ExchangePlatform.id).where(ExchangePlatform.code == code)) is not None:
        raise Conflict("exchange.known", platform=code)
    unknown = sorted(set(groups) - set(national.groups()))
    if unknown:
        raise Invalid("dataset.unknown", field="groups", group=unknown[0][:40])
    if url:
        url = check_address(url.strip().rstrip("/"), act.trust.networks)
    if (url or side == "lower") and not key:
        raise Invalid("form.required", field="key")
    if key:
        Verifier.parse(key)
    held = ExchangePlatform(
        code=code, name=name, side=side, url=url, key=key, groups=list(groups or national.standard_groups()), cursor=-1,
        failures=0, trouble="", added_at=act.now,
    )  # fmt: skip
    act.session.add(held)
    act.session.flush()
    append(act, "exchange.register", held.subject, {"name": name, "side": side, "key": key, "actor": act.actor.name})
    return held


def withdraw_platform(act: Act, held: ExchangePlatform) -> None:
    """Nothing is exchanged with it any more; what was stays on record."""
    if held.withdrawn_at is None:
        held.withdrawn_at = act.now
        act.session.flush()
        append(act, "exchange.withdraw", held.subject, {"actor": act.actor.name})


def gather_records(act: Act, code: str, *, method: Word, address: Word) -> int:
    """Bring the records of every project that has changed up to what is published now; how many changed.

    A record that breaks our own checks is kept as faulty with what is wrong, and not sent.
    """
    held = act.session.scalars(select(ExchangePlatform).where(ExchangePlatform.code == code).with_for_update()).one()
    found = queries.changes(act.session, held.cursor, AT_ONCE)
    subjects = {one.subject for one in found.entries if one.subject}
    changed = 0
    for project in queries.projects_about(act.session, subjects):
        facts = queries.process(act.session, project)
        for group in held.groups:
            for record in national.records(facts, group, method=method(facts["procedure"]), address=address):
                changed += _keep(act, held, group, project, record)
    held.cursor = found.next
    act.session.flush()
    return changed


def _keep(act: Act, held: ExchangePlatform, group: str, project: str, record: dict[str, str]) -> bool:
    faults = national.record_faults(record, group)
    key, digest = national.record_key(record, group)[:200], national.record_digest(record)
    kept = act.session.scalar(
        select(HandedRecord).where(
            HandedRecord.platform_id == held.id, HandedRecord.group_name == group, HandedRecord.record_key == key
        )
    )
    if kept is not None and kept.digest == digest:
        return False
    if kept is None:
        kept = HandedRecord(platform_id=held.id, platform=held, group_name=group, record_key=key, project=project)
        kept.sent = 0
    kept.record, kept.digest, kept.changed_at, kept.judged_at = record, digest, act.now, None
    kept.verdict = "faulty" if faults else "waiting"
    kept.code, kept.reason = ("exchange.faults", "; ".join(faults)[:1000]) if faults else ("", "")
    act.session.add(kept)
    act.session.flush()
    return True


@dataclass(frozen=True)
class Batch:
    """Records on their way to an upper platform."""

    platform: str
    url: str
    raw: bytes = field(repr=False)
    digests: Mapping[int, str]


def batch_of(act: Act, code: str) -> Batch | None:
    """The next records for an upper platform, signed; None where none wait."""
    held = queries.exchange_platform(act.session, code, "upper")
    waiting = queries.handed_records(act.session, held, verdict="waiting", limit=AT_ONCE)[::-1]
    if not waiting:
        return None
    for one in waiting:
        one.sent += 1
    held.due_at = act.now + wait_after(held.failures + 1)
    document = {
        "kind": "records",
        "at": iso(act.now),
        "version": national.dataset()["version"],
        "records": [
            {"id": one.id, "group": one.group_name, "key": one.record_key, "record": one.record} for one in waiting
        ],
    }
    names = {"platform": act.signer.verifier.name, "to": Verifier.parse(held.key).name}
    raw = partners.written(partners.sign(act.signer, {**document, **names}))
    act.session.flush()
    return Batch(code, f"{held.url}/exchange/records", raw, {one.id: one.digest for one in waiting})


def keep_verdicts(act: Act, batch: Batch, raw: bytes) -> dict[str, int]:
    """Keep what the upper platform has said of each record of the batch; a record it did not judge waits on.

    Forbidden("partner.signature") unless its key signed the answer, Invalid("partner.malformed") for another shape.
    """
    held = queries.exchange_platform(act.session, batch.platform, "upper")
    signed = partners.read(raw)
    partners.check_signed(signed, Verifier.parse(held.key))
    partners.check_fresh(signed.document, act.now)
    told = signed.document.get("verdicts")
    answers = signed.document.get("answers") == hashlib.sha256(batch.raw).hexdigest()
    if signed.document.get("kind") != "verdicts" or not isinstance(told, list) or not answers:
        raise Invalid("partner.malformed")
    verdicts = [
        Verdict(one["id"], batch.digests[one["id"]], one["accepted"], str(one["code"]), str(one["reason"]))
        for one in told
        if isinstance(one, dict) and type(one.get("id")) is int and one["id"] in batch.digests
        and isinstance(one.get("accepted"), bool)
        and isinstance(one.get("code"), str) and isinstance(one.get("reason"), str)
    ]  # fmt: skip
    counts = judge(act, held, verdicts)
    held.failures, held.trouble, held.due_at = 0, "", None
    act.session.flush()
    return counts


@dataclass(frozen=True)
class Verdict:
    """What an upper platform says of one record as it was when it saw it."""

    record_id: int
    digest: str
    accepted: bool
    code: str
    reason: str


def judge(act: Act, held: ExchangePlatform, verdicts: Sequence[Verdict]) -> dict[str, int]:
    """Keep verdicts; one on a record that has changed since is passed over, for the new one still waits."""
    counts = {"accepted": 0, "rejected": 0, "passed_over": 0}
    lock_row(act, held)  # or a record gathered meanwhile would take the verdict on what it was before
    for one in verdicts:
        kept = act.session.get(HandedRecord, one.record_id)
        if kept is None or kept.platform_id != held.id or kept.digest != one.digest:
            counts["passed_over"] += 1
            continue
        kept.verdict = "accepted" if one.accepted else "rejected"
        kept.code, kept.reason = ("", "") if one.accepted else (one.code[:60], _plain(one.reason))
        kept.judged_at = act.now
        counts[kept.verdict] += 1
    act.session.flush()
    if verdicts:
        append(act, "exchange.judged", held.subject, counts)
    return counts


def _plain(text: str) -> str:
    return "".join(char for char in text if char.isprintable())[:1000]


def note_silence(act: Act, code: str, trouble: str) -> None:
    """The platform has not answered: asked again later and later, an hour at most."""
    held = queries.exchange_platform(act.session, code, "upper")
    held.failures += 1
    held.trouble = trouble[:80]
    held.due_at = act.now + wait_after(held.failures)
    act.session.flush()


def resend(act: Act, held: ExchangePlatform, records: Sequence[HandedRecord]) -> int:
    """Records that were rejected wait to be sent again; how many. A faulty one is mended at its source."""
    again = [one for one in records if one.verdict == "rejected"]
    for one in again:
        one.verdict, one.judged_at = "waiting", None
    held.due_at = None
    act.session.flush()
    if again:
        append(act, "exchange.resend", held.subject, {"count": len(again), "actor": act.actor.name})
    return len(again)


def receive_records(act: Act, raw: bytes) -> bytes:
    """Take a lower platform's records, each by our checks, and sign a verdict on every one.

    Forbidden("exchange.stranger") for a platform we do not know, Forbidden("partner.signature") for a document its key
    has not signed, Conflict("partner.stale") for an old one, Invalid for another shape.
    """
    signed = partners.read(raw)
    lower = [one for one in queries.exchange_platforms(act.session, "lower") if one.withdrawn_at is None]
    name = signed.document.get("platform")
    held = next((one for one in lower if Verifier.parse(one.key).name == name), None)
    if held is None:
        raise Forbidden("exchange.stranger")
    partners.check_signed(signed, Verifier.parse(held.key))
    partners.check_fresh(signed.document, act.now)
    told = signed.document.get("records")
    if signed.document.get("to") != act.signer.verifier.name:
        raise Forbidden("exchange.stranger")
    if signed.document.get("kind") != "records" or not isinstance(told, list) or len(told) > MOST_RECORDS:
        raise Invalid("partner.malformed")
    lock_row(act, held)  # the same records may come twice at once
    seen: set[tuple[str, str]] = set()
    verdicts = [_take(act, held, one, seen) for one in told]
    taken = sum(one["accepted"] for one in verdicts)
    append(act, "exchange.received", held.subject, {"accepted": taken, "rejected": len(verdicts) - taken})
    document = {
        "kind": "verdicts",
        "at": iso(act.now),
        "platform": act.signer.verifier.name,
        "answers": hashlib.sha256(raw).hexdigest(),
        "verdicts": verdicts,
    }
    return partners.written(partners.sign(act.signer, document))


def _take(act: Act, held: ExchangePlatform, told: Any, seen: set[tuple[str, str]]) -> dict[str, Any]:
    number = told.get("id") if isinstance(told, dict) else None
    code, reason = _refusal(act, held, told, seen)
    return {"id": number, "accepted": not code, "code": code, "reason": reason}


def _refusal(act: Act, held: ExchangePlatform, told: Any, seen: set[tuple[str, str]]) -> tuple[str, str]:
    """Why a record is not taken, as code and reason; two empty texts where it is."""
    if not isinstance(told, dict) or not isinstance(told.get("record"), dict):
        return "exchange.shape", "record: missing"
    group, record = told.get("group"), told["record"]
    if not isinstance(group, str) or group not in held.groups:
        return "exchange.group", f"group: {str(group)[:40]}"
    faults = national.record_faults(record, group)
    if faults:
        return "exchange.faults", "; ".join(faults)[:1000]
    key = national.record_key(record, group)[:200]
    if key != told.get("key"):
        return "exchange.key", f"key: {str(told.get('key'))[:80]}"
    if (group, key) in seen:
        return "exchange.twice", "key: twice in one batch"
    seen.add((group, key))
    kept = act.session.scalar(
        select(ReceivedRecord).where(
            ReceivedRecord.platform_id == held.id,
            ReceivedRecord.group_name == group,
            ReceivedRecord.record_key == key,
        )
    )
    if kept is not None and record["DATA_TIMESTAMP"] < kept.record["DATA_TIMESTAMP"]:
        return "exchange.older", f"DATA_TIMESTAMP: before {kept.record['DATA_TIMESTAMP']}"
    if kept is None:
        kept = ReceivedRecord(platform_id=held.id, group_name=group, record_key=key)
        act.session.add(kept)
    kept.record, kept.digest, kept.received_at = record, national.record_digest(record), act.now
    act.session.flush()
    return "", ""
