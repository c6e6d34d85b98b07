"""The closing barrier: the set of bids is frozen, its head signed, and exactly one opening is born."""

from __future__ import annotations

from sqlalchemy.exc import IntegrityError

from bidding import queries as bidding
from bidding import rules
from bidding import services as bidding_services
from bidding.models import Section
from core.act import Act
from core.clock import iso
from core.errors import Conflict
from core.ledger.log import append, signed_head
from opening import queries
from opening.models import Opening
from opening.rules import coefficient_grid, later_envelopes, sittings_of
from opening.services.cover import record_cover
from opening.services.suspension import obey_order


def close_and_convene(act: Act, section: Section) -> Opening:
    """Close the section, freeze what was received in time, sign the closing head, and convene the one opening.

    Enter through the turnstile of the section's commits, alone (`bidding.rules.turnstile`): whoever was stamped before
    the deadline has then committed. Safe twice and in parallel: later calls return the opening that is there. Refused
    by `close_section` before the deadline (R-250). The ledger entry "opening.convene" holds the closed set, which key
    holders check before they take off anything, and the envelopes that stay sealed for a second sitting (`later`).
    """
    held = queries.opening_or_none(act.session, section)
    if held is not None:
        return held
    closed = bidding_services.close_section(act, section)
    policy = bidding.policy(act.session, section)
    opening = Opening(
        section_id=section.id,
        section=section,
        closed_set=closed.items,
        closing_size=0,
        closing_note="",
        vouchers=act.trust.told(),
        cover=None,
        pauses=[],
        record_signatures=[],
        sitting=1,
        sittings=sittings_of(section.envelopes),
        state="closed",
        state_at=act.now,
    )
    try:
        with act.session.begin_nested():
            act.session.add(opening)
            act.session.flush()
    except IntegrityError:
        raise Conflict("opening.exists", section=section.code) from None
    append(
        act,
        "opening.convene",
        opening.subject,
        {
            "section": section.code,
            "deadline": iso(section.deadline_at) if section.deadline_at else None,
            "policy_digest": policy.digest,
            "closed_set": closed.items,
            "closed_root": closed.root,
            "coefficient_grid": coefficient_grid(section.method),
            "later": later_envelopes(section.envelopes),
            "vouchers": opening.vouchers,
        },
    )
    head = signed_head(act)
    opening.closing_size, opening.closing_note = head.size, head.note
    act.session.flush()
    if not queries.cover(act.session, opening).missing:
        record_cover(act, opening)  # nobody outside is set: that, too, is on record
    for order in rules.orders.in_force(section.orders):
        obey_order(act, opening, order["reason"])  # ordered after the deadline had come, before this act
    return opening
