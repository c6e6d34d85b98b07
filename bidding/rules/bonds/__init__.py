"""Pure rules of bonds: terms, guarantees, bank statements, matching, refunds, the books."""

from bidding.rules.bonds.faults import Fault, fault
from bidding.rules.bonds.guarantee import Known, check_guarantee, read_certificate, read_guarantee
from bidding.rules.bonds.matching import check_declared, check_money, check_performance, duplicates, masked
from bidding.rules.bonds.refunds import Due, check_forfeit, due, interest_fen, late_days, late_fee_fen, shares
from bidding.rules.bonds.statement import Payment, plain_account, read_csv
from bidding.rules.bonds.terms import (
    MONEY,
    PAPERS,
    WAIVER,
    asked_slots,
    build_terms,
    least_fen,
    most_fen,
    most_performance_fen,
    valid_until,
)

__all__ = [
    "MONEY",
    "PAPERS",
    "WAIVER",
    "Due",
    "Fault",
    "Known",
    "Payment",
    "asked_slots",
    "build_terms",
    "check_declared",
    "check_forfeit",
    "check_guarantee",
    "check_money",
    "check_performance",
    "due",
    "duplicates",
    "fault",
    "interest_fen",
    "late_days",
    "late_fee_fen",
    "least_fen",
    "masked",
    "most_fen",
    "most_performance_fen",
    "plain_account",
    "read_certificate",
    "read_csv",
    "read_guarantee",
    "shares",
    "valid_until",
]
