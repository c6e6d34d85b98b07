"""The board: numbered public notices that are never edited, only followed by a corrected one (R-107)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from core.act import Act
from core.clock import BEIJING
from core.db import Base, Json, Row
from core.errors import Missing
from core.ledger.log import append, hold


class Notice(Base, Row):
    """A public notice: number, kind, what it is about, its content as data, attached objects, what it replaces."""

    __tablename__ = "notice"
    __table_args__ = (UniqueConstraint("number"),)

    number: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(40), index=True)
    subject: Mapped[str] = mapped_column(String(80), index=True)
    title: Mapped[str] = mapped_column(String(300))
    content: Mapped[Any] = mapped_column(Json)
    attachments: Mapped[Any] = mapped_column(Json)
    published_at: Mapped[datetime]
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("notice.id"))
    leaf_index: Mapped[int]


def publish_notice(
    act: Act,
    *,
    kind: str,
    subject: str,
    title: str,
    content: dict[str, Any],
    attachments: list[dict[str, Any]] | None = None,
    replaces: Notice | None = None,
) -> Notice:
    """Put a notice on the board under the year's next number; the ledger holds its full content.

    `attachments`: [{"name", "sha256", "size"}] of stored objects. The notice is public from this act on.
    """
    hold(act.session)  # or two who publish at once would both take the next number, and one fail
    year = act.now.astimezone(BEIJING).year
    prefix = f"GG{year}"
    count = act.session.scalar(select(func.count()).select_from(Notice).where(Notice.number.startswith(prefix))) or 0
    number = f"{prefix}-{count + 1:05d}"
    facts = {"number": number, "title": title, "content": content, "attachments": attachments or []}
    entry = append(act, f"notice.{kind}", subject, facts)
    notice = Notice(
        number=number,
        kind=kind,
        subject=subject,
        title=title,
        content=content,
        attachments=attachments or [],
        published_at=act.now,
        replaces_id=replaces.id if replaces else None,
        leaf_index=entry.leaf_index,
    )
    act.session.add(notice)
    act.session.flush()
    return notice


def notice(session: Session, number: str) -> Notice:
    """The notice of that number, or Missing."""
    found = session.scalar(select(Notice).where(Notice.number == number))
    if found is None:
        raise Missing("notice.unknown", number=number)
    return found


def notices(
    session: Session,
    *,
    kind: str | None = None,
    subject: str | None = None,
    words: str = "",
    limit: int = 50,
    offset: int = 0,
) -> list[Notice]:
    """Notices, newest first, filtered by kind, subject and words in the title."""
    query = select(Notice).order_by(Notice.id.desc()).limit(limit).offset(offset)
    if kind:
        query = query.where(Notice.kind == kind)
    if subject:
        query = query.where(Notice.subject == subject)
    if words:
        query = query.where(Notice.title.contains(words, autoescape=True))
    return list(session.scalars(query))
