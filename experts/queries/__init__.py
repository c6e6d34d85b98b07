"""Reads of the expert pool, committees, members, reviews and scores; whose they are is part of the question."""

from experts.queries.committee import (
    bids_in_evaluation,
    committee,
    committee_drawn_by,
    due_to_answer,
    final_bids,
    flags,
    invitation,
    invitations,
    leader,
    live_members,
    members,
    memos,
    opening_of,
    own_committee,
    own_member,
    parties,
    roster,
    signers,
)
from experts.queries.pool import LIVE, busy_people, eligible_experts, expert, expert_of, experts, profile, seats_taken
from experts.queries.scoring import (
    all_scores,
    concluded_review,
    locked_result,
    own_findings,
    own_items,
    own_progress,
    own_review_progress,
    own_sheet,
    own_sheets,
    valid_bids,
)

__all__ = [
    "LIVE", "all_scores", "bids_in_evaluation", "busy_people", "committee", "committee_drawn_by",
    "concluded_review", "due_to_answer", "eligible_experts", "expert", "expert_of", "experts", "final_bids",
    "flags", "invitation", "invitations", "leader", "live_members", "locked_result", "members", "memos",
    "opening_of", "own_committee", "own_findings", "own_items", "own_member", "own_progress", "own_review_progress",
    "own_sheet", "own_sheets", "parties", "profile", "roster", "seats_taken", "signers", "valid_bids",
]  # fmt: skip
