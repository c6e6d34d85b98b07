"""The sealing policy of a section as data: who together may open, until when, what happens when a key fails."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.clock import iso
from core.errors import Invalid
from core.seal import SUITE, policy_sets, validate_policy

ENVELOPES = ("schedule", "qualification", "technical", "price")
"""In opening order; the schedule (开标一览表) is read out and its secret published."""

TRUSTEES = ("officer", "supervisor", "tenderee")
THRESHOLD = 2

FAILURE = {
    "bidder_cause": "R-254",
    "fewer_than_three": "R-252",
    "other_cause": "R-254",
    "others_continue": "R-255",
    "remedy": "R-256",
}


def turnstile(section_code: str) -> str:
    """The turnstile every commit to a section enters as shared, and the closing alone (PROOF: close with a barrier)."""
    return f"submissions:{section_code}"


def build_policy(
    *, section: str, version: int, recipients: Mapping[str, str], deadline: datetime, decrypt_minutes: int
) -> dict[str, Any]:
    """The policy `version` of a section, valid by core.seal; Invalid("policy.trustees") where a trustee is missing.

    `recipients`: trustee role → age recipient. Thresholds leave one trustee who may be absent (PROOF, lost keys).
    """
    missing = sorted(set(TRUSTEES) - set(recipients))
    if missing:
        raise Invalid("policy.trustees", field="trustees", missing=len(missing), roles=missing)
    if len(set(recipients.values())) != len(recipients):
        raise Invalid("policy.same_key", field="trustees")
    content: dict[str, Any] = {
        "type": "sunbid-policy/v1",
        "version": version,
        "suite": SUITE,
        "section": section,
        "envelopes": list(ENVELOPES),
        "recipients": dict(recipients),
        "threshold": THRESHOLD,
        "deadline": iso(deadline),
        "decrypt_minutes": decrypt_minutes,
        "failure": dict(FAILURE),
    }
    content["sets"] = policy_sets(content)
    return validate_policy(content)
