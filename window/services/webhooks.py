"""Subscriptions of programs to what changes: begun, their messages written by the tick, handed over, given up.

A message is written from the ledger in its order, so none is missed; it says what has changed and where to read it,
never more than the public change feed does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import func, select

from accounts.models import Person
from core import canonical
from core.act import Act
from core.api.webhooks import OVERLAP, derived_secret, headers, spelled, wait_after
from core.clock import iso
from core.errors import Conflict, Invalid
from core.ledger import log
from core.ledger.log import LedgerEntry, append
from core.machine import advance
from core.outbox import post
from core.outgoing import Network, check_address
from window import queries
from window.models import Webhook, WebhookMessage, WebhookTry
from window.queries.opendata import TOLD

MOST_WEBHOOKS = 20
AT_ONCE = 200
"""Leaves a subscription takes in one act."""
CLAIM = timedelta(minutes=5)
"""How long a message being sent is left alone by others: longer than a whole round of receivers who never answer."""
PING = "webhook.ping"
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"


def _name(act: Act, prefix: str) -> str:
    return prefix + "".join(ALPHABET[byte % len(ALPHABET)] for byte in act.chance(16))


def create_webhook(
    act: Act, person: Person, *, url: str, kinds: list[str], section: str, networks: Sequence[Network] = ()
) -> tuple[Webhook, str]:
    """A subscription from now on, and its secret; `kinds`: beginnings of kinds, none meaning all that is published.

    Invalid for an address that may not be reached or a kind that is never told, Conflict("webhook.many") beyond so
    many.
    """
    if len(queries.webhooks(act.session, person.id)) >= MOST_WEBHOOKS:
        raise Conflict("webhook.many", most=MOST_WEBHOOKS)
    for kind in kinds:
        if not kind.startswith(TOLD):
            raise Invalid("webhook.kind", field="kinds", kind=kind[:80], known=sorted(TOLD))
    held = Webhook(
        number=_name(act, "wh_"),
        person_id=person.id,
        url=check_address(url, networks),
        kinds=sorted(set(kinds)),
        section=section,
        cursor=log.size(act.session) - 1,
        generation=1,
        secret=spelled(act.chance(32)),
        failing=0,
        reason="",
        created_at=act.now,
        state="active",
        state_at=act.now,
    )
    act.session.add(held)
    act.session.flush()
    append(act, "webhook.create", held.subject, {"url": url, "kinds": held.kinds, "actor": act.actor.name})
    return held, secret_of(act, held)


def rotate_secret(act: Act, held: Webhook) -> str:
    """A new secret; the old one signs beside it for a day, so that no message is lost in between."""
    held.former, held.secret = secret_of(act, held), spelled(act.chance(32))
    held.generation += 1
    held.former_until = act.now + OVERLAP
    act.session.flush()
    append(act, "webhook.rotate", held.subject, {"generation": held.generation, "actor": act.actor.name})
    return secret_of(act, held)


def secret_of(act: Act, held: Webhook) -> str:
    """What signs its messages now."""
    return held.secret or derived_secret(act.signer, held.number, held.generation)


def disable_webhook(act: Act, held: Webhook, reason: str = "owner") -> None:
    """Nothing is sent for the time being; where it stands in the feed is kept."""
    held.reason = reason
    advance(act, held, "disable", reason=reason)


def enable_webhook(act: Act, held: Webhook) -> None:
    """Messages go out again, from where it stood: what was missed is written now, what was given up can be resent."""
    held.failing, held.reason = 0, ""
    advance(act, held, "enable")


def end_webhook(act: Act, held: Webhook) -> None:
    """The subscription is over for good."""
    advance(act, held, "end")


def ping(act: Act, held: Webhook) -> WebhookMessage:
    """A message that says nothing has happened: to try the receiver."""
    if held.state != "active":
        raise Conflict("webhook.asleep", webhook=held.number)
    return _write(act, held, PING, None, {"webhook": held.number})


def replay(act: Act, found: WebhookMessage) -> None:
    """Send a message once more now, under its own id: a receiver drops what it has taken already."""
    if found.webhook.state != "active":
        raise Conflict("webhook.asleep", webhook=found.webhook.number)
    found.tries, found.due_at, found.taken_at = 0, act.now, None
    act.session.flush()


def write_messages(act: Act, number: str) -> int:
    """Write the messages of what has changed since this subscription last looked, and go on; how many."""
    held = act.session.scalars(select(Webhook).where(Webhook.number == number).with_for_update()).one()
    act.session.refresh(held)
    if held.state != "active":
        return 0
    found = queries.changes(act.session, held.cursor, AT_ONCE)
    written = 0
    for entry in found.entries:
        if _wants(held, entry):
            section = queries.section_of(entry.subject) or None
            data = {"leaf": entry.leaf_index, "subject": entry.subject, "section": section}
            _write(act, held, entry.kind, entry, data)
            written += 1
    held.cursor = found.next
    act.session.flush()
    return written


def _wants(held: Webhook, entry: LedgerEntry) -> bool:
    wanted = not held.kinds or entry.kind.startswith(tuple(held.kinds))
    return wanted and (not held.section or queries.section_of(entry.subject) == held.section)


def _write(act: Act, held: Webhook, kind: str, entry: LedgerEntry | None, data: Mapping[str, object]) -> WebhookMessage:
    at = entry.at if entry is not None else act.now
    found = WebhookMessage(
        number=_name(act, "msg_"),
        webhook_id=held.id,
        webhook=held,
        leaf=entry.leaf_index if entry is not None else None,
        kind=kind,
        body=canonical.dumps({"type": kind, "timestamp": iso(at), "data": dict(data)}).decode(),
        tries=0,
        written_at=act.now,
        due_at=act.now,
    )
    act.session.add(found)
    act.session.flush()
    return found


@dataclass(frozen=True)
class Parcel:
    """A message on its way: where to, its bytes, its headers."""

    id: int
    number: str
    url: str
    body: str = field(repr=False)
    headers: dict[str, str] = field(repr=False)


def claim_messages(act: Act, limit: int = 20, each: int = 5) -> list[Parcel]:
    """Take messages that are due, so that another worker meanwhile takes others; signed for this instant.

    At most `each` of one subscription: a receiver with many waiting leaves room for the others.
    """
    is_due = (Webhook.state == "active", WebhookMessage.due_at.is_not(None), WebhookMessage.due_at <= act.now)
    order = (WebhookMessage.due_at, WebhookMessage.id)
    place = func.row_number().over(partition_by=WebhookMessage.webhook_id, order_by=order).label("place")
    due = select(WebhookMessage.id, place).join(Webhook).where(*is_due).subquery()
    query = (
        select(WebhookMessage)
        .join(Webhook, Webhook.id == WebhookMessage.webhook_id)
        .where(*is_due, WebhookMessage.id.in_(select(due.c.id).where(due.c.place <= each)))
        .order_by(*order)
        .limit(limit)
        .with_for_update(of=WebhookMessage, skip_locked=True)
    )
    parcels = []
    for found in act.session.scalars(query):
        held = found.webhook
        found.tries += 1
        found.due_at = act.now + CLAIM
        secrets = [secret_of(act, held)]
        if held.former_until is not None and held.former_until > act.now:
            secrets.append(held.former or derived_secret(act.signer, held.number, held.generation - 1))
        parcels.append(
            Parcel(found.id, found.number, held.url, found.body, headers(secrets, found.number, act.now, found.body))
        )
    act.session.flush()
    return parcels


def record_try(act: Act, parcel: Parcel, outcome: str, took_ms: int) -> None:
    """Keep what became of a try. 2xx is taken; 410 ends it at once, a message given up after its last try, too.

    Then the subscription sleeps and its owner is written to.
    """
    found = act.session.get_one(WebhookMessage, parcel.id)
    held = found.webhook
    act.session.add(WebhookTry(message_id=found.id, at=act.now, outcome=outcome, took_ms=took_ms))
    if outcome.isdigit() and 200 <= int(outcome) < 300:
        found.taken_at, found.due_at = act.now, None
        held.failing = 0
    else:
        wait = wait_after(max(found.tries, 1))  # 0: asked to be sent again while it was on its way
        found.due_at = None if wait is None or outcome == "410" else act.now + wait
        held.failing += 1
        if found.due_at is None and held.state == "active":
            act.session.flush()
            disable_webhook(act, held, "gone" if outcome == "410" else "failed")
            owner = act.session.get_one(Person, held.person_id)
            post(
                act, key=f"webhook-disabled:{held.number}:{held.epoch}", recipient=owner.login,
                template="webhook.disabled", webhook=held.number, url=held.url, tries=found.tries, outcome=outcome,
            )  # fmt: skip
    act.session.flush()
