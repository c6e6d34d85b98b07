"""Which site a seat belongs to, told in the ledger whenever it is given or changed (R-341)."""

from __future__ import annotations

from core.act import Act
from core.ledger.log import append
from experts.models import Member
from experts.rules.sites import site_for
from experts.services.masks import from_seat


def bind(act: Act, member: Member) -> None:
    """Bind a seat to the site of whoever holds it, where the committee has sites."""
    if member.committee.sites:
        partner = member.partner.code if member.partner is not None else ""
        place(act, member, site_for(member.committee.sites, partner))


def place(act: Act, member: Member, code: str) -> None:
    """Put the seat at that site."""
    if member.site == code:
        return
    member.site = code
    append(from_seat(act, member), "member.place", member.subject, {"site": code})
