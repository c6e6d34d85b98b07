"""Reads of how members scored against each other: the committee's own, and an expert's over past sections."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from experts.models import Committee, Expert, Member
from experts.queries.committee import live_members
from experts.queries.scoring import locked_result
from experts.rules.fairness import fairness


def fairness_of(held: Committee) -> dict[str, Any]:
    """The report on a locked result; Conflict("result.not_locked") before: nobody learns it while scores can change."""
    return fairness(locked_result(held))


def assessments(session: Session, expert: Expert) -> list[dict[str, Any]]:
    """What each delivered evaluation says of the expert who sat in it, newest first, for the unit that keeps the pool.

    Nothing of an evaluation that is not delivered: who sits where is not told before.
    """
    query = (
        select(Committee, Member)
        .join(Member, Member.committee_id == Committee.id)
        .where(Member.expert_id == expert.id, Committee.state == "delivered")
        .order_by(Committee.id.desc())
    )
    found = []
    for held, member in session.execute(query):
        if member.id not in {one.id for one in live_members(session, held)}:
            continue
        told = fairness_of(held)
        influence = next((one for one in told["influences"] if one.member == member.label), None)
        found.append(
            {
                "section": held.section,
                "severity": told["severity"][member.label],
                "w": told["w"],
                "marks": [mark for mark in told["marks"] if mark.member == member.label],
                "influence": influence,
                "sent_back": sum(row["member"] == member.label for row in locked_result(held)["outliers"]),
                "dissent": member.dissent,
            }
        )
    return found
