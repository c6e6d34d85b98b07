"""What waits for whom at the open window: bad ratings by their promise, records an upper platform turned down."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.rules import Role
from core.act import Actor
from core.agenda import Item, Kind
from core.calendar import day_of
from window.models import ServiceRating
from window.queries.catalogue import split_alarms
from window.queries.exchange import exchange_platforms, verdict_counts

KINDS = {
    "window.take_on": Kind("window.rating", ("window.take_on_rating",)),
    "window.rectify": Kind("window.rating", ("window.answer_rating",)),
    "window.review": Kind("window.rating", ("window.review_rating",)),
    "window.records": Kind("window.exchange_platform", ("window.resend_records",)),
    "window.split": Kind("window.catalogue", (), must=False),
}
STEPS = {
    "received": ("window.take_on", Role.OPERATOR),
    "handling": ("window.rectify", Role.OPERATOR),
    "rectified": ("window.review", Role.SUPERVISOR),
}


def agenda(session: Session, actor: Actor, now: datetime) -> Iterator[Item]:
    """Everything of this floor that the actor must or may do at the instant."""
    if actor.has(Role.OPERATOR, Role.SUPERVISOR):
        waiting = select(ServiceRating).where(ServiceRating.due_at.is_not(None)).order_by(ServiceRating.due_at)
        for one in session.scalars(waiting):
            kind, role = STEPS[one.state]
            if actor.has(role):
                facts = {"number": one.number, "stars": one.stars}
                yield Item(kind, {"number": one.number}, one.due_at, facts=facts, rule=one.promise)
    if actor.has(Role.OPERATOR):
        for platform in exchange_platforms(session):
            counts = verdict_counts(session, platform)
            refused = counts["rejected"] + counts["faulty"]
            if refused and platform.withdrawn_at is None:
                yield Item("window.records", {"code": platform.code}, name=platform.name, facts={"n": refused})
    if actor.has(Role.SUPERVISOR):
        for alarm in split_alarms(session, day_of(now)):
            yield Item("window.split", name=alarm.unit, rule={"rule": "R-051", "source": ""})
