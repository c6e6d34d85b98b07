"""Pure rules of bidding: the rulebook, checks of a notice, the policy, deadlines, what may be committed, receipts."""

from bidding.rules.concerns import BARRIER
from bidding.rules.consortia import is_accepted, joint_slots
from bidding.rules.deadlines import is_late, minimum_deadline
from bidding.rules.envelopes import ENVELOPES, check_layout, layout
from bidding.rules.findings import Finding, Level, NoticeFacts
from bidding.rules.law import REFUSAL, law_on, refusal_days, rulebook, with_document
from bidding.rules.method import check_method, points_of
from bidding.rules.notice import check_notice, first_block
from bidding.rules.objections import (
    admissible_until,
    answer_due,
    moved_deadline,
    names_itself,
    resumed_deadline,
    standing_deadline,
    suspends,
)
from bidding.rules.orders import check_moving, moved_due
from bidding.rules.paper import receipt_number, render_receipt, verify_address
from bidding.rules.policy import TRUSTEES, build_policy, turnstile
from bidding.rules.readiness import readiness
from bidding.rules.receipt import build_receipt, verify_receipt, with_vouching
from bidding.rules.slots import (
    BILL,
    BILL_TEMPLATE,
    BOQ_ENVELOPE,
    BOQ_SLOT,
    DEFAULT_SLOTS,
    check_boq_slot,
    check_slots,
    default_slots,
    fit_slots,
)

__all__ = [
    "BARRIER",
    "BILL",
    "BILL_TEMPLATE",
    "BOQ_ENVELOPE",
    "BOQ_SLOT",
    "DEFAULT_SLOTS",
    "ENVELOPES",
    "REFUSAL",
    "TRUSTEES",
    "Finding",
    "Level",
    "NoticeFacts",
    "admissible_until",
    "answer_due",
    "build_policy",
    "build_receipt",
    "check_boq_slot",
    "check_layout",
    "check_method",
    "check_moving",
    "check_notice",
    "check_slots",
    "default_slots",
    "first_block",
    "fit_slots",
    "is_accepted",
    "is_late",
    "joint_slots",
    "law_on",
    "layout",
    "minimum_deadline",
    "moved_deadline",
    "moved_due",
    "names_itself",
    "points_of",
    "readiness",
    "receipt_number",
    "refusal_days",
    "render_receipt",
    "resumed_deadline",
    "rulebook",
    "standing_deadline",
    "suspends",
    "turnstile",
    "verify_address",
    "verify_receipt",
    "with_document",
    "with_vouching",
]
