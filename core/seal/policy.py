"""The policy: who together may open what, and until when; published with the notice and frozen (SEALING §2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import combinations
from typing import Any

from core.errors import Invalid
from core.seal.age import SUITE, is_recipient
from core.seal.notation import Checker, Json, digest, has_keys, is_count, is_instant, is_name, is_section

TYPE = "sunbid-policy/v1"
BIDDER = "bidder"
TENDEREE = "tenderee"
SCHEDULE = "schedule"

_KEYS = (
    "type",
    "version",
    "suite",
    "section",
    "envelopes",
    "recipients",
    "threshold",
    "sets",
    "deadline",
    "decrypt_minutes",
    "failure",
)
_RULE = re.compile(r"R-\d{3}[a-z]?", re.ASCII)


def policy_sets(policy: Mapping[str, Any]) -> list[str]:
    """The sets that may open an envelope: "bidder+tenderee", then every k-subset of the trustees, in sorted order.

    A set is its role names sorted and joined with "+"; its first name is the outermost layer of its packages.
    """
    return [f"{BIDDER}+{TENDEREE}", *trustee_sets(policy)]


def trustee_sets(policy: Mapping[str, Any]) -> list[str]:
    """The k-subsets of the trustees: the sets that may open an identity package."""
    return ["+".join(names) for names in combinations(sorted(policy["recipients"]), policy["threshold"])]


def validate_policy(policy: Any) -> Json:
    """The policy itself, if every field is what docs/spec/sealing.md says and nothing else is there.

    Raises seal.policy_invalid naming the place, or seal.suite_unknown.
    """
    check = Checker("seal.policy_invalid")
    check.need(isinstance(policy, dict) and policy.get("type") == TYPE, "type")
    if policy.get("suite") != SUITE:
        raise Invalid("seal.suite_unknown", field="suite", suite=str(policy.get("suite"))[:80])
    check.need(has_keys(policy, _KEYS), "keys")
    check.need(is_count(policy["version"], 1, 10_000), "version")
    check.need(is_section(policy["section"]), "section")
    envelopes = policy["envelopes"]
    check.need(isinstance(envelopes, list) and 1 <= len(envelopes) <= 8, "envelopes")
    check.need(all(map(is_name, envelopes)) and len(set(envelopes)) == len(envelopes), "envelopes")
    check.need(SCHEDULE in envelopes, "envelopes")
    recipients = policy["recipients"]
    check.need(isinstance(recipients, dict) and 3 <= len(recipients) <= 7, "recipients")
    check.need(TENDEREE in recipients and BIDDER not in recipients and all(map(is_name, recipients)), "recipients")
    check.need(all(map(is_recipient, recipients.values())), "recipients")
    check.need(len(set(recipients.values())) == len(recipients), "recipients")  # one key twice would make k a fiction
    check.need(is_count(policy["threshold"], 2, len(recipients) - 1), "threshold")
    check.need(policy["sets"] == policy_sets(policy), "sets")
    check.need(is_instant(policy["deadline"]), "deadline")
    check.need(is_count(policy["decrypt_minutes"], 1, 10_080), "decrypt_minutes")
    failure = policy["failure"]
    check.need(isinstance(failure, dict) and 1 <= len(failure) <= 16 and all(map(is_name, failure)), "failure")
    check.need(all(isinstance(rule, str) and _RULE.fullmatch(rule) for rule in failure.values()), "failure")
    return policy  # type: ignore[no-any-return]


def policy_digest(policy: Mapping[str, Any]) -> str:
    """Lower-case hex SHA-256 of the policy's canonical JSON: the digest in the notice and in every submission."""
    return digest(policy)
