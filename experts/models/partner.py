"""The table of partner platforms: who lends experts to us and to whom we lend (shared pools)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Json, Row
from core.ledger.notes import Verifier


class Partner(Base, Row):
    """Another platform: its address, the public key of its ledger, the pools it lends us and those we lend it.

    The code marks its pools and candidates here; it is never used again. `pools` is what it last told us:
    [{code, name, region}]; `lends` are codes of our own pools it may ask.
    """

    __tablename__ = "partner"

    code: Mapped[str] = mapped_column(String(12), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    url: Mapped[str] = mapped_column(String(300))
    key: Mapped[str] = mapped_column(String(300))
    pools: Mapped[Any] = mapped_column(Json, default=list)
    pools_at: Mapped[datetime | None]
    lends: Mapped[Any] = mapped_column(Json, default=list)
    added_at: Mapped[datetime]
    added_by: Mapped[str] = mapped_column(String(120))
    withdrawn_at: Mapped[datetime | None]

    @property
    def verifier(self) -> Verifier:
        """What checks its signatures."""
        return Verifier.parse(self.key)
