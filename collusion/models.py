"""Tables of scans and warnings: what was computed with which settings, and what people decided."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bidding.models import Section
from collusion.lifecycle import WARNING
from core.db import Base, Json, Row, Staged
from core.machine import Lifecycle


class Scan(Base, Row):
    """One run of the indicators over a section's opened bids; deterministic for the same inputs."""

    __tablename__ = "scan"

    section_id: Mapped[int] = mapped_column(ForeignKey("section.id"), unique=True)
    scanned_at: Mapped[datetime]
    settings: Mapped[Any] = mapped_column(Json)
    result_sha256: Mapped[str] = mapped_column(String(64))
    result: Mapped[Any] = mapped_column(Json)
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
    """A lead for people to weigh: a ring of bids, its evidence, the stated error rate, what would clear it."""

    __tablename__ = "warning"
    __table_args__ = (
        CheckConstraint("state NOT IN ('confirmed','referred','dismissed') OR decision IS NOT NULL", name="decision"),
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
    section: Mapped[Section] = relationship(lazy="joined")

    @property
    def subject(self) -> str:
        """The warning's name in the ledger."""
        return f"warning:{self.code}"
