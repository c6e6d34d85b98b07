"""What is said in the hall: messages, announcements, calls, irregularities; under names, in the ledger, not fast."""

from __future__ import annotations

from datetime import datetime, timedelta

from accounts.queries import person_by_id
from core.act import Act
from core.errors import Conflict, Forbidden, Invalid, Untimely
from core.ledger.log import append
from opening import queries
from opening.models import Bid, Opening, Presence, Saying
from opening.rules import NAMES_SHOWN
from opening.services.telling import tell_bidder

_OVER = frozenset({"handed_over", "failed", "cancelled"})
MOST_A_MINUTE = 5
"""Messages one speaker may send within a minute."""


def say(act: Act, opening: Opening, text: str, *, role: str) -> Saying:
    """Say something to everybody in the hall, under one's organisation's or one's own name.

    Nobody speaks before the names are public (who speaks would tell who bids), and only bidders of this section, its
    hosts and supervisors do. At most MOST_A_MINUTE a minute: Untimely("saying.too_fast").
    """
    return _say(act, opening, "say", text, role=role)


def announce(act: Act, opening: Opening, text: str, *, role: str) -> Saying:
    """A host's announcement: it stands on top of the board until the next one."""
    return _say(act, opening, "announce", text, role=role)


def call_bidder(act: Act, opening: Opening, bid: Bid, text: str, *, role: str) -> Saying:
    """Call one bidder by name, on the board and by message: sign in, decrypt, answer."""
    saying = _say(act, opening, "call", text, role=role, to=bid)
    tell_bidder(act, opening, bid, "bid.called", text=saying.text)
    return saying


def record_irregularity(act: Act, opening: Opening, text: str, *, role: str) -> Saying:
    """A supervisor's or witness's note of something irregular (异常记录): it stops nothing and goes into the record."""
    return _say(act, opening, "irregularity", text, role=role)


def _say(act: Act, opening: Opening, kind: str, text: str, *, role: str, to: Bid | None = None) -> Saying:
    if opening.standing not in NAMES_SHOWN:
        raise Conflict("saying.before_names")
    if opening.state in _OVER:
        raise Conflict("saying.over")
    if not text.strip() or len(text) > 1000:
        raise Invalid("form.length", field="text", least=1, most=1000, found=len(text))
    speaker = _speaker(act, opening, role)
    held = queries.sayings(act.session, opening)
    recent = [item for item in held if item.by == act.actor.name and item.said_at > act.now - timedelta(minutes=1)]
    if kind in ("say", "irregularity") and len(recent) >= MOST_A_MINUTE:
        raise Untimely("saying.too_fast", most=MOST_A_MINUTE)
    saying = Saying(
        opening_id=opening.id,
        number=len(held) + 1,
        kind=kind,
        by=act.actor.name,
        speaker=speaker,
        role=role,
        to_bid_id=to.id if to else None,
        text=text.strip(),
        said_at=act.now,
    )
    act.session.add(saying)
    act.session.flush()
    append(
        act,
        f"opening.{kind}",
        opening.subject,
        {
            "saying": saying.number,
            "speaker": speaker,
            "role": role,
            "said": saying.text,
            **({"number": to.number} if to else {}),
        },
    )
    return saying


def _speaker(act: Act, opening: Opening, role: str) -> str:
    """The name a speaker is known by; only who has something to do with this opening has one."""
    if role == "bidder":
        own = queries.own_bids(act.session, opening, act.actor)
        if not own:
            raise Forbidden("saying.stranger")
        return own[0].name
    return person_by_id(act.session, act.actor.person_id or 0).name


def keep_presence(act: Act, opening: Opening, *, role: str) -> bool:
    """Note a sign of life of somebody's page; before the names are public nothing is kept: False.

    Not in the ledger: a heartbeat is neither done nor said. A bidder without a bid here leaves no trace either.
    """
    if opening.standing not in NAMES_SHOWN or opening.state in _OVER or act.actor.person_id is None:
        return False
    try:
        name = _speaker(act, opening, role)
    except Forbidden:
        return False
    held = queries.presence_of(act.session, opening, act.actor.person_id)
    if held is None:
        held = Presence(
            opening_id=opening.id,
            person_id=act.actor.person_id,
            organisation_id=act.actor.organisation_id,
            role=role,
            name=name,
            seen_at=act.now,
        )
        act.session.add(held)
    held.seen_at, held.role, held.name = act.now, role, name
    act.session.flush()
    return True


def here(seen_at: datetime, now: datetime) -> bool:
    """Whether a page that last showed a sign of life then is still open."""
    return now - seen_at <= timedelta(seconds=45)
