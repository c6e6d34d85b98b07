"""Tables of findings, scores, questions to bidders, and what sets a stage back."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Base, Json, Row, Staged
from core.machine import Lifecycle
from experts.lifecycle import BID_CLARIFICATION, ROLLBACK, SHEET
from experts.models.committee import Committee, Member
from opening.models import Bid


class BidClarification(Base, Staged):
    """The committee's written question to one bidder, and the answer: a draft until it is signed."""

    __tablename__ = "bid_clarification"
    __table_args__ = (
        UniqueConstraint("committee_id", "number"),
        CheckConstraint(
            "state NOT IN ('answered','refused') OR (answer IS NOT NULL AND signature IS NOT NULL)", name="answer"
        ),
    )
    lifecycle: ClassVar[Lifecycle] = BID_CLARIFICATION

    committee_id: Mapped[int] = mapped_column(ForeignKey("committee.id"), index=True)
    bid_id: Mapped[int] = mapped_column(ForeignKey("bid.id"), index=True)
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(String(20))
    clause: Mapped[str | None] = mapped_column(String(40))
    text: Mapped[str]
    basis: Mapped[Any | None] = mapped_column(Json)
    asked_at: Mapped[datetime]
    due_at: Mapped[datetime]
    answer: Mapped[Any | None] = mapped_column(Json)
    signature: Mapped[str | None]
    answered_at: Mapped[datetime | None]
    committee: Mapped[Committee] = relationship(lazy="joined")
    bid: Mapped[Bid] = relationship(lazy="joined")

    @property
    def subject(self) -> str:
        """The question's name in the ledger; it names nobody."""
        return f"bid_clarification:{self.committee.section.code}:{self.number}"


class Rollback(Base, Staged):
    """The leader's request to go back one stage, and the supervisor's answer; what stood before stays in the ledger."""

    __tablename__ = "committee_rollback"
    __table_args__ = (
        UniqueConstraint("committee_id", "number"),
        CheckConstraint("state = 'asked' OR answer IS NOT NULL", name="answer"),
    )
    lifecycle: ClassVar[Lifecycle] = ROLLBACK

    committee_id: Mapped[int] = mapped_column(ForeignKey("committee.id"), index=True)
    number: Mapped[int]
    stage: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str]
    asked_at: Mapped[datetime]
    answer: Mapped[str | None]
    committee: Mapped[Committee] = relationship(lazy="joined")

    @property
    def subject(self) -> str:
        """The request's name in the ledger."""
        return f"rollback:{self.committee.section.code}:{self.number}"


class Review(Base, Row):
    """One member's finding on one clause of one bid: pass, fail or doubt, with a reason and, failing, its ground."""

    __tablename__ = "review"
    __table_args__ = (UniqueConstraint("member_id", "bid_id", "clause"),)

    member_id: Mapped[int] = mapped_column(ForeignKey("committee_member.id"), index=True)
    bid_id: Mapped[int] = mapped_column(ForeignKey("bid.id"))
    clause: Mapped[str] = mapped_column(String(40))
    finding: Mapped[str] = mapped_column(String(20))
    ground: Mapped[str | None] = mapped_column(String(20))
    reason: Mapped[str]
    found_at: Mapped[datetime]


class Sheet(Base, Staged):
    """One member's scores for one bid; locked sheets are final, void ones are kept as evidence (R-332)."""

    __tablename__ = "score_sheet"
    __table_args__ = (UniqueConstraint("member_id", "bid_id"),)
    lifecycle: ClassVar[Lifecycle] = SHEET

    member_id: Mapped[int] = mapped_column(ForeignKey("committee_member.id"), index=True)
    bid_id: Mapped[int] = mapped_column(ForeignKey("bid.id"))
    reopened_for: Mapped[Any | None] = mapped_column(Json)
    explanation: Mapped[str | None]
    member: Mapped[Member] = relationship(lazy="joined")
    bid: Mapped[Bid] = relationship(lazy="joined")

    @property
    def subject(self) -> str:
        """The sheet's name in the ledger."""
        return f"sheet:{self.member.committee.section.code}:{self.member.label}:{self.bid.submission.digest[:12]}"


class ScoreItem(Base, Row):
    """One criterion's score on a sheet."""

    __tablename__ = "score_item"
    __table_args__ = (UniqueConstraint("sheet_id", "criterion"),)

    sheet_id: Mapped[int] = mapped_column(ForeignKey("score_sheet.id"), index=True)
    criterion: Mapped[str] = mapped_column(String(40))
    value: Mapped[Decimal]
    note: Mapped[str] = mapped_column(default="")
    saved_at: Mapped[datetime]


class Memo(Base, Row):
    """What a later floor hands down to the committee, for example a similarity lead; it decides nothing (R-652)."""

    __tablename__ = "committee_memo"
    __table_args__ = (UniqueConstraint("committee_id", "key"),)

    committee_id: Mapped[int] = mapped_column(ForeignKey("committee.id"), index=True)
    key: Mapped[str] = mapped_column(String(120))
    title: Mapped[str] = mapped_column(String(300))
    content: Mapped[Any] = mapped_column(Json)
    received_at: Mapped[datetime]
    opinion: Mapped[str | None] = mapped_column(String(20))
    opinion_reason: Mapped[str | None]
    opined_at: Mapped[datetime | None]
