"""Keeping what was looked at: every page of a bid somebody opens leaves a trace (R-857)."""

from __future__ import annotations

from sqlalchemy.exc import IntegrityError

from bidding.models import Section
from core.act import Act
from core.ledger.log import append
from experts import queries
from experts.models import Member, PageView
from experts.services.masks import from_seat


def record_page(
    act: Act, section: Section, document: str, page: int, *, member: Member | None = None, role: str = ""
) -> None:
    """Keep that the actor has looked at a page; the first page of a document is in the ledger too.

    `document`: the file's hash or, in a blind round, round:label:place. `role` says who looks from outside the room.
    """
    person_id = act.actor.person_id or 0
    seat = member.label if member is not None else role
    if not queries.has_viewed(act.session, section, person_id, document):
        by = from_seat(act, member) if member is not None else act
        append(by, "document.read", section.subject, {"document": document, "reader": seat})
    seen = queries.page_view(act.session, section, person_id, document, page)
    if seen is None:
        seen = PageView(
            section_id=section.id, person_id=person_id, seat=seat, document=document, page=page, times=1,
            first_at=act.now, last_at=act.now,
        )  # fmt: skip
        try:
            with act.session.begin_nested():
                act.session.add(seen)
        except IntegrityError:  # the same page was asked for twice at once
            pass
        return
    seen.times += 1
    seen.last_at = act.now
