"""Tables of the committee, its seats and how they were filled."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, object_session, relationship

from accounts.models import Person
from bidding.models import Section
from core.db import Base, Json, Row, Staged
from core.errors import Missing
from core.locker import LockedJson, LockedText
from core.machine import Lifecycle
from core.vault import vault_of
from experts.lifecycle import AVOIDANCE, COMMITTEE, DIRECT, MEMBER
from experts.models.partner import Partner
from opening.models import Bid


class DutyKey(Base, Row):
    """The public part of a key that drawn names are sealed to; its identity is never in the database (R-323)."""

    __tablename__ = "duty_key"

    recipient: Mapped[str] = mapped_column(String(80))
    named_at: Mapped[datetime]
    named_by: Mapped[str] = mapped_column(String(120))
    withdrawn_at: Mapped[datetime | None]


class Committee(Base, Staged):
    """A section's evaluation committee; its expert seats come from one verifiable draw.

    `blind_rounds` holds what was told of the labels of each locked blind round (暗标).
    """

    __tablename__ = "committee"
    __table_args__ = (
        CheckConstraint("state NOT IN ('reported','delivered') OR report_sha256 IS NOT NULL", name="report"),
    )
    lifecycle: ClassVar[Lifecycle] = COMMITTEE

    section_id: Mapped[int] = mapped_column(ForeignKey("section.id"), unique=True)
    shape: Mapped[Any] = mapped_column(Json)
    meets_at: Mapped[datetime | None]
    hours: Mapped[int] = mapped_column(default=8)
    place: Mapped[str] = mapped_column(String(200), default="")
    sites: Mapped[Any | None] = mapped_column(Json)
    requested_by: Mapped[str] = mapped_column(String(120), default="")
    draw_label: Mapped[str | None] = mapped_column(String(160))
    rounds: Mapped[Any] = mapped_column(LockedJson("committee.rounds"), default=list)
    blind_rounds: Mapped[Any] = mapped_column(Json, default=list, server_default="[]")
    conformity: Mapped[Any | None] = mapped_column(Json)
    result: Mapped[Any | None] = mapped_column(Json)
    report_sha256: Mapped[str | None] = mapped_column(String(64))
    section: Mapped[Section] = relationship(lazy="joined")

    @property
    def subject(self) -> str:
        """The committee's name in the ledger."""
        return f"committee:{self.section.code}"


class Member(Base, Staged):
    """One seat: a drawn or directly selected expert, or the tenderee's representative.

    Until an expert signs in, `sealed` holds who it is, for the duty key alone, and `person_id` and `expert_id` nothing.
    A partner's expert (`partner_id`) is awaited until they arrive with their certificate: what the partner told of them
    lies in `sealed`, or in `guest` where there is no duty key.
    """

    __tablename__ = "committee_member"
    __table_args__ = (
        UniqueConstraint("committee_id", "person_id"),
        CheckConstraint("person_id IS NOT NULL OR sealed IS NOT NULL OR partner_id IS NOT NULL", name="holder"),
    )
    lifecycle: ClassVar[Lifecycle] = MEMBER

    committee_id: Mapped[int] = mapped_column(ForeignKey("committee.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    expert_id: Mapped[int | None] = mapped_column(ForeignKey("expert.id"))
    sealed: Mapped[str | None]
    partner_id: Mapped[int | None] = mapped_column(ForeignKey("partner.id"))
    guest: Mapped[Any | None] = mapped_column(LockedJson("committee_member.guest"))
    site: Mapped[str | None] = mapped_column(String(4))
    seat: Mapped[str] = mapped_column(String(60))
    label: Mapped[str] = mapped_column(String(20))
    is_leader: Mapped[bool] = mapped_column(default=False)
    candidate: Mapped[str | None] = mapped_column(String(40))
    invited_at: Mapped[datetime | None]
    signed_in_at: Mapped[datetime | None]
    declared_at: Mapped[datetime | None]
    leader_choice: Mapped[str | None] = mapped_column(String(20))
    reason: Mapped[str | None]
    dissent: Mapped[str | None]
    signed_at: Mapped[datetime | None]
    committee: Mapped[Committee] = relationship(lazy="joined")
    named: Mapped[Person | None] = relationship(lazy="joined")
    partner: Mapped[Partner | None] = relationship(lazy="joined")

    @property
    def is_awaited(self) -> bool:
        """Whether a partner's expert sits here who has not arrived yet: nobody on this platform is that person."""
        return self.partner_id is not None and self.person_id is None

    @property
    def person(self) -> Person:
        """Who holds the seat; Conflict("duty.closed") while sealed and nobody is on duty, Missing while awaited."""
        if self.is_awaited:
            raise Missing("member.awaited")
        if self.named is not None:
            return self.named
        session = object_session(self)
        if session is None:
            raise Missing("member.unknown")
        key = self.person_id if self.person_id is not None else vault_of(session).read(str(self.sealed))["person"]
        return session.get_one(Person, key)

    @property
    def is_representative(self) -> bool:
        """Whether this is the tenderee's seat."""
        return self.seat == "representative"

    @property
    def subject(self) -> str:
        """The seat's name in the ledger; it names nobody."""
        return f"member:{self.committee.section.code}:{self.label}"


class DirectSelection(Base, Staged):
    """Experts determined directly instead of drawn, proposed by one person and decided by another (R-320).

    `people` is {rows: [{speciality, code}]}, or sealed to the duty key; the ledger holds only its salted hash.
    """

    __tablename__ = "direct_selection"
    __table_args__ = (
        UniqueConstraint("committee_id", "number"),
        CheckConstraint("state = 'proposed' OR decided_by IS NOT NULL", name="decision"),
        CheckConstraint("decided_by IS NULL OR decided_by <> proposed_by", name="two_people"),
    )
    lifecycle: ClassVar[Lifecycle] = DIRECT

    committee_id: Mapped[int] = mapped_column(ForeignKey("committee.id"), index=True)
    number: Mapped[int]
    people: Mapped[Any] = mapped_column(Json)
    seats: Mapped[Any] = mapped_column(Json, server_default="[]")
    people_sha256: Mapped[str] = mapped_column(String(64), server_default="")
    salt: Mapped[str] = mapped_column(String(64))
    ground: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str]
    document: Mapped[str] = mapped_column(String(200), default="")
    is_replacement: Mapped[bool] = mapped_column(default=False)
    proposed_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    proposed_at: Mapped[datetime]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    answer: Mapped[str | None]
    committee: Mapped[Committee] = relationship(lazy="joined")
    proposer: Mapped[Person] = relationship(lazy="joined", foreign_keys=[proposed_by])
    decider: Mapped[Person | None] = relationship(lazy="joined", foreign_keys=[decided_by])

    @property
    def subject(self) -> str:
        """The selection's name in the ledger; it names nobody."""
        return f"direct:{self.committee.section.code}:{self.number}"


class AvoidanceRequest(Base, Staged):
    """A supplier's request that a person stay out of this section's evaluation, and its answer (R-331)."""

    __tablename__ = "avoidance_request"
    __table_args__ = (
        UniqueConstraint("bid_id", "number"),
        CheckConstraint("state = 'asked' OR answer IS NOT NULL", name="answer"),
    )
    lifecycle: ClassVar[Lifecycle] = AVOIDANCE

    section_id: Mapped[int] = mapped_column(ForeignKey("section.id"), index=True)
    bid_id: Mapped[int] = mapped_column(ForeignKey("bid.id"))
    number: Mapped[int]
    person: Mapped[str] = mapped_column(LockedText("avoidance_request.person"))
    unit: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str]
    asked_at: Mapped[datetime]
    answer: Mapped[str | None]
    section: Mapped[Section] = relationship(lazy="joined")
    bid: Mapped[Bid] = relationship(lazy="joined")

    @property
    def subject(self) -> str:
        """The request's name in the ledger; it names no person."""
        return f"avoidance:{self.section.code}:{self.bid.number}:{self.number}"
