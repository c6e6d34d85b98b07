"""Tables of the pools, their experts, and applications for them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import Organisation, Person
from core.db import Base, Json, Row, Staged
from core.locker import LockedJson, LockedText
from core.machine import Lifecycle
from experts.lifecycle import APPLICATION


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
    """A person in a pool: specialities, region, term, training, and what avoidance needs (R-310, R-330).

    What tells who they are and how to reach them lies encrypted (core.locker).
    """

    __tablename__ = "expert"

    code: Mapped[str] = mapped_column(String(40), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    specialities: Mapped[Any] = mapped_column(Json)
    region: Mapped[str] = mapped_column(String(12))
    employers: Mapped[Any] = mapped_column(LockedJson("expert.employers"))
    shareholdings: Mapped[Any] = mapped_column(LockedJson("expert.shareholdings"))
    relatives: Mapped[Any] = mapped_column(LockedJson("expert.relatives"))
    status: Mapped[str] = mapped_column(String(20), default="active")
    joined_on: Mapped[str] = mapped_column(String(10))
    pool_id: Mapped[int | None] = mapped_column(ForeignKey("expert_pool.id"), index=True)
    term_until: Mapped[str | None] = mapped_column(String(10))
    training: Mapped[Any] = mapped_column(Json, default=list, server_default="[]")
    contact: Mapped[Any] = mapped_column(LockedJson("expert.contact"), default=dict, server_default="{}")
    person: Mapped[Person] = relationship(lazy="joined")
    pool: Mapped[ExpertPool | None] = relationship(lazy="joined")


class PoolApplication(Base, Staged):
    """A person's application for a pool, or an expert's for a change of what is declared, and its review (R-310).

    `content` holds what is declared (`rules.application`), `documents` the proofs as {name, sha256, size, kind}
    with the hash of the locked `object` that holds each.
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
    content: Mapped[Any] = mapped_column(LockedJson("pool_application.content"))
    documents: Mapped[Any] = mapped_column(LockedJson("pool_application.documents"), default=list)
    applied_at: Mapped[datetime]
    opinion: Mapped[str | None] = mapped_column(LockedText("pool_application.opinion"))
    recommended_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    recommended_at: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(LockedText("pool_application.reason"))
    reviewed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reviewed_at: Mapped[datetime | None]
    person: Mapped[Person] = relationship(lazy="joined", foreign_keys=[person_id])
    pool: Mapped[ExpertPool] = relationship(lazy="joined")
    unit: Mapped[Organisation | None] = relationship(lazy="joined")

    @property
    def subject(self) -> str:
        """The application's name in the ledger; it names no person."""
        return f"application:{self.id}"
