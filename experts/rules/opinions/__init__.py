"""Reference opinions (AI 预审): for each clause found, not found or unclear, with page and quotation; pure rules."""

from experts.rules.opinions.opinion import (
    FOUND,
    NOT_FOUND,
    SHORT_PAGE,
    UNCLEAR,
    Opinion,
    candidates,
    judge,
    model,
    opinions,
    program_sha256,
    unread_share,
)
from experts.rules.opinions.passages import Leaf
from experts.rules.opinions.whole import completeness, price_said

__all__ = [
    "FOUND",
    "NOT_FOUND",
    "SHORT_PAGE",
    "UNCLEAR",
    "Leaf",
    "Opinion",
    "candidates",
    "completeness",
    "judge",
    "model",
    "opinions",
    "price_said",
    "program_sha256",
    "unread_share",
]
