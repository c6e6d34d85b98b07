"""The commit: a small request makes uploaded ciphertext a submission, with its receipt in the same transaction."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert

from bidding import queries, rules
from bidding.lifecycle import SUBMISSION
from bidding.models import Policy, SealedMark, Section, Submission
from bidding.rules.uploads import check_object, refused
from bidding.services.lock import lock_commits
from core.act import Act
from core.errors import Conflict, Invalid, Refusal, Untimely
from core.ledger.log import append_commitment, inclusion, signed_head
from core.seal import (
    MAX_HEADER,
    MAX_PACKAGE,
    check_succession,
    lint_package,
    submission_digest,
    trustee_sets,
    validate_submission,
)

KEY_LENGTHS = range(16, 81)


def commit_submission(
    act: Act,
    section: Section,
    content: dict[str, Any],
    identity: Mapping[str, str],
    idempotency_key: str,
    *,
    leaf_commitment: str,
) -> tuple[Submission, dict[str, Any]]:
    """Commit a sealed submission; afterwards it stands in the table and the ledger and its receipt is final.

    Enter `rules.turnstile(section.code)` as shared, so that the stamp `act.now` is covered by the closing barrier.
    `content`: the submission JSON; `identity`: trustee set → identity package (base64). The same key with the same
    content gives the same receipt at any time, also after the deadline. Nothing about the actor is read or kept.

    Refusals in this order (SEALING §4): bid.key_reused, bid.request (malformed), bid.not_open, bid.old_policy,
    bid.other_policy, bid.other_section and core.seal's own, bid.handle_signature, bid.identity, bid.succession,
    bid.object_missing, bid.size_differs, bid.not_encrypted, bid.torn, bid.copied, bid.late (R-202, R-204).
    """
    held = _already(act, section, content, identity, idempotency_key, leaf_commitment)
    if held is not None:
        return held, held.receipt
    if section.state == "draft":
        raise Conflict("bid.not_open", section=section.code)
    if lock_commits(act):
        held = _already(act, section, content, identity, idempotency_key, leaf_commitment)
        if held is not None:
            return held, held.receipt
    try:
        policy = _check_policy(act, section, content)
        validate_submission(content, policy.content)
        packages = _check_identity(identity, policy)
        _check_succession(act, section, content)
        _check_objects(act, content)
    except Refusal as refusal:
        raise refused(refusal) from refusal
    marks = _marks(content, packages)
    used = queries.owners_of(act.session, marks)
    copied = sorted(mark for mark, handle in used.items() if handle != content["handle"])
    if copied:
        raise Conflict("bid.copied", mark=copied[0])
    _check_time(act, section)
    return _record(act, section, content, identity, idempotency_key, leaf_commitment, marks - used.keys())


def add_dummy_commitment(act: Act, *, one_in: int = 1) -> bool:
    """With a chance of one in `one_in`, add a leaf nobody can tell from a submission's; whether one was added.

    `tick` calls it; the signed head follows, as after a real commit, for heads would otherwise mark the real leaves.
    """
    if int.from_bytes(act.chance(8), "big") % one_in:
        return False
    append_commitment(act, act.chance(32).hex())
    signed_head(act)
    return True


def _already(
    act: Act,
    section: Section,
    content: Any,
    identity: Any,
    key: Any,
    leaf_commitment: Any,
) -> Submission | None:
    """The submission this request has made before, if it has; Conflict when its key made another."""
    if not isinstance(key, str) or len(key) not in KEY_LENGTHS or not key.isascii() or not key.isprintable():
        raise Invalid("bid.request", field="idempotency_key", place="idempotency_key")
    if not isinstance(content, dict):
        raise Invalid("bid.request", field="submission", place="submission")
    if not isinstance(identity, Mapping):
        raise Invalid("bid.request", field="identity", place="identity")
    digits = set("0123456789abcdef")
    if not isinstance(leaf_commitment, str) or len(leaf_commitment) != 64 or not set(leaf_commitment) <= digits:
        raise Invalid("bid.request", field="leaf_commitment", place="leaf_commitment")
    held = queries.by_idempotency_key(act.session, section, key)
    if held is None:
        return None
    same = (held.content, held.identity, held.leaf_commitment) == (content, dict(identity), leaf_commitment)
    if not same:
        raise Conflict("bid.key_reused", key=key)
    return held


def _check_policy(act: Act, section: Section, content: dict[str, Any]) -> Policy:
    """The newest policy, if the submission names it; an older one and a stranger's get different answers."""
    versions = queries.policies(act.session, section)
    given = content.get("policy_digest")
    if given == versions[-1].digest:
        return versions[-1]
    if content.get("section") != section.code:
        raise Invalid("bid.other_section", field="section", expected=section.code, given=str(content.get("section")))
    for older in versions[:-1]:
        if given == older.digest:
            raise Invalid(
                "bid.old_policy", field="policy_digest", given=str(older.version), expected=str(versions[-1].version)
            )
    raise Invalid("bid.other_policy", field="policy_digest", expected=versions[-1].digest)


def _check_identity(identity: Mapping[str, str], policy: Policy) -> dict[str, str]:
    """Set → SHA-256 of its identity package, if every trustee set has exactly one that is sealed ciphertext."""
    sets = trustee_sets(policy.content)
    if set(identity) != set(sets):
        raise Invalid("bid.identity", field="identity", expected=", ".join(sets))
    hashes = {}
    for names in sets:
        try:
            package = base64.b64decode(identity[names], validate=True)
        except (TypeError, ValueError, binascii.Error):
            raise Invalid("bid.identity", field="identity", expected=", ".join(sets)) from None
        lint_package(package)
        hashes[names] = hashlib.sha256(package).hexdigest()
    return hashes


def _check_succession(act: Act, section: Section, content: dict[str, Any]) -> None:
    chain = queries.chain(act.session, section.id, content["handle"])
    check_succession(content, chain[-1].content if chain else None)


def _check_objects(act: Act, content: dict[str, Any]) -> None:
    for place, blob in queries.objects_of(content).items():
        sha256, size = blob["sha256"], blob["size"]
        if not act.store.has(sha256):
            raise Invalid("bid.object_missing", field=place, place=place, sha256=sha256)
        found = act.store.size(sha256)
        if found != size:
            raise Invalid("bid.size_differs", field=place, place=place, expected=size, found=found)
        if (size > MAX_PACKAGE) != place.endswith(".bulk"):
            raise Invalid("bid.size_differs", field=place, place=place, expected=MAX_PACKAGE, found=found)
        with act.store.open(sha256) as file:
            check_object(file.read(MAX_HEADER if size > MAX_PACKAGE else MAX_PACKAGE), size)


def _marks(content: dict[str, Any], packages: Mapping[str, str]) -> set[str]:
    hashes = {blob["sha256"] for blob in queries.objects_of(content).values()}
    recipients = {parts["bid_recipient"] for parts in content.get("envelopes", {}).values()}
    return hashes | recipients | set(packages.values())


def _check_time(act: Act, section: Section) -> None:
    """In time by every clock, or by a majority of them; where clocks contradict each other nobody is called late."""
    reading = act.reading
    disputed = reading is not None and not reading.certain and reading.earliest < section.closing_at <= reading.latest
    if disputed and section.state == "submission_open":
        raise Conflict("clock.disputed", deadline=section.closing_at, dissent=list(reading.dissent) if reading else [])
    # The state says so too: after the barrier nothing comes in, whatever a clock on another machine stamps.
    # While an objection suspends the section its deadline stands still: whatever arrives is kept.
    deadline = queries.standing_deadline(section, act.now)
    if rules.is_late(act.now, deadline) or section.state not in queries.RECEIVING:
        raise Untimely("bid.late", deadline=section.closing_at, at=act.now)


def _record(
    act: Act,
    section: Section,
    content: dict[str, Any],
    identity: Mapping[str, str],
    idempotency_key: str,
    leaf_commitment: str,
    marks: set[str],
) -> tuple[Submission, dict[str, Any]]:
    digest = submission_digest(content)
    entry = append_commitment(act, leaf_commitment)
    head = signed_head(act)
    receipt = rules.build_receipt(
        section=section.code,
        kind=content["kind"],
        submission_digest=digest,
        leaf_commitment=leaf_commitment,
        received_at=act.now,
        leaf=entry.leaf(),
        checkpoint=head.note,
        inclusion_proof=inclusion(act.session, entry.leaf_index, head.size),
        platform_key=str(act.signer.verifier),
        sign=act.signer.sign,
    )
    submission = Submission(
        section_id=section.id,
        digest=digest,
        handle=content["handle"],
        kind=content["kind"],
        sequence=content["sequence"],
        previous=content["previous"],
        content=content,
        identity=dict(identity),
        leaf_commitment=leaf_commitment,
        leaf_index=entry.leaf_index,
        received_at=act.now,
        idempotency_key=idempotency_key,
        receipt=receipt,
        state=SUBMISSION.start,
        state_at=act.now,
    )
    act.session.add(submission)
    act.session.flush()
    if marks:
        rows = [{"mark": mark, "section_id": section.id, "handle": content["handle"]} for mark in sorted(marks)]
        act.session.execute(insert(SealedMark), rows)
    return submission, receipt
