"""Tables of the expert pool, committees, members, reviews, score sheets and the evaluation report."""

from __future__ import annotations

from experts.models.blind import CleanedFile, MaskedScore, MaskedSheet
from experts.models.committee import AvoidanceRequest, Committee, DirectSelection, DutyKey, Member
from experts.models.discipline import ExpertAssessment, Sanction, YearlyReview
from experts.models.federation import Consultation, Enquiry, Loan
from experts.models.opinions import OpinionAnswer, ReferenceOpinion
from experts.models.partner import Partner
from experts.models.pool import Expert, ExpertPool, PoolApplication
from experts.models.scoring import BidClarification, Memo, Review, Rollback, ScoreItem, Sheet
from experts.models.viewing import PageView

__all__ = [
    "AvoidanceRequest",
    "BidClarification",
    "CleanedFile",
    "Committee",
    "Consultation",
    "DirectSelection",
    "DutyKey",
    "Enquiry",
    "Expert",
    "ExpertAssessment",
    "ExpertPool",
    "Loan",
    "MaskedScore",
    "MaskedSheet",
    "Member",
    "Memo",
    "OpinionAnswer",
    "PageView",
    "Partner",
    "PoolApplication",
    "ReferenceOpinion",
    "Review",
    "Rollback",
    "Sanction",
    "ScoreItem",
    "Sheet",
    "YearlyReview",
]
