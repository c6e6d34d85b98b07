"""Tables of scans and warnings: what was computed with which settings, and what people decided."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bidding.models import Section
from collusion.lifecycle import WARNING
from core.db import Base, Json, Row, Staged
from core.machine import Lifecycle


class Scan(Base, Row):
    """One run of the indicators over a section's opened bids; deterministic for the same inputs.

    `material` names those inputs by their hashes (`collusion.rules.material`); absent in older rows. A scan made again
    after more bids were opened (补充开标) leaves what it was before in `earlier`, oldest first.
    """

    __tablename__ = "scan"

    section_id: Mapped[int] = mapped_column(ForeignKey("section.id"), unique=True)
    scanned_at: Mapped[datetime]
    settings: Mapped[Any] = mapped_column(Json)
    result_sha256: Mapped[str] = mapped_column(String(64))
    result: Mapped[Any] = mapped_column(Json)
    material: Mapped[Any | None] = mapped_column(Json)
    earlier: Mapped[Any] = mapped_column(Json, default=list, server_default="[]")
    section: Mapped[Section] = relationship(lazy="joined")


class Learning(Base, Row):
    """That a closed section's bids are in the archive index; `left_out` are the numbers of bids of a ring."""

    __tablename__ = "learning"

    section_id: Mapped[int] = mapped_column(ForeignKey("section.id"), unique=True)
    learned_at: Mapped[datetime]
    bids: Mapped[int]
    left_out: Mapped[Any] = mapped_column(Json)
    unread: Mapped[Any] = mapped_column(Json)
    section: Mapped[Section] = relationship(lazy="joined")


class Warning(Base, Staged):
    """A lead for people to weigh: a ring of bids, its evidence, the stated error rate, what would clear it.

    `proposal` is what the one in charge means to decide, with reason and counter-evidence; a second person approves it.
    `pressed_at` is when it was called overdue.
    """

    __tablename__ = "warning"
    __table_args__ = (
        CheckConstraint("state NOT IN ('confirmed','referred','dismissed') OR decision IS NOT NULL", name="decision"),
        CheckConstraint("state <> 'proposed' OR proposal IS NOT NULL", name="proposal"),
        CheckConstraint("approved_by_id IS NULL OR approved_by_id <> assignee_id", name="two_persons"),
    )
    lifecycle: ClassVar[Lifecycle] = WARNING

    code: Mapped[str] = mapped_column(String(40), unique=True)
    section_id: Mapped[int] = mapped_column(ForeignKey("section.id"), index=True)
    scan_id: Mapped[int] = mapped_column(ForeignKey("scan.id"))
    ring: Mapped[Any] = mapped_column(Json)
    tier: Mapped[str] = mapped_column(String(20))
    card: Mapped[Any] = mapped_column(Json)
    raised_at: Mapped[datetime]
    due_at: Mapped[datetime]
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decision: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    proposal: Mapped[Any | None] = mapped_column(Json)
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    pressed_at: Mapped[datetime | None]
    section: Mapped[Section] = relationship(lazy="joined")

    @property
    def subject(self) -> str:
        """The warning's name in the ledger."""
        return f"warning:{self.code}"


class Material(Base, Row):
    """What one bidder of a ring is asked to explain or hand in (补充材料), and its answer; nobody else's answer."""

    __tablename__ = "warning_material"
    __table_args__ = (
        UniqueConstraint("warning_id", "number"),
        CheckConstraint("answered_at IS NULL OR answer IS NOT NULL", name="answer"),
    )

    warning_id: Mapped[int] = mapped_column(ForeignKey("warning.id"), index=True)
    number: Mapped[int]
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    bidder: Mapped[str] = mapped_column(String(200))
    question: Mapped[str]
    asked_at: Mapped[datetime]
    due_at: Mapped[datetime]
    answer: Mapped[str | None]
    files: Mapped[Any] = mapped_column(Json, default=list)
    answered_at: Mapped[datetime | None]
    warning: Mapped[Warning] = relationship(lazy="joined")


class DeviceLink(Base, Row):
    """One look across projects at machines, with the regulator's own key: why, over how much, and the answer (R-654).

    `answer` names bids and what kind of identifier they share, never an identifier; `answer_sha256` is in the ledger.
    """

    __tablename__ = "device_link"

    warning_id: Mapped[int] = mapped_column(ForeignKey("warning.id"), index=True)
    reason: Mapped[str]
    recipient: Mapped[str] = mapped_column(String(80))
    asked_by: Mapped[str] = mapped_column(String(120))
    asked_at: Mapped[datetime]
    answer: Mapped[Any] = mapped_column(Json)
    answer_sha256: Mapped[str] = mapped_column(String(64))


class LeadBudget(Base, Row):
    """How many false leads the supervision accepts, from when on, why and by whose decision; the newest is in force."""

    __tablename__ = "lead_budget"

    budget: Mapped[str] = mapped_column(String(20))
    selection: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str]
    decided_at: Mapped[datetime]
    decided_by: Mapped[str] = mapped_column(String(120))


class ScoreReading(Base, Row):
    """How scores are read as probabilities from an instant on (`collusion.rules.local`); the newest is in force.

    `content` has the line and what it was fitted on; `before_id` is what was in force before, None for the shipped one.
    """

    __tablename__ = "score_reading"

    content: Mapped[Any] = mapped_column(Json)
    before_id: Mapped[int | None] = mapped_column(ForeignKey("score_reading.id"))
    reason: Mapped[str]
    decided_at: Mapped[datetime]
    decided_by: Mapped[str] = mapped_column(String(120))


class RegistryEntry(Base, Row):
    """What a registry of enterprises says of one company (`sunbid-registry/v1`), as last imported, with its source."""

    __tablename__ = "registry_entry"

    identifier: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    content: Mapped[Any] = mapped_column(Json)
    as_of: Mapped[str] = mapped_column(String(10))
    source: Mapped[str] = mapped_column(String(200))
    imported_at: Mapped[datetime]
