"""What partners are asked over the network, always between two acts: before a freeze, and while guests are awaited."""

from __future__ import annotations

import logging

from bidding import queries as bidding
from core import partners
from core.act import SYSTEM, Actor, Platform
from core.errors import Refusal
from core.seal import new_identity, recipient_of
from experts import queries
from experts.models import Consultation
from experts.queries import federation
from experts.services import consulting, guests
from experts.services.attendance import refill
from experts.services.partners import ask_pools, keep_pools

log = logging.getLogger("sunbid.partners")


def consult_partners(platform: Platform, actor: Actor, code: str) -> list[Refusal]:
    """Ask every partner that is still to answer before the section's candidates can be frozen; the failures.

    Each answer is kept in an act of its own: whatever becomes of the others, it need not be asked again.
    """
    with platform.act(actor) as act:
        asking = consulting.ask_partners(act, queries.committee(act.session, bidding.section(act.session, code)))
    failures = []
    for one in asking:
        try:
            raw = partners.post(one.url, one.raw, platform.trust.networks)
            with platform.act(actor) as act:
                consulting.keep_answer(act, act.session.get_one(Consultation, one.number), raw)
        except Refusal as refusal:
            log.warning("partner %s: %s", one.code, refusal.code)
            failures.append(refusal)
            with platform.act(actor) as act:
                consulting.note_failure(act, act.session.get_one(Consultation, one.number), refusal)
    return failures


def fetch_pools(platform: Platform, actor: Actor, code: str) -> list[dict[str, str]]:
    """Ask a partner which pools it lends us and keep what it says."""
    with platform.act(actor) as act:
        url, asked = ask_pools(act, federation.partner(act.session, code))
    raw = partners.post(url, asked, platform.trust.networks, most=partners.MOST_ASKED)
    with platform.act(actor) as act:
        return keep_pools(act, federation.partner(act.session, code), asked, raw)


def tell_seats(platform: Platform) -> list[str]:
    """Tell partners which of their people are seated or gone, and take what they say of them; what was done.

    A job beside the tick, safe in several processes: an exchange is claimed for its wait, and a partner that is down
    is asked again later and later, an hour at most.
    """
    with platform.reading() as session:
        due = [one.id for one in federation.due_to_tell(session, platform.clock.now())]
    done = []
    for number in due:
        identity: str | None = None
        with platform.act(SYSTEM) as act:
            held = act.session.get_one(Consultation, number)
            if held.due_at is not None and held.due_at > act.now:
                continue
            key = queries.duty_key(act.session)
            if key is None:
                identity = new_identity()
            recipient = key.recipient if key is not None else recipient_of(str(identity))
            url, asked = f"{held.partner.url}/federation/seats", guests.seats_message(act, held, recipient)
            what = f"tell {held.partner.code} of {held.label}"
        try:
            raw = partners.post(url, asked, platform.trust.networks, most=4 * partners.MOST_ASKED)
            with platform.act(SYSTEM) as act:
                held = act.session.get_one(Consultation, number)
                if guests.keep_seats(act, held, asked, raw, identity):
                    refill(act, held.committee)
            done.append(what)
        except Refusal as refusal:
            log.warning("%s: %s", what, refusal.code)
            with platform.act(SYSTEM) as act:
                guests.note_silence(act.session.get_one(Consultation, number), refusal)
    return done
