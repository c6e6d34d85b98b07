"""What of a commit is judged by its own bytes and the objects it names, before it waits for anybody."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bidding import queries
from bidding.rules.uploads import check_object
from core.canonical import Written
from core.errors import Invalid, Missing, Refusal
from core.seal import MAX_HEADER, MAX_PACKAGE, canonical, lint_package, trustee_sets, validate_submission
from core.store import ObjectStore


@dataclass(frozen=True)
class Judged:
    """A commit that holds by itself: its digest, what is stored of it as it is written, and what it uses.

    `packages`: trustee set → SHA-256 of its identity package; `objects`: SHA-256 → size of all it names.
    """

    digest: str
    content: Written
    identity: Written
    packages: Mapping[str, str]
    objects: Mapping[str, int]


def judge(store: ObjectStore, content: Any, identity: Any) -> Judged | None:
    """The commit judged, by whoever brought it and beside others; None where anything of it does not hold.

    Then the reason is found in the order of docs/spec/submission.md §3, which only the transaction can keep. What is
    held in the store under a hash never changes, but it may be taken away: ask again that it is there.
    """
    try:
        validate_submission(content)
        if not isinstance(identity, dict):
            return None
        packages = {names: package_hash(package) for names, package in identity.items()}
        check_objects(store, content)
        written = canonical(content)
        return Judged(
            hashlib.sha256(written).hexdigest(),
            Written(written.decode()),
            Written(canonical(identity).decode()),
            packages,
            {blob["sha256"]: blob["size"] for blob in queries.objects_of(content).values()},
        )
    except (Refusal, ValueError, TypeError, RecursionError):
        return None


def identity_hashes(identity: Mapping[str, str], policy: Mapping[str, Any]) -> dict[str, str]:
    """Set → SHA-256 of its identity package, if every trustee set has exactly one that is sealed ciphertext."""
    sets = check_identity_sets(identity, policy)
    try:
        return {names: package_hash(identity[names]) for names in sets}
    except (TypeError, ValueError, binascii.Error):
        raise Invalid("bid.identity", field="identity", expected=", ".join(sets)) from None


def check_identity_sets(identity: Mapping[str, Any], policy: Mapping[str, Any]) -> list[str]:
    """The policy's trustee sets, if exactly they have an identity package each."""
    sets = list(trustee_sets(policy))
    if set(identity) != set(sets):
        raise Invalid("bid.identity", field="identity", expected=", ".join(sets))
    return sets


def package_hash(package: str) -> str:
    """SHA-256 of an identity package that came as base64, if it is sealed ciphertext."""
    raw = base64.b64decode(package, validate=True)
    lint_package(raw)
    return hashlib.sha256(raw).hexdigest()


def check_objects(store: ObjectStore, content: Mapping[str, Any]) -> None:
    """Refuse objects that are not there, not of their size or not sealed; the first in the submission's order."""
    for place, blob in queries.objects_of(content).items():
        sha256, size = blob["sha256"], blob["size"]
        try:
            found, head = store.begin(sha256, MAX_HEADER if size > MAX_PACKAGE else MAX_PACKAGE)
        except Missing:
            raise Invalid("bid.object_missing", field=place, place=place, sha256=sha256) from None
        if found != size:
            raise Invalid("bid.size_differs", field=place, place=place, expected=size, found=found)
        if (size > MAX_PACKAGE) != place.endswith(".bulk"):
            raise Invalid("bid.size_differs", field=place, place=place, expected=MAX_PACKAGE, found=found)
        check_object(head, size)
