"""What a key holder's program checks before a key does anything: the section is closed, and this belongs to it (T2)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import rfc8785

from core.clock import from_iso
from core.errors import Conflict, Invalid, Refusal, Untimely
from core.ledger import merkle
from core.ledger.notes import Verifier, open_head
from core.seal import policy_digest, validate_policy

FACTS_DOMAIN = b"sunbid-facts/v1\n"
LEAF = ("at", "digest", "index", "kind", "subject")
IDENTITY_TYPES = ("sunbid-identity/v2", "sunbid-identity/v1", "sunbid-decoy/v1")


def check_closing(
    proof: Mapping[str, Any],
    *,
    section: str,
    key: str,
    pinned: Collection[Mapping[str, Any]],
    now: datetime,
    role: str = "",
    recipient: str = "",
) -> frozenset[str]:
    """The digests of the closed set, if the platform has signed that `section` is closed and its deadline is over.

    `key`: the platform's ledger key as pinned (C2SP spelling); `pinned`: policies kept at the rehearsal or with the
    bid; `now`: this machine's own clock; `role` and `recipient`: of a trustee, whom the policy must name. Raises
    Untimely("peel.client.early") while any known deadline is ahead, else Conflict("peel.client.proof") naming what does
    not hold. A key is used for nothing before this returns.
    """
    try:
        stands = _stands(proof, key)
        entry, facts = proof["entry"], proof["entry"]["facts"]
        policies = [validate_policy(policy) for policy in proof["policies"]]
        closed = frozenset(str(item["submission_digest"]) for item in facts["closed_set"])
        deadlines = [from_iso(facts["deadline"]), *(from_iso(policy["deadline"]) for policy in (*policies, *pinned))]
    except (KeyError, TypeError, ValueError, IndexError, Refusal) as error:
        code = error.code if isinstance(error, Refusal) else type(error).__name__
        raise Conflict("peel.client.proof", place=code) from None
    last = max(deadlines)
    if now < last:
        raise Untimely("peel.client.early", deadline=last)
    digests = [policy_digest(policy) for policy in policies]
    for place, holds in (
        *stands.items(),
        ("kind", entry["kind"] == "opening.convene" and entry["subject"] == f"opening:{section}"),
        ("section", facts["section"] == section and all(policy["section"] == section for policy in policies)),
        ("policy", bool(digests) and facts["policy_digest"] == digests[-1]),
        ("pinned", all(policy_digest(policy) in digests for policy in pinned)),
        ("recipient", bool(policies) and policies[-1]["recipients"].get(role, "") == recipient),
    ):
        if not holds:
            raise Conflict("peel.client.proof", place=place)
    return closed


def _stands(proof: Mapping[str, Any], key: str) -> dict[str, bool]:
    """Whether the entry is included under the head that `key` signed, and its facts are those it commits to."""
    head = open_head(str(proof["checkpoint"]), Verifier.parse(key))
    entry, path = proof["entry"], [bytes.fromhex(step) for step in proof["inclusion_proof"]]
    leaf = merkle.leaf_hash(rfc8785.dumps({name: entry[name] for name in LEAF}))
    message = FACTS_DOMAIN + entry["salt"].encode("ascii") + b"\n" + rfc8785.dumps(entry["facts"])
    return {
        "inclusion": merkle.verify_inclusion(leaf, entry["index"], head.size, path, head.root),
        "facts": hashlib.sha256(message).hexdigest() == entry["digest"],
    }


@dataclass(frozen=True)
class Sealed:
    """Which envelopes stay sealed for a second sitting, and what of them it has opened to key holders so far."""

    later: frozenset[str] = frozenset()
    admitted: frozenset[tuple[str, str]] = frozenset()


def check_second(proof: Mapping[str, Any], *, section: str, key: str, later: Collection[str] = ()) -> Sealed:
    """What may be taken off of envelopes kept for a second sitting (双信封): nothing before it is proved to have begun.

    Call after `check_closing` held. `later`: what was pinned at the rehearsal; the closing may name no fewer. With
    `second` in the answer: the platform has signed that the second sitting of this section, or one after it, is
    convened, and the pairs (submission, envelope) it admits. Raises Conflict("peel.client.proof") naming what does not
    hold.
    """
    sealed = frozenset(map(str, proof["entry"]["facts"].get("later", [])))
    if not set(later) <= sealed:
        raise Conflict("peel.client.proof", place="later")
    second = proof.get("second")
    if second is None:
        return Sealed(sealed)
    try:
        stands = _stands(second, key)
        entry, facts = second["entry"], second["entry"]["facts"]
        sitting = int(facts["sitting"])
        admitted = frozenset(
            (str(one["submission_digest"]), str(name)) for one in facts["admitted"] for name in one["envelopes"]
        )
    except (KeyError, TypeError, ValueError, IndexError, Refusal) as error:
        code = error.code if isinstance(error, Refusal) else type(error).__name__
        raise Conflict("peel.client.proof", place=code) from None
    for place, holds in (
        *stands.items(),
        ("kind", entry["kind"] == "opening.convene_second" and entry["subject"] == f"opening:{section}:{sitting}"),
        ("section", facts["section"] == section and sitting >= 2),
    ):
        if not holds:
            raise Conflict("peel.client.proof", place=f"second.{place}")
    return Sealed(sealed, admitted)


NOTHING_LATER = Sealed()


def check_task(task: Mapping[str, Any], closed: Collection[str], sealed: Sealed = NOTHING_LATER) -> None:
    """Refuse a layer of anything that is not in the closed set, or still sealed for a second sitting.

    Conflict("peel.client.foreign"), Conflict("peel.client.sealed").
    """
    if task["submission"] not in closed:
        raise Conflict("peel.client.foreign", submission=str(task["submission"])[:16])
    if task["package"] in sealed.later and (task["submission"], task["package"]) not in sealed.admitted:
        raise Conflict("peel.client.sealed", package=str(task["package"])[:40])


def check_content(task: Mapping[str, Any], content: bytes, section: str) -> None:
    """Refuse to hand in, as an identity, what is not one: a platform could pass a bid's key off as an identity.

    Invalid("seal.identity_invalid") unless an innermost identity text names this section and this submission.
    """
    if task["package"] != "identity" or task["stage"] != str(task["set"]).count("+"):
        return
    try:
        claims = json.loads(content.decode("utf-8"))
        right = (
            claims["type"] in IDENTITY_TYPES
            and claims["section"] == section
            and claims["submission_digest"] == task["submission"]
        )
    except (ValueError, KeyError, TypeError):
        right = False
    if not right:
        raise Invalid("seal.identity_invalid", field="identity", place="section")
