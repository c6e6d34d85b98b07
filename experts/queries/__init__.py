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
    every_sheet,
    locked_result,
    mismatches,
    own_findings,
    own_items,
    own_outliers,
    own_progress,
    own_review_progress,
    own_sheet,
    own_sheets,
    valid_bids,
)
from experts.queries.seats import bars_to, draw_health, health_of, open_seats, standing_by, walk_now

__all__ = [
    "LIVE", "all_scores", "bars_to", "bids_in_evaluation", "busy_people", "committee", "committee_drawn_by",
    "concluded_review", "draw_health", "due_to_answer", "eligible_experts", "every_sheet", "expert", "expert_of",
    "experts", "final_bids", "flags", "health_of", "invitation", "invitations", "leader", "live_members",
    "locked_result", "members", "memos", "mismatches", "open_seats", "opening_of", "own_committee", "own_findings",
    "own_items", "own_member", "own_outliers", "own_progress", "own_review_progress", "own_sheet", "own_sheets",
    "parties", "profile", "roster", "seats_taken", "signers", "standing_by", "valid_bids", "walk_now",
]  # fmt: skip
