"""Subscriptions of programs, for programs: begun with their secret, tried, resent, ended; their log."""

from __future__ import annotations

from typing import Annotated

from flask import current_app
from pydantic import Field, StringConstraints
from sqlalchemy.orm import Session

from accounts.routes.api.frame import operation, own, person_id
from core.act import Act
from core.api.cursors import cursor, place
from core.api.fields import Given, Instant, Page, PageAsked, Told
from core.outgoing import Network, networks_of
from window import queries, services
from window.models import Webhook, WebhookMessage, WebhookTry
from window.routes.api.shapes import Code
from window.routes.blueprint import blueprint

READ, WRITE = "webhooks:read", "webhooks:write"


class WebhookTold(Told):
    """A subscription; never its secret."""

    number: str
    url: str
    kinds: list[str]
    section: str | None
    state: str
    reason: str | None
    failing: int
    needs_rotation: bool
    created_at: Instant


class WebhookMade(WebhookTold):
    """A subscription with its secret (Standard Webhooks), which is said this once."""

    secret: str


class WebhookGiven(Given):
    """What begins a subscription; no kinds mean all."""

    url: Annotated[str, Field(min_length=8, max_length=500)]
    kinds: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=80)]], Field(max_length=20, default_factory=list)
    ]
    section: Code | None = None


class TryTold(Told):
    """One try: the status of the answer, or why there was none."""

    at: Instant
    outcome: str
    took_ms: int


class MessageTold(Told):
    """A message and what became of it; neither due nor taken: given up."""

    number: str
    leaf: int | None
    kind: str
    written_at: Instant
    due_at: Instant | None
    taken_at: Instant | None
    tries: list[TryTold]


class EventData(Told):
    """Where to read what has changed."""

    leaf: int
    subject: str | None
    section: str | None


class Event(Told):
    """What a receiver gets: the kind of change, its instant, where to read it."""

    type: Annotated[str, StringConstraints(max_length=80)]
    timestamp: Instant
    data: EventData


def networks() -> tuple[Network, ...]:
    """The networks beside the public internet this installation's messages may go to."""
    return networks_of(current_app.extensions["sunbid.settings"].own_networks)


def _facts(held: Webhook) -> dict[str, object]:
    return {
        "number": held.number,
        "url": held.url,
        "kinds": list(held.kinds),
        "section": held.section or None,
        "state": held.state,
        "reason": held.reason or None,
        "failing": held.failing,
        "needs_rotation": held.secret is None,
        "created_at": held.created_at,
    }


def _told(held: Webhook) -> WebhookTold:
    return WebhookTold.model_validate(_facts(held))


def _message(found: WebhookMessage, tries: list[WebhookTry]) -> MessageTold:
    return MessageTold(
        number=found.number,
        leaf=found.leaf,
        kind=found.kind,
        written_at=found.written_at,
        due_at=found.due_at,
        taken_at=found.taken_at,
        tries=[TryTold(at=one.at, outcome=one.outcome, took_ms=one.took_ms) for one in tries],
    )


@operation(blueprint, "GET", "/webhooks", tag="webhooks", answer=Page[WebhookTold], scope=READ)
def api_webhooks(session: Session) -> Page[WebhookTold]:
    """One's own subscriptions."""
    return Page(items=[_told(one) for one in queries.webhooks(session, person_id())], next=None)


@operation(
    blueprint, "POST", "/webhooks", tag="webhooks", answer=WebhookMade, status=201, given=WebhookGiven, scope=WRITE,
    takes_key=True,
)  # fmt: skip
def create_api_webhook(act: Act, given: WebhookGiven) -> WebhookMade:
    """Subscribe an address from now on."""
    held, secret = services.create_webhook(
        act, own(act), url=given.url, kinds=given.kinds, section=given.section or "", networks=networks()
    )
    return WebhookMade.model_validate({**_facts(held), "secret": secret})


@operation(blueprint, "GET", "/webhooks/<number>", tag="webhooks", answer=WebhookTold, scope=READ)
def api_webhook(session: Session, number: str) -> WebhookTold:
    """One subscription."""
    return _told(queries.webhook(session, person_id(), number))


@operation(
    blueprint, "POST", "/webhooks/<number>/rotate", tag="webhooks", answer=WebhookMade, scope=WRITE, takes_key=True
)  # fmt: skip
def rotate_api_webhook(act: Act, number: str) -> WebhookMade:
    """A new secret; the old one signs beside it for a day."""
    held = queries.webhook(act.session, person_id(), number)
    secret = services.rotate_secret(act, held)
    return WebhookMade.model_validate({**_facts(held), "secret": secret})


@operation(blueprint, "POST", "/webhooks/<number>/ping", tag="webhooks", answer=MessageTold, scope=WRITE)
def ping_api_webhook(act: Act, number: str) -> MessageTold:
    """Send a message that says nothing has happened."""
    return _message(services.ping(act, queries.webhook(act.session, person_id(), number)), [])


@operation(blueprint, "POST", "/webhooks/<number>/disable", tag="webhooks", answer=WebhookTold, scope=WRITE)
def disable_api_webhook(act: Act, number: str) -> WebhookTold:
    """Send nothing for the time being."""
    held = queries.webhook(act.session, person_id(), number)
    services.disable_webhook(act, held)
    return _told(held)


@operation(blueprint, "POST", "/webhooks/<number>/enable", tag="webhooks", answer=WebhookTold, scope=WRITE)
def enable_api_webhook(act: Act, number: str) -> WebhookTold:
    """Send again, from where it stood."""
    held = queries.webhook(act.session, person_id(), number)
    services.enable_webhook(act, held)
    return _told(held)


@operation(blueprint, "DELETE", "/webhooks/<number>", tag="webhooks", answer=None, status=204, scope=WRITE)
def end_api_webhook(act: Act, number: str) -> None:
    """The subscription is over for good."""
    services.end_webhook(act, queries.webhook(act.session, person_id(), number))


@operation(
    blueprint, "GET", "/webhooks/<number>/messages", tag="webhooks", answer=Page[MessageTold], asked=PageAsked,
    scope=READ,
)  # fmt: skip
def api_webhook_messages(session: Session, number: str, asked: PageAsked) -> Page[MessageTold]:
    """The messages of a subscription, newest first, with every try."""
    held = queries.webhook(session, person_id(), number)
    after = place(asked.cursor, f"messages {held.number}", int)
    found = queries.messages(session, held, after=int(after[0]) if after else None, limit=asked.limit + 1)
    shown = found[: asked.limit]
    tries = queries.tries(session, shown)
    following = cursor(f"messages {held.number}", shown[-1].id) if len(found) > len(shown) else None
    return Page(items=[_message(one, tries[one.id]) for one in shown], next=following)


@operation(
    blueprint, "POST", "/webhooks/<number>/messages/<message>/replay", tag="webhooks", answer=MessageTold, scope=WRITE
)  # fmt: skip
def replay_api_webhook(act: Act, number: str, message: str) -> MessageTold:
    """Send a message once more now, under its own id."""
    held = queries.webhook(act.session, person_id(), number)
    found = queries.message(act.session, held, message)
    services.replay(act, found)
    return _message(found, queries.tries(act.session, [found])[found.id])
