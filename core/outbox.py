"""The outbox: messages written in the act that causes them, delivered later, at least once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from core.act import Act
from core.db import Base, Json, Row

Deliver = Callable[["Message"], None]
"""An adapter: hands one message to mail, SMS or voice; raises to be tried again."""


class Message(Base, Row):
    """A message to one recipient: which sentence (`template`), with which facts."""

    __tablename__ = "message"
    __table_args__ = (UniqueConstraint("key"),)

    key: Mapped[str] = mapped_column(String(200))
    channel: Mapped[str] = mapped_column(String(20))
    recipient: Mapped[str] = mapped_column(String(200), index=True)
    template: Mapped[str] = mapped_column(String(80))
    facts: Mapped[Any] = mapped_column(Json)
    written_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None]


def post(act: Act, *, key: str, recipient: str, template: str, channel: str = "inbox", **facts: Any) -> None:
    """Write a message in this act's transaction; the same `key` is written once, however often it is posted."""
    if act.session.scalar(select(Message.id).where(Message.key == key)) is None:
        act.session.add(
            Message(
                key=key,
                channel=channel,
                recipient=recipient,
                template=template,
                facts=facts,
                written_at=act.now,
                attempts=0,
            )
        )
        act.session.flush()


def unsent(session: Session, limit: int = 100) -> list[Message]:
    """Messages still to be delivered, oldest first."""
    return list(session.scalars(select(Message).where(Message.sent_at.is_(None)).order_by(Message.id).limit(limit)))


def deliver_messages(act: Act, adapters: dict[str, Deliver]) -> int:
    """Hand every unsent message to its channel's adapter; a failure is noted and tried again next time."""
    delivered = 0
    for message in unsent(act.session):
        message.attempts += 1
        try:
            adapters[message.channel](message)
        except Exception as error:
            message.last_error = repr(error)[:500]
            continue
        message.sent_at = act.now
        delivered += 1
    return delivered


def inbox(session: Session, recipient: str, limit: int = 50) -> list[Message]:
    """A recipient's messages, newest first."""
    return list(
        session.scalars(select(Message).where(Message.recipient == recipient).order_by(Message.id.desc()).limit(limit))
    )
