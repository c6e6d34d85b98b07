"""Pure rules of the evaluation: committee shape, avoidance, the draw's walk, reviews, scores, prices, ranking."""

from experts.rules.application import Declared, check_declared, check_term, declared_digest, widened
from experts.rules.avoidance import Ground, Party, Profile, avoidance_grounds, same_name
from experts.rules.columns import Columns, candidate_places, draw_seats
from experts.rules.direct import check_proposal, people_digest, seats_of, without
from experts.rules.pool import PoolHealth, is_term_over, pool_health, read_experts
from experts.rules.prices import PriceScores, check_method, price_scores
from experts.rules.ranking import RankedBid, Standing, aggregate, candidates, published, rank
from experts.rules.result import (
    Evaluation,
    ScoredSheet,
    fraction_text,
    has_policies,
    is_unranked,
    result_document,
    shown_result,
)
from experts.rules.review import CONTROL_PRICE, FINDINGS, ClauseTally, review_clauses, tally
from experts.rules.scores import (
    POLICY,
    additions,
    check_score,
    computed_score,
    deductions,
    objective_mismatches,
    outliers,
    scored_criteria,
)
from experts.rules.shape import Constraints, Seat, Shape, check_shape, expert_seats_needed
from experts.rules.specialities import classification, speciality_name
from experts.rules.table import COLUMNS, HEADINGS, joined, write_csv, write_workbook
from experts.rules.ties import party_keys, tie_keys
from experts.rules.walk import Step, Walk, walk

__all__ = [
    "COLUMNS", "CONTROL_PRICE", "FINDINGS", "HEADINGS", "POLICY", "ClauseTally", "Columns", "Constraints", "Declared",
    "Evaluation", "Ground", "Party", "PoolHealth", "PriceScores", "Profile", "RankedBid", "ScoredSheet", "Seat",
    "Shape", "Standing", "Step", "Walk", "additions", "aggregate", "avoidance_grounds", "candidate_places",
    "candidates",
    "check_declared", "check_method", "check_proposal", "check_score", "check_shape", "check_term", "classification",
    "computed_score", "declared_digest", "deductions", "draw_seats", "expert_seats_needed", "fraction_text",
    "has_policies", "is_term_over", "is_unranked", "joined", "objective_mismatches", "outliers", "party_keys",
    "people_digest", "pool_health", "price_scores", "published", "rank", "read_experts", "result_document",
    "review_clauses", "same_name", "scored_criteria", "seats_of", "shown_result", "speciality_name", "tally",
    "tie_keys", "walk", "widened", "without", "write_csv", "write_workbook",
]  # fmt: skip
