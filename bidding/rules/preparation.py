"""What a section asks of a bid, as data for the bidder's program and page (docs/spec/preparation.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bidding.rules.bonds.terms import least_fen
from bidding.rules.completeness import tasks

TYPE = "sunbid-preparation/v1"


def build_preparation(
    *,
    section: Mapping[str, Any],
    method: Mapping[str, Any],
    slots: Sequence[Mapping[str, Any]],
    envelopes: Sequence[str],
    policy_digest: str,
    bill: Mapping[str, Any] | None,
    bond: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The requirements as one JSON value. `section`: code, name, regime, deadline, control_price_fen, bond_fen,
    accepts_consortium, duration_days, validity_days; `bill`: sha256, size, template_sha256 of the bill of quantities,
    if there is one. `bond`: the section's terms: the forms its law leaves to the bidder (R-153), what a rating may
    take off (R-707).
    """
    criteria = [
        {name: item[name] for name in ("code", "name", "group", "points", "objective", "text")}
        for item in method.get("criteria", [])
    ]
    return {
        "type": TYPE,
        **section,
        "policy_digest": policy_digest,
        "envelopes": list(envelopes),
        "slots": [dict(slot) for slot in slots],
        "criteria": criteria,
        "review": [{"code": item["code"], "text": item["text"]} for item in method.get("review", [])],
        "boq": dict(bill) if bill is not None else None,
        "bond_least_fen": least_fen(section["bond_fen"], bond["relief"]) if bond else section["bond_fen"],
        "tasks": tasks_here(bond["forms"] if bond else []),
    }


def tasks_here(bond_forms: Sequence[str]) -> list[dict[str, Any]]:
    """The tasks, the bond's with the forms that are allowed here and the least anybody may be asked."""
    found = tasks()
    for step in (step for task in found for step in task["steps"]):
        if step.get("field") == "bond.form" and bond_forms:
            step["options"] = list(bond_forms)
        if step.get("field") == "bond.amount":
            step |= {"least_of": "bond_least_fen", "usual_of": "bond_fen", "below": "draft.bond_relief"}
    return found
