"""The outbox: messages written in the act that causes them, delivered later, at least once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from core.act import Act
from core.db import Base, Json, Row
from core.vault import vault_of

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
    sealed: Mapped[str | None]
    written_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None]


def post(
    act: Act,
    *,
    key: str,
    recipient: str,
    template: str,
    channel: str = "inbox",
    sealed: str | None = None,
    **facts: Any,
) -> None:
    """Write a message in this act's transaction; the same `key` is written once, however often it is posted.

    `sealed` says to the duty key who the recipient is, where the row itself may not (core.vault).
    """
    if act.session.scalar(select(Message.id).where(Message.key == key)) is None:
        act.session.add(
            Message(
                key=key,
                channel=channel,
                recipient=recipient,
                template=template,
                facts=facts,
                sealed=sealed,
                written_at=act.now,
                attempts=0,
            )
        )
        act.session.flush()


def unsent(session: Session, limit: int = 100) -> list[Message]:
    """Messages still to be delivered, oldest first."""
    return list(session.scalars(select(Message).where(Message.sent_at.is_(None)).order_by(Message.id).limit(limit)))


def deliver_messages(act: Act, adapters: dict[str, Deliver]) -> int:
    """Hand every unsent message to its channel's adapter; a failure is noted and tried again next time.

    What is sealed to the duty key waits until somebody is on duty in this process.
    """
    delivered = 0
    for message in unsent(act.session):
        if message.sealed is not None and not vault_of(act.session).is_open:
            continue
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
