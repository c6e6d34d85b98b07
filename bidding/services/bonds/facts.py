"""What is kept of a bond by decision is a fact of its bidder's credit, and of each member that bid with it (R-156)."""

from __future__ import annotations

from bidding.models import Bond
from bidding.queries import bonds as queries
from core.act import Act
from credit import queries as credit_queries
from credit import services as credit
from credit.models import CreditFact

FACT = "bond_forfeited"


def record_kept(act: Act, bond: Bond) -> None:
    """Record that a decision keeps the bond or a part of it; the decision stands with the bond already.

    Its source is the bond; from the second decision on, after the one before was reversed, `<bond>:keep:<which>`.
    """
    decision, section = bond.decision or {}, bond.section
    bid = queries.bond(act.session, section, bond.number) if bond.number is not None else None
    members = ((bid or bond).declared or {}).get("members", [])
    kept = decision.get("claimed_fen") or decision["kept_fen"]
    earlier = {one.source for one in credit_queries.facts_of_section(act.session, section.code) if is_of(bond, one)}
    credit.record_joint_fact(
        act,
        kind=FACT,
        identifier=bond.holder,
        name=bond.name,
        members=[(one["uscc"], one["name"]) for one in members],
        section_code=section.code,
        source=bond.subject if not earlier else f"{bond.subject}:keep:{len(earlier) + 1}",
        decision=decision["document"],
        facts={"reason": decision["reason"], "cause": decision["cause"], "bond": bond.kind, "kept_fen": kept},
        law=queries.bond_law(section),
    )


def is_of(bond: Bond, fact: CreditFact) -> bool:
    """Whether a decision to keep this bond made the fact, the first one or a later."""
    return fact.kind == FACT and (fact.source == bond.subject or fact.source.startswith(f"{bond.subject}:keep:"))
