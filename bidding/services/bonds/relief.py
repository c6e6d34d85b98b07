"""What the law of credit takes off a bidder's bond: AAA reduction or waiver, with its evidence (R-707)."""

from __future__ import annotations

from typing import Any

from accounts.models import Organisation
from bidding.models import Section
from bidding.queries.bonds import bond_law
from core.act import Act
from core.calendar import day_of
from credit.queries import incentive, uses_incentives


def relief_of(act: Act, section: Section, organisation_id: int | None) -> dict[str, Any] | None:
    """The reduction or waiver this bidder's rating earns on the deadline's day; None where it earns none.

    Stored with the bond as it is: the percentage, what remains to be paid, the dated rule and the list it rests on.
    """
    organisation = act.session.get(Organisation, organisation_id) if organisation_id is not None else None
    if organisation is None or not uses_incentives(act.session, section.project.code):
        return None
    earned = incentive(act.session, organisation, bond_law(section), day_of(section.closing_at))
    if not earned.waived or earned.rule is None:
        return None
    return {
        "grade": earned.grade,
        "waived": earned.waived,
        "asked_fen": earned.due(section.bond_fen),
        **earned.rule,
        "evidence": earned.evidence,
    }
