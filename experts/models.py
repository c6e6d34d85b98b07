"""Tables of the expert pool, committees, members, reviews, score sheets and the evaluation report."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, object_session, relationship

from accounts.models import Organisation, Person
from bidding.models import Section
from core.db import Base, Json, Row, Staged
from core.errors import Missing
from core.machine import Lifecycle
from core.vault import vault_of
from experts.lifecycle import (
    APPLICATION,
    AVOIDANCE,
    BID_CLARIFICATION,
    COMMITTEE,
    DIRECT,
    MASKED_SHEET,
    MEMBER,
    ROLLBACK,
    SHEET,
)
from opening.models import Bid


class ExpertPool(Base, Row):
    """A lawful pool and the unit that keeps it (R-311)."""

    __tablename__ = "expert_pool"

    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    region: Mapped[str] = mapped_column(String(12))
    owner_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    founded_on: Mapped[str] = mapped_column(String(10))
    owner: Mapped[Organisation] = relationship(lazy="joined")


class Expert(Base, Row):
    """A person in a pool: specialities, region, term, training, and what avoidance needs (R-310, R-330)."""

    __tablename__ = "expert"

    code: Mapped[str] = mapped_column(String(40), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    specialities: Mapped[Any] = mapped_column(Json)
    region: Mapped[str] = mapped_column(String(12))
    employers: Mapped[Any] = mapped_column(Json)
    shareholdings: Mapped[Any] = mapped_column(Json)
    relatives: Mapped[Any] = mapped_column(Json)
    status: Mapped[str] = mapped_column(String(20), default="active")
    joined_on: Mapped[str] = mapped_column(String(10))
    pool_id: Mapped[int | None] = mapped_column(ForeignKey("expert_pool.id"), index=True)
    term_until: Mapped[str | None] = mapped_column(String(10))
    training: Mapped[Any] = mapped_column(Json, default=list, server_default="[]")
    contact: Mapped[Any] = mapped_column(Json, default=dict, server_default="{}")
    person: Mapped[Person] = relationship(lazy="joined")
    pool: Mapped[ExpertPool | None] = relationship(lazy="joined")


class PoolApplication(Base, Staged):
    """A person's application for a pool, or an expert's for a change of what is declared, and its review (R-310).

    `content` holds what is declared (`rules.application`), `documents` the proofs as {name, sha256, size, kind}.
    """

    __tablename__ = "pool_application"
    __table_args__ = (
        CheckConstraint("state NOT IN ('returned','refused') OR reason IS NOT NULL", name="reason"),
        CheckConstraint("state <> 'recommended' OR recommended_by IS NOT NULL", name="recommendation"),
        CheckConstraint("state NOT IN ('accepted','refused') OR reviewed_by IS NOT NULL", name="review"),
    )
    lifecycle: ClassVar[Lifecycle] = APPLICATION

    kind: Mapped[str] = mapped_column(String(10))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    pool_id: Mapped[int] = mapped_column(ForeignKey("expert_pool.id"))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    content: Mapped[Any] = mapped_column(Json)
    documents: Mapped[Any] = mapped_column(Json, default=list)
    applied_at: Mapped[datetime]
    opinion: Mapped[str | None]
    recommended_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    recommended_at: Mapped[datetime | None]
    reason: Mapped[str | None]
    reviewed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reviewed_at: Mapped[datetime | None]
    person: Mapped[Person] = relationship(lazy="joined", foreign_keys=[person_id])
    pool: Mapped[ExpertPool] = relationship(lazy="joined")
    unit: Mapped[Organisation | None] = relationship(lazy="joined")

    @property
    def subject(self) -> str:
        """The application's name in the ledger; it names no person."""
        return f"application:{self.id}"


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
    requested_by: Mapped[str] = mapped_column(String(120), default="")
    draw_label: Mapped[str | None] = mapped_column(String(160))
    rounds: Mapped[Any] = mapped_column(Json, default=list)
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
    """

    __tablename__ = "committee_member"
    __table_args__ = (
        UniqueConstraint("committee_id", "person_id"),
        CheckConstraint("person_id IS NOT NULL OR sealed IS NOT NULL", name="holder"),
    )
    lifecycle: ClassVar[Lifecycle] = MEMBER

    committee_id: Mapped[int] = mapped_column(ForeignKey("committee.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    expert_id: Mapped[int | None] = mapped_column(ForeignKey("expert.id"))
    sealed: Mapped[str | None]
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

    @property
    def person(self) -> Person:
        """Who holds the seat; Conflict("duty.closed") while that is sealed and nobody is on duty."""
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
    person: Mapped[str] = mapped_column(String(100))
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


class MaskedSheet(Base, Staged):
    """One member's scores and finding for one label of a blind round (暗标); nothing in it leads to a bid."""

    __tablename__ = "masked_sheet"
    __table_args__ = (UniqueConstraint("member_id", "round", "mask"),)
    lifecycle: ClassVar[Lifecycle] = MASKED_SHEET

    member_id: Mapped[int] = mapped_column(ForeignKey("committee_member.id"), index=True)
    round: Mapped[int]
    mask: Mapped[str] = mapped_column(String(8))
    finding: Mapped[str | None] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(default="")
    reopened_for: Mapped[Any | None] = mapped_column(Json)
    member: Mapped[Member] = relationship(lazy="joined")

    @property
    def subject(self) -> str:
        """The sheet's name in the ledger."""
        return f"masked:{self.member.committee.section.code}:{self.member.label}:{self.round}:{self.mask}"


class MaskedScore(Base, Row):
    """One blind criterion's score on a masked sheet."""

    __tablename__ = "masked_score"
    __table_args__ = (UniqueConstraint("sheet_id", "criterion"),)

    sheet_id: Mapped[int] = mapped_column(ForeignKey("masked_sheet.id"), index=True)
    criterion: Mapped[str] = mapped_column(String(40))
    value: Mapped[Decimal]
    note: Mapped[str] = mapped_column(default="")
    saved_at: Mapped[datetime]


class CleanedFile(Base, Row):
    """The copy without properties of one file of an anonymous envelope; `fault` says why there is none.

    `place` counts the envelope's files; `slot` is the tenderee's name for what it is, never the bidder's.
    """

    __tablename__ = "cleaned_file"
    __table_args__ = (
        UniqueConstraint("bid_id", "place"),
        CheckConstraint("(sha256 IS NULL) <> (fault IS NULL)", name="fault"),
    )

    bid_id: Mapped[int] = mapped_column(ForeignKey("bid.id"), index=True)
    place: Mapped[int]
    slot: Mapped[str] = mapped_column(String(40))
    ending: Mapped[str] = mapped_column(String(8))
    sha256: Mapped[str | None] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(default=0)
    fault: Mapped[str | None] = mapped_column(String(60))
    cleaned_at: Mapped[datetime]
