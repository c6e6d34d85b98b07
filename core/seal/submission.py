"""The submission: the small public document that commits a bidder to sealed envelopes (SEALING §3, §4)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import Invalid
from core.seal.age import is_recipient
from core.seal.header import MAX_PACKAGE
from core.seal.keys import handle_signed, sign_as_handle
from core.seal.ladder import LARGEST, SMALLEST
from core.seal.notation import Checker, Json, canonical, digest, has_keys, is_count, is_hex, is_name, is_section
from core.seal.policy import policy_digest, policy_sets

TYPE = "sunbid-submission/v1"
KINDS = ("submit", "replace", "withdraw")
MAX_SUBMISSION = 64 * 1024
# An age file of the largest archive: 16 bytes of tag per 64 KiB, a header of at most 4 KiB, a nonce.
MAX_BULK = LARGEST + LARGEST // 4096 + 4096 + 16

_KEYS = ("type", "kind", "section", "policy_digest", "handle", "sequence", "previous", "envelopes", "handle_signature")
_SET = re.compile(r"[a-z0-9_]+(\+[a-z0-9_]+)+", re.ASCII)


@dataclass(frozen=True)
class Expected:
    """What a sealed envelope must turn out to be when it is opened; taken from the submission, see `expected`."""

    section: str
    policy_digest: str
    handle: str
    envelope: str
    bid_recipient: str
    plain_commit: str
    sha256: str
    size: int


def plain_commit(salt: bytes, archive_sha256: bytes) -> str:
    """Hex commitment to an archive: SHA-256("sunbid-plain/v1\\n" ‖ salt ‖ SHA-256(archive))."""
    return hashlib.sha256(b"sunbid-plain/v1\n" + salt + archive_sha256).hexdigest()


def sign_submission(submission: Mapping[str, Any], secret: bytes) -> Json:
    """The submission with its `handle_signature`: Ed25519 over the 32-byte digest of all other fields."""
    rest = {key: value for key, value in submission.items() if key != "handle_signature"}
    message = hashlib.sha256(canonical(rest)).digest()
    return {**rest, "handle_signature": sign_as_handle(secret, rest["section"], message)}


def submission_digest(submission: Mapping[str, Any]) -> str:
    """Lower-case hex SHA-256 of the canonical JSON, signature included: the name of a submission everywhere."""
    return digest(submission)


def validate_submission(submission: Any, policy: Mapping[str, Any] | None = None) -> Json:
    """The submission itself, if it is well-formed, signed by its handle and (with `policy`) made for that policy.

    Raises seal.submission_invalid (place), seal.handle_signature, seal.key_reused; with `policy` also
    seal.wrong_section, seal.wrong_policy (an older version, above all), seal.envelopes_differ, seal.sets_differ.
    """
    check = Checker("seal.submission_invalid")
    check.need(isinstance(submission, dict) and submission.get("type") == TYPE, "type")
    kind = submission.get("kind")
    check.need(isinstance(kind, str) and kind in KINDS, "kind")
    check.need(has_keys(submission, [key for key in _KEYS if key != "envelopes" or kind != "withdraw"]), "keys")
    check.need(is_section(submission["section"]), "section")
    check.need(is_hex(submission["policy_digest"], 32), "policy_digest")
    check.need(is_hex(submission["handle"], 32), "handle")
    check.need(is_count(submission["sequence"], 1, 10_000), "sequence")
    first = submission["sequence"] == 1
    check.need(submission["previous"] is None if first else is_hex(submission["previous"], 32), "previous")
    check.need(kind == "submit" or not first, "kind")
    check.need(is_hex(submission["handle_signature"], 64), "handle_signature")
    envelopes = submission.get("envelopes", {})
    if kind != "withdraw":
        _check_envelopes(envelopes, check)
    if policy is not None:
        _check_policy(submission, policy)
    rest = {key: value for key, value in submission.items() if key != "handle_signature"}
    message = hashlib.sha256(canonical(rest)).digest()
    if not handle_signed(submission["handle"], submission["handle_signature"], message):
        raise Invalid("seal.handle_signature", field="handle_signature")
    return submission  # type: ignore[no-any-return]


def check_succession(submission: Mapping[str, Any], last: Mapping[str, Any] | None) -> None:
    """Refuse (seal.succession) a submission that does not follow `last`, the handle's newest one, or None.

    Same handle and section, sequence one higher, previous = digest of last; a submit follows nothing or a withdrawal,
    a replacement or withdrawal follows a submission that stands.
    """
    standing = last is not None and last["kind"] != "withdraw"
    expected = 1 if last is None else last["sequence"] + 1
    follows = (
        submission["sequence"] == expected
        and submission["previous"] == (None if last is None else submission_digest(last))
        and (last is None or all(submission[key] == last[key] for key in ("handle", "section")))
        and (submission["kind"] != "submit") == standing
    )
    if not follows:
        raise Invalid("seal.succession", field="sequence", kind=submission["kind"], expected=expected)


def leaf_commitment(leaf_salt: bytes, submission: str, identity: Mapping[str, str]) -> str:
    """Hex leaf of the ledger that commits to a submission without telling which.

    SHA-256("sunbid-leaf/v1\\n" ‖ leaf salt (32) ‖ submission digest (32) ‖ SHA-256 of the canonical JSON of `identity`,
    an object from set to the hex SHA-256 of its identity package (32)).
    """
    if len(leaf_salt) != 32 or not is_hex(submission, 32) or not all(is_hex(value, 32) for value in identity.values()):
        raise Invalid("seal.leaf_invalid")
    packages = hashlib.sha256(canonical(dict(identity))).digest()
    return hashlib.sha256(b"sunbid-leaf/v1\n" + leaf_salt + bytes.fromhex(submission) + packages).hexdigest()


def expected(submission: Mapping[str, Any], envelope: str) -> Expected:
    """What `envelope` of a valid submission must be when opened; seal.wrong_envelope where it has none such."""
    parts = submission.get("envelopes", {}).get(envelope)
    if parts is None:
        raise Invalid("seal.wrong_envelope", expected=envelope, given="")
    return Expected(
        section=submission["section"],
        policy_digest=submission["policy_digest"],
        handle=submission["handle"],
        envelope=envelope,
        bid_recipient=parts["bid_recipient"],
        plain_commit=parts["plain_commit"],
        sha256=parts["bulk"]["sha256"],
        size=parts["bulk"]["size"],
    )


def _check_envelopes(envelopes: Any, check: Checker) -> None:
    check.need(isinstance(envelopes, dict) and 1 <= len(envelopes) <= 8 and all(map(is_name, envelopes)), "envelopes")
    for name, parts in envelopes.items():
        place = f"envelopes.{name}"
        check.need(has_keys(parts, ("bulk", "bid_recipient", "plain_commit", "keys")), place)
        _check_blob(parts["bulk"], SMALLEST, MAX_BULK, f"{place}.bulk", check)
        check.need(is_recipient(parts["bid_recipient"]), f"{place}.bid_recipient")
        check.need(is_hex(parts["plain_commit"], 32), f"{place}.plain_commit")
        keys = parts["keys"]
        check.need(isinstance(keys, dict) and 1 <= len(keys) <= 64, f"{place}.keys")
        for names, blob in keys.items():
            check.need(_SET.fullmatch(names) is not None, f"{place}.keys")
            _check_blob(blob, 1, MAX_PACKAGE, f"{place}.keys.{names}", check)
    recipients = [parts["bid_recipient"] for parts in envelopes.values()]
    if len(set(recipients)) != len(recipients):
        # The secret of the schedule is published: shared with another envelope it would open that one too.
        raise Invalid("seal.key_reused", field="envelopes")


def _check_blob(blob: Any, low: int, high: int, place: str, check: Checker) -> None:
    check.need(has_keys(blob, ("sha256", "size")), place)
    check.need(is_hex(blob["sha256"], 32), f"{place}.sha256")
    check.need(is_count(blob["size"], low, high), f"{place}.size")


def _check_policy(submission: Json, policy: Mapping[str, Any]) -> None:
    _check_section(submission, policy)
    current = policy_digest(policy)
    if submission["policy_digest"] != current:
        raise Invalid("seal.wrong_policy", field="policy_digest", expected=current, given=submission["policy_digest"])
    check_fit(submission, policy)


def check_fit(submission: Mapping[str, Any], policy: Mapping[str, Any]) -> None:
    """Refuse a valid submission that names the policy's digest and is for another section or of another shape.

    seal.wrong_section, seal.envelopes_differ, seal.sets_differ: `validate_submission` without what it found by itself.
    """
    _check_section(submission, policy)
    if submission["kind"] == "withdraw":
        return
    envelopes = submission["envelopes"]
    check_envelope_names(envelopes, policy)
    for name, parts in envelopes.items():
        if set(parts["keys"]) != set(policy_sets(policy)):
            raise Invalid("seal.sets_differ", field=f"envelopes.{name}.keys", envelope=name)


def _check_section(submission: Mapping[str, Any], policy: Mapping[str, Any]) -> None:
    if submission["section"] != policy["section"]:
        raise Invalid("seal.wrong_section", field="section", expected=policy["section"], given=submission["section"])


def check_envelope_names(envelopes: Mapping[str, Any], policy: Mapping[str, Any]) -> None:
    """Refuse (seal.envelopes_differ) unless exactly the policy's envelopes are there."""
    if set(envelopes) != set(policy["envelopes"]):
        wanted, given = ", ".join(policy["envelopes"]), ", ".join(sorted(envelopes))
        raise Invalid("seal.envelopes_differ", field="envelopes", expected=wanted, given=given)
