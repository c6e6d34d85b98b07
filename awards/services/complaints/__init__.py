"""Complaints: filed in a plain form, accepted in time, investigated step by step, decided, published (R-553, R-554)."""

from awards.services.complaints.filing import check_complaint, file_complaint, withdraw_complaint
from awards.services.complaints.handling import (
    accept_complaint,
    decide_complaint,
    record_step,
    refuse_complaint,
    return_complaint,
)
from awards.services.complaints.orders import lapse_suspension, lift_suspension, order_suspension

__all__ = [
    "accept_complaint",
    "check_complaint",
    "decide_complaint",
    "file_complaint",
    "lapse_suspension",
    "lift_suspension",
    "order_suspension",
    "record_step",
    "refuse_complaint",
    "return_complaint",
    "withdraw_complaint",
]
