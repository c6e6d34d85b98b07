"""Verbs of bonds: meet the bids, take statements in, refund, keep, convert; every fen posted twice."""

from bidding.services.bonds.answers import confirm_order, finish, record_answer
from bidding.services.bonds.books import close_bond_day
from bidding.services.bonds.decisions import dispute_bond, forfeit_bond, restore_bond, settle_dispute
from bidding.services.bonds.institutions import keep_commitment, register_institution, withdraw_institution
from bidding.services.bonds.matching import (
    Claim,
    declare_bonds,
    extend_guarantee,
    judge,
    present_guarantee,
)
from bidding.services.bonds.milestones import after_contract, after_notice, after_performance, after_termination
from bidding.services.bonds.orders import Counter, Institution, record_missed_order, take_orders
from bidding.services.bonds.performance import (
    ask_performance_bond,
    convert_bid_bond,
    is_given,
    receive_performance_bond,
    release_performance_bond,
)
from bidding.services.bonds.refunds import (
    approve_refund,
    confirm_refund,
    make_due,
    prepare_refund,
    record_attempt,
    return_refund,
)
from bidding.services.bonds.statements import import_statement, take_signed_statement

__all__ = [
    "Claim",
    "Counter",
    "Institution",
    "after_contract",
    "after_notice",
    "after_performance",
    "after_termination",
    "approve_refund",
    "ask_performance_bond",
    "close_bond_day",
    "confirm_order",
    "confirm_refund",
    "convert_bid_bond",
    "declare_bonds",
    "dispute_bond",
    "extend_guarantee",
    "finish",
    "forfeit_bond",
    "import_statement",
    "is_given",
    "judge",
    "keep_commitment",
    "make_due",
    "prepare_refund",
    "present_guarantee",
    "receive_performance_bond",
    "record_answer",
    "record_attempt",
    "record_missed_order",
    "register_institution",
    "release_performance_bond",
    "restore_bond",
    "return_refund",
    "settle_dispute",
    "take_orders",
    "take_signed_statement",
    "withdraw_institution",
]
