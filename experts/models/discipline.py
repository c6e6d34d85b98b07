"""Tables of how experts' work is judged: each project's assessment (一标一评), the yearly review, sanctions (R-315)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import Person
from core.db import Base, Json, Row, Staged
from core.locker import LockedJson, LockedText
from core.machine import Lifecycle
from experts.lifecycle import SANCTION
from experts.models.committee import Committee, Member
from experts.models.pool import Expert


class Sanction(Base, Staged):
    """What is done about an expert's breach of duty: cause, evidence, hearing, decision by a second person, its end.

    `documents` are {name, kind, sha256, size, object} as of an application; `from_on` and `until_on` are days, both
    included, no `until_on` meaning for good; `stood_in` is the expert's status
    before any sanction barred them. Words about the person lie encrypted.
    """

    __tablename__ = "expert_sanction"
    __table_args__ = (
        CheckConstraint("measure IN ('warning','suspension','removal')", name="measure"),
        CheckConstraint(
            "state NOT IN ('in_force','lift_asked','lifted','expired') OR (decided_by IS NOT NULL AND from_on IS NOT"
            " NULL)",
            name="decided",
        ),
        CheckConstraint("decided_by IS NULL OR decided_by <> proposed_by", name="two_persons"),
        CheckConstraint("lifted_by IS NULL OR lifted_by <> lift_asked_by", name="two_persons_lift"),
        CheckConstraint("state <> 'heard' OR stated_at IS NOT NULL", name="heard"),
        CheckConstraint("state <> 'lifted' OR lifted_by IS NOT NULL", name="lifted"),
    )
    lifecycle: ClassVar[Lifecycle] = SANCTION

    expert_id: Mapped[int] = mapped_column(ForeignKey("expert.id"), index=True)
    measure: Mapped[str] = mapped_column(String(20))
    cause: Mapped[str] = mapped_column(String(20))
    months: Mapped[int | None]
    section_code: Mapped[str | None] = mapped_column(String(60))
    reason: Mapped[str] = mapped_column(LockedText("expert_sanction.reason"))
    documents: Mapped[Any] = mapped_column(LockedJson("expert_sanction.documents"), default=list)
    proposed_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    proposed_at: Mapped[datetime]
    hear_until: Mapped[datetime]
    statement: Mapped[str | None] = mapped_column(LockedText("expert_sanction.statement"))
    stated_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None]
    opinion: Mapped[str | None] = mapped_column(LockedText("expert_sanction.opinion"))
    from_on: Mapped[str | None] = mapped_column(String(10))
    stood_in: Mapped[str | None] = mapped_column(String(20))
    until_on: Mapped[str | None] = mapped_column(String(10), index=True)
    lift_asked_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    lift_asked_at: Mapped[datetime | None]
    lift_reason: Mapped[str | None] = mapped_column(LockedText("expert_sanction.lift_reason"))
    lifted_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    lift_opinion: Mapped[str | None] = mapped_column(LockedText("expert_sanction.lift_opinion"))
    expert: Mapped[Expert] = relationship(lazy="joined")
    proposer: Mapped[Person] = relationship(foreign_keys=[proposed_by])
    decider: Mapped[Person | None] = relationship(foreign_keys=[decided_by])

    @property
    def subject(self) -> str:
        """The sanction's name in the ledger; it names no person."""
        return f"sanction:{self.id}"


class ExpertAssessment(Base, Row):
    """What the project's own people say of a member's work once the report is delivered (一标一评), and the answer.

    `grades` maps each of `rules.discipline.ITEMS` to one of `GRADES`.
    """

    __tablename__ = "expert_assessment"
    __table_args__ = (UniqueConstraint("member_id", "unit_id", name="assessed_once"),)

    committee_id: Mapped[int] = mapped_column(ForeignKey("committee.id"), index=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("committee_member.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    grades: Mapped[Any] = mapped_column(Json)
    remark: Mapped[str | None] = mapped_column(LockedText("expert_assessment.remark"))
    assessed_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    assessed_at: Mapped[datetime]
    reply: Mapped[str | None] = mapped_column(LockedText("expert_assessment.reply"))
    replied_at: Mapped[datetime | None]
    committee: Mapped[Committee] = relationship()
    member: Mapped[Member] = relationship()

    @property
    def subject(self) -> str:
        """The assessment's name in the ledger."""
        return f"assessment:{self.id}"


class YearlyReview(Base, Row):
    """An expert's year, judged by the pool's officer on its figures (年度考核)."""

    __tablename__ = "expert_review"
    __table_args__ = (UniqueConstraint("expert_id", "year", name="reviewed_once"),)

    expert_id: Mapped[int] = mapped_column(ForeignKey("expert.id"))
    year: Mapped[int]
    figures: Mapped[Any] = mapped_column(Json)
    grade: Mapped[str] = mapped_column(String(10))
    remark: Mapped[str | None] = mapped_column(LockedText("expert_review.remark"))
    reviewed_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    reviewed_at: Mapped[datetime]
    expert: Mapped[Expert] = relationship(lazy="joined")
