"""The sealing policy of a section as data: who together may open, until when, what happens when a key fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bidding.rules.envelopes import ENVELOPES
from core.clock import iso
from core.errors import Invalid
from core.seal import SUITE, policy_sets, validate_policy

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
    *,
    section: str,
    version: int,
    recipients: Mapping[str, str],
    deadline: datetime,
    decrypt_minutes: int,
    envelopes: Sequence[str] = ENVELOPES,
) -> dict[str, Any]:
    """The policy `version` of a section, valid by core.seal; Invalid("policy.trustees") where a trustee is missing.

    `recipients`: trustee role → age recipient. `envelopes`: their names in opening order. Thresholds leave one trustee
    who may be absent (PROOF, lost keys).
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
        "envelopes": list(envelopes),
        "recipients": dict(recipients),
        "threshold": THRESHOLD,
        "deadline": iso(deadline),
        "decrypt_minutes": decrypt_minutes,
        "failure": dict(FAILURE),
    }
    content["sets"] = policy_sets(content)
    return validate_policy(content)
