"""The outbox: messages written in the act that causes them, delivered later, at least once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Index, String, UniqueConstraint, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from core.act import Act
from core.carriers import Letter, Undeliverable, why
from core.db import Base, Json, Row
from core.vault import vault_of

FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=1)
MOST_ATTEMPTS = 12
"""About four and a half hours of trying."""


WAITING = "sent_at IS NULL AND failed_at IS NULL"
"""Of all that was ever written few still wait; only they are indexed."""


class Message(Base, Row):
    """A message to one recipient: which sentence (`template`), with which facts."""

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("key"),
        Index("ix_message_waiting", "id", sqlite_where=text(WAITING), postgresql_where=text(WAITING)),
    )

    key: Mapped[str] = mapped_column(String(200))
    channel: Mapped[str] = mapped_column(String(20))
    recipient: Mapped[str] = mapped_column(String(200), index=True)
    template: Mapped[str] = mapped_column(String(80))
    facts: Mapped[Any] = mapped_column(Json)
    sealed: Mapped[str | None]
    written_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
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
    """Messages still to be delivered and not given up, oldest first."""
    query = select(Message).where(Message.sent_at.is_(None), Message.failed_at.is_(None))
    return list(session.scalars(query.order_by(Message.id).limit(limit)))


def due_letters(session: Session, now: datetime, limit: int = 20) -> list[Message]:
    """Those that may be tried now: never tried, or their wait is over; sealed ones only while somebody is on duty."""
    query = select(Message).where(
        Message.sent_at.is_(None),
        Message.failed_at.is_(None),
        Message.due_at.is_(None) | (Message.due_at <= now),
    )
    if not vault_of(session).is_open:
        query = query.where(Message.sealed.is_(None))
    return list(session.scalars(query.order_by(Message.id).limit(limit)))


def wait_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts: half a minute, doubled each time, an hour at most."""
    return min(FIRST_WAIT * float(2 ** max(attempts - 1, 0)), LONGEST_WAIT)


def claim_letters(act: Act, limit: int = 20) -> list[Letter]:
    """Take the letters that are due, each for the length of its wait: another tick meanwhile takes others.

    They are to be delivered outside any transaction; `record_delivered` or `record_missed` says what became of each.
    """
    letters = []
    for message in due_letters(act.session, act.now, limit):
        message.attempts += 1
        message.due_at = act.now + wait_after(message.attempts)
        told = vault_of(act.session).read(message.sealed) if message.sealed else {"recipient": message.recipient}
        letters.append(
            Letter(
                id=message.id,
                key=message.key,
                channel=message.channel,
                recipient=told["recipient"],
                template=message.template,
                facts=message.facts,
                is_secret=message.sealed is not None,
            )
        )
    return letters


def record_delivered(act: Act, letter: Letter) -> None:
    """The letter has been taken by its carrier."""
    message = act.session.get_one(Message, letter.id)
    message.sent_at, message.last_error = act.now, None


def record_missed(act: Act, letter: Letter, error: Exception) -> None:
    """The letter has not been taken: tried again after its wait, given up where that is no use, or in the end."""
    message = act.session.get_one(Message, letter.id)
    message.last_error = why(error)
    if isinstance(error, Undeliverable) or message.attempts >= MOST_ATTEMPTS:
        message.failed_at = act.now


def state_of(message: Message) -> str:
    """`sent`, `failed` or `waiting`."""
    return "sent" if message.sent_at is not None else "failed" if message.failed_at is not None else "waiting"


def inbox(session: Session, recipient: str, limit: int = 50) -> list[Message]:
    """A recipient's messages, newest first."""
    return list(
        session.scalars(select(Message).where(Message.recipient == recipient).order_by(Message.id.desc()).limit(limit))
    )
