"""Tables of shared pools: what we asked of partners, what they asked of us, our people at their tables."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Base, Json, Row, Staged
from core.machine import Lifecycle
from experts.lifecycle import CONSULTATION, LOAN
from experts.models.committee import Committee
from experts.models.partner import Partner


class Consultation(Base, Staged):
    """What this platform, as host, asked a partner for one draw, and the signed answer or why it goes without.

    `request` and `answer` are as they travelled: {document, signature}; `told` the seats the partner last heard of.
    """

    __tablename__ = "consultation"
    __table_args__ = (
        UniqueConstraint("label", "partner_id"),
        CheckConstraint("state <> 'answered' OR answer IS NOT NULL", name="answer"),
        CheckConstraint("state <> 'forgone' OR reason IS NOT NULL", name="reason"),
    )
    lifecycle: ClassVar[Lifecycle] = CONSULTATION

    committee_id: Mapped[int] = mapped_column(ForeignKey("committee.id"), index=True)
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"))
    label: Mapped[str] = mapped_column(String(160))
    request: Mapped[Any] = mapped_column(Json)
    request_sha256: Mapped[str] = mapped_column(String(64))
    answer: Mapped[Any | None] = mapped_column(Json)
    answer_sha256: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[str | None]
    failures: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(String(200))
    told: Mapped[Any] = mapped_column(Json, default=dict)
    due_at: Mapped[datetime | None]
    committee: Mapped[Committee] = relationship(lazy="joined")
    partner: Mapped[Partner] = relationship(lazy="joined")

    @property
    def subject(self) -> str:
        """The consultation's name in the ledger."""
        return f"consultation:{self.label}:{self.partner.code}"


class Enquiry(Base, Row):
    """What a partner asked of our pool for one of its draws, and the answer we signed: the same for the same question.

    `secret` is {salt, codes}, sealed to our duty key where there is one; `told_at` the instant of the last word on
    seats we accepted.
    """

    __tablename__ = "enquiry"
    __table_args__ = (UniqueConstraint("partner_id", "request_id"),)

    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"))
    request_id: Mapped[str] = mapped_column(String(32))
    request_sha256: Mapped[str] = mapped_column(String(64))
    section: Mapped[str] = mapped_column(String(100), index=True)
    label: Mapped[str] = mapped_column(String(160), index=True)
    question: Mapped[Any] = mapped_column(Json)
    answer: Mapped[Any] = mapped_column(Json)
    secret: Mapped[Any] = mapped_column(Json)
    answered_at: Mapped[datetime]
    told_at: Mapped[datetime | None]
    partner: Mapped[Partner] = relationship(lazy="joined")


class Loan(Base, Staged):
    """One of our experts on a partner's committee: invited by us, seated there; perhaps sealed as a seat is."""

    __tablename__ = "loan"
    __table_args__ = (
        UniqueConstraint("partner_id", "label", "candidate"),
        CheckConstraint("expert_id IS NOT NULL OR sealed IS NOT NULL", name="holder"),
    )
    lifecycle: ClassVar[Lifecycle] = LOAN

    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"))
    section: Mapped[str] = mapped_column(String(100), index=True)
    label: Mapped[str] = mapped_column(String(160))
    candidate: Mapped[str] = mapped_column(String(16))
    expert_id: Mapped[int | None] = mapped_column(ForeignKey("expert.id"), index=True)
    sealed: Mapped[str | None]
    speciality: Mapped[str] = mapped_column(String(60))
    meets_at: Mapped[datetime]
    hours: Mapped[int]
    place: Mapped[str] = mapped_column(String(400), default="")
    invited_at: Mapped[datetime]
    reason: Mapped[str | None]
    partner: Mapped[Partner] = relationship(lazy="joined")

    @property
    def subject(self) -> str:
        """The loan's name in the ledger; it names nobody."""
        return f"loan:{self.id}"
