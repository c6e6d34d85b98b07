"""Subscriptions of programs, their messages and what became of each."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import Missing
from core.ledger import log
from window.models import Webhook, WebhookMessage, WebhookTry


def webhooks(session: Session, person_id: int) -> list[Webhook]:
    """A person's subscriptions that have not ended, newest first."""
    query = select(Webhook).where(Webhook.person_id == person_id, Webhook.state != "ended")
    return list(session.scalars(query.order_by(Webhook.id.desc())))


def webhook(session: Session, person_id: int, number: str) -> Webhook:
    """The person's subscription of that number, or Missing."""
    found = session.scalar(select(Webhook).where(Webhook.person_id == person_id, Webhook.number == number))
    if found is None or found.state == "ended":
        raise Missing("webhook.unknown")
    return found


def messages(session: Session, held: Webhook, *, after: int | None = None, limit: int = 50) -> list[WebhookMessage]:
    """A subscription's messages, newest first."""
    query = select(WebhookMessage).where(WebhookMessage.webhook_id == held.id)
    if after is not None:
        query = query.where(WebhookMessage.id < after)
    return list(session.scalars(query.order_by(WebhookMessage.id.desc()).limit(limit)))


def message(session: Session, held: Webhook, number: str) -> WebhookMessage:
    """One message of the subscription, or Missing."""
    query = select(WebhookMessage).where(WebhookMessage.webhook_id == held.id, WebhookMessage.number == number)
    found = session.scalar(query)
    if found is None:
        raise Missing("webhook.message_unknown")
    return found


def tries(session: Session, found: list[WebhookMessage]) -> dict[int, list[WebhookTry]]:
    """The tries of each message, oldest first, by the message's row."""
    kept: dict[int, list[WebhookTry]] = {one.id: [] for one in found}
    for one in session.scalars(select(WebhookTry).where(WebhookTry.message_id.in_(kept)).order_by(WebhookTry.id)):
        kept[one.message_id].append(one)
    return kept


def behind(session: Session) -> list[str]:
    """Numbers of active subscriptions that have not seen the newest leaf."""
    size = log.size(session)
    query = select(Webhook.number).where(Webhook.state == "active", Webhook.cursor < size - 1).order_by(Webhook.id)
    return list(session.scalars(query))


def messages_due(session: Session, now: datetime) -> bool:
    """Whether a message of an active subscription is to be sent."""
    query = (
        select(WebhookMessage.id)
        .join(Webhook)
        .where(Webhook.state == "active", WebhookMessage.due_at.is_not(None), WebhookMessage.due_at <= now)
    )
    return session.scalar(query.limit(1)) is not None
