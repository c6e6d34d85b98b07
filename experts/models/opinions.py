"""Tables of reference opinions and of what members say to them; none counts as a finding or a score."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Json, Row


class ReferenceOpinion(Base, Row):
    """What the program found of each clause in one bid (AI 预审): `content` as rules.opinions gives it.

    `program_sha256` is the digest of the words, rules and weights it came from.
    """

    __tablename__ = "reference_opinion"

    bid_id: Mapped[int] = mapped_column(ForeignKey("bid.id"), unique=True)
    content: Mapped[Any] = mapped_column(Json)
    program_sha256: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime]


class OpinionAnswer(Base, Row):
    """Whether one member agrees with the reference opinion on one clause of one bid."""

    __tablename__ = "opinion_answer"
    __table_args__ = (UniqueConstraint("member_id", "bid_id", "clause"),)

    member_id: Mapped[int] = mapped_column(ForeignKey("committee_member.id"), index=True)
    bid_id: Mapped[int] = mapped_column(ForeignKey("bid.id"))
    clause: Mapped[str] = mapped_column(String(40))
    agrees: Mapped[bool]
    answered_at: Mapped[datetime]
