"""What is kept of a bond by decision is a fact of its bidder's credit, and of each member that bid with it (R-156)."""

from __future__ import annotations

from bidding.models import Bond
from bidding.queries import bonds as queries
from core.act import Act
from credit import services as credit

FACT = "bond_forfeited"


def record_kept(act: Act, bond: Bond) -> None:
    """Record that a decision keeps the bond or a part of it; the decision stands with the bond already."""
    decision, section = bond.decision or {}, bond.section
    bid = queries.bond(act.session, section, bond.number) if bond.number is not None else None
    members = ((bid or bond).declared or {}).get("members", [])
    kept = decision.get("claimed_fen") or decision["kept_fen"]
    credit.record_joint_fact(
        act,
        kind=FACT,
        identifier=bond.holder,
        name=bond.name,
        members=[(one["uscc"], one["name"]) for one in members],
        section_code=section.code,
        source=bond.subject,
        decision=decision["document"],
        facts={"reason": decision["reason"], "cause": decision["cause"], "bond": bond.kind, "kept_fen": kept},
        law=queries.bond_law(section),
    )
