"""Tables of the blind rounds (暗标): scores by label, and cleaned copies."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Base, Json, Row, Staged
from core.machine import Lifecycle
from experts.lifecycle import MASKED_SHEET
from experts.models.committee import Member


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
