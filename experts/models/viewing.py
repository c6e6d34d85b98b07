"""The table of what readers of bids have looked at, page by page."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Row


class PageView(Base, Row):
    """One page of one document that one person has looked at (R-857).

    `document` is the file's hash or, in a blind round, round:label:place, so that nothing here leads from a label to a
    bid; `seat` is the label of the reader's seat, or the role of who watches.
    """

    __tablename__ = "page_view"
    __table_args__ = (UniqueConstraint("section_id", "person_id", "document", "page"),)

    section_id: Mapped[int] = mapped_column(ForeignKey("section.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    seat: Mapped[str] = mapped_column(String(20))
    document: Mapped[str] = mapped_column(String(80))
    page: Mapped[int]
    times: Mapped[int] = mapped_column(default=1)
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
