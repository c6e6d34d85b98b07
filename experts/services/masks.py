"""Acting from a seat: whose it is, and that the ledger names the seat, never the person who sits on it (R-323)."""

from __future__ import annotations

from dataclasses import replace

from core.act import Act
from core.errors import Conflict, Missing
from experts import queries
from experts.models import Committee, Member


def from_seat(act: Act, member: Member) -> Act:
    """The same act with the seat's name as actor, so that entries told before the award name nobody."""
    return replace(act, actor=replace(act.actor, name=f"seat:{member.label}"))


def check_own(act: Act, member: Member) -> None:
    """Raise Missing unless the actor sits on this very seat."""
    if act.actor.person_id is None or queries.identity_of(act.session, member)[0] != act.actor.person_id:
        raise Missing("member.unknown")


def check_leader(act: Act, committee: Committee) -> Member:
    """Return the leader, who must be the one acting: Conflict("committee.no_leader") or ("committee.leader_only")."""
    leader = queries.leader(act.session, committee)
    if leader is None:
        raise Conflict("committee.no_leader")
    if leader.person_id != act.actor.person_id:
        raise Conflict("committee.leader_only")
    return leader
